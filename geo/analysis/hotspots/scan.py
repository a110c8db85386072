"""The scan statistic: whether there is a cluster at all, and where the likeliest is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from geo.analysis.hotspots.permutation import in_threads
from geo.kernels import draws

_AT_ONCE = 8_000_000  # distances held in memory
_DRAWS = 16  # draws that one thread makes at a time


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """A window that holds more cases than its share.

    Parameters
    ----------
    centre
        The number of its centre.
    radius_m
        Distance to its farthest member.
    members : int array
        The numbers of the places in it, in order.
    cases
        How many cases were seen there.
    expected
        How many were due by its share of the population.
    log_ratio
        Logarithm of Kulldorff's likelihood ratio; the statistic of a test is twice
        that.
    p
        Share of the draws, and this, whose best window is as good.
    gumbel_p
        The same by a Gumbel law fitted to the draws, for chances below 1 / draws.
    """

    centre: int
    radius_m: float
    members: NDArray[np.int64]
    cases: int
    expected: float
    log_ratio: float
    p: float
    gumbel_p: float


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """The members of growing windows, centre by centre, the nearest first."""

    indptr: NDArray[np.int64]
    members: NDArray[np.int64]
    distance_m: NDArray[np.float64]
    closes: NDArray[np.bool_]


def scan_circles(
    cases: ArrayLike,
    population: ArrayLike,
    *,
    x: ArrayLike,
    y: ArrayLike,
    centres: tuple[ArrayLike, ArrayLike] | None = None,
    radii_m: ArrayLike | None = None,
    largest_share: float = 0.5,
    most: int = 5,
    permutations: int = 999,
    seed: int = 0,
) -> list[Cluster]:
    """Search circles for the clusters that chance explains least.

    Parameters
    ----------
    cases : (n,) int array
        How many cases each place has.
    population : (n,) array
        What cases are due in proportion to: people, hours of watching, or area.
    x, y : (n,) array
        The places, in metres.
    centres : pair of (m,) arrays
        Around which to draw circles; by default the places.
    radii_m
        The radii to try; by default all that take in a further place.
    largest_share
        Circles hold at most this share of the population.
    most
        How many clusters to return, none of which shares a place with another.
    permutations
        How often to scatter as many cases by the population.
    seed
        The same seed gives the same draws, whatever the number of threads.

    Returns
    -------
    list of Cluster
        The likeliest first, whatever its chance; empty if no circle holds more than
        its share. Chances of the later ones are on the careful side.

    Raises
    ------
    ValueError
        If lengths differ, a number is negative, missing or infinite, there are no
        cases or no population, or a parameter is out of range.

    Notes
    -----
    Kulldorff 1997, Communications in Statistics 26:1481, for a Poisson number of
    cases given their sum; the Gumbel law by its moments, as Abrams, Kleinman and
    Kulldorff 2010, International Journal of Health Geographics 9:61.
    O(n² (log n + permutations)); circles of long, thin clusters take in what lies
    beside them: see `scan_distances`.

    Examples
    --------
    Ten cases at one of twenty places on a line, one at the others:

    >>> cases = np.ones(20, int)
    >>> cases[7] = 10
    >>> best = scan_circles(cases, np.ones(20), x=np.arange(20), y=np.zeros(20))[0]
    >>> best.members, best.cases, round(best.expected, 2), round(best.log_ratio, 2)
    (array([7]), 10, 1.45, 12.25)
    >>> best.p, best.gumbel_p < 0.001
    (0.001, True)
    """
    px, py = _finite(x, "x"), _finite(y, "y")
    around = (
        (px, py) if centres is None else tuple(_finite(c, "a centre") for c in centres)
    )
    places, middles = np.column_stack([px, py]), np.column_stack(around)

    def distances() -> Iterator[NDArray[np.float64]]:
        chunk = max(1, _AT_ONCE // max(1, len(places)))
        for begin in range(0, len(middles), chunk):
            yield cdist(middles[begin : begin + chunk], places)

    seen, due = _cases(cases, population, places=len(places))
    windows = _windows(distances(), due, radii_m=radii_m, largest_share=largest_share)
    return _clusters(
        seen, due, windows, most=most, permutations=permutations, seed=seed
    )


def scan_distances(
    cases: ArrayLike,
    population: ArrayLike,
    *,
    distance_m: ArrayLike,
    radii_m: ArrayLike | None = None,
    largest_share: float = 0.5,
    most: int = 5,
    permutations: int = 999,
    seed: int = 0,
) -> list[Cluster]:
    """Search along a network for the clusters that chance explains least.

    A window is all that lies within some distance of a centre along rivers and
    trails, so that it fits a corridor, where a circle takes in what is beside.

    Parameters
    ----------
    cases, population, radii_m, largest_share, most, permutations, seed
        As in `scan_circles`.
    distance_m : (m, n) array
        From each centre to each place; infinite where no way leads.

    Raises
    ------
    ValueError
        As `scan_circles`, or if distances do not fit the places.

    Examples
    --------
    Places on both banks of a river without a bridge: the windows of one bank do
    not reach the other.

    >>> along = np.abs(np.subtract.outer(np.arange(10), np.arange(10))) * 100.0
    >>> apart = np.full((10, 10), np.inf)
    >>> distance_m = np.block([[along, apart], [apart, along]])
    >>> cases = np.repeat([5, 1, 1, 1], 5)
    >>> best = scan_distances(cases, np.ones(20), distance_m=distance_m)[0]
    >>> best.members, best.centre, best.radius_m
    (array([0, 1, 2, 3, 4]), 0, 400.0)
    """
    matrix = np.asarray(distance_m, dtype=np.float64)
    if matrix.ndim != 2 or not (matrix >= 0).all():
        raise ValueError("distances are no table of numbers of 0 or more")
    seen, due = _cases(cases, population, places=matrix.shape[1])
    windows = _windows(
        iter([matrix]), due, radii_m=radii_m, largest_share=largest_share
    )
    return _clusters(
        seen, due, windows, most=most, permutations=permutations, seed=seed
    )


def gumbel_p(value: float, highest: ArrayLike) -> float:
    """Return the chance of a value as high, by the Gumbel law of such maxima.

    Examples
    --------
    >>> round(gumbel_p(9.0, [3.0, 4.0, 4.5, 5.0, 6.0]), 4)
    0.0032
    """
    maxima = np.asarray(highest, dtype=np.float64)
    scale = float(maxima.std(ddof=1)) * math.sqrt(6) / math.pi
    if scale == 0:
        return float(value <= maxima[0])
    middle = float(maxima.mean()) - np.euler_gamma * scale
    return -math.expm1(-math.exp((middle - value) / scale))


def _finite(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return numbers, or refuse them."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError(f"{name} is missing or infinite, or no list of numbers")
    return array


def _cases(
    cases: ArrayLike, population: ArrayLike, *, places: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the cases seen and due at each place."""
    seen, share = _finite(cases, "a number of cases"), _finite(population, "population")
    if not len(seen) == len(share) == places:
        raise ValueError(
            f"there are {len(seen)} numbers of cases, {len(share)} of population, and "
            f"{places} places"
        )
    if (seen < 0).any() or (seen != np.rint(seen)).any() or (share < 0).any():
        raise ValueError(
            "a number of cases or a population is negative, or cases are not whole"
        )
    if not (seen.sum() > 0 and share.sum() > 0):
        raise ValueError("there are no cases, or there is no population")
    return seen.astype(np.int64), share * (seen.sum() / share.sum())


def _windows(
    distances: Iterator[NDArray[np.float64]],
    due: NDArray[np.float64],
    *,
    radii_m: ArrayLike | None,
    largest_share: float,
) -> _Windows:
    """Return the members of each centre's windows, and where a window ends."""
    if not 0 < largest_share <= 1:
        raise ValueError(f"largest_share is {largest_share}; expected up to 1")
    radii = None if radii_m is None else np.sort(_finite(radii_m, "a radius"))
    if radii is not None and not len(radii):
        raise ValueError("radii_m is empty; expected at least one radius")
    limit = largest_share * due.sum() * (1 + 1e-12)
    sizes, members, reached, closes = [0], [], [], []
    for row in (row for rows in distances for row in rows):
        near = np.flatnonzero(row <= (np.inf if radii is None else radii[-1]))
        order = near[np.argsort(row[near], kind="stable")]
        far = row[order]
        # The window ends where the next place is farther; ties come in together.
        ends = np.append(far[1:] > far[:-1], np.ones(min(1, len(far)), bool))
        ends &= np.isfinite(far)
        ends &= np.cumsum(due[order]) <= limit
        if radii is not None:
            last = np.searchsorted(far, radii, side="right") - 1
            tried = np.zeros(len(far), bool)
            tried[last[last >= 0]] = True
            ends &= tried
        size = int(np.flatnonzero(ends)[-1]) + 1 if ends.any() else 0
        sizes.append(size)
        members.append(order[:size])
        reached.append(far[:size])
        closes.append(ends[:size])
    return _Windows(
        np.cumsum(sizes),
        np.concatenate([*members, np.empty(0, np.int64)]).astype(np.int64),
        np.concatenate([*reached, np.empty(0)]),
        np.concatenate([*closes, np.empty(0, bool)]).astype(bool),
    )


def _clusters(
    seen: NDArray[np.int64],
    due: NDArray[np.float64],
    windows: _Windows,
    *,
    most: int,
    permutations: int,
    seed: int,
) -> list[Cluster]:
    """Return the best windows that share no place, with their chances."""
    if permutations < 19 or seed < 0 or most < 1:
        raise ValueError(
            f"permutations is {permutations}, seed {seed} and most {most}; expected "
            "at least 19, 0 and 1"
        )
    centres = len(windows.indptr) - 1
    best, size = np.empty(centres), np.empty(centres, np.int64)
    parts = (windows.indptr, windows.members, windows.closes)
    draws.scan_windows(seen, due, *parts, best, size)
    number = int(seen.sum())
    upto = np.cumsum(due) / due.sum()
    upto[-1] = 1.0
    highest = np.empty(permutations)
    in_threads(
        lambda begin, end: draws.scan_draws(
            seed, begin, number, upto, due, *parts, highest[begin:end]
        ),
        permutations,
        chunk=_DRAWS,
    )
    taken = np.zeros(len(seen), bool)
    clusters: list[Cluster] = []
    for centre in np.argsort(-best, kind="stable"):
        if best[centre] <= 0 or len(clusters) == most:
            break
        begin = windows.indptr[centre]
        inside = windows.members[begin : begin + size[centre]]
        if taken[inside].any():
            continue
        taken[inside] = True
        clusters.append(
            Cluster(
                centre=int(centre),
                radius_m=float(windows.distance_m[begin + size[centre] - 1]),
                members=np.sort(inside),
                cases=int(seen[inside].sum()),
                expected=float(due[inside].sum()),
                log_ratio=float(best[centre]),
                p=float((1 + (highest >= best[centre]).sum()) / (1 + permutations)),
                gumbel_p=gumbel_p(float(best[centre]), highest),
            )
        )
    return clusters
