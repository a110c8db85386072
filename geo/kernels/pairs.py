"""Compiled loops over the pairs of points."""

# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_VANISHES = 38.0  # beyond so many standard deviations a Gaussian is less than 1e-313


@njit(cache=True, nogil=True)
def sum_kernels(x: Floats, y: Floats, sigma: float, begin: int, sums: Floats) -> None:
    """Fill in the sum of ``exp(-d² / (2 sigma²))`` over all other points.

    `x` is in order; the points are those from `begin` on, as many as `sums`.
    """
    reach, factor = _VANISHES * sigma, -0.5 / (sigma * sigma)
    for k in range(sums.size):
        i = begin + k
        total = 0.0
        for step in (-1, 1):
            j = i + step
            while 0 <= j < x.size and abs(x[j] - x[i]) <= reach:
                square = (x[j] - x[i]) ** 2 + (y[j] - y[i]) ** 2
                total += math.exp(square * factor)
                j += step
        sums[k] = total


@njit(cache=True, nogil=True)
def sum_shares(
    x: Floats, y: Floats, step: float, overlap: Floats, shares: Floats
) -> None:
    """Add up 1 / overlap over the pairs, by the steps of their distance.

    `x` and `y` are in cells, `x` in order. ``overlap[k, middle + l]`` is how many
    cells of a window fall on it when it is moved k cells east and l north, linear
    in between. ``shares[k]`` takes the pairs that are more than k - 1 and at most
    k steps apart; farther pairs are left out.
    """
    reach = step * (shares.size - 1)
    middle = overlap.shape[1] // 2
    for i in range(x.size):
        for j in range(i + 1, x.size):
            east, north = x[j] - x[i], y[j] - y[i]
            if east > reach:
                break
            slot = math.ceil(math.sqrt(east * east + north * north) / step)
            if slot >= shares.size:
                continue
            a, b = int(east), math.floor(north)
            right, up = east - a, north - b
            here = middle + b
            near = overlap[a, here] * (1 - up) + overlap[a, here + 1] * up
            far = overlap[a + 1, here] * (1 - up) + overlap[a + 1, here + 1] * up
            shares[slot] += 1.0 / (near * (1 - right) + far * right)
