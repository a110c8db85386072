"""The compiled loops that judge the rows of a file, and find runs of one text."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.kernels.intake import AT_ONCE, Span, find_faults, run_starts
from tests.rows import read_of

SPAN = Span(earliest=100, latest=200, good=0, missing=1, naive=2)
CODES = (1, 2, 3, 4, 5, 6, 7, 8)


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


def test_each_row_of_many_is_judged_by_itself():
    lat = np.full(5 * AT_ONCE, 8.0)
    lat[[3, AT_ONCE, -1]] = np.nan, 91.0, 95.0
    fault = np.full(lat.size, 7, np.int8)
    find_faults(read_of(-77.0, lat, np.full(lat.size, 150)), SPAN, CODES, fault)

    assert np.flatnonzero(fault).tolist() == [3, AT_ONCE, lat.size - 1]
    assert fault[fault > 0].tolist() == [2, 3, 3]


@given(
    texts=st.lists(st.sampled_from(["", "a", "ab", "b", "ba", "señal"]), max_size=12),
    length=st.sampled_from([1, 50, AT_ONCE]),
)
def test_runs_of_one_text_begin_where_it_changes(texts, length):
    texts = [text for text in texts for _ in range(length)]
    column = pa.array(["x", *texts], pa.large_string())
    _, offsets, data = column.buffers()
    starts = np.empty(len(texts) + 1, np.int64)
    places = np.frombuffer(offsets, np.int64, len(texts) + 2)[1:]
    runs = run_starts(places, np.frombuffer(data, np.uint8), starts)

    wanted = [n for n, text in enumerate(texts) if n == 0 or texts[n - 1] != text]
    assert starts[:runs].tolist() == wanted
