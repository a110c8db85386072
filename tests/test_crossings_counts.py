"""Counting who crosses lines, which way, and who passes points."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy.stats import poisson
from shapely import LineString, MultiLineString, Point

from geo.analysis.crossings.counts import count_crossings, crossing_interval
from geo.schema import ALL_MONTHS

JUNE = 12 * 2024 + 5


def target(kind, shape, one_side="", other_side="", precision_m=10.0):
    return {
        "kind": kind,
        "precision_m": precision_m,
        "one_side": one_side,
        "other_side": other_side,
        "geometry": shape,
    }


def targets_of(*rows):
    table = pd.DataFrame(rows, columns=list(target("", None)))
    table.insert(0, "target", np.arange(len(table)))
    return gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:32618")


def border(*points):
    """A border with Panama on its left."""
    return target("border", LineString(points), "Panama", "Colombia")


NORTHWARD = border((0, -1e4), (0, 1e4))
RIVER = target(
    "river", MultiLineString([[(0, -1e4), (0, 1e4)]]), "west bank", "east bank"
)


def walk(*points, track=1, trip=None, start="2024-06-03", every_h=1.0):
    """One track through the points, a fix every hour."""
    hours = np.arange(len(points)) * every_h
    time = pd.Timestamp(start, tz="UTC") + pd.to_timedelta(hours, unit="h")
    x, y = zip(*points, strict=True)
    return pd.DataFrame(
        {
            "track": np.int64(track),
            "time": pd.Series(time).dt.as_unit("ms"),
            "trip": trip if trip is not None else np.int64(track),
            "x_m": np.array(x, float),
            "y_m": np.array(y, float),
            "error_m": 20.0,
        }
    )


def totals(fixes, *rows):
    """Tracks by (target, direction) over all months."""
    table = count_crossings(fixes, targets_of(*rows))
    whole = table[table["month"] == ALL_MONTHS]
    keys = zip(whole["target"], whole["direction"], strict=True)
    return dict(zip(keys, whole["tracks"], strict=True))


def test_a_walk_from_right_to_left_goes_into_the_country_on_the_left():
    west = walk((100, 0), (50, 0), (-50, 5), (-90, 0))
    assert totals(west, NORTHWARD) == {(0, "into Panama"): 1}
    assert totals(west, RIVER) == {(0, "to the west bank"): 1}


def test_the_table_has_its_months_and_all_months_sorted():
    fixes = pd.concat(
        [
            walk((9, 0), (-9, 0), track=1),
            walk((9, 1), (-9, 1), track=2, start="2024-07-02"),
            walk((-9, 2), (9, 2), track=3),
        ]
    )
    table = count_crossings(fixes, targets_of(NORTHWARD))
    assert table.dtypes.map(str).to_dict() == {
        "target": "int64",
        "direction": "str",
        "month": "int64",
        "tracks": "int64",
    }
    assert list(table.itertuples(index=False, name=None)) == [
        (0, "into Colombia", ALL_MONTHS, 1),
        (0, "into Colombia", JUNE, 1),
        (0, "into Panama", ALL_MONTHS, 2),
        (0, "into Panama", JUNE, 1),
        (0, "into Panama", JUNE + 1, 1),
    ]


def test_zigzag_along_the_line_is_no_crossing():
    noise = walk(*(((-1) ** n * 15, 40 * n) for n in range(9)))
    assert totals(noise, NORTHWARD, RIVER) == {}


def test_zigzag_before_going_over_is_one_crossing():
    noise = walk(*(((-1) ** n * 15, 40 * n) for n in range(9)), (-80, 400))
    assert totals(noise, NORTHWARD) == {(0, "into Panama"): 1}


def test_there_and_back_is_no_crossing():
    assert totals(walk((80, 0), (-80, 0), (-90, 9), (80, 5)), NORTHWARD) == {}


def test_a_track_counts_once_for_a_river_it_crosses_twice_the_same_way():
    """It may have gone round the source in between."""
    twice = walk((50, 0), (-50, 0), (-50, 2e4), (50, 2e4), (50, 0), (-50, 0))
    assert totals(twice, RIVER) == {(0, "to the west bank"): 1}


def test_the_whole_border_decides_and_the_last_crossing_says_where():
    south, north = border((0, -1e4), (0, 0)), border((0, 0), (0, 1e4))
    over = walk((50, -99), (-50, -99), (50, -80), (50, 99), (-50, 99))
    back = walk((50, -99), (-50, -99), (-50, 99), (50, 99))
    assert totals(over, south, north) == {(1, "into Panama"): 1}
    assert totals(back, south, north) == {}


def test_reaches_drawn_against_each_other_are_still_one_border():
    south = border((0, -1e4), (0, 0))
    north = target("border", LineString([(0, 1e4), (0, 0)]), "Colombia", "Panama")
    back = walk((50, -99), (-50, -99), (-50, 99), (50, 99))
    assert totals(back, south, north) == {}
    assert totals(walk((50, 9), (-50, 9)), south, north) == {(1, "into Panama"): 1}


def test_the_month_is_that_of_the_crossing_not_of_the_start():
    late = walk((75, 0), (-25, 0), start="2024-06-30T22:00", every_h=2.5)
    table = count_crossings(late, targets_of(NORTHWARD))
    assert table["month"].tolist() == [ALL_MONTHS, JUNE]  # at 23:52:30
    later = walk((85, 0), (-15, 0), start="2024-06-30T22:00", every_h=2.5)
    table = count_crossings(later, targets_of(NORTHWARD))
    assert table["month"].tolist() == [ALL_MONTHS, JUNE + 1]  # at 00:07:30


def test_a_silence_between_trips_is_crossed_at_the_border_but_not_at_a_river():
    silent = walk((80, 0), (60, 0), (-60, 0), (-80, 0), trip=[0, 0, 1, 1])
    assert totals(silent, NORTHWARD, RIVER) == {(0, "into Panama"): 1}


def test_tracks_are_never_joined():
    two = pd.concat([walk((80, 0), (60, 0), track=1), walk((-60, 0), track=2)])
    assert totals(two, NORTHWARD) == {}


@pytest.mark.parametrize("x", [0.0, 1e-9, -1e-9])
def test_a_fix_on_the_line_does_not_lose_or_double_the_crossing(x):
    assert totals(walk((50, 0), (x, 10), (-50, 20)), NORTHWARD) == {
        (0, "into Panama"): 1
    }
    assert totals(walk((50, 0), (x, 10), (50, 20)), NORTHWARD) == {}


def test_passing_exactly_through_a_corner_counts_once():
    bent = border((0, -1e4), (0, 0), (-1e4, 1e4))
    for fixes in (walk((50, 0), (-50, 0)), walk((50, -50), (-50, 50))):
        assert totals(fixes, bent) == {(0, "into Panama"): 1}
        assert totals(fixes.assign(x_m=-fixes["x_m"], y_m=-fixes["y_m"]), bent) == {
            (0, "into Colombia"): 1
        }


def test_a_step_along_the_line_is_no_crossing():
    assert totals(walk((0, 0), (0, 50), (0, 20)), NORTHWARD) == {}


def test_beyond_the_end_of_a_line_nothing_is_crossed():
    assert totals(walk((50, 2e4), (-50, 2e4)), NORTHWARD) == {}


def test_a_checkpoint_is_passed_within_a_kilometre_of_the_straight_path():
    post = target("checkpoint", Point(0, 0))
    assert totals(walk((-5e3, 999), (5e3, 999)), post) == {(0, "past"): 1}
    assert totals(walk((-5e3, 1001), (5e3, 1001)), post) == {}
    assert totals(walk((-5e3, 0), (-1001, 0)), post) == {}


def test_an_inexact_checkpoint_is_passed_from_farther_away():
    post = target("checkpoint", Point(0, 0), precision_m=1500.0)
    unknown = target("checkpoint", Point(0, 0), precision_m=np.nan)
    by = walk((-5e3, 1400), (5e3, 1400))
    assert totals(by, post, unknown) == {(0, "past"): 1}


def test_a_checkpoint_is_not_passed_in_a_silence_between_trips():
    post = target("checkpoint", Point(0, 0))
    assert totals(walk((-5e3, 0), (5e3, 0), trip=[0, 1]), post) == {}
    assert totals(walk((-5e3, 0), (500, 0), trip=[0, 1]), post) == {(0, "past"): 1}


def test_a_track_passes_once_in_the_month_in_which_it_came_nearest():
    post = target("checkpoint", Point(0, 0))
    fixes = walk(
        (500, 0), (5e3, 0), (5e3, 9), (100, 0), start="2024-06-30T23:00", every_h=0.9
    )
    table = count_crossings(fixes, targets_of(post))
    assert table["month"].tolist() == [ALL_MONTHS, JUNE + 1]
    assert table["tracks"].tolist() == [1, 1]


def test_standing_near_a_checkpoint_is_passing_it():
    post = target("checkpoint", Point(0, 0))
    assert totals(walk((3, 3), (3, 3)), post) == {(0, "past"): 1}
    assert totals(walk((3, 3)), post) == {(0, "past"): 1}


@pytest.mark.parametrize("rows", [[], [NORTHWARD], [target("checkpoint", Point(0, 0))]])
def test_nothing_in_gives_an_empty_table_with_its_types(rows):
    table = count_crossings(walk((0.0, 1.0)).iloc[:0], targets_of(*rows))
    assert list(table) == ["target", "direction", "month", "tracks"]
    assert not len(table)
    assert table.equals(count_crossings(walk((9e4, 0), (9e4, 1)), targets_of(*rows)))


TEETH = [(-50 if n % 2 else 50, 100 * n - 1000) for n in range(21)]
ROUGH = [border(*TEETH[:8]), border(*TEETH[7:15]), border(*TEETH[14:])]
POST = target("checkpoint", Point(40, 200), precision_m=1000.0)
spot = st.tuples(st.integers(-90, 90), st.integers(-95, 95)).map(
    lambda xy: (xy[0] + 0.25, 10 * xy[1] + 0.5)
)
walks = st.lists(st.lists(spot, min_size=1, max_size=12), min_size=1, max_size=6)


def fixes_of(paths):
    return pd.concat(
        [walk(*path, track=n, every_h=100.0) for n, path in enumerate(paths)],
        ignore_index=True,
    )


@given(walks)
@settings(max_examples=40, deadline=None)
def test_who_ends_on_the_other_side_of_the_border_has_crossed_it(paths):
    """Another way to the same numbers: in which polygon lie the first and last fix?"""
    west = shapely.Polygon([*TEETH, (-500, 1000), (-500, -1000)])
    ends = [
        west.contains(Point(path[0])) - west.contains(Point(path[-1])) for path in paths
    ]

    found = totals(fixes_of(paths), *ROUGH)

    for direction, sign in (("into Panama", -1), ("into Colombia", 1)):
        counted = sum(n for (_, way), n in found.items() if way == direction)
        assert counted == ends.count(sign)


@given(walks)
@settings(max_examples=30, deadline=None)
def test_walking_backwards_swaps_the_directions(paths):
    other = {"into Panama": "into Colombia", "into Colombia": "into Panama"}

    there = totals(fixes_of(paths), NORTHWARD, POST)
    back = totals(fixes_of([path[::-1] for path in paths]), NORTHWARD, POST)

    assert back == {(t, other.get(way, way)): n for (t, way), n in there.items()}


@given(walks, st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_parts_add_up_and_the_order_of_rows_does_not_show(paths, random):
    fixes, targets = fixes_of(paths), targets_of(*ROUGH, RIVER, POST)
    whole = count_crossings(fixes, targets)
    rows = list(range(len(fixes)))
    random.shuffle(rows)

    assert_frame_equal(count_crossings(fixes.iloc[rows], targets), whole)
    apart = pd.concat(
        [count_crossings(f, targets) for _, f in fixes.groupby("track")],
        ignore_index=True,
    )
    by = ["target", "direction", "month"]
    assert_frame_equal(apart.groupby(by, as_index=False)["tracks"].sum(), whole)


def test_many_tracks_in_long_runs_are_all_found():
    rng = np.random.default_rng(7)
    start = rng.uniform(-900, 900, (300, 2))
    paths = [s + np.cumsum(rng.normal(0, 60, (70, 2)), axis=0) for s in start]
    fixes = fixes_of(paths)
    crossing = sum(path[0][0] * path[-1][0] < 0 for path in paths)
    assert sum(totals(fixes, NORTHWARD).values()) == crossing
    assert crossing > 30


def test_the_interval_leaves_two_and_a_half_percent_on_either_side():
    count = np.array([1, 2, 10, 250])
    low, high = crossing_interval(count)
    np.testing.assert_allclose(poisson.sf(count - 1, low), 0.025)
    np.testing.assert_allclose(poisson.cdf(count, high), 0.025)


def test_the_interval_of_an_unknown_count_is_unknown():
    low, high = crossing_interval(np.array([np.nan, 0.0]))
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False]
    assert low[1] == 0.0
