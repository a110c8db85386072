"""The order of the rows of a file."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.kernels.intake import Read
from geo.kernels.rows import sealed
from geo.read import ordering
from geo.read.ordering import arranged, ordered

COLUMNS = ("ms", "lon", "lat", "accuracy", "elevation")
RANK = np.array([2, 0, 1])


def read_of(columns):
    n = columns["ms"].size
    real = (sealed(columns[name], np.float64) for name in COLUMNS[1:])
    lon, lat, accuracy, elevation = real
    return Read(
        lon=lon,
        lat=lat,
        elevation=elevation,
        accuracy=accuracy,
        ms=sealed(columns["ms"], np.int64),
        state=sealed(np.zeros(n), np.int8),
        doubtful=sealed(np.zeros(n), np.bool_),
    )


def columns_of(rows):
    columns = {
        name: np.array([row[k] for row in rows], np.int64 if k == 0 else np.float64)
        for k, name in enumerate(COLUMNS)
    }
    label = np.array([row[5] for row in rows], np.int32)
    return columns, label, np.array([row[6] for row in rows], np.int8)


few = st.sampled_from([0.0, 1.0, np.nan])
rows = st.tuples(
    st.integers(0, 4), few, few, few, few, st.integers(0, 2), st.integers(0, 1)
)


@pytest.mark.parametrize("rows_a_run", [1, 8, 1000])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(rows, max_size=30))
def test_rows_come_by_track_time_and_the_other_columns(rows_a_run, rows):
    columns, label, fault = columns_of(rows)
    tracks = np.array([-5, 3, 8])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "ROWS_A_RUN", rows_a_run)
        patch.setattr(ordering, "SHARE", 7)
        order = ordered(label, RANK, read_of(columns), fault)
        track, out = arranged(order, tracks, columns)

    good = np.flatnonzero(fault == 0)
    keys = [columns[name][good] for name in reversed(COLUMNS)]
    wanted = good[np.lexsort((*keys, RANK[label[good]]))]
    assert track.tolist() == tracks[RANK[label[wanted]]].tolist()
    for name, column in columns.items():
        assert out[name].dtype == column.dtype
        assert np.array_equal(out[name], column[wanted], equal_nan=True)


def test_rows_that_stand_in_order_are_moved_as_they_stand():
    columns, _, _ = columns_of([(k, 0.0, 0.0, 0.0, 0.0, 0, 0) for k in range(40)])
    label = np.repeat([0, 1], 20).astype(np.int32)
    order = ordered(label, RANK, read_of(columns), np.zeros(40, np.int8))

    assert order.rows is None
    assert order.runs.tolist() == [[0, 20], [20, 40]]
    assert order.to.tolist() == [20, 0]
