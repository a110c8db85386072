"""Compiled loops that judge the rows of a file, and find runs of one text."""

# mypy: disable-error-code="untyped-decorator"

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

AT_ONCE = 64
"""So many rows are looked at at once; runs of one track are mostly longer."""

NULL_ISLAND_DEG = 0.01  # about one kilometre around 0, 0


class Read(NamedTuple):
    """Rows of a file as columns: degrees, metres, and milliseconds since 1970."""

    lon: Floats
    lat: Floats
    elevation: Floats
    accuracy: Floats
    ms: Ints
    state: Codes
    doubtful: Bools


class Span(NamedTuple):
    """First and last believable time, and which states of a time are against it."""

    earliest: int
    latest: int
    good: int
    missing: int
    naive: int


@njit(cache=True, nogil=True)
def _are_right(read: Read, span: Span, begin: int, end: int) -> bool:
    """Whether nothing is wrong with any of some rows.

    Without a branch, so that several rows are judged at once.
    """
    lon, lat, ms = read.lon[begin:end], read.lat[begin:end], read.ms[begin:end]
    state, doubtful, wrong = read.state[begin:end], read.doubtful[begin:end], 0
    for i in range(lon.size):
        east, north = abs(lon[i]), abs(lat[i])
        right = (north <= 90.0) & (east <= 180.0)
        right &= (north >= NULL_ISLAND_DEG) | (east >= NULL_ISLAND_DEG)
        right &= (ms[i] >= span.earliest) & (ms[i] <= span.latest)
        wrong += not right
    for i in range(lon.size):
        wrong += doubtful[i] | (state[i] != span.good)
    return wrong == 0


@njit(cache=True, nogil=True)
def _fault_of(read: Read, span: Span, codes: tuple[int, ...], i: int) -> int:
    """Return the code of the first fault of a row, 0 if it has none."""
    doubtful, nowhere, off, zero, timeless, naive, early, late = codes
    lon, lat, ms, state = abs(read.lon[i]), abs(read.lat[i]), read.ms[i], read.state[i]
    fault = 0
    if read.doubtful[i]:
        fault = doubtful
    elif not (lon < np.inf and lat < np.inf):
        fault = nowhere
    elif lat > 90.0 or lon > 180.0:
        fault = off
    elif lat < NULL_ISLAND_DEG and lon < NULL_ISLAND_DEG:
        fault = zero
    elif state == span.missing:
        fault = timeless
    elif state == span.naive:
        fault = naive
    elif state == span.good and ms < span.earliest:
        fault = early
    elif ms > span.latest:
        fault = late
    return fault


@njit(cache=True, nogil=True)
def find_faults(read: Read, span: Span, codes: tuple[int, ...], fault: Codes) -> None:
    """Write the code of the first fault of each row, 0 for none.

    Codes stand in the order of the tests above.
    """
    for begin in range(0, fault.size, AT_ONCE):
        end = min(begin + AT_ONCE, fault.size)
        fault[begin:end] = 0
        if not _are_right(read, span, begin, end):
            for i in range(begin, end):
                fault[i] = _fault_of(read, span, codes, i)


@njit(cache=True, nogil=True)
def _are_as_before(offsets: Ints, data: NDArray[np.uint8], size: int) -> bool:
    """Whether texts have so many bytes each, and those of the text before them.

    Without a branch, so that many bytes are compared at once.
    """
    begin, end, other = offsets[0], offsets[-1], 0
    if end - begin != size * (offsets.size - 1):
        return False
    for n in range(offsets.size - 1):
        other += offsets[n + 1] - offsets[n] != size
    texts, before = data[begin:end], data[begin - size : end - size]
    for k in range(texts.size):
        other += texts[k] != before[k]
    return other == 0


@njit(cache=True, nogil=True)
def run_starts(offsets: Ints, data: NDArray[np.uint8], starts: Ints) -> int:
    """Write where runs of one text begin, and return how many there are.

    The n-th text are the bytes from offsets[n] to offsets[n + 1].
    """
    runs, size, n, texts = 0, 0, 0, offsets.size - 1
    while n < texts:
        end = min(n + AT_ONCE, texts)
        if n == 0 or not _are_as_before(offsets[n : end + 1], data, size):
            for k in range(n, end):
                own = offsets[k : k + 2]
                if k == 0 or not _are_as_before(own, data, size):
                    starts[runs] = k
                    runs += 1
                size = own[1] - own[0]
        n = end
    return runs
