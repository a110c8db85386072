"""Compiled loops that put the rows of a file in order."""

# mypy: disable-error-code="untyped-decorator"

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels.intake import AT_ONCE, Read

Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Labels = NDArray[np.int32]

IN_ORDER, TIED, BACK = 0, 1, 2
"""How the rows of a track follow each other: by time and the other columns; by time,
but not those of one time; not by time."""


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
def _step(read: Read, row: int, before: int, follow: int) -> int:
    """Return how rows follow each other, if one more comes after another."""
    if read.ms[row] > read.ms[before] or follow == BACK:
        return follow
    if read.ms[row] < read.ms[before]:
        return BACK
    if follow == IN_ORDER and _belongs_before(read, row, before):
        return TIED
    return follow


@njit(cache=True, nogil=True)
def place_rows(
    label: Labels, rank: Ints, fault: Codes, read: Read, order: Ints
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
        if last[k] >= 0:
            follow[k] = _step(read, row, last[k], follow[k])
        order[ends[k]] = last[k] = row
        ends[k] += 1
    return ends, follow


@njit(cache=True, nogil=True)
def _go_on(label: Labels, fault: Codes, before: int) -> bool:
    """Whether rows have one label, and no fault."""
    other = 0
    for i in range(label.size):
        other += (label[i] != before) | (fault[i] != 0)
    return other == 0


@njit(cache=True, nogil=True)
def find_runs(label: Labels, fault: Codes, runs: Ints) -> int:
    """Write where runs of rows of one label and without a fault begin and end.

    Returns how many there are; -1 if there are more than fit.
    """
    n, i, found = label.size, 0, 0
    while i < n:
        if fault[i] != 0:
            i += 1
            continue
        if found == runs.shape[0]:
            return -1
        own, begin = label[i], i
        while i + AT_ONCE <= n and _go_on(
            label[i : i + AT_ONCE], fault[i : i + AT_ONCE], own
        ):
            i += AT_ONCE
        while i < n and label[i] == own and fault[i] == 0:
            i += 1
        runs[found, 0], runs[found, 1] = begin, i
        found += 1
    return found


@njit(cache=True, nogil=True)
def follow_within(runs: Ints, read: Read, follow: Codes) -> None:
    """Write how the rows of each run follow each other."""
    for k in range(runs.shape[0]):
        said = IN_ORDER
        for row in range(runs[k, 0] + 1, runs[k, 1]):
            if read.ms[row] <= read.ms[row - 1]:  # seldom
                said = _step(read, row, row - 1, said)
        follow[k] = said


@njit(cache=True, nogil=True)
def place_runs(
    runs: Ints, track: Ints, read: Read, within: Codes, count: int
) -> tuple[Ints, Ints, Codes]:
    """Put the runs of each of `count` tracks one after the other, in their order.

    Returns where each run begins then, where the rows of each track end, and how they
    follow each other.
    """
    ends, last = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    to, follow = np.empty(track.size, np.int64), np.zeros(count, np.int8)
    for r in range(track.size):
        ends[track[r]] += runs[r, 1] - runs[r, 0]
    begin = 0
    for k in range(count):
        ends[k], begin = begin, begin + ends[k]
    for r in range(track.size):
        k = track[r]
        follow[k] = max(follow[k], within[r])
        if last[k] >= 0:
            follow[k] = _step(read, runs[r, 0], last[k], follow[k])
        to[r], last[k] = ends[k], runs[r, 1] - 1
        ends[k] += runs[r, 1] - runs[r, 0]
    return to, ends, follow


@njit(cache=True, nogil=True)
def rows_of_runs(runs: Ints, to: Ints, order: Ints) -> None:
    """Write the row of each place."""
    for r in range(to.size):
        shift = runs[r, 0] - to[r]
        for i in range(to[r], to[r] + runs[r, 1] - runs[r, 0]):
            order[i] = i + shift


@njit(cache=True, nogil=True)
def move_runs(values: Ints, runs: Ints, to: Ints, out: Ints) -> None:
    """Write the values of runs where they belong."""
    for r in range(to.size):
        begin, end = runs[r, 0], runs[r, 1]
        out[to[r] : to[r] + end - begin] = values[begin:end]


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
