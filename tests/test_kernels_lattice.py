"""Sums over neighbourhoods."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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


@given(st.floats(0, 0.999), st.floats(0, 0.999))
def test_the_shares_of_a_point_have_its_mean_and_no_variance(x, y):
    laid, here = np.zeros((3, 3), np.int64), np.zeros((1, 1), bool)
    point, weight = (np.array([5 + 2 * x]), np.array([7 - 2 * y])), np.array([2.0])

    lattice.lay_points(*point, weight, 5.0, 7.0, 2.0, 2.0**40, laid)
    lattice.mark_points(*point, 5.0, 7.0, 2.0, here)

    centre = np.arange(3) - 0.5
    assert here.all()
    for place, shares in ((x, laid.sum(axis=0)), (y, laid.sum(axis=1))):
        share = shares / 2**41
        assert share.sum() == pytest.approx(1)
        assert share @ centre == pytest.approx(place, abs=1e-9)
        assert share @ (centre - place) ** 2 == pytest.approx(0, abs=1e-9)


def test_points_off_the_grid_are_not_laid():
    x = np.array([-0.1, 3.0, 1.0, np.nan, 1.0])
    y = np.array([1.0, 1.0, -0.1, 1.0, 3.5])
    laid, here = np.zeros((5, 5), np.int64), np.zeros((3, 3), bool)

    lattice.lay_points(x, y, np.ones(5), 0.0, 3.0, 1.0, 2.0**40, laid)
    lattice.mark_points(x, y, 0.0, 3.0, 1.0, here)

    assert not laid.any()
    assert not here.any()


@pytest.mark.parametrize("ring", [1, 2])
def test_scores_are_made_of_the_sums(ring):
    rng = np.random.default_rng(2)
    values, mask = rng.random((9, 11)), rng.random((9, 11)) < 0.7
    deviation = np.arange(1.0, 27)
    total, count = np.empty(values.shape), np.empty(values.shape, np.int64)
    lattice.sum_rings(values, mask, ring, total, count)

    scores = np.full(values.shape, 9.0)
    most = [
        lattice.score_rings(values, mask, ring, 0.5, deviation, first, last, scores)
        for first, last in ((0, 4), (4, 5), (5, 9))
    ]

    expected = (total - 0.5 * count) / deviation[count]
    assert np.array_equal(scores[mask], expected[mask])
    assert np.isnan(scores[~mask]).all()
    assert max(most) == count[mask].max()
