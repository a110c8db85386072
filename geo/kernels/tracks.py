"""Compiled loops over the fixes of tracks: walks through cells."""

# mypy: disable-error-code="untyped-decorator"

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Points(NamedTuple):
    """Fixes as columns: milliseconds, metres, and the standard error in metres."""

    time: Ints
    x: Floats
    y: Floats
    error: Floats


class Path(NamedTuple):
    """Fixes as columns, with their places in cells from the west and the north."""

    track: Ints
    month: Ints
    trip: Ints
    stop: Ints
    time: Ints
    u: Floats
    v: Floats


class Entries(NamedTuple):
    """One row a (track, month, cell): a fix of the track in the month, and sums.

    `state` holds the first entry of the present track and month, and the number of
    all entries; `slot` the last entry of each cell of the grid.
    """

    origin: Ints
    cell: Ints
    counts: Ints
    ways: Floats
    slot: NDArray[np.int32]
    state: Ints


LONG_SILENCE_MS = 3_600_000
"""Over a longer silence nobody knows the way, nor whether a stop went on."""

FIXES, MS, STOP_MS, STOPPED = 0, 1, 2, 3
EAST, SOUTH, LENGTH = 0, 1, 2
"""Columns of the counts of Entries, and of their ways, which are in cells."""


@njit(cache=True, nogil=True)
def distance(points: Points, i: int, j: int) -> float:
    """Return how far two fixes lie apart, in metres."""
    dx, dy = points.x[i] - points.x[j], points.y[i] - points.y[j]
    return math.sqrt(dx * dx + dy * dy)  # twice as fast as hypot


@njit(cache=True, nogil=True)
def _entry(
    entries: Entries, i: int, place: tuple[int, int], shape: tuple[int, int]
) -> int:
    """Return the entry of a (row, column), a new one by fix `i` if need be.

    Outside the grid the answer is -1.
    """
    row, column = place
    if not (0 <= row < shape[0] and 0 <= column < shape[1]):
        return -1
    number = row * shape[1] + column
    if entries.slot[number] < entries.state[0]:
        size = entries.state[1]
        entries.slot[number] = size
        entries.origin[size] = i
        entries.cell[size] = number
        entries.state[1] = size + 1
    return int(entries.slot[number])


@njit(cache=True, nogil=True)
def _follow(path: Path, i: int, entries: Entries, shape: tuple[int, int]) -> None:
    """Spread the time and way from fix `i` to the next over the cells between them.

    The straight line is cut where it crosses a side of a cell (Amanatides and Woo
    1987). A cell that it only touches in a corner is not entered.
    """
    u, v = path.u[i], path.v[i]
    column, row = math.floor(u), math.floor(v)
    across = abs(math.floor(path.u[i + 1]) - column)
    down = abs(math.floor(path.v[i + 1]) - row)
    du, dv = path.u[i + 1] - u, path.v[i + 1] - v
    length, wait = math.sqrt(du * du + dv * dv), path.time[i + 1] - path.time[i]
    done, spent, last = 0.0, 0, False
    while not last:
        last = across == 0 and down == 0
        at_u = min(1.0, (column + (du > 0.0) - u) / du) if across > 0 else 1.0
        at_v = min(1.0, (row + (dv > 0.0) - v) / dv) if down > 0 else 1.0
        until = min(at_u, at_v)
        share = until - done
        if share > 1e-9:
            e = _entry(entries, i, (row, column), shape)
            passed = wait if last else int(wait * until)
            if e >= 0:
                entries.counts[e, MS] += passed - spent
                entries.ways[e, EAST] += share * du
                entries.ways[e, SOUTH] += share * dv
                entries.ways[e, LENGTH] += share * length
            done, spent = until, passed
        if across > 0 and at_u == until:
            column += 1 if du > 0.0 else -1
            across -= 1
        if down > 0 and at_v == until:
            row += 1 if dv > 0.0 else -1
            down -= 1


@njit(cache=True, nogil=True)
def walk_cells(path: Path, entries: Entries, shape: tuple[int, int]) -> int:
    """Gather what each track did in each cell and month; return the number of entries.

    Between fixes of one stop, and over a long silence, time goes half to each end and
    no way is made; otherwise both are spread along the line, in the month of its
    first fix. `entries` come empty, with room for all and -1 in `slot`.
    """
    track, month, trip, stop = path.track, path.month, path.trip, path.stop
    time, u, v = path.time, path.u, path.v
    counts, ways = entries.counts, entries.ways
    waited, stayed, e = 0, 0, -1  # due to this fix of the time since the last; entry
    for i in range(track.size):
        place = math.floor(v[i]), math.floor(u[i])
        begins = i == 0 or track[i] != track[i - 1] or month[i] != month[i - 1]
        if begins:
            entries.state[0] = entries.state[1]
        if begins or place != (math.floor(v[i - 1]), math.floor(u[i - 1])):
            e = _entry(entries, i, place, shape)
        wait, still = 0, False
        if i + 1 < track.size and trip[i] == trip[i + 1] and track[i] == track[i + 1]:
            still = stop[i] >= 0 and stop[i] == stop[i + 1]
            wait = time[i + 1] - time[i]
        if not still and 0 < wait <= LONG_SILENCE_MS:
            if place != (math.floor(v[i + 1]), math.floor(u[i + 1])):
                _follow(path, i, entries, shape)
            elif e >= 0:
                du, dv = u[i + 1] - u[i], v[i + 1] - v[i]
                counts[e, MS] += wait
                ways[e, EAST] += du
                ways[e, SOUTH] += dv
                ways[e, LENGTH] += math.sqrt(du * du + dv * dv)
            wait = 0
        if e >= 0:
            counts[e, FIXES] += 1
            counts[e, MS] += waited + wait // 2
            counts[e, STOP_MS] += stayed + wait // 2 * still
            counts[e, STOPPED] |= stop[i] >= 0
        waited = wait - wait // 2
        stayed = waited * still
    return int(entries.state[1])
