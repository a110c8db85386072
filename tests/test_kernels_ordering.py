"""The compiled loops that put the rows of a file in order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.kernels.ordering import (
    BACK,
    IN_ORDER,
    TIED,
    find_runs,
    follow_within,
    gather,
    move_runs,
    place_rows,
    place_runs,
    rows_of_runs,
    spread,
)
from geo.kernels.rows import sealed
from tests.rows import read_of


def ordered(label, rank, read, fault=()):
    fault = np.array(fault or [0] * len(label), np.int8)
    order = np.empty(np.count_nonzero(fault == 0), np.int64)
    places = sealed(label, np.int32), sealed(rank, np.int64), sealed(fault, np.int8)
    ends, follow = place_rows(*places, read, order)
    return order.tolist(), ends.tolist(), follow.tolist()


def test_rows_come_by_track_and_else_stay_as_they_are():
    read = read_of(0.0, 0.0, [10, 20, 5, 6, 30])

    assert ordered([0, 0, 1, 1, 0], [1, 0], read) == (
        [2, 3, 0, 1, 4],
        [2, 5],
        [IN_ORDER, IN_ORDER],
    )


def test_labels_of_one_track_are_one():
    read = read_of(0.0, 0.0, [10, 20, 30])

    assert ordered([0, 1, 0], [0, 0], read) == ([0, 1, 2], [3], [IN_ORDER])


def test_rows_that_do_not_count_and_tracks_without_any_leave_no_trace():
    read = read_of(0.0, 0.0, [10, 20, 30])

    assert ordered([0, 1, 2], [0, 1, 2], read, fault=[0, 3, 0])[:2] == (
        [0, 2],
        [1, 1, 2],
    )
    assert ordered([], [], read_of(0.0, 0.0, [])) == ([], [], [])


def test_a_track_that_goes_back_in_time_is_told():
    assert ordered([0, 0], [0], read_of(0.0, 0.0, [2, 1]))[2] == [BACK]


@pytest.mark.parametrize("column", ["lon", "lat", "accuracy", "elevation"])
@pytest.mark.parametrize("later", [1.0, np.nan])
def test_rows_of_one_time_in_another_order_are_told(column, later):
    columns = {"lon": 0.0, "lat": 0.0} | {column: np.array([later, 0.0])}
    wrong = read_of(ms=[5, 5], **columns)
    right = read_of(ms=[5, 5], **columns | {column: np.array([0.0, later])})

    assert ordered([0, 0], [0], wrong)[2] == [TIED]
    assert ordered([0, 0], [0], right)[2] == [IN_ORDER]


def test_rows_alike_in_everything_are_in_order():
    assert ordered([0, 0], [0], read_of(np.nan, 1.0, [5, 5]))[2] == [IN_ORDER]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=20))
def test_the_order_is_that_of_a_stable_sort(rows):
    label, ms = [row[0] for row in rows], [row[1] for row in rows]
    rank = [2, 0, 3, 1]

    order, ends, follow = ordered(label, rank, read_of(0.0, 0.0, ms))

    assert order == sorted(range(len(rows)), key=lambda k: rank[label[k]])
    assert ends[-1] == len(rows)
    for track, said in enumerate(follow):
        own = [ms[k] for k in order if rank[label[k]] == track]
        assert (said == BACK) == (own != sorted(own))


def test_values_are_gathered_and_spread():
    out = np.empty(3, np.int64)
    gather(sealed([5, 6, 7], np.int64), np.array([2, 0, 0]), out)
    assert out.tolist() == [7, 5, 5]
    spread(np.array([8, 9, 4]), np.array([1, 1, 3]), out)
    assert out.tolist() == [8, 4, 4]


def runs_of(label, fault, *, most=100):
    runs = np.empty((most, 2), np.int64)
    found = find_runs(sealed(label, np.int32), sealed(fault, np.int8), runs)
    return runs[:found] if found >= 0 else None


def test_runs_end_where_the_label_changes_and_at_rows_with_a_fault():
    label = np.repeat([4, 7, 4], [100, 300, 1])
    fault = np.zeros(label.size, np.int8)
    fault[[0, 250, 251]] = 1

    assert runs_of(label, fault).tolist() == [
        [1, 100],
        [100, 250],
        [252, 400],
        [400, 401],
    ]
    assert runs_of(label[:0], fault[:0]).tolist() == []
    assert runs_of(label, fault, most=3) is None


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 5), st.integers(0, 2), st.booleans()
        ),
        max_size=40,
    )
)
def test_runs_are_placed_as_their_rows_are(rows):
    label, ms, lon = (np.array([row[k] for row in rows], np.int64) for k in range(3))
    fault = np.array([row[3] for row in rows], np.int8)
    read, rank = read_of(lon, 0.0, ms), np.array([2, 0, 3, 1])

    runs = runs_of(label, fault)
    within = np.empty(len(runs), np.int8)
    follow_within(runs, read, within)
    track = rank[label[runs[:, 0]]]
    to, ends, follow = place_runs(runs, track, read, within, 4)
    order = np.empty(int(ends[-1]), np.int64)
    rows_of_runs(runs, to, order)
    moved = np.empty_like(order)
    move_runs(sealed(np.arange(len(rows)), np.int64), runs, to, moved)

    one_by_one = ordered(label, rank, read, fault.tolist())
    assert (order.tolist(), ends.tolist(), follow.tolist()) == one_by_one
    assert moved.tolist() == order.tolist()
