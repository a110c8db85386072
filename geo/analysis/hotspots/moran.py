"""Moran's I and general G: whether like values lie side by side, and where not."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.analysis.hotspots.permutation import permuted_p
from geo.analysis.hotspots.stats import ring_sums, two_sided_p
from geo.kernels import lattice


@dataclass(frozen=True, slots=True, eq=False)
class LocalMoran:
    """Local Moran's I of every cell of a lattice.

    Parameters
    ----------
    score : (rows, columns) float array
        Positive where a cell and its neighbours lie on one side of the mean.
    z : (rows, columns) float array
        Standard score; NaN also where the cell is exactly at the mean.
    p : (rows, columns) float array
        Two-sided chance by conditional permutation.
    quadrant : (rows, columns) str array
        ``"HH"`` high among high, ``"LL"`` low among low, ``"HL"`` high among low,
        ``"LH"`` low among high; empty off the mask, without neighbours, and exactly
        at the mean. It is said of every cell: look at `p` first.
    """

    score: NDArray[np.float64]
    z: NDArray[np.float64]
    p: NDArray[np.float64]
    quadrant: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Association:
    """One number for a whole field, and what is expected without a pattern.

    Parameters
    ----------
    value
        What was seen.
    expected, variance
        Over all arrangements of the same values.
    z
        Standard score.
    p
        Two-sided chance by the normal law.
    """

    value: float
    expected: float
    variance: float
    z: float
    p: float


def local_moran(
    values: ArrayLike,
    *,
    mask: NDArray[np.bool_] | None = None,
    ring: int = 1,
    permutations: int = 999,
    seed: int = 0,
) -> LocalMoran:
    """Tell cells among their like from cells that differ from their neighbours.

    Parameters
    ----------
    values : (rows, columns) array
        A count or amount in each cell.
    mask : (rows, columns) bool array
        The cells that exist; by default all.
    ring
        Neighbours reach so many cells to each side.
    permutations, seed
        As in `geo.analysis.hotspots.permutation.permuted_p`.

    Returns
    -------
    LocalMoran
        Arrays of the shape of the values; NaN off the mask and for cells that have
        no neighbour.

    Raises
    ------
    ValueError
        As `geo.analysis.hotspots.permutation.permuted_p`.

    Notes
    -----
    Anselin 1995, Geographical Analysis 27:93: ``z_i (mean of z_j) / (mean of z²)``
    for deviations z from the mean and the neighbours j of i. Its expectation and
    variance are those of Sokal, Oden and Thomson 1998, Geographical Analysis 30:331,
    for conditional permutations.

    Examples
    --------
    >>> values = np.zeros((6, 6))
    >>> values[:2, :2] = values[5, 5] = 9
    >>> found = local_moran(values)
    >>> found.quadrant[[0, 1, 3, 4, 5], [0, 2, 3, 5, 5]]
    array(['HH', 'LH', 'LL', 'LH', 'HL'], dtype='<U2')
    >>> found.p[0, :3].round(3)
    array([0.002, 0.012, 0.296])
    """
    known, total, count, exists = ring_sums(values, mask=mask, ring=ring)
    chance = permuted_p(
        values, mask=mask, ring=ring, permutations=permutations, seed=seed
    )
    near = count - 1
    some = near > 0
    own = known - known.mean()
    around = (total - known) - near * known.mean()
    mean_around = np.divide(around, near, out=np.full(len(known), np.nan), where=some)
    score, z = np.full((2, *exists.shape), np.nan)
    score[exists] = own * mean_around / np.square(own).mean()
    z[exists] = _conditional_score(own, around, near=near)
    quadrant = np.full(exists.shape, "", dtype="<U2")
    sides = [(own > 0, "H"), (own < 0, "L")]
    found = np.full(len(known), "", dtype="<U2")
    for here, cell in sides:
        for there, others in ((mean_around > 0, "H"), (mean_around < 0, "L")):
            found[here & there] = cell + others
    quadrant[exists] = found
    return LocalMoran(score, z, chance, quadrant)


def global_moran(
    values: ArrayLike,
    *,
    mask: NDArray[np.bool_] | None = None,
    ring: int = 1,
) -> Association:
    """Return Moran's I of a lattice: how much neighbours are alike.

    Parameters
    ----------
    values, mask, ring
        As in `local_moran`.

    Raises
    ------
    ValueError
        As `geo.analysis.hotspots.stats.getis_ord`, or if a cell has no neighbour.

    Notes
    -----
    Neighbours share a weight of 1. Expectation and variance under randomisation:
    Cliff and Ord 1981, Spatial Processes, p. 46.

    Examples
    --------
    >>> found = global_moran(np.indices((6, 6)).sum(axis=0) % 2)
    >>> round(found.value, 3), round(found.z, 1), found.p < 0.05
    (-0.126, -1.1, False)
    """
    known, total, count, exists = ring_sums(values, mask=mask, ring=ring)
    near = _neighbours(count)
    n = len(known)
    own = known - known.mean()
    around = (total - known) - near * known.mean()
    square = np.square(own)
    value = float((own * around / near).sum() / square.sum())
    share, share2 = np.zeros((2, *exists.shape))
    share[exists], share2[exists] = 1 / near, 1 / near**2
    given = _around(share, exists, ring=ring)
    s1 = float((1 / near + 2 * given / near + _around(share2, exists, ring=ring)).sum())
    s1 /= 2
    s2 = float(np.square(1 + given).sum())
    s0 = float(n)
    kurtosis = float(np.square(square).mean() / square.mean() ** 2)
    expected = -1 / (n - 1)
    even = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    tailed = kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    variance = (even - tailed) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - expected**2
    return _association(value, expected, variance)


def global_g(
    values: ArrayLike,
    *,
    mask: NDArray[np.bool_] | None = None,
    ring: int = 1,
) -> Association:
    """Return the general G of a lattice: how much high values lie together.

    Parameters
    ----------
    values, mask, ring
        As in `local_moran`; values are 0 or more.

    Raises
    ------
    ValueError
        As `global_moran`, or if a value is negative or fewer than two are above 0.

    Notes
    -----
    Getis and Ord 1992, Geographical Analysis 24:189: the part of all products of
    two values that belongs to neighbours. High where high values lie together.

    Examples
    --------
    >>> values = np.ones((6, 6))
    >>> values[:2, :2] = 9
    >>> found = global_g(values)
    >>> round(found.value, 4), round(found.expected, 4), round(found.z, 2)
    (0.3102, 0.1746, 4.01)
    """
    known, total, count, _ = ring_sums(values, mask=mask, ring=ring)
    near = _neighbours(count).astype(np.float64)
    if (known < 0).any():
        raise ValueError("a value is negative; general G needs 0 or more")
    if (known > 0).sum() < 2:
        raise ValueError("fewer than two values are above 0; general G needs two")
    n = len(known)
    m1, m2, m3, m4 = (float((known**power).sum()) for power in (1, 2, 3, 4))
    value = float((known * (total - known)).sum() / (m1**2 - m2))
    s0 = float(near.sum())
    s1, s2 = 2 * s0, 4 * float(np.square(near).sum())
    b0 = (n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2
    b1 = -((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s0**2)
    b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0**2
    b4 = s1 - s2 + s0**2
    expected = s0 / (n * (n - 1))
    second = b0 * m2**2 + b1 * m4 + b2 * m1**2 * m2 + b3 * m1 * m3 + b4 * m1**4
    second /= (m1**2 - m2) ** 2 * n * (n - 1) * (n - 2) * (n - 3)
    return _association(value, expected, second - expected**2)


def _conditional_score(
    own: NDArray[np.float64], around: NDArray[np.float64], *, near: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the standard score of I, given the cell's own value."""
    others = len(own) - 1
    mean = -own / others
    spread = (np.square(own).sum() - np.square(own)) / others - mean**2
    variance = spread * near * (others - near) / (others - 1)
    possible = (variance > 0) & (own != 0)
    far = np.divide(
        around - near * mean,
        np.sqrt(np.maximum(variance, 0)),
        out=np.full(len(own), np.nan),
        where=possible,
    )
    z: NDArray[np.float64] = np.sign(own) * far
    return z


def _neighbours(count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of neighbours of each cell, or refuse islands."""
    alone = int((count == 1).sum())
    if alone:
        raise ValueError(
            f"{alone} of {len(count)} cells have no neighbour; take them off the mask"
        )
    return count - 1


def _around(
    values: NDArray[np.float64], exists: NDArray[np.bool_], *, ring: int
) -> NDArray[np.float64]:
    """Return the sum over the neighbours of each cell of the mask."""
    total, count = np.empty(values.shape), np.empty(values.shape, np.int64)
    lattice.sum_rings(values, exists, ring, total, count)
    around: NDArray[np.float64] = (total - values)[exists]
    return around


def _association(value: float, expected: float, variance: float) -> Association:
    """Return what was seen beside what is expected."""
    z = (value - expected) / math.sqrt(variance)
    return Association(value, expected, variance, z, float(two_sided_p(z)))
