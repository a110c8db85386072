"""Compiled loops over the rows of tables, and how arrays go into them."""

# mypy: disable-error-code="untyped-decorator"

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import DTypeLike, NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def sealed(values: Any, kind: DTypeLike) -> NDArray[Any]:
    """Return the values as an array of one form: contiguous, and only to be read.

    A kernel is compiled anew for each form that its arrays have. Any array can be
    looked at as one that is only to be read, so this copies nothing that need not be.

    Examples
    --------
    >>> sealed([1, 2], np.int64).flags.writeable
    False
    """
    view = np.ascontiguousarray(values, kind).view()
    view.flags.writeable = False
    return view


@njit(cache=True, nogil=True)
def are_sorted(track: Ints, time: Ints) -> bool:
    """Whether rows stand by track, then time."""
    for i in range(1, track.size):
        if track[i] < track[i - 1]:
            return False
        if track[i] == track[i - 1] and time[i] < time[i - 1]:
            return False
    return True


@njit(cache=True, nogil=True)
def runs_of(kept: Bools) -> NDArray[np.int32]:
    """Return where each run of rows that are kept begins and ends."""
    runs, n, i = np.empty((kept.size // 2 + 1, 2), np.int32), 0, 0
    while i < kept.size:
        if not kept[i]:
            i += 1
            continue
        runs[n, 0] = i
        while i < kept.size and kept[i]:
            i += 1
        runs[n, 1] = i
        n += 1
    return runs[:n]


@njit(cache=True, nogil=True)
def pick(values: Ints, runs: NDArray[np.int32], out: Ints) -> None:
    """Put those values that are kept one after the other into `out`, which they fill.

    Any eight bytes count as a whole number.
    """
    k = 0
    for n in range(runs.shape[0]):
        begin, end = runs[n, 0], runs[n, 1]
        out[k : k + end - begin] = values[begin:end]
        k += end - begin


@njit(cache=True, nogil=True)
def cut_trips(
    track: Ints, time: Ints, gap: int, fewest: int, trip: Ints, kept: Bools
) -> bool:
    """Write the number of its trip to each row, and whether that has `fewest` rows.

    Numbers count the trips that are kept. Returns whether the rows are sorted.
    """
    number = begins = 0
    for i in range(1, track.size + 1):
        if i < track.size and track[i] == track[i - 1]:
            if time[i] < time[i - 1]:
                return False
            if time[i] - time[i - 1] <= gap:
                continue
        elif i < track.size and track[i] < track[i - 1]:
            return False
        enough = i - begins >= fewest
        trip[begins:i] = number
        kept[begins:i] = enough
        number += enough
        begins = i
    return True
