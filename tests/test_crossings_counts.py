"""Counting who crosses lines, which way, and who passes points."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy.stats import norm, poisson
from shapely import LineString, MultiLineString, Point

from geo.analysis.crossings.counts import (
    COUNTS,
    SURE,
    count_crossings,
    crossing_interval,
)
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
            "error_m": 0.0,
        }
    )


def counted(fixes, *rows):
    """The table where nothing errs and everybody walks straight."""
    return count_crossings(fixes, targets_of(*rows), variance=0.0)


def totals(fixes, *rows):
    """Tracks by (target, direction) over all months."""
    table = counted(fixes, *rows)
    assert (table["chances"] == SURE * table["tracks"]).all()
    assert not table["spread"].any()
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
    table = counted(fixes, NORTHWARD)
    assert table.dtypes.map(str).to_dict() == {
        "target": "int64",
        "direction": "str",
        "month": "int64",
        "tracks": "int64",
        "chances": "int64",
        "spread": "int64",
        "silent": "int64",
    }
    assert list(table.iloc[:, :4].itertuples(index=False, name=None)) == [
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
    table = counted(late, NORTHWARD)
    assert table["month"].tolist() == [ALL_MONTHS, JUNE]  # at 23:52:30
    later = walk((85, 0), (-15, 0), start="2024-06-30T22:00", every_h=2.5)
    table = counted(later, NORTHWARD)
    assert table["month"].tolist() == [ALL_MONTHS, JUNE + 1]  # at 00:07:30


def test_a_silence_between_trips_is_crossed_as_well():
    silent = walk((80, 0), (60, 0), (-60, 0), (-80, 0), trip=[0, 0, 1, 1])
    assert totals(silent, NORTHWARD, RIVER) == {
        (0, "into Panama"): 1,
        (1, "to the west bank"): 1,
    }


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
    table = counted(fixes, post)
    assert table["month"].tolist() == [ALL_MONTHS, JUNE + 1]
    assert table["tracks"].tolist() == [1, 1]


def test_standing_near_a_checkpoint_is_passing_it():
    post = target("checkpoint", Point(0, 0))
    assert totals(walk((3, 3), (3, 3)), post) == {(0, "past"): 1}
    assert totals(walk((3, 3)), post) == {(0, "past"): 1}


@pytest.mark.parametrize("rows", [[], [NORTHWARD], [target("checkpoint", Point(0, 0))]])
def test_nothing_in_gives_an_empty_table_with_its_types(rows):
    table = counted(walk((0.0, 1.0)).iloc[:0], *rows)
    assert list(table) == ["target", "direction", "month", *COUNTS]
    assert not len(table)
    assert table.equals(counted(walk((9e4, 0), (9e4, 1)), *rows))


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
@settings(max_examples=12, deadline=None)
def test_who_ends_on_the_other_side_of_the_border_has_crossed_it(paths):
    """Another way to the same numbers: in which polygon lie the first and last fix?"""
    west = shapely.Polygon([*TEETH, (-500, 1000), (-500, -1000)])
    ends = [
        west.contains(Point(path[0])) - west.contains(Point(path[-1])) for path in paths
    ]

    found = counted(fixes_of(paths), *ROUGH)

    found = found[found["month"] == ALL_MONTHS]
    for direction, sign in (("into Panama", -1), ("into Colombia", 1)):
        chances = found.loc[found["direction"] == direction, "chances"].sum()
        assert chances == SURE * ends.count(sign)


@given(walks)
@settings(max_examples=8, deadline=None)
def test_walking_backwards_swaps_the_directions(paths):
    other = {"into Panama": "into Colombia", "into Colombia": "into Panama"}

    there = totals(fixes_of(paths), NORTHWARD, POST)
    back = totals(fixes_of([path[::-1] for path in paths]), NORTHWARD, POST)

    assert back == {(t, other.get(way, way)): n for (t, way), n in there.items()}


@given(walks, st.randoms(use_true_random=False))
@settings(max_examples=4, deadline=None)
def test_parts_add_up_and_the_order_of_rows_does_not_show(paths, random):
    fixes, targets = fixes_of(paths), targets_of(*ROUGH, RIVER, POST)
    fixes = fixes.assign(error_m=20.0)
    whole = count_crossings(fixes, targets)
    rows = list(range(len(fixes)))
    random.shuffle(rows)

    assert_frame_equal(count_crossings(fixes.iloc[rows], targets), whole)
    apart = pd.concat(
        [count_crossings(f, targets) for _, f in fixes.groupby("track")],
        ignore_index=True,
    )
    by = ["target", "direction", "month"]
    assert_frame_equal(apart.groupby(by, as_index=False).sum(), whole)


def reaches_of(*heights, part_of=0):
    """A border northwards, whole and by reach, with Panama on its left."""
    reaches = [
        {**border((0, low), (0, high)), "part_of": part_of}
        for low, high in pairwise(heights)
    ]
    whole = {**reaches[0], "kind": "whole border", "part_of": -1}
    whole["geometry"] = MultiLineString([row["geometry"] for row in reaches])
    table = pd.DataFrame([whole, *reaches])
    table.insert(0, "target", np.arange(len(table)))
    return gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:32618")


def silent_walk(y=0.0, *, x=2000.0, hours=10.0, track=1, error_m=20.0):
    """One silence westwards over the line."""
    fixes = walk((x, y), (-x, y), track=track, every_h=hours)
    return fixes.assign(error_m=error_m)


def expected(fixes, targets, *, variance=20.0):
    """Chances by (target, direction) over all months."""
    table = count_crossings(fixes, targets, variance=variance)
    table = table[table["month"] == ALL_MONTHS].set_index(["target", "direction"])
    return table / SURE


def test_a_silence_straight_at_the_joint_of_two_reaches_is_half_of_each():
    found = expected(silent_walk(), reaches_of(-1e4, 0, 1e4))
    assert found["chances"].tolist() == pytest.approx([1.0, 0.5, 0.5], abs=2e-6)
    assert found["silent"].tolist() == found["chances"].tolist()
    assert found["spread"].tolist() == pytest.approx([0.0, 0.25, 0.25], abs=2e-6)


def test_who_is_spread_over_many_reaches_counts_in_none_but_once_in_all():
    """Straying by 424 m halfway through ten hours, over reaches of 200 m."""
    found = expected(silent_walk(100), reaches_of(*range(-2000, 2200, 200)))
    whole = found.loc[(0, "into Panama")]
    assert whole["chances"] == 1.0
    assert whole["tracks"] * SURE == 1
    reaches = found.loc[1:]
    assert reaches["tracks"].sum() == 0
    assert reaches["chances"].sum() == pytest.approx(1.0, abs=1e-9)
    middle = norm.cdf(100, 0, np.sqrt(20 * 36000 / 4 + 200))
    assert found.loc[(11, "into Panama"), "chances"] == pytest.approx(
        2 * middle - 1, abs=0.03
    )


def test_a_long_silence_may_have_gone_round_the_end_of_the_line():
    found = expected(silent_walk(), reaches_of(0, 1e4, 2e4))
    assert found.loc[(0, "into Panama"), "chances"] == pytest.approx(0.5, abs=2e-6)
    beside = expected(silent_walk(-300), reaches_of(0, 1e4))
    assert 0.1 < beside["chances"].iloc[0] < 0.4


def test_a_fix_beside_the_line_may_lie_across():
    beside = walk((20, 0), (20, 1), (900, 0), every_h=0.01).assign(error_m=20.0)
    found = expected(beside, reaches_of(-1e4, 1e4), variance=0.1)
    assert found.loc[(1, "into Colombia"), "chances"] == pytest.approx(
        norm.sf(1), abs=1e-6
    )
    assert found["tracks"].sum() == 0


def test_a_checkpoint_beside_the_way_is_passed_with_some_chance():
    post = targets_of(target("checkpoint", Point(0, 1020)))
    fixes = walk((-5e3, 0), (5e3, 0), every_h=0.5).assign(error_m=20.0)
    found = expected(fixes, post, variance=0.01)
    assert found["tracks"].sum() == 0
    assert 0.01 < found["chances"].iloc[0] < 0.2


def test_the_share_in_silences_is_that_of_steps_of_over_an_hour():
    hour = walk((50, 0), (-50, 0), track=1, every_h=1.0)
    more = walk((50, 0), (-50, 0), track=2, every_h=1.01)
    table = counted(pd.concat([hour, more]), NORTHWARD)
    assert table["chances"].tolist() == [2 * SURE] * 2
    assert table["silent"].tolist() == [SURE] * 2


@given(st.lists(spot, min_size=1, max_size=12), st.sampled_from([0.0, 20.0, 400.0]))
@settings(max_examples=12, deadline=None)
def test_chances_of_reaches_add_up_to_the_whole_and_never_to_more_than_one(path, error):
    fixes = fixes_of([path]).assign(error_m=error)
    targets = reaches_of(-1000, -500, -100, 300, 1000)
    table = count_crossings(fixes, targets, variance=20.0)
    sums = table.drop(columns="direction").assign(
        way=table["direction"] == "into Panama"
    )
    whole = sums[sums["target"] == 0].set_index(["way", "month"])
    reaches = sums[sums["target"] > 0].groupby(["way", "month"]).sum()
    assert (whole["chances"] == reaches["chances"]).all()
    assert (table["silent"] <= table["chances"]).all()
    assert (table["chances"] > 0).all()
    assert whole["chances"][whole.index.get_level_values("month") < 0].sum() <= SURE


@given(walks)
@settings(max_examples=12, deadline=None)
def test_backwards_in_time_each_whole_line_is_crossed_the_other_way(paths):
    other = {"into Panama": "into Colombia", "into Colombia": "into Panama"}
    targets = reaches_of(-1000, -100, 300, 1000)
    there = expected(fixes_of(paths).assign(error_m=20.0), targets)
    back = expected(fixes_of([p[::-1] for p in paths]).assign(error_m=20.0), targets)
    turned = {(t, other[way]): n for (t, way), n in back["chances"].items() if t == 0}
    ahead = {key: n for key, n in there["chances"].items() if key[0] == 0}
    for key in ahead.keys() | turned.keys():
        assert ahead.get(key, 0) == pytest.approx(turned.get(key, 0), abs=1e-4)


@pytest.mark.parametrize("hours", [0.001, 1e3, 9e4])
@pytest.mark.parametrize("points", [[(0, 0), (0, 0), (0, 5)], [(0, 0), (-1e6, 3e6)]])
def test_fixes_on_the_line_and_huge_gaps_give_numbers(points, hours):
    fixes = walk(*points, every_h=hours)
    for error in (0.0, 20.0, 1e5):
        table = count_crossings(
            fixes.assign(error_m=error), reaches_of(-1e4, 0, 1e4), variance=1000.0
        )
        assert table["chances"].between(1, SURE).all()


def test_two_fixes_at_once_are_no_trouble():
    fixes = walk((50, 0), (-50, 0), (60, 0), every_h=0.0)
    table = count_crossings(fixes, reaches_of(-1e4, 1e4), variance=20.0)
    assert table["chances"].between(1, SURE).all()


def test_each_track_strays_as_its_own_fixes_say():
    """A wanderer is spread wider over the reaches than who walks straight."""
    rng = np.random.default_rng(4)
    steady = [(4000 - 150 * n, 0.0) for n in range(20)]
    wild = [(x, y + rng.normal(0, 700)) for x, y in steady]
    targets = reaches_of(-1e4, 300, 1e4)
    found = []
    for n, path in enumerate((steady, wild)):
        fixes = walk(*path, track=n, every_h=0.25).assign(error_m=20.0)
        over = walk(path[-1], (-3000, 0), track=n, start="2024-06-03T04:45", every_h=5)
        both = pd.concat([fixes, over.iloc[1:].assign(error_m=20.0)])
        both.iloc[-2, both.columns.get_loc("y_m")] = 0.0
        found.append(count_crossings(both, targets))
    beyond = [t.loc[t["target"] == 2, "chances"].sum() for t in found]
    assert beyond[0] < beyond[1]


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


def test_chances_widen_the_interval_on_both_sides():
    plain, wide = (crossing_interval(np.array([30]), variance=v) for v in (0.0, 9.0))
    assert wide[0] < plain[0]
    assert plain[1] < wide[1]
    (low,), _ = crossing_interval(np.array([10]), variance=np.array([1e6]))
    assert low == 0.0


def test_the_interval_of_an_unknown_count_is_unknown():
    low, high = crossing_interval(np.array([np.nan, 0.0]))
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False]
    assert low[1] == 0.0
