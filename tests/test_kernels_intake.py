"""The compiled loops that judge the rows of a file, and put them in order."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.kernels.intake import (
    BACK,
    IN_ORDER,
    TIED,
    Read,
    Span,
    find_faults,
    gather,
    place_rows,
    run_starts,
    spread,
)
from geo.kernels.rows import sealed

SPAN = Span(earliest=100, latest=200, good=0, missing=1, naive=2)
CODES = (1, 2, 3, 4, 5, 6, 7, 8)


def read_of(lon, lat, ms, *, elevation=0.0, accuracy=0.0, state=0, doubtful=False):
    n = len(ms)
    real = (np.broadcast_to(v, n) for v in (lon, lat, elevation, accuracy))
    return Read(
        *(sealed(v, np.float64) for v in real),
        sealed(ms, np.int64),
        sealed(np.broadcast_to(state, n), np.int8),
        sealed(np.broadcast_to(doubtful, n), np.bool_),
    )


def ordered(label, rank, read, fault=()):
    fault = np.array(fault or [0] * len(label), np.int8)
    order = np.empty(np.count_nonzero(fault == 0), np.int64)
    places = sealed(label, np.int32), sealed(rank, np.int64), sealed(fault, np.int8)
    ends, follow = place_rows(*places, read, order)
    return order.tolist(), ends.tolist(), follow.tolist()


@pytest.mark.parametrize(
    ("lon", "lat", "ms", "facts", "said"),
    [
        (-77.0, 8.0, 150, {}, 0),
        (-77.0, 8.0, 150, {"doubtful": True}, 1),
        (np.nan, 8.0, 150, {}, 2),
        (-77.0, -np.inf, 150, {}, 2),
        (180.1, 8.0, 150, {}, 3),
        (-180.0, -90.0, 100, {}, 0),
        (0.009, -0.009, 150, {}, 4),
        (0.009, 0.01, 200, {}, 0),
        (-77.0, 8.0, 0, {"state": 1}, 5),
        (-77.0, 8.0, 0, {"state": 2}, 6),
        (-77.0, 8.0, 99, {}, 7),
        (-77.0, 8.0, 201, {}, 8),
        (np.nan, 8.0, 201, {"doubtful": True}, 1),
    ],
)
def test_the_first_fault_of_a_row_is_told(lon, lat, ms, facts, said):
    fault = np.zeros(1, np.int8)
    find_faults(read_of(lon, lat, [ms], **facts), SPAN, CODES, fault)

    assert fault.tolist() == [said]


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


@given(st.lists(st.sampled_from(["", "a", "ab", "b", "ba", "señal"]), max_size=12))
def test_runs_of_one_text_begin_where_it_changes(texts):
    column = pa.array(["x", *texts], pa.large_string())
    _, offsets, data = column.buffers()
    starts = np.empty(len(texts) + 1, np.int64)
    places = np.frombuffer(offsets, np.int64, len(texts) + 2)[1:]
    runs = run_starts(places, np.frombuffer(data, np.uint8), starts)

    wanted = [n for n, text in enumerate(texts) if n == 0 or texts[n - 1] != text]
    assert starts[:runs].tolist() == wanted
