"""Brownian bridges."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from geo.analysis.corridors.brownian import (
    Occurrence,
    brownian_bridge,
    support_of,
    surface_of,
)
from geo.errors import SchemaError
from geo.grid import Grid

ONE = 2**40
CRS = "EPSG:32618"
PADDED = Grid(CRS, -500, 500, 10, rows=100, columns=200)
WIDE = Grid(CRS, -5_000, 5_000, 250, rows=40, columns=80)


def walk(x, y=0.0, *, seconds, track=1, trip=0, error=10.0, **more):
    """One track through the given points."""
    start = pd.Timestamp("2024-06-01T06", tz="UTC")
    time = start + pd.to_timedelta(np.asarray(seconds, float), unit="s")
    table = {"track": track, "time": time.astype("datetime64[ms, UTC]"), "trip": trip}
    table |= {"x_m": np.asarray(x, float), "y_m": y, "error_m": error}
    return pd.DataFrame(table | more)


def same(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("occurrence", "support", "bridged")
    )


def difference(one, other):
    """Share of the movement that lies elsewhere."""
    shares = (found.occurrence / found.occurrence.sum() for found in (one, other))
    return np.abs(next(shares) - next(shares)).sum() / 2


def moments(found):
    """Mean and variance of y in each column of cells."""
    _, y = found.grid.centre_of(np.arange(found.occurrence.size))
    y = y.reshape(found.grid.shape)
    mass = found.occurrence / np.maximum(found.occurrence.sum(axis=0), 1)
    mean = (mass * y).sum(axis=0)
    return mean, (mass * (y - mean) ** 2).sum(axis=0)


@pytest.fixture
def two_fixes():
    return walk([0, 1000], seconds=[0, 600])


def test_the_mass_of_a_bridge_is_one_track(two_fixes):
    found = brownian_bridge(two_fixes, PADDED, variance=1.0)

    assert found.occurrence.sum() == ONE
    assert found.tracks == 1


def test_half_way_the_variance_is_that_of_horne(two_fixes):
    """T a(1-a) m + ((1-a)² + a²) e² = 150 + 50 m², and the cell's own 10²/12."""
    found = brownian_bridge(two_fixes, PADDED, variance=1.0)

    mean, variance = moments(found)

    middle = PADDED.cell_of(np.array([500.0]), np.array([0.0]))[0] % PADDED.columns
    assert mean[middle] == pytest.approx(0, abs=0.1)
    assert variance[middle] == pytest.approx(200 + 100 / 12, rel=0.01)


def test_a_bridge_agrees_with_a_naive_sum_over_all_cells(two_fixes):
    found = brownian_bridge(two_fixes, PADDED, variance=1.0)

    x, y = (v.reshape(PADDED.shape) for v in PADDED.centre_of(np.arange(20_000)))
    naive = np.zeros(PADDED.shape)
    for a in (np.arange(400) + 0.5) / 400:
        # Integrating over a cell is close to adding its own variance.
        s2 = 600 * a * (1 - a) + ((1 - a) ** 2 + a**2) * 100 + 100 / 12
        naive += np.exp(-((x - 1000 * a) ** 2 + y**2) / (2 * s2)) / s2
    naive /= naive.sum()
    assert np.abs(found.occurrence / ONE - naive).sum() / 2 < 0.01


def test_time_can_be_reversed():
    there = walk([0, 300, 1000], [0, 100, 50], seconds=[0, 200, 900])
    back = walk([1000, 300, 0], [50, 100, 0], seconds=[0, 700, 900])

    one = brownian_bridge(there, PADDED, variance=2.0)
    other = brownian_bridge(back, PADDED, variance=2.0)

    assert difference(one, other) < 1e-9
    assert np.array_equal(one.support, other.support)


@pytest.mark.parametrize("variance", [1.0, "dynamic"])
@pytest.mark.parametrize("weight", ["distance", "time"])
def test_sampling_does_not_change_the_surface(weight, variance):
    """One winding way, a fix every 10 s or at random every one to five minutes."""
    rng = np.random.default_rng(5)
    seconds = np.arange(0, 20_000, 10.0)
    x, y = 0.5 * seconds, 1500 * np.sin(seconds / 3000)
    dense = walk(x, y, seconds=seconds)
    keep = np.unique(np.cumsum(rng.integers(6, 31, 2000)).clip(max=1999))
    keep = np.concatenate([[0], keep])
    sparse = walk(x[keep], y[keep], seconds=seconds[keep])

    one = brownian_bridge(dense, WIDE, variance=variance, weight=weight)
    other = brownian_bridge(sparse, WIDE, variance=variance, weight=weight)

    assert difference(one, other) < 0.02


def test_a_fast_logger_has_one_vote_like_a_slow_one():
    fast = walk(np.arange(0, 3000, 1.0), seconds=np.arange(3000), track=1)
    slow = walk([0, 1000, 2000], 2000.0, seconds=[0, 1000, 2000], track=2)

    found = brownian_bridge(pd.concat([fast, slow]), WIDE)

    north = found.occurrence[: WIDE.rows // 2 - 4].sum()
    assert north == ONE
    assert found.occurrence.sum() == 2 * ONE


def test_standing_still_does_not_outvote_walking():
    """A day of jitter at the start, then a kilometre's walk."""
    rng = np.random.default_rng(1)
    jitter = rng.normal(0, 10, (2, 1440))
    stay = walk(jitter[0], jitter[1], seconds=np.arange(1440) * 60)
    go = walk([1000, 2000, 3000], seconds=90_000 + np.array([0, 1200, 2400]))

    found = brownian_bridge(pd.concat([stay, go]), WIDE)

    start = WIDE.cell_of(np.array([0.0, -1]), np.array([0.0, 0]))
    near = [*start, *(start - WIDE.columns)]
    assert found.occurrence.ravel()[near].sum() < 0.15 * ONE


def test_nothing_within_a_stop_weighs():
    x = [0, 2000, 2080, 2000, 2080, 4000]
    stop = [-1, 3, 3, 3, 3, -1]
    fixes = walk(x, seconds=np.arange(6) * 600, stop=stop, error=5.0)

    found = brownian_bridge(fixes, WIDE, variance=1.0)

    without = walk([0, 2000], seconds=[0, 600], error=5.0, trip=0)
    after = walk([2080, 4000], seconds=[2400, 3000], error=5.0, trip=1)
    assert same(found, brownian_bridge(pd.concat([without, after]), WIDE, variance=1.0))


def test_time_weights_a_bridge_by_its_duration():
    fixes = walk([0, 1000, 2000], seconds=[0, 300, 3900])

    found = brownian_bridge(fixes, WIDE, variance=0.01, weight="time")

    x, _ = WIDE.centre_of(np.arange(found.occurrence.size))
    early = found.occurrence.ravel()[x < 1000].sum()
    assert early / ONE == pytest.approx(1 / 13, rel=0.05)


def test_a_silence_of_exactly_an_hour_is_observed_and_a_longer_one_bridged():
    hour = brownian_bridge(walk([0, 2000], seconds=[0, 3600]), WIDE)
    more = brownian_bridge(walk([0, 2000], seconds=[0, 3601]), WIDE)

    assert hour.bridged.sum() == 0
    assert np.array_equal(more.bridged, more.occurrence)


def test_part_of_a_cell_can_be_bridged():
    fixes = walk([0, 1000, 2000], seconds=[0, 600, 8000], error=1.0)

    found = brownian_bridge(fixes, WIDE, variance=0.01)

    assert found.bridged.sum() / ONE == pytest.approx(0.5, abs=0.01)
    assert (found.bridged <= found.occurrence).all()


def test_silences_too_long_for_a_bridge_are_left_open():
    fixes = walk([0, 1000, 3000, 4000], seconds=[0, 600, 10_000, 10_600])

    found = brownian_bridge(fixes, WIDE, variance=1.0, max_bridge_h=1)

    x, _ = WIDE.centre_of(np.arange(found.occurrence.size))
    between = (x > 1250) & (x < 2750)
    assert found.occurrence.ravel()[between].sum() == 0
    assert found.occurrence.sum() == ONE


def test_no_bridge_leads_from_trip_to_trip_or_track_to_track():
    apart = pd.concat(
        [
            walk([0, 500], seconds=[0, 600]),
            walk([2500, 3000], seconds=[900, 1500], trip=1),
            walk([5000, 5500], seconds=[0, 600], track=2),
        ]
    )

    found = brownian_bridge(apart, WIDE, variance=1.0)

    x, _ = WIDE.centre_of(np.arange(found.occurrence.size))
    between = ((x > 750) & (x < 2250)) | ((x > 3250) & (x < 4750))
    assert found.occurrence.ravel()[between].sum() == 0


def test_each_track_supports_a_cell_once_however_often_it_passes():
    back_and_forth = walk([0, 2000, 0, 2000, 0], seconds=np.arange(5) * 1200)
    other = walk([1000, 2000], seconds=[0, 900], track=2)

    found = brownian_bridge(pd.concat([back_and_forth, other]), WIDE, variance=1.0)

    assert set(np.unique(found.support)) == {0, 1, 2}
    cell = WIDE.cell_of(np.array([600.0, 1600.0]), np.array([-1.0, -1.0]))
    assert found.support.ravel()[cell].tolist() == [1, 2]


def test_support_reaches_two_standard_deviations():
    """Half way the deviation is 200 m: four cells of 100 m to each side."""
    grid = Grid(CRS, 0, 2050, 100, rows=41, columns=41)
    ends = walk([0, 4100], seconds=[0, 1600], error=1.0)

    found = brownian_bridge(ends, grid, variance=100.0)

    rows = np.flatnonzero(found.support[:, 20])
    assert rows.tolist() == list(range(16, 25))


def test_a_track_that_never_moves_has_no_vote():
    still = walk([0, 3, 0, -3], seconds=np.arange(4) * 600)

    found = brownian_bridge(still, WIDE)

    assert found.tracks == 0
    assert not found.support.any()


def test_movement_off_the_grid_is_left_out_of_the_vote():
    out = walk([14_000, 18_000], seconds=[0, 3000])
    away = walk([70_000, 75_000], seconds=[0, 3000], track=2)

    found = brownian_bridge(pd.concat([out, away]), WIDE, variance=1.0)

    assert found.occurrence.sum() == ONE


def test_the_motion_variance_is_the_likeliest():
    """Against scipy, for a track of jitter around a straight way."""
    rng = np.random.default_rng(7)
    n = 41
    x, y = np.arange(n) * 400 + rng.normal(0, 80, n), rng.normal(0, 80, n)
    seconds = np.cumsum(rng.integers(200, 900, n)).astype(float)
    fixes = walk(x, y, seconds=seconds, error=np.full(n, 15.0))
    grid = Grid.covering((-1000, -1000, 18_000, 1000), crs=CRS, cell_m=100)

    def misfit(log_m):
        total = 0.0
        for k in range(0, n - 2, 2):
            length = seconds[k + 2] - seconds[k]
            a = (seconds[k + 1] - seconds[k]) / length
            s2 = length * a * (1 - a) * math.exp(log_m)
            s2 += 15**2 * ((1 - a) ** 2 + a**2 + 1)
            dx = x[k + 1] - x[k] - a * (x[k + 2] - x[k])
            dy = y[k + 1] - y[k] - a * (y[k + 2] - y[k])
            total += math.log(s2) + (dx * dx + dy * dy) / (2 * s2)
        return total

    best = math.exp(minimize_scalar(misfit, bounds=(-4, 6), method="bounded").x)

    found = brownian_bridge(fixes, grid)
    told = brownian_bridge(fixes, grid, variance=best)
    assert difference(found, told) < 1e-5
    wrong = brownian_bridge(fixes, grid, variance=2 * best)
    assert difference(found, wrong) > 0.01


def test_a_short_track_gets_the_common_variance():
    fixes = walk(np.arange(14) * 500, seconds=np.arange(14) * 600)

    found = brownian_bridge(fixes, WIDE)

    assert same(found, brownian_bridge(fixes, WIDE, variance=20.0))


STRAYING = Grid(CRS, -10_000, 20_000, 250, rows=160, columns=240)


def straying(*variances, steps=60, seed=3, track=1):
    """A random walk whose motion variance changes, a fix every five minutes or so."""
    rng = np.random.default_rng(seed)
    pause = rng.integers(200, 400, steps * len(variances)).astype(float)
    spread = np.sqrt(np.repeat(variances, steps) * pause)
    moved = rng.normal(0, 1, (2, len(pause))) * spread
    x, y = np.hstack([[[0.0], [0.0]], moved.cumsum(axis=1)])
    x, y = x + rng.normal(0, 10, len(x)), y + rng.normal(0, 10, len(y))
    seconds = np.append(0.0, pause.cumsum())
    return walk(x, y, seconds=seconds, track=track)


def test_a_variance_that_never_changes_is_found_along_the_whole_trip():
    fixes = straying(50.0, steps=400)

    dynamic = brownian_bridge(fixes, STRAYING, variance="dynamic")

    assert difference(dynamic, brownian_bridge(fixes, STRAYING, variance=50.0)) < 0.02


def test_a_dynamic_variance_follows_a_walker_who_starts_to_stray():
    """Where the way is straight the movement lies closer to it."""
    fixes = straying(2.0, 400.0)
    calm, wild = fixes[:61], fixes[60:]

    dynamic = brownian_bridge(fixes, STRAYING, variance="dynamic", weight="time")

    parts = Occurrence.nowhere(STRAYING)
    for part, variance in ((calm, 2.0), (wild, 400.0)):
        seconds = (part["time"].iloc[-1] - part["time"].iloc[0]).total_seconds()
        found = brownian_bridge(part, STRAYING, variance=variance, weight="time")
        share = np.rint(found.occurrence * seconds).astype(np.int64)
        parts = Occurrence(STRAYING, parts.occurrence + share // 1000, share, share)
    one = brownian_bridge(fixes, STRAYING, weight="time")
    assert difference(dynamic, parts) < 0.5 * difference(one, parts)


@pytest.mark.parametrize("fixes", [30, 31])
def test_a_trip_shorter_than_a_window_has_the_variance_of_its_track(fixes):
    trip = straying(5.0, 300.0, steps=15)[:fixes]

    # By distance, short moves would be joined, and that makes fewer.
    dynamic = brownian_bridge(trip, STRAYING, variance="dynamic", weight="time")

    one = brownian_bridge(trip, STRAYING, variance="track", weight="time")
    assert same(dynamic, one) == (fixes < 31)


def test_a_window_does_not_reach_from_trip_to_trip():
    there = straying(5.0, steps=40)
    back = straying(300.0, steps=40, seed=8).assign(trip=1)
    back["time"] += pd.Timedelta("1D")

    both = brownian_bridge(
        pd.concat([there, back]), STRAYING, variance="dynamic", weight="time"
    )

    apart = [
        brownian_bridge(trip, STRAYING, variance="dynamic", weight="time")
        for trip in (there, back)
    ]
    seconds = [
        (trip["time"].iloc[-1] - trip["time"].iloc[0]).total_seconds()
        for trip in (there, back)
    ]
    expected = sum(a.occurrence * s for a, s in zip(apart, seconds, strict=True))
    assert both.occurrence / ONE == pytest.approx(expected / expected.sum(), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_time_can_be_reversed_where_the_variance_changes(seed):
    there = straying(2.0, 150.0, 10.0, steps=25, seed=seed)
    back = there[::-1].reset_index(drop=True)
    back["time"] = there["time"].iloc[0] + (there["time"].iloc[-1] - back["time"])

    # Moves are joined from the start on, so only votes by time are the same.
    one, other = (
        brownian_bridge(fixes, STRAYING, variance="dynamic", weight="time")
        for fixes in (there, back)
    )

    assert difference(one, other) < 1e-9
    assert np.array_equal(one.support, other.support)


def test_parts_with_changing_variances_add_up_to_the_same_bits():
    many = [straying(3.0, 200.0, steps=30, seed=k, track=k) for k in range(5)]

    whole = brownian_bridge(pd.concat(many), STRAYING, variance="dynamic")

    total = Occurrence.nowhere(STRAYING)
    for part in (many[3], pd.concat([many[0], many[4]]), many[2], many[1]):
        total += brownian_bridge(part, STRAYING, variance="dynamic")
    assert same(whole, total)
    assert whole.occurrence.sum() == 5 * ONE


tracks = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 40_000),
        st.integers(-5_000, 15_000),
        st.integers(-5_000, 5_000),
    ),
    max_size=40,
    unique_by=lambda row: row[:2],
)


@settings(deadline=None, max_examples=60)
@given(tracks, st.permutations(range(5)))
def test_parts_add_up_to_the_same_bits_in_any_order(rows, order):
    rows.sort()
    table = np.array(rows, float).reshape(-1, 4)
    fixes = walk(table[:, 2], table[:, 3], seconds=table[:, 1], track=0, error=20.0)
    fixes["track"] = table[:, 0].astype(np.int64)

    whole = brownian_bridge(fixes, WIDE)

    total = Occurrence.nowhere(WIDE)
    for track in order:
        total += brownian_bridge(fixes[fixes["track"] == track], WIDE)
    assert same(whole, total)
    assert whole.occurrence.sum() == whole.tracks * ONE
    assert (whole.bridged <= whole.occurrence).all()
    assert (whole.occurrence[whole.support > 0] >= 0).all()


def test_the_surface_adds_up_to_a_hundred_percent(two_fixes):
    found = brownian_bridge(two_fixes, WIDE)

    surface = surface_of(found)

    assert (surface.values.sum() * 0.25**2) == pytest.approx(100)
    assert surface.unit == "%/km²"
    assert support_of(found).values.max() == 1


def test_no_fixes_give_no_movement():
    found = brownian_bridge(walk([], seconds=[]), WIDE)

    assert found.tracks == 0
    assert not surface_of(found).values.any()


def test_occurrences_on_different_grids_do_not_add():
    with pytest.raises(ValueError, match="different grids"):
        Occurrence.nowhere(WIDE) + Occurrence.nowhere(PADDED)


def test_arguments_are_left_as_they_were(two_fixes):
    before = two_fixes.copy(deep=True)

    brownian_bridge(two_fixes, WIDE)

    pd.testing.assert_frame_equal(two_fixes, before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_m": np.nan}, "x_m holds a value that is not a finite number"),
        ({"y_m": np.inf}, "y_m holds a value that is not a finite number"),
        ({"error_m": 0.0}, "error_m holds a value that is not above zero"),
        ({"track": [2, 1]}, "sorted by track, then time"),
    ],
    ids=["missing", "infinite", "no error", "unsorted"],
)
def test_hostile_columns_are_refused(two_fixes, change, message):
    with pytest.raises(ValueError, match=message):
        brownian_bridge(two_fixes.assign(**change), WIDE)


def test_a_missing_column_is_named(two_fixes):
    with pytest.raises(SchemaError, match="no column 'trip'"):
        brownian_bridge(two_fixes.drop(columns="trip"), WIDE)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weight": "fixes"}, "weight is 'fixes'"),
        ({"variance": 0.0}, r"variance is 0\.0"),
        ({"variance": "local"}, "variance is 'local'"),
        ({"max_bridge_h": 0.0}, r"max_bridge_h is 0\.0"),
    ],
)
def test_wrong_parameters_are_refused(two_fixes, wrong, message):
    with pytest.raises(ValueError, match=message):
        brownian_bridge(two_fixes, WIDE, **wrong)
