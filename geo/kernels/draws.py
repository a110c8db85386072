"""Compiled loops that draw at random, and rank what was seen among the draws.

Random numbers are a function of a seed and of where they are used, and of nothing
else: neither the order of the work nor the number of threads changes them.
"""

# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)  # from one counter to the next


@njit(cache=True, nogil=True)
def _mixed(word: np.uint64) -> np.uint64:
    """Return a word all of whose bits depend on all of these (SplitMix64)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@njit(cache=True, nogil=True)
def mixed(words: Words) -> Words:
    """Return words all of whose bits depend on all of these, as SplitMix64 draws them.

    Examples
    --------
    The first number that it draws from the seed 0.

    >>> print(f"{mixed(np.zeros(1, np.uint64))[0]:x}")
    e220a8397b1dcdaf
    """
    drawn = np.empty(words.size, np.uint64)
    for i in range(words.size):
        drawn[i] = _mixed(words[i] + _STEP)
    return drawn


@njit(cache=True, nogil=True)
def uniform(seed: int, stream: int, counter: int) -> float:
    """Return the number in [0, 1) that belongs to this place.

    The finaliser of SplitMix64 (Steele, Lea and Flood 2014) over a key that is made
    from seed and stream, and the counter.
    """
    key = _mixed(_mixed(np.uint64(seed) + _STEP) + _STEP * np.uint64(stream + 1))
    word = _mixed(key + _STEP * np.uint64(counter + 1))
    return float(word >> np.uint64(11)) * 2.0**-53


@njit(cache=True, nogil=True)
def mark_rows(
    begin: Ints,
    part: NDArray[np.int32],
    cell: NDArray[np.int32],
    east: NDArray[np.int16],
    north: NDArray[np.int16],
    marks: NDArray[np.uint64],
) -> None:
    """Fill in a number for each track that hangs on its rows, in whatever order.

    Track t has the rows from ``begin[t]`` up to ``begin[t + 1]``.
    """
    for t in range(begin.size - 1):
        total = np.uint64(0)
        for i in range(begin[t], begin[t + 1]):
            word = _mixed(np.uint64(np.int64(part[i])) + _STEP)
            word = _mixed((word ^ np.uint64(np.int64(cell[i]))) + _STEP)
            word = _mixed((word ^ np.uint64(np.int64(east[i]))) + _STEP)
            total += _mixed((word ^ np.uint64(np.int64(north[i]))) + _STEP)
        marks[t] = _mixed(total + _STEP)


@njit(cache=True, nogil=True)
def draw_places(seed: int, places: int, first: int, ids: Ints) -> None:
    """Fill each row with distinct places in random order; rows count from `first`."""
    rows, size = ids.shape
    for row in range(rows):
        counter = 0
        for k in range(size):
            fresh = False
            place = 0
            while not fresh:
                place = int(uniform(seed, first + row, counter) * places)
                counter += 1
                fresh = True
                for before in range(k):
                    if ids[row, before] == place:
                        fresh = False
                        break
            ids[row, k] = place


@njit(cache=True, nogil=True)
def _below(ordered: Floats, limit: float) -> int:
    """Return how many of the ordered values lie below the limit."""
    low, high = 0, ordered.size
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < limit:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def rank_sums(
    values: Floats,
    total: Floats,
    count: Ints,
    first: int,
    sums: Floats,
    ordered: Floats,
    drawn: Ints,
    row_of: Ints,
    rank_of: Ints,
    slack: float,
    low: Ints,
    high: Ints,
) -> None:
    """Fill in how many draws have a sum as low, or as high, as each place's.

    `total` is the sum over `count` neighbours of the places from `first` on.
    `sums[k]` holds the sum over the first k places of each draw, `ordered[k]` the
    same in order. A place must not be drawn as its own neighbour: `drawn` says
    where in `row_of` (the draw) and `rank_of` (how early) the draws of a place
    begin, and there the next place drawn stands in for it. Sums within `slack`
    of each other are equal.
    """
    draws = sums.shape[1]
    for i in range(total.size):
        k = count[i]
        if k == 0:
            low[i], high[i] = draws, draws
            continue
        least, most = total[i] - slack, total[i] + slack
        below = _below(ordered[k], least)
        upto = _below(ordered[k], most)
        place = first + i
        for d in range(drawn[place], drawn[place + 1]):
            if rank_of[d] >= k:
                continue
            was = sums[k, row_of[d]]
            now = sums[k + 1, row_of[d]] - values[place]
            below += int(now < least) - int(was < least)
            upto += int(now < most) - int(was < most)
        low[i], high[i] = upto, draws - below


@njit(cache=True, nogil=True)
def scatter_cases(seed: int, draw: int, upto: Floats, cases: Ints) -> None:
    """Fill in how many of the same number of cases fall to each place by chance.

    `upto` is the running sum of the places' shares, and ends with 1; `cases` holds
    the number of cases in its first place when the call begins.
    """
    number = cases[0]
    cases[:] = 0
    for k in range(number):
        share = uniform(seed, draw, k)
        low, high = 0, upto.size - 1
        while low < high:
            middle = (low + high) // 2
            if upto[middle] <= share:
                low = middle + 1
            else:
                high = middle
        cases[low] += 1


@njit(cache=True, nogil=True)
def _log_ratio(seen: float, expected: float, number: float) -> float:
    """Return the logarithm of Kulldorff's likelihood ratio, 0 where it is lower."""
    if seen <= expected or expected <= 0.0:
        return 0.0
    ratio = seen * math.log(seen / expected)
    if seen < number:
        ratio += (number - seen) * math.log((number - seen) / (number - expected))
    return ratio


@njit(cache=True, nogil=True)
def scan_windows(
    cases: Ints,
    expected: Floats,
    indptr: Ints,
    members: Ints,
    closes: NDArray[np.bool_],
    best: Floats,
    size: Ints,
) -> None:
    """Fill in the best log-likelihood ratio of each centre's windows, and its size.

    A centre's windows grow member by member, and count where `closes` says that
    the next member is farther away.
    """
    number = 0.0
    for k in range(cases.size):
        number += cases[k]
    for centre in range(best.size):
        seen, due = 0, 0.0
        best[centre], size[centre] = 0.0, 0
        for k in range(indptr[centre], indptr[centre + 1]):
            seen += cases[members[k]]
            due += expected[members[k]]
            if closes[k] and seen > due:
                ratio = _log_ratio(float(seen), due, number)
                if ratio > best[centre]:
                    best[centre], size[centre] = ratio, k - indptr[centre] + 1


@njit(cache=True, nogil=True)
def scan_draws(
    seed: int,
    first: int,
    number: int,
    upto: Floats,
    expected: Floats,
    indptr: Ints,
    members: Ints,
    closes: NDArray[np.bool_],
    highest: Floats,
) -> None:
    """Fill in the highest log-likelihood ratio of each draw of cases by chance."""
    cases = np.zeros(upto.size, np.int64)
    best = np.empty(indptr.size - 1)
    size = np.empty(indptr.size - 1, np.int64)
    for draw in range(highest.size):
        cases[0] = number
        scatter_cases(seed, first + draw, upto, cases)
        scan_windows(cases, expected, indptr, members, closes, best, size)
        highest[draw] = 0.0
        for k in range(best.size):
            highest[draw] = max(highest[draw], best[k])
