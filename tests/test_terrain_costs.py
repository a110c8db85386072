"""Walking paces, and the costs of a grid."""

import numpy as np
import pytest

from geo.analysis.terrain.costs import (
    costs_of,
    irmischer_clarke,
    langmuir,
    level,
    quickest_pace,
    speed_kmh,
    tobler,
)
from geo.grid import Grid, Surface

GRID = Grid("EPSG:32618", 0, 20, 10, rows=2, columns=2)
FLAT = [[0, 0], [0, 0]]


def surface(values, *, grid=GRID):
    return Surface(grid, np.array(values, float), "friction", "1")


def test_tobler_is_fastest_five_percent_downhill():
    slope = np.linspace(-1, 1, 401)
    assert slope[speed_kmh(tobler(), slope).argmax()] == pytest.approx(-0.05)


def test_naismith_adds_half_an_hour_for_three_hundred_metres_of_climb():
    """Over 5 km: an hour on the level, and half an hour more."""
    assert 5 / speed_kmh(langmuir(), 300 / 5000) == pytest.approx(1.5)


def test_langmuir_turns_at_twelve_degrees():
    gentle, steep = 5 / speed_kmh(langmuir(), [-0.2124, -0.2126])
    assert gentle < 1 < steep


@pytest.mark.parametrize(
    ("walk", "slope", "kmh"),
    [
        (irmischer_clarke(on_path=True), -0.05, 3.6 * 1.11),
        (irmischer_clarke(), -0.02, 3.6 * 0.78),
        (irmischer_clarke(), 0.28, 3.6 * (0.11 + 0.67 * np.exp(-0.5))),
        (irmischer_clarke(female=True), 9.0, 3.6 * 0.95 * 0.11),
    ],
)
def test_irmischer_and_clarke_give_their_speeds(walk, slope, kmh):
    assert speed_kmh(walk, slope) == pytest.approx(kmh)


@pytest.mark.parametrize(
    "walk",
    [level(2.0), tobler(), tobler(on_path=False), langmuir(), irmischer_clarke()],
)
def test_no_slope_is_quicker_than_the_quickest_pace(walk):
    fastest = speed_kmh(walk, np.linspace(-2, 2, 16_001)).max()
    assert fastest == pytest.approx(3.6 / quickest_pace(walk), rel=1e-3)
    assert fastest <= 3.6 / quickest_pace(walk) * (1 + 1e-12)


@pytest.mark.parametrize(
    "coefficients",
    [{"a": 0.0}, {"c": 4.0}, {"d": 1.0}, {"b": -1.0}, {"limit": 0.1}, {"a": np.nan}],
)
def test_a_walk_that_would_take_no_time_is_refused(coefficients):
    with pytest.raises(ValueError, match="expected a metre to take time"):
        langmuir(**coefficients)


@pytest.mark.parametrize("friction", [0.0, -1.0, np.inf])
def test_friction_that_is_no_number_above_zero_is_refused(friction):
    with pytest.raises(ValueError, match="expected numbers above 0"):
        costs_of(surface([[1, friction], [1, 1]]))


def test_no_friction_is_fine_where_it_is_added():
    costs = costs_of(surface(np.zeros((2, 2))), walk=langmuir(), relief=surface(FLAT))
    assert costs.friction.tolist() == [[0, 0], [0, 0]]


def test_what_has_no_height_cannot_be_passed():
    relief = surface([[0, np.nan], [0, 0]])
    costs = costs_of(surface(np.ones((2, 2))), walk=tobler(), relief=relief)
    assert np.isnan(costs.friction).tolist() == [[False, True], [False, False]]


def test_slopes_need_a_relief_on_the_same_grid():
    with pytest.raises(ValueError, match="needs a relief"):
        costs_of(surface(np.ones((2, 2))), walk=tobler())
    other = surface([[0.0]], grid=Grid("EPSG:32618", 0, 20, 20, rows=1, columns=1))
    with pytest.raises(ValueError, match="different grids"):
        costs_of(surface(np.ones((2, 2))), walk=tobler(), relief=other)


def test_a_cell_has_eight_neighbours_or_sixteen():
    with pytest.raises(ValueError, match="neighbours is 4; expected 8 or 16"):
        costs_of(surface(np.ones((2, 2))), neighbours=4)


@pytest.mark.parametrize("neighbours", [8, 16])
def test_every_move_stands_beside_its_reverse(neighbours):
    moves = costs_of(surface(np.ones((2, 2))), neighbours=neighbours).moves
    assert len(set(moves.step.tolist())) == neighbours
    assert (moves.step[::2] == -moves.step[1::2]).all()
    assert (moves.near + moves.far == moves.step).all()
