"""The compiled comparison of the steps of series."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geo.kernels.series import compare_steps

SERIES = hnp.arrays(
    np.int64,
    st.tuples(st.integers(1, 3), st.integers(2, 12)),
    elements=st.integers(-9, 9),
)


def compare(rows):
    score, ties = np.empty((2, len(rows)), np.int64)
    slope = np.empty(len(rows))
    compare_steps(rows.astype(np.float64), score, ties, slope)
    return score, ties, slope


@given(SERIES)
def test_the_slope_is_the_median_of_those_of_all_pairs(rows):
    _, _, slope = compare(rows)

    for row, found in zip(rows, slope, strict=True):
        pairs = itertools.combinations(enumerate(row), 2)
        assert found == np.median([(b - a) / (j - i) for (i, a), (j, b) in pairs])


@pytest.mark.parametrize(
    ("row", "told"), [([0, 4], (1, 0, 4.0)), ([3, 3, 3], (0, 66, 0.0))]
)
def test_a_rise_counts_once_and_equal_values_are_ties(row, told):
    score, ties, slope = compare(np.array([row]))

    assert (score[0], ties[0], slope[0]) == told
