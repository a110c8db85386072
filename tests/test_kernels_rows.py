"""The compiled loops over the rows of tables."""

import numpy as np
import pytest

from geo.kernels.rows import are_sorted, cut_trips, pick, runs_of, sealed


def cut(track, time, *, gap=10, fewest=2):
    trip, kept = np.empty(len(track), np.int64), np.empty(len(track), bool)
    arrays = sealed(track, np.int64), sealed(time, np.int64)
    in_order = cut_trips(*arrays, gap, fewest, trip, kept)
    return in_order, trip[kept].tolist(), kept.tolist()


def test_sealed_arrays_are_views_that_cannot_be_written():
    values = np.arange(3.0)
    view = sealed(values, np.float64)

    assert np.shares_memory(view, values)
    assert values.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1.0


def test_what_has_another_form_is_brought_into_this_one():
    assert sealed(np.arange(6)[::2], np.float64).flags.c_contiguous
    assert sealed([1, 2], np.float64).dtype == np.float64


@pytest.mark.parametrize(
    ("track", "time", "said"),
    [
        ([], [], True),
        ([1, 1, 2], [5, 5, 0], True),
        ([1, 1], [5, 4], False),
        ([2, 1], [0, 9], False),
        ([-(2**63), 2**63 - 1], [0, 0], True),
    ],
)
def test_rows_stand_by_track_then_time(track, time, said):
    assert are_sorted(sealed(track, np.int64), sealed(time, np.int64)) is said


def test_the_last_values_are_picked_and_nothing_is_written_beyond():
    values, kept = sealed(np.arange(5), np.int64), sealed([1, 0, 0, 1, 0], np.bool_)
    room = np.full(4, -1)
    pick(values, runs_of(kept), room[1:3])

    assert room.tolist() == [-1, 0, 3, -1]


def test_trips_end_at_silences_and_tracks_and_short_ones_do_not_count():
    track, time = [1, 1, 1, 1, 2, 2, 3], [0, 10, 21, 25, 25, 26, 0]

    assert cut(track, time) == (True, [0, 0, 1, 1, 2, 2], [True] * 6 + [False])
    assert cut(track, time, fewest=3) == (True, [], [False] * 7)
    assert cut([], []) == (True, [], [])


@pytest.mark.parametrize(("track", "time"), [([1, 1], [1, 0]), ([2, 1], [0, 0])])
def test_rows_out_of_order_are_not_cut(track, time):
    assert not cut(track, time)[0]
