"""Sums over neighbourhoods."""

import numpy as np
import pytest
from scipy import ndimage

from geo.kernels import lattice


@pytest.mark.parametrize("ring", [1, 3, 30])
def test_sums_agree_with_a_convolution(ring):
    rng = np.random.default_rng(1)
    values, mask = rng.random((12, 17)), rng.random((12, 17)) < 0.6
    total, count = np.full(values.shape, 9.0), np.full(values.shape, 9)

    lattice.sum_rings(values, mask, ring, total, count)

    square = np.ones((2 * ring + 1, 2 * ring + 1))
    expected = ndimage.convolve(values * mask, square, mode="constant")
    number = ndimage.convolve(mask.astype(int), square, mode="constant")
    np.testing.assert_allclose(total, expected, atol=1e-12)
    assert np.array_equal(count, number.astype(int))


def test_what_is_off_the_mask_is_never_read():
    values = np.array([[1.0, np.nan, 2.0]])
    total, count = np.empty((1, 3)), np.empty((1, 3), np.int64)

    lattice.sum_rings(values, ~np.isnan(values), 1, total, count)

    assert total.tolist() == [[1, 3, 2]]
    assert count.tolist() == [[1, 2, 1]]
