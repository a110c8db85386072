"""The compiled loops that judge fixes by themselves, and beside their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.kernels.rows import sealed
from geo.kernels.verdicts import (
    DUPLICATE,
    INEXACT,
    KEPT,
    NO_MOMENT,
    NO_POSITION,
    NO_TIME,
    OUTSIDE,
    Limits,
    Rows,
    judge_rows,
    mark_twins,
)

LIMITS = Limits(-79.0, 7.0, -76.0, 9.0, 50.0)
KINDS = (np.int64, np.int64, *[np.float64] * 4, np.int64, np.int64)


def rows_of(*rows):
    """Rows of track, time, lon, lat, elevation, accuracy, source and line."""
    columns = zip(*rows, strict=True) if rows else [[]] * len(KINDS)
    return Rows(*(sealed(list(c), k) for c, k in zip(columns, KINDS, strict=True)))


def verdicts(loop, rows, *more):
    verdict = np.zeros(rows.time.size, np.int8)
    loop(rows, *more, verdict)
    return verdict.tolist()


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
    ],
)
def test_the_worst_that_is_wrong_with_a_row_is_said(time, lon, lat, accuracy, said):
    rows = rows_of((1, time, lon, lat, 0.0, accuracy, 0, 0))

    assert verdicts(judge_rows, rows, LIMITS) == [said]


def test_rows_that_are_out_already_have_no_twins():
    rows = rows_of(*[(1, 0, -77.0, 8.0, 0.0, 5.0, 0, k) for k in range(3)])
    verdict = np.array([OUTSIDE, KEPT, KEPT], np.int8)
    mark_twins(rows, verdict)

    assert verdict.tolist() == [OUTSIDE, KEPT, DUPLICATE]


some = st.sampled_from([np.nan, -1.0, 0.0, 1.0, 2.0])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1), st.integers(0, 2), *[some] * 4, *[st.integers(0, 1)] * 2
        ),
        max_size=12,
    )
)
def test_of_rows_of_one_moment_the_first_by_all_columns_stays(rows):
    rows = sorted(rows, key=lambda row: row[:2])

    def rank(row):
        lon, lat, elevation, accuracy, source, line = row[2:]
        accuracy = accuracy if accuracy > 0 else np.nan
        keys = [accuracy, lon, lat, elevation, source, line]
        return [(np.isnan(key), 0 if np.isnan(key) else key) for key in keys]

    wanted = [DUPLICATE] * len(rows)
    for moment in {row[:2] for row in rows}:
        twins = [k for k, row in enumerate(rows) if row[:2] == moment]
        wanted[min(twins, key=lambda k: rank(rows[k]))] = KEPT

    assert verdicts(mark_twins, rows_of(*rows)) == wanted
