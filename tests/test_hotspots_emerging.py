"""Emerging hotspots: the seventeen classes, and how cells come by them."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.hotspots.emerging import PATTERNS, classify, find_emerging
from geo.errors import CRSError
from geo.grid import Grid

GRID = Grid("EPSG:32618", 0, 24_000, 2000, rows=12, columns=12)
SIGNS = {"+": 1, "-": -1, ".": 0}

# A series of 12 steps (+ hot, - cold), whether its scores rise or fall, its class.
TABLE = [
    ("...........+", 0, "new hot"),
    ("..........++", 0, "consecutive hot"),
    ("++++++++++++", 1, "intensifying hot"),
    ("++++++++++++", -1, "diminishing hot"),
    ("++++++++++++", 0, "persistent hot"),
    ("..+..-....++", 0, "oscillating hot"),
    ("..+...+...++", 0, "sporadic hot"),
    ("+++++++++++.", 0, "historical hot"),
    ("...........-", 0, "new cold"),
    ("..........--", 0, "consecutive cold"),
    ("------------", -1, "intensifying cold"),
    ("------------", 1, "diminishing cold"),
    ("------------", 0, "persistent cold"),
    ("..-..+....--", 0, "oscillating cold"),
    ("..-...-...--", 0, "sporadic cold"),
    ("-----------.", 0, "historical cold"),
    ("............", 1, "none"),
]
EDGES = [
    ("------++++++", 1, "consecutive hot"),  # all significant and rising, yet not
    ("-----------+", 1, "new hot"),  # intensifying: hot bins alone count
    ("++++++------", -1, "consecutive cold"),
    ("+----------+", 0, "oscillating hot"),
    ("++++-+++++++", 1, "intensifying hot"),  # 11 of 12 are hot
    ("+++++++++.++", 0, "persistent hot"),
    ("++++++++.+.+", 0, "sporadic hot"),  # 10 of 12 are 83 %
    (".+++++++++++", 0, "persistent hot"),
    ("..++++++++++", 0, "consecutive hot"),  # 83 %, and never before
    ("+..........+", 0, "sporadic hot"),
    ("++++++++++..", 0, "none"),  # 83 %, and no longer
    ("+++++++++++-", 0, "new cold"),  # what the last step is goes first
    ("+++.........", -1, "none"),
    ("-----+......", 0, "none"),
]


def states(text):
    return [SIGNS[sign] for sign in text]


def name(case):
    return f"{case[0]} {case[1]:+d}"


@pytest.mark.parametrize("case", TABLE + EDGES, ids=name)
def test_a_series_has_its_class(case):
    text, trend, kind = case

    assert classify([states(text)], [trend]).tolist() == [kind]


def test_the_table_holds_all_seventeen_classes():
    every = {f"{pattern} {side}" for pattern in PATTERNS for side in ("hot", "cold")}

    assert [kind for _, _, kind in TABLE[:8]] != [kind for _, _, kind in TABLE[8:16]]
    assert {kind for _, _, kind in TABLE} == every | {"none"}


def test_nine_in_ten_are_often_enough():
    series = [states(".+++++++++"), states("..++++++++")]

    assert classify(series, [0, 0]).tolist() == ["persistent hot", "consecutive hot"]


def by_the_book(series, trend):
    """The definitions in words, one series at a time."""
    last = series[-1]
    if last == 0:
        for side, word in ((1, "hot"), (-1, "cold")):
            if series.count(side) >= 0.9 * len(series):
                return f"historical {word}"
        return "none"
    word = "hot" if last == 1 else "cold"
    number = series.count(last)
    if number == 1:
        return f"new {word}"
    run = len(list(itertools.takewhile(lambda s: s == last, reversed(series))))
    if number >= 0.9 * len(series):
        pattern = {0: "persistent", last: "intensifying", -last: "diminishing"}[trend]
    elif number == run:
        pattern = "consecutive"
    else:
        pattern = "oscillating" if -last in series else "sporadic"
    return f"{pattern} {word}"


series = st.one_of(
    st.lists(st.sampled_from([1, 0, -1]), min_size=10, max_size=14),
    st.lists(st.sampled_from([1] * 15 + [0, -1]), min_size=10, max_size=20),
)


@given(series, st.sampled_from([1, 0, -1]))
def test_every_series_has_the_class_of_the_book(steps, trend):
    (kind,) = classify([steps], [trend])

    assert kind == by_the_book(steps, trend)


@given(series, st.sampled_from([1, 0, -1]))
def test_hot_and_cold_are_mirrored(steps, trend):
    (kind,) = classify([steps], [trend])
    (mirrored,) = classify([[-s for s in steps]], [-trend])

    swapped = {"hot": "cold", "cold": "hot"}
    assert mirrored == " ".join(swapped.get(w, w) for w in kind.split())


@pytest.mark.parametrize(
    ("state", "trend", "message"),
    [
        ([[0] * 9], [0], "there are 9 steps; .* at least 10"),
        ([[0] * 12], [0, 1], r"states have shape \(1, 12\) and trends \(2,\)"),
        ([0] * 12, [0], "states have shape"),
        ([[2] * 12], [0], "not one of -1, 0 and 1"),
        ([[0] * 12], [2], "not one of -1, 0 and 1"),
    ],
)
def test_what_has_no_class_is_refused(state, trend, message):
    with pytest.raises(ValueError, match=message):
        classify(state, trend)


def visits(cube):
    """A row for each visited cell and month."""
    month, cell = np.nonzero(cube.reshape(len(cube), -1))
    tracks = cube.reshape(len(cube), -1)[month, cell]
    return pd.DataFrame({"cell": cell, "month": 24_000 + month, "tracks": tracks})


def months(number=14, seed=1):
    return 1 + np.random.default_rng(seed).poisson(4, (number, *GRID.shape))


def test_planted_histories_are_told():
    cube = months()
    cube[:, 1:4, 1:4] = 40  # always
    cube[-1, 8:11, 1:4] = 60  # only now
    cube[:13, 8:11, 8:11] = 40  # until the last month; it lingers a month longer

    found = find_emerging(visits(cube), GRID).set_index("cell")

    assert found.loc[2 * 12 + 2, "kind"] == "persistent hot"
    assert found.loc[9 * 12 + 2, "kind"] == "new hot"
    assert found.loc[9 * 12 + 2, "hot_steps"] == 1
    assert found.loc[2 * 12 + 2, "last"] == "hot"
    assert "hot in 14 of 14 steps and cold in 0" in found.loc[2 * 12 + 2, "because"]


def test_what_grows_intensifies():
    cube = months(24)
    cube[:, 4:8, 4:8] = 15 + 3 * np.arange(24)[:, None, None]

    found = find_emerging(visits(cube), GRID, autocorrelation="none")

    row = found.set_index("cell").loc[5 * 12 + 5]
    assert row["kind"] in {"intensifying hot", "consecutive hot"}
    assert row["trend_z"] > 3
    assert "rising" in row["because"]


def test_the_class_follows_from_what_is_told_beside_it():
    cube = months(12, seed=3)
    cube[5:, 2:7, 2:7] += 8
    cube[9:, 7:11, 7:11] = 0

    found = find_emerging(visits(cube), GRID)

    assert set(found["kind"]) > {"none"}
    for row in found.itertuples():
        side = row.kind.split()[-1]
        assert row.steps == 12
        assert side in {row.last, "none"} or row.kind.startswith("historical")
        if row.kind.startswith("consecutive"):
            assert row.run == (row.hot_steps if side == "hot" else row.cold_steps) >= 2
            assert "never before" in row.because


def test_tracks_without_pattern_have_no_class():
    rng = np.random.default_rng(7)
    some = 0
    for _ in range(60):
        table = visits(1 + rng.poisson(3, (10, *GRID.shape)))
        some += int((find_emerging(table, GRID)["kind"] != "none").any())

    assert some / 60 <= 0.1


def test_the_order_of_rows_does_not_matter():
    table = visits(months())

    one = find_emerging(table, GRID)
    other = find_emerging(table.sample(frac=1, random_state=1), GRID)

    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


def test_only_land_stands_around():
    cube = np.zeros((12, *GRID.shape), int)
    cube[:, 3:9, 3:9] = months(12)[:, 3:9, 3:9]
    land = np.zeros(GRID.shape, bool)

    on_land, anywhere = (
        find_emerging(visits(cube), GRID, land=where) for where in (land, None)
    )

    assert len(on_land) == len(anywhere) == 36
    assert not (on_land["kind"] != "none").any()
    assert (anywhere["kind"] == "persistent hot").any()


def test_wrong_input_is_refused():
    table = visits(months())

    with pytest.raises(ValueError, match=r"there are 9 months; .* at least 10"):
        find_emerging(table[table["month"] < 24_009], GRID)
    with pytest.raises(ValueError, match="land has shape"):
        find_emerging(table, GRID, land=np.ones((2, 2), bool))
    degrees = Grid("EPSG:4326", -78, 9, 0.02, rows=12, columns=12)
    with pytest.raises(CRSError, match="does not measure in metres"):
        find_emerging(table, degrees)


def test_steady_crowds_show_a_trend_no_more_often_than_by_chance():
    """Sixteen blocks that never change but for noise, in twenty fields."""
    grid = Grid("EPSG:32618", 0, 64_000, 2000, rows=32, columns=32)
    rng = np.random.default_rng(8)
    rates = np.full((12, 32, 32), 20.0)
    for row, column in itertools.product(range(2, 32, 8), repeat=2):
        rates[:, row : row + 3, column : column + 3] = 80.0
    middles = [
        (row + 1) * 32 + column + 1
        for row, column in itertools.product(range(2, 32, 8), repeat=2)
    ]
    table = pd.DataFrame(
        {"cell": np.tile(np.arange(1024), 12), "month": np.repeat(range(12), 1024)}
    )

    trends = pd.concat(
        find_emerging(table.assign(tracks=rng.poisson(rates).ravel()), grid)
        .set_index("cell")
        .loc[middles, "trend"]
        for _ in range(20)
    )

    assert len(trends) == 320
    assert (trends != "none").mean() < 0.08
