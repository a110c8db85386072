"""The compiled loops that judge fixes by themselves, and beside their twins."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.kernels.rows import sealed
from geo.kernels.verdicts import (
    INEXACT,
    KEPT,
    NO_MOMENT,
    NO_POSITION,
    NO_TIME,
    OUTSIDE,
    TOO_RECENT,
    Limits,
    Rows,
    is_better,
    judge,
)

UNTIL = 1_000
LIMITS = Limits(-79.0, 7.0, -76.0, 9.0, 50.0, UNTIL)
KINDS = (np.int64, np.int64, *[np.float64] * 4, np.int64, np.int64)


def rows_of(*rows):
    """Rows of track, time, lon, lat, elevation, accuracy, source and line."""
    columns = zip(*rows, strict=True) if rows else [[]] * len(KINDS)
    return Rows(*(sealed(list(c), k) for c, k in zip(columns, KINDS, strict=True)))


@pytest.mark.parametrize(
    ("time", "lon", "lat", "accuracy", "said"),
    [
        (0, -79.0, 9.0, np.nan, KEPT),
        (0, -77.0, 8.0, 50.0, KEPT),
        (0, -77.0, 8.0, 50.1, INEXACT),
        (0, -80.0, 8.0, 50.1, OUTSIDE),
        (0, -77.0, np.inf, 1.0, OUTSIDE),
        (0, np.nan, 8.0, 50.1, NO_POSITION),
        (NO_MOMENT, np.nan, 8.0, 50.1, NO_TIME),
        (UNTIL - 1, -77.0, 8.0, 1.0, KEPT),
        (UNTIL, np.nan, 8.0, 50.1, TOO_RECENT),
    ],
)
def test_the_worst_that_is_wrong_with_a_row_is_said(time, lon, lat, accuracy, said):
    rows = rows_of((1, time, lon, lat, 0.0, accuracy, 0, 0))

    assert judge(rows, LIMITS, 0) == said


some = st.sampled_from([np.nan, -1.0, 0.0, 1.0, 2.0])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[some] * 4, *[st.integers(0, 1)] * 2), min_size=2))
def test_of_two_rows_the_first_by_all_columns_is_better(rows):
    def rank(row):
        lon, lat, elevation, accuracy, source, line = row
        accuracy = accuracy if accuracy > 0 else np.nan
        keys = [accuracy, lon, lat, elevation, source, line]
        return [(np.isnan(key), 0 if np.isnan(key) else key) for key in keys]

    columns = rows_of(*[(1, 0, *row) for row in rows])
    for i, j in pairwise(range(len(rows))):
        assert is_better(columns, i, j) == (rank(rows[i]) < rank(rows[j]))


def test_what_all_rows_have_is_no_difference():
    columns = rows_of(*[(1, 0, lon, 8.0, 0.0, 5.0, 0, 0) for lon in (-77.1, -77.0)])
    one = {name: getattr(columns, name)[:1] for name in ("elevation", "accuracy")}
    columns = columns._replace(**one)

    assert is_better(columns, 0, 1)
    assert not is_better(columns, 1, 0)
