"""Local clustering and multiple testing, on plain arrays."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import erfc

from geo.kernels import lattice

FEWEST_CELLS = 30
"""Fewest cells for which the normal approximation of Gi* is used."""

_LEAST_P = 1e-12  # Fourier transforms are not exact below


def getis_ord(
    values: ArrayLike,
    *,
    mask: NDArray[np.bool_] | None = None,
    ring: int = 1,
) -> NDArray[np.float64]:
    """Return Gi* of every cell of a lattice: how unusual its surroundings are.

    Parameters
    ----------
    values : (rows, columns) array
        A count or amount in each cell.
    mask : (rows, columns) bool array
        The cells that exist; by default all.
    ring
        The surroundings reach so many cells to each side; 1 is the cell and its
        eight neighbours.

    Returns
    -------
    (rows, columns) float array
        Standard score: positive among high values, negative among low ones. NaN
        off the mask. `find_islands` tells the cells that stand for themselves.

    Raises
    ------
    ValueError
        If there are fewer than 30 cells, a value is not finite, all values are
        equal, or the surroundings of a cell hold all others.

    Notes
    -----
    Ord and Getis 1995, Geographical Analysis 27:286, with binary weights that
    include the cell itself: ``z = (sum - m w) / (s sqrt((n w - w²) / (n - 1)))`` for
    a sum over ``w`` of ``n`` cells with mean ``m`` and standard deviation ``s``. O(n).

    Examples
    --------
    >>> values = np.zeros((6, 6))
    >>> values[0, 0] = 1
    >>> getis_ord(values)[0].round(3)
    array([ 2.828,  2.236, -0.447, -0.447, -0.447, -0.354])
    """
    every, exists = _lattice(values, mask=mask, ring=ring)
    known = every.ravel() if mask is None else every[exists]
    check_field(known)
    n = len(known)
    widest = np.arange(min(n, (2 * ring + 1) ** 2) + 1)
    deviation = _deviation(known, widest)
    z = np.empty(every.shape)
    rows = len(every)
    most = lattice.score_rings(every, exists, ring, known.mean(), deviation, 0, rows, z)
    if most == n:
        raise ValueError(f"the surroundings of a place hold all {n} of them")
    return z


def getis_ord_p(
    counts: ArrayLike,
    *,
    mask: NDArray[np.bool_] | None = None,
    ring: int = 1,
) -> NDArray[np.float64]:
    """Return the two-sided chance of the surroundings of every cell, for counts.

    The normal approximation of Gi* fails for skewed counts: among shuffled
    lognormal counts it finds hotspots nearly always. This is the chance that as many
    cells, drawn at random from all cells, have a sum as high, or as low.

    Parameters
    ----------
    counts : (rows, columns) array
        Whole numbers from 0.
    mask, ring
        As in `getis_ord`.

    Returns
    -------
    (rows, columns) float array
        Between 1e-12 and 1; NaN off the mask.

    Raises
    ------
    ValueError
        As `getis_ord`, or if a count is negative or not a whole number.

    Notes
    -----
    The distribution of the sum is that of one draw, convolved with itself; the
    draws are with replacement, which for few cells errs on the careful side. No
    random numbers. O(n + m log m) for sums of at most m.

    Examples
    --------
    One count of 1 among 36 cells. The corner sums four cells, one of which it is:
    ``2 (1 - (35/36)^4)``, no surprise.

    >>> counts = np.zeros((6, 6), int)
    >>> counts[0, 0] = 1
    >>> getis_ord_p(counts)[0].round(3)
    array([0.213, 0.311, 1.   , 1.   , 1.   , 1.   ])
    """
    known, total, count, exists = ring_sums(counts, mask=mask, ring=ring)
    p = np.full(exists.shape, np.nan)
    p[exists] = chance_of_sums(known, total, count)
    return p


def getis_ord_neighbours(
    values: ArrayLike,
    indptr: ArrayLike,
    *,
    indices: ArrayLike,
    fewest: int = FEWEST_CELLS,
) -> NDArray[np.float64]:
    """Return Gi* of places whose neighbours are listed one by one.

    Parameters
    ----------
    values : (n,) array
        A count or amount at each place.
    indptr : (n + 1,) int array
        Where the neighbours of each place begin and end in `indices`.
    indices : int array
        The neighbours of the first place, of the second, and so on. A place is
        always its own neighbour, listed or not.
    fewest
        Fewest places that are accepted.

    Raises
    ------
    ValueError
        As `getis_ord`, or if the lists do not fit the values.

    Examples
    --------
    >>> getis_ord_neighbours([1, 2, 6], [0, 1, 3, 4], indices=[1, 0, 2, 1], fewest=3)
    Traceback (most recent call last):
        ...
    ValueError: the surroundings of a place hold all 3 of them
    >>> found = getis_ord_neighbours([1, 2, 6], [0, 0, 1, 2], indices=[2, 1], fewest=3)
    >>> found.round(3)
    array([-0.926,  0.926,  0.926])
    """
    values = np.asarray(values, dtype=np.float64)
    begin, near = check_neighbours(indptr, indices, places=len(values))
    check_field(values, fewest=fewest)
    total, count = np.empty(len(values)), np.empty(len(values), np.int64)
    lattice.sum_neighbours(values, begin, near, total, count)
    return score_sums(values, total, count)


def two_sided_p(z: ArrayLike) -> NDArray[np.float64]:
    """Return the chance of a standard score at least this far from zero.

    NaN stays NaN.

    Examples
    --------
    >>> two_sided_p([0.0, 1.959963984540054, -40.0]).round(6)
    array([1.  , 0.05, 0.  ])
    """
    chance: NDArray[np.float64] = erfc(np.abs(np.asarray(z, np.float64)) / np.sqrt(2))
    return chance


def false_discovery(p: ArrayLike, *, method: str = "bh") -> NDArray[np.float64]:
    """Adjust p values, so that a limit on them limits the false discovery rate.

    Parameters
    ----------
    p : array
        p values of any shape; NaN is no test, and stays.
    method
        ``"bh"``: Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289, for tests
        that are independent or positively dependent. ``"by"``: Benjamini and
        Yekutieli 2001, Ann. Stat. 29:1165, for any dependence; stricter.

    Returns
    -------
    array
        At most 1. Of the tests with a value of at most q, a share of at most q is
        expected to be false.

    Raises
    ------
    ValueError
        If a p value is not between 0 and 1, or the method is another one.

    Examples
    --------
    >>> false_discovery([0.01, 0.02, np.nan, 0.04]).round(3)
    array([0.03, 0.03,  nan, 0.04])
    """
    if method not in {"bh", "by"}:
        raise ValueError(f"method is {method!r}; expected 'bh' or 'by'")
    every = np.asarray(p, dtype=np.float64)
    tested = ~np.isnan(every)
    known = every[tested]
    if ((known < 0) | (known > 1)).any():
        raise ValueError("a p value does not lie between 0 and 1")
    adjusted = every.copy()
    if not len(known):
        return adjusted
    order = np.argsort(known, kind="stable")
    rank = np.arange(1, len(known) + 1)
    scale = len(known) * ((1 / rank).sum() if method == "by" else 1.0)
    raised = known[order] * scale / rank
    lowest_above = np.minimum.accumulate(raised[::-1])[::-1]
    back = np.empty(len(known))
    back[order] = np.minimum(lowest_above, 1.0)
    adjusted[tested] = back
    return adjusted


def find_islands(mask: NDArray[np.bool_], *, ring: int = 1) -> NDArray[np.bool_]:
    """Return the cells of a mask that have no neighbour on it.

    Their surroundings are they themselves, so Gi* says only how high they are, and
    conditional permutations say nothing.

    Examples
    --------
    >>> find_islands(np.array([[True, False, True, True]]))
    array([[ True, False, False, False]])
    """
    exists = np.asarray(mask, bool)
    total, count = np.empty(exists.shape), np.empty(exists.shape, np.int64)
    lattice.sum_rings(np.zeros(exists.shape), exists, ring, total, count)
    alone: NDArray[np.bool_] = exists & (count == 1)
    return alone


def ring_sums(
    values: ArrayLike, *, mask: NDArray[np.bool_] | None = None, ring: int = 1
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]
]:
    """Return the values on the mask, sums and sizes of their rings, and the mask.

    Raises
    ------
    ValueError
        As `getis_ord`, except that surroundings may hold all cells.

    Examples
    --------
    >>> values, total, count, exists = ring_sums(np.eye(6))
    >>> total[:3], count[:3], int(exists.sum())
    (array([2., 2., 1.]), array([4, 6, 6]), 36)
    """
    every, exists = _lattice(values, mask=mask, ring=ring)
    known = every[exists]
    check_field(known)
    total, count = np.empty(every.shape), np.empty(every.shape, np.int64)
    lattice.sum_rings(every, exists, ring, total, count)
    return known, total[exists], count[exists], exists


def check_field(values: NDArray[np.float64], *, fewest: int = FEWEST_CELLS) -> None:
    """Refuse values about which a test of surroundings says nothing.

    Raises
    ------
    ValueError
        If there are too few, one is not finite, or all are equal.

    Examples
    --------
    >>> check_field(np.ones(40))
    Traceback (most recent call last):
        ...
    ValueError: all values are equal; Gi* needs some variation
    """
    if len(values) < fewest:
        raise ValueError(f"there are {len(values)} cells; Gi* needs at least {fewest}")
    if not np.isfinite(values).all():
        raise ValueError("a value is missing or infinite; Gi* needs them all")
    if (values == values[0]).all():
        raise ValueError("all values are equal; Gi* needs some variation")


def check_neighbours(
    indptr: ArrayLike, indices: ArrayLike, *, places: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return lists of neighbours as whole numbers, or refuse them.

    Raises
    ------
    ValueError
        If the lists do not fit that many places.
    """
    begin = np.asarray(indptr, dtype=np.int64)
    near = np.asarray(indices, dtype=np.int64)
    fits = (
        len(begin) == places + 1
        and begin[0] == 0
        and begin[-1] == len(near)
        and not (np.diff(begin) < 0).any()
        and not ((near < 0) | (near >= places)).any()
    )
    if not fits:
        raise ValueError(f"the lists of neighbours do not fit {places} values")
    return begin, near


def score_sums(
    values: NDArray[np.float64], total: NDArray[np.float64], count: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return Gi* from the sums over surroundings of so many cells.

    Raises
    ------
    ValueError
        If the surroundings of a cell hold all of them.
    """
    n = len(values)
    if (count == n).any():
        raise ValueError(f"the surroundings of a place hold all {n} of them")
    deviation = _deviation(values, count)
    scores: NDArray[np.float64] = (total - values.mean() * count) / deviation
    return scores


def chance_of_sums(
    counts: NDArray[np.float64], total: NDArray[np.float64], count: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the two-sided chance of sums over so many cells, as `getis_ord_p`.

    Raises
    ------
    ValueError
        If a count is negative or not a whole number.
    """
    if (counts < 0).any() or (counts != np.rint(counts)).any():
        raise ValueError("a count is negative or not a whole number")
    lowest = int(counts.min())
    once = np.bincount((counts - lowest).astype(np.int64)) / len(counts)
    size = next_fast_len((len(once) - 1) * int(count.max()) + 1, real=True)
    spectrum = rfft(once, size)
    chance = np.empty(len(counts))
    for draws in np.unique(count):
        here = count == draws
        often = np.maximum(irfft(spectrum ** int(draws), size), 0.0)
        most = np.cumsum(often)
        least = np.cumsum(often[::-1])[::-1]
        seen = (total[here] - draws * lowest).astype(np.int64)
        chance[here] = 2 * np.minimum(most[seen], least[seen])
    return np.clip(chance, _LEAST_P, 1.0)


def _deviation(
    values: NDArray[np.float64], count: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the standard deviation of a sum over so many cells, drawn by chance."""
    n = len(values)
    deviation: NDArray[np.float64] = values.std() * np.sqrt(
        count * (n - count) / (n - 1)
    )
    return deviation


def _lattice(
    values: ArrayLike, *, mask: NDArray[np.bool_] | None, ring: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values and mask as arrays of one shape."""
    every = np.asarray(values, dtype=np.float64)
    exists = np.ones(every.shape, bool) if mask is None else np.asarray(mask, bool)
    if every.ndim != 2 or every.shape != exists.shape:
        raise ValueError(
            f"values have shape {every.shape} and the mask {exists.shape}; expected "
            "two equal shapes of rows and columns"
        )
    if ring < 1:
        raise ValueError(f"ring is {ring}; expected at least 1")
    return every, exists
