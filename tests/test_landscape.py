"""The section [terrain]: ranges of rules, land cover, and what makes no sense."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.terrain.rules import COVER, RANGES, TravelRules
from geo.landscape import (
    FACTORS,
    RANKS,
    RULES,
    WORLD_COVER,
    Cover,
    Terrain,
    span,
)


def decoded(text):
    return msgspec.toml.decode(text, type=Terrain)


def test_the_defaults_are_those_of_the_travel_rules_and_their_ranges():
    assert set(RULES) == set(RANGES)
    for name in RULES:
        low, high, _ = RANGES[name]
        assert span(getattr(Terrain(), name)) == (
            low,
            getattr(TravelRules(), name),
            high,
        )
    for name in RANKS:
        assert getattr(Terrain(), name) == getattr(TravelRules(), name)


def test_the_default_cover_is_world_cover():
    named = {code: name for name in FACTORS - {"unmapped"} for code in
             getattr(WORLD_COVER, name)}  # fmt: skip
    assert named == dict(COVER)
    assert WORLD_COVER.water == (80,)


def test_a_rule_is_a_number_or_a_range_and_whole_numbers_will_do():
    terrain = decoded("forest = 3\nshrub = [1, 2, 3]\nopen_ground = 1.5\n")

    assert span(terrain.forest) == (3, 3, 3)
    assert span(terrain.shrub) == (1, 2, 3)
    assert span(terrain.open_ground) == (1.5, 1.5, 1.5)


def test_another_cover_forgets_the_classes_of_world_cover():
    terrain = decoded("[cover]\nforest = [1, 2]\nwater = [-3]\n")

    assert terrain.cover == Cover(forest=(1, 2), water=(-3,))
    assert terrain.cover.wetland == ()


@given(st.sampled_from(RULES), st.lists(st.floats(), min_size=3, max_size=3))
def test_a_range_that_is_accepted_is_finite_ordered_and_above_zero(name, numbers):
    try:
        terrain = Terrain(**{name: tuple(numbers)})
    except ValueError:
        return
    low, likely, high = span(getattr(terrain, name))
    assert 0 <= low <= likely <= high < math.inf
    assert low > 0 or high == 0
    assert low >= 1 or name not in FACTORS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("forest = 0.5", r"forest is 0\.5; expected a number, or .*, from 1 on"),
        ("forest = [2, 1, 3]", r"forest is \[2, 1, 3\]; expected"),
        ("forest = [1, 2]", r"length 3.*\$\.forest"),
        ("forest = 'dense'", r"\$\.forest"),
        ("forest = nan", "forest is nan"),
        ("coast_km = [0, 1, 2]", "coast_km begins at 0"),
        ("boarding_min = inf", "boarding_min is inf"),
        ("current_kmh = [2, 4, 12]", "reaches 12 and river_boat_kmh begins at 10"),
        ("sea_boat_kmh = 0", "sea_boat_kmh is 0"),
        ("walk = 'run'", r"\$\.walk"),
        ("season = 'summer'", r"\$\.season"),
        ("closed_dry = -1", r"\$\.closed_dry"),
        ("cell_m = 1", r"\$\.cell_m"),
        ("fords = 3", "unknown field `fords`"),
        ("[cover]\nforest = [10]\nshrub = [10]", "10 stands in two places of cover"),
        ("[cover]\nsnow = [70]", r"unknown field `snow`.*\$\.cover"),
    ],
)
def test_a_fault_is_named_with_its_key(text, message):
    with pytest.raises(msgspec.ValidationError, match=message):
        decoded(text)
