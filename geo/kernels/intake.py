"""Compiled loops that judge the rows of a file, and put them in order."""

# mypy: disable-error-code="untyped-decorator"

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

IN_ORDER, TIED, BACK = 0, 1, 2
"""How the rows of a track follow each other: by time and the other columns; by time,
but not those of one time; not by time."""

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
def find_faults(read: Read, span: Span, codes: tuple[int, ...], fault: Codes) -> None:
    """Write the code of the first fault of each row; what has none stays as it is.

    Codes stand in the order of the tests below.
    """
    doubtful, nowhere, off, zero, timeless, naive, early, late = codes
    for i in range(read.lon.size):
        lon, lat, ms, state = (
            abs(read.lon[i]),
            abs(read.lat[i]),
            read.ms[i],
            read.state[i],
        )
        if read.doubtful[i]:
            fault[i] = doubtful
        elif not (lon < np.inf and lat < np.inf):
            fault[i] = nowhere
        elif lat > 90.0 or lon > 180.0:
            fault[i] = off
        elif lat < NULL_ISLAND_DEG and lon < NULL_ISLAND_DEG:
            fault[i] = zero
        elif state == span.missing:
            fault[i] = timeless
        elif state == span.naive:
            fault[i] = naive
        elif state == span.good and ms < span.earliest:
            fault[i] = early
        elif ms > span.latest:
            fault[i] = late


@njit(cache=True, nogil=True)
def _precedes(a: float, b: float) -> int:
    """Return 1, 0 or -1 as `a` comes before, beside or after `b`; NaN comes last."""
    if np.isnan(a) or np.isnan(b):
        return int(np.isnan(b)) - int(np.isnan(a))
    return int(a < b) - int(a > b)


@njit(cache=True, nogil=True)
def _belongs_before(read: Read, i: int, j: int) -> bool:
    """Whether of two rows of one time the first comes before the other."""
    said = _precedes(read.lon[i], read.lon[j])
    if said == 0:
        said = _precedes(read.lat[i], read.lat[j])
    if said == 0:
        said = _precedes(read.accuracy[i], read.accuracy[j])
    if said == 0:
        said = _precedes(read.elevation[i], read.elevation[j])
    return said > 0


@njit(cache=True, nogil=True)
def place_rows(
    label: NDArray[np.int32], rank: Ints, fault: Codes, read: Read, order: Ints
) -> tuple[Ints, Codes]:
    """Put the rows of each track one after the other, in the order they have.

    `rank` is the place of each label's track among the tracks. Rows without a fault go
    into `order`. Returns where the rows of each track end, and how they follow each
    other.
    """
    tracks = 0
    for k in range(rank.size):
        tracks = max(tracks, rank[k] + 1)
    ends, last = np.zeros(tracks, np.int64), np.full(tracks, -1, np.int64)
    follow = np.zeros(tracks, np.int8)
    for row in range(fault.size):
        if fault[row] == 0:
            ends[rank[label[row]]] += 1
    begin = 0
    for k in range(tracks):
        ends[k], begin = begin, begin + ends[k]
    for row in range(fault.size):
        if fault[row] != 0:
            continue
        k = rank[label[row]]
        before = last[k]
        if before >= 0 and read.ms[row] <= read.ms[before]:
            if read.ms[row] < read.ms[before]:
                follow[k] = BACK
            elif follow[k] == IN_ORDER and _belongs_before(read, row, before):
                follow[k] = TIED
        order[ends[k]] = last[k] = row
        ends[k] += 1
    return ends, follow


@njit(cache=True, nogil=True)
def run_starts(offsets: Ints, data: NDArray[np.uint8], starts: Ints) -> int:
    """Write where runs of one text begin, and return how many there are.

    The n-th text are the bytes from offsets[n] to offsets[n + 1].
    """
    runs, size = 0, 0
    for n in range(offsets.size - 1):
        begin, before = offsets[n], offsets[n] - size
        new = n == 0 or offsets[n + 1] - begin != size
        size = offsets[n + 1] - begin
        for k in range(0 if new else size):
            if data[begin + k] != data[before + k]:
                new = True
                break
        if new:
            starts[runs] = n
            runs += 1
    return runs


@njit(cache=True, nogil=True)
def gather(values: Ints, order: Ints, out: Ints) -> None:
    """Write the values in an order; any eight bytes count as a whole number."""
    for i in range(order.size):
        out[i] = values[order[i]]


@njit(cache=True, nogil=True)
def spread(values: Ints, ends: Ints, out: Ints) -> None:
    """Write each value as often as its share of the rows is long."""
    begin = 0
    for k in range(ends.size):
        out[begin : ends[k]] = values[k]
        begin = ends[k]
