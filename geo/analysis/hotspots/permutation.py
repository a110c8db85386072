"""How unusual the surroundings of a cell are, by putting other cells around it."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.analysis.hotspots.stats import (
    FEWEST_CELLS,
    check_field,
    check_neighbours,
    ring_sums,
)
from geo.kernels import draws, lattice

_CHUNK = 1 << 16  # cells ranked at a time by one thread
_EQUAL = 1e-10  # sums this near, in the largest deviation, are equal


def permuted_p(
    values: ArrayLike,
    *,
    mask: NDArray[np.bool_] | None = None,
    ring: int = 1,
    permutations: int = 999,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the two-sided chance of the neighbours of every cell of a lattice.

    The value of the cell stays, and its neighbours are replaced by as many others
    drawn from all other cells (conditional permutation, Anselin 1995, Geographical
    Analysis 27:93). The chance is the same for Gi* and for local Moran's I. It
    holds for any distribution of values, however skewed.

    Parameters
    ----------
    values : (rows, columns) array
        A count or amount in each cell.
    mask : (rows, columns) bool array
        The cells that exist; by default all.
    ring
        Neighbours reach so many cells to each side.
    permutations
        How many draws. The smallest chance is ``2 / (permutations + 1)``; many cells
        whose false discovery rate is limited need more draws than a few do.
    seed
        The same seed gives the same draws, whatever the number of threads.

    Returns
    -------
    (rows, columns) float array
        ``min(1, 2 (m + 1) / (permutations + 1))`` with m the number of draws in the
        smaller tail. NaN off the mask, and where a cell has no neighbour.

    Raises
    ------
    ValueError
        As `geo.analysis.hotspots.stats.getis_ord`, or if there are fewer than 19
        permutations or the seed is negative.

    Notes
    -----
    All cells share the draws, as in esda. A cell that is drawn as its own neighbour
    is replaced by the next one drawn, so that the draws of each cell are exactly
    those without it. The shared sums are put in order once, and each cell is ranked
    among them by bisection: O(n log r + r k²) for r draws of k neighbours, so that
    100 times as many permutations take hardly longer.

    Examples
    --------
    >>> values = np.zeros((6, 6))
    >>> values[:2, :2] = 1
    >>> permuted_p(values)[0].round(3)
    array([0.002, 0.004, 0.198, 1.   , 1.   , 1.   ])
    """
    known, total, count, exists = ring_sums(values, mask=mask, ring=ring)
    p = np.full(exists.shape, np.nan)
    p[exists] = _chances(
        known, total - known, count=count - 1, permutations=permutations, seed=seed
    )
    return p


def permuted_p_neighbours(
    values: ArrayLike,
    indptr: ArrayLike,
    *,
    indices: ArrayLike,
    permutations: int = 999,
    seed: int = 0,
    fewest: int = FEWEST_CELLS,
) -> NDArray[np.float64]:
    """Return the same as `permuted_p` for places whose neighbours are listed.

    Parameters
    ----------
    values, indptr, indices, fewest
        As in `geo.analysis.hotspots.stats.getis_ord_neighbours`.
    permutations, seed
        As in `permuted_p`.

    Returns
    -------
    (n,) float array
        NaN where a place has no neighbour.

    Raises
    ------
    ValueError
        As `permuted_p`, or if the lists do not fit the values.

    Examples
    --------
    >>> values = [9, 8, 1, 0, 2, 1, 0]
    >>> indptr, indices = [0, 1, 2, 2, 3, 4, 4, 4], [1, 0, 4, 3]
    >>> permuted_p_neighbours(values, indptr, indices=indices, fewest=7)[:3].round(2)
    array([0.35, 0.36,  nan])
    """
    known = np.asarray(values, dtype=np.float64)
    begin, near = check_neighbours(indptr, indices, places=len(known))
    check_field(known, fewest=fewest)
    total, count = np.empty(len(known)), np.empty(len(known), np.int64)
    lattice.sum_neighbours(known, begin, near, total, count)
    return _chances(
        known, total - known, count=count - 1, permutations=permutations, seed=seed
    )


def in_threads(task: Callable[[int, int], None], size: int, *, chunk: int) -> None:
    """Call the task with the begin and end of each chunk, on all cores.

    The chunks are the same on any machine, and each writes results of its own, so
    that the number of threads changes nothing.

    Examples
    --------
    >>> seen = np.zeros(5)
    >>> def mark(begin, end):
    ...     seen[begin:end] += 1
    >>> in_threads(mark, 5, chunk=2)
    >>> seen
    array([1., 1., 1., 1., 1.])
    """
    begins = range(0, size, chunk)
    if len(begins) < 2:
        for begin in begins:
            task(begin, size)
        return
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        ends = (min(begin + chunk, size) for begin in begins)
        for _ in pool.map(task, begins, ends):
            pass


def _chances(
    values: NDArray[np.float64],
    total: NDArray[np.float64],
    *,
    count: NDArray[np.int64],
    permutations: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return the chance of sums over so many neighbours, by drawing others."""
    if permutations < 19:
        raise ValueError(f"permutations is {permutations}; expected at least 19")
    if seed < 0:
        raise ValueError(f"seed is {seed}; expected 0 or more")
    n, most = len(values), int(count.max())
    if most >= n - 1:
        raise ValueError(f"the surroundings of a place hold all {n} of them")
    ids = np.empty((permutations, most + 1), np.int64)
    in_threads(
        lambda begin, end: draws.draw_places(seed, n, begin, ids[begin:end]),
        permutations,
        chunk=1024,
    )
    centred = values - values.mean()
    sums = np.zeros((most + 2, permutations))
    np.cumsum(centred[ids].T, axis=0, out=sums[1:])
    ordered = np.sort(sums, axis=1)
    order = np.argsort(ids, axis=None, kind="stable")
    drawn = np.searchsorted(ids.ravel()[order], np.arange(n + 1))
    row_of, rank_of = np.divmod(order, most + 1)
    seen = total - values.mean() * count
    low, high = np.empty(n, np.int64), np.empty(n, np.int64)
    slack = _EQUAL * np.abs(centred).max() * (most + 1)

    def rank(begin: int, end: int) -> None:
        draws.rank_sums(
            centred,
            seen[begin:end],
            count[begin:end],
            begin,
            sums,
            ordered,
            drawn,
            row_of,
            rank_of,
            slack,
            low[begin:end],
            high[begin:end],
        )

    in_threads(rank, n, chunk=_CHUNK)
    chance = np.minimum(2 * (np.minimum(low, high) + 1) / (permutations + 1), 1.0)
    return np.where(count > 0, chance, np.nan)
