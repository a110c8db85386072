"""The compiled loops over the fixes of tracks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.grid import Grid
from geo.kernels.chains import HEADS, WINDOW
from geo.kernels.cleaning import Place, Rule, clean_tracks
from geo.kernels.rows import sealed
from geo.kernels.stops import mark_stops
from geo.kernels.tracks import (
    EAST,
    FIXES,
    LENGTH,
    MS,
    SOUTH,
    STOP_MS,
    Entries,
    Path,
    walk_cells,
)
from geo.kernels.verdicts import KEPT, SPIKE, TOO_FAST, Limits, Rows
from geo.trajectory import number_stops
from geo.visits import count_visits

METRE_A_SECOND = 0.001
MINUTE = 60_000
NEVER = np.iinfo(np.int64).max

few = settings(max_examples=40, deadline=None)  # the first call compiles
quarters = st.integers(-4, 24).map(lambda n: n / 4)


def sift(x, *, seconds=None, track=None, error=1.0):
    """Verdicts on fixes on a line, one a second."""
    x = np.array(x, float)
    seconds = np.arange(x.size) if seconds is None else np.asarray(seconds)
    track = np.zeros(x.size) if track is None else np.asarray(track)
    zeros, none = np.zeros(x.size), sealed([0], np.int64)
    unknown, x, y = (sealed(column, np.float64) for column in ([np.nan], x, zeros))
    rows = Rows(
        track=sealed(track, np.int64),
        time=sealed(np.rint(1000 * seconds), np.int64),
        lon=y,
        lat=y,
        elevation=unknown,
        accuracy=unknown,
        source=none,
        line=none,
    )
    limits = Limits(-1.0, -1.0, 1.0, 1.0, np.inf, NEVER)
    rule = Rule(METRE_A_SECOND, error, gap=NEVER, fewest=1)
    place = Place(x, y)
    verdict = np.zeros(x.size, np.int8)
    clean_tracks(rows, limits, rule, place, verdict)
    return verdict.tolist()


def follow(u, v, *, minutes=10, shape=(6, 6), stop=None):
    """Entries of one trip through these places, with that long between fixes."""
    n = len(u)
    zeros = np.zeros(n, np.int64)
    path = Path(
        track=zeros,
        month=zeros,
        trip=zeros,
        stop=np.full(n, -1) if stop is None else np.asarray(stop),
        time=np.arange(n) * minutes * MINUTE,
        u=np.array(u, float),
        v=np.array(v, float),
    )
    entries = Entries(
        origin=np.zeros(1000, np.int64),
        cell=np.full(1000, -1),
        counts=np.zeros((1000, 4), np.int64),
        ways=np.zeros((1000, 3)),
        slot=np.full(shape[0] * shape[1], -1, np.int32),
        state=np.zeros(2, np.int64),
    )
    n = walk_cells(path, entries, shape)
    return entries.cell[:n], entries.counts[:n], entries.ways[:n]


def most_that_follow(x, seconds):
    """The longest sequence of fixes, by trying every pair; errors of 1 m."""
    length = []
    for i in range(len(x)):
        reachable = [
            length[j]
            for j in range(i)
            if abs(x[i] - x[j]) <= (seconds[i] - seconds[j]) + 3 * 2
        ]
        length.append(1 + max(reachable, default=0))
    return max(length, default=0)


def test_nothing_in_nothing_out():
    assert sift([]) == []
    assert follow([], [])[0].size == 0


def test_a_lone_fix_is_kept():
    assert sift([5]) == [KEPT]


def test_tracks_do_not_judge_each_other():
    assert (
        sift([0, 900, 0, 900], seconds=[0, 0, 1, 1], track=[1, 2, 3, 4]) == [KEPT] * 4
    )


def test_a_chain_is_found_again_after_a_stretch_longer_than_the_look_back():
    wrong = 5 * WINDOW
    x = np.concatenate([np.zeros(300), np.full(wrong, 9_999), np.zeros(10)])

    assert sift(x) == [KEPT] * 300 + [TOO_FAST] * wrong + [KEPT] * 10


def test_a_chain_is_found_again_after_more_wrong_places_than_are_remembered():
    places = 1000 * np.arange(1, 3 * HEADS + 1)
    x = np.concatenate([np.zeros(100), np.repeat(places, WINDOW), np.zeros(10)])

    verdicts = sift(x, seconds=np.arange(x.size) / 100)

    assert verdicts == [KEPT] * 100 + [TOO_FAST] * (3 * HEADS * WINDOW) + [KEPT] * 10


def test_spikes_next_to_spikes_do_not_keep_the_sifting_from_its_end():
    x = np.zeros(400)
    x[50::7] = 3_000
    seconds = 3_600 * np.arange(400)

    once = np.array(sift(x, seconds=seconds))

    assert set(once[50::7]) == {SPIKE}
    kept = once == KEPT
    assert set(sift(x[kept], seconds=seconds[kept])) == {KEPT}


@few
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.sampled_from([0, 5, 20, 90, 400])),
        max_size=WINDOW,
        unique_by=lambda row: row[0],
    )
)
def test_within_the_look_back_no_sequence_is_longer(rows):
    rows.sort()
    seconds, x = [row[0] for row in rows], [row[1] for row in rows]

    assert sift(x, seconds=seconds).count(KEPT) == most_that_follow(x, seconds)


@few
@given(st.lists(st.tuples(quarters, quarters), min_size=1, max_size=12))
def test_the_whole_way_and_the_whole_time_are_shared_out(places):
    u, v = np.array(places).T + 4  # all of it inside the grid

    _, counts, ways = follow(u, v, shape=(12, 12))

    assert counts[:, MS].sum() == (len(u) - 1) * 10 * MINUTE
    assert counts[:, FIXES].sum() == len(u)
    assert ways[:, LENGTH].sum() == pytest.approx(
        np.hypot(np.diff(u), np.diff(v)).sum()
    )
    assert ways[:, EAST].sum() == pytest.approx(u[-1] - u[0])
    assert ways[:, SOUTH].sum() == pytest.approx(v[-1] - v[0])


@few
@given(st.lists(st.tuples(quarters, quarters), min_size=1, max_size=8))
def test_the_way_back_enters_the_cells_of_the_way_there(places):
    u, v = np.array(places).T

    there, back = follow(u, v)[0], follow(u[::-1], v[::-1])[0]

    assert sorted(there) == sorted(back)


@few
@given(st.tuples(quarters, quarters), st.tuples(quarters, quarters))
def test_a_line_enters_the_cells_that_its_points_lie_in(start, end):
    share = np.linspace(0, 1, 997)
    u = start[0] + share * (end[0] - start[0])
    v = start[1] + share * (end[1] - start[1])
    inside = (u >= 0) & (u < 6) & (v >= 0) & (v < 6)
    # A cell with a single point is touched in a corner, but for the two ends.
    cells, points = np.unique(
        (np.floor(v) * 6 + np.floor(u))[inside].astype(int), return_counts=True
    )
    ends = follow([start[0]], [start[1]])[0], follow([end[0]], [end[1]])[0]

    entered = follow([start[0], end[0]], [start[1], end[1]])[0]

    assert set(entered) == set(cells[points > 1]) | set(np.concatenate(ends))


def test_an_odd_millisecond_goes_to_the_later_fix():
    _, counts, _ = follow([0.5, 4.5], [0.5, 0.5], minutes=61, stop=[0, 0])

    assert counts[:, MS].tolist() == [61 * MINUTE // 2] * 2
    assert counts[:, STOP_MS].tolist() == counts[:, MS].tolist()


def test_each_loop_is_compiled_once_whatever_the_frame_holds():
    """Read-only and strided columns would each be compiled anew, for seconds."""
    fixes = pd.DataFrame(
        {
            "track": 1,
            "time": pd.date_range("2024-06-01", periods=6, freq="5min", tz="UTC"),
            "x_m": 0.0,
            "y_m": 0.0,
            "error_m": 20.0,
            "trip": 0,
        }
    )
    grid = Grid("EPSG:32618", -500, 500, 1000, rows=1, columns=1)
    for frame in (fixes, fixes[::2], fixes.copy(), fixes.astype({"trip": "int32"})):
        count_visits(frame.assign(stop=number_stops(frame)), grid)

    assert len(mark_stops.signatures) == 1
    assert len(walk_cells.signatures) == 1
