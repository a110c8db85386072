"""Compiled loops over the fixes of tracks: sifting, walks through cells."""

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


KEPT, TOO_FAST, SPIKE = 0, 1, 2
"""Verdicts of `sift_tracks`."""

WINDOW, HEADS = 40, 8
"""How many earlier fixes are tried as the one before a fix, and the ends of how many
further chains, however long ago."""

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
def _reachable(points: Points, speed: float, i: int, j: int) -> bool:
    """Whether one can be at fix `i` after having been at the earlier fix `j`."""
    allowance = 3.0 * (points.error[i] + points.error[j])
    way = speed * (points.time[i] - points.time[j]) + allowance
    dx, dy = points.x[i] - points.x[j], points.y[i] - points.y[j]
    return bool(dx * dx + dy * dy <= way * way)


@njit(cache=True, nogil=True)
def _remember(heads: Ints, length: Ints, before: int, i: int) -> None:
    """Let fix `i` take the place of the chain it extends, or of the shortest one.

    It comes to the front, where the next fix mostly finds it at once.
    """
    place = 0
    for h in range(heads.size):
        if before >= 0 and heads[h] == before:
            place = h
            break
        taken = heads[place] >= 0
        if taken and (heads[h] < 0 or length[heads[h]] < length[heads[place]]):
            place = h
    heads[place] = heads[0]
    heads[0] = i


@njit(cache=True, nogil=True)
def _best_before(
    rows: Ints, i: int, points: Points, speed: float, length: Ints, heads: Ints
) -> int:
    """Return which place in `rows` before the i-th should come before it.

    The one with the longest chain among those from which it can be reached, the
    latest if there are several; -1 if there is none.
    """
    near = min(i, WINDOW)
    best, before = 0, -1
    for k in range(1, near + HEADS + 1):
        j = i - k if k <= near else heads[k - near - 1]
        if j >= 0 and length[j] > best and _reachable(points, speed, rows[i], rows[j]):
            best, before = length[j], j
    return before


@njit(cache=True, nogil=True)
def _longest_chain(rows: Ints, points: Points, speed: float) -> Ints:
    """Return those of `rows` that make the longest chain of reachable fixes.

    Of two chains of one length, the one with the shorter way.
    """
    n = rows.size
    length = np.ones(n, np.int64)
    way = np.zeros(n, np.float64)
    parent = np.full(n, -1, np.int64)
    heads = np.full(HEADS, -1, np.int64)
    heads[0] = end = 0
    for i in range(1, n):
        # Calls with many arrays are slow, so the two usual cases come before them.
        before = i - 1
        if length[before] < length[end] or not _reachable(
            points, speed, rows[i], rows[before]
        ):
            before = _best_before(rows, i, points, speed, length, heads)
        if before >= 0:
            parent[i] = before
            length[i] += length[before]
            way[i] = way[before] + distance(points, rows[i], rows[before])
        if before == heads[0]:
            heads[0] = i
        else:
            _remember(heads, length, before, i)
        if length[i] > length[end] or (length[i] == length[end] and way[i] < way[end]):
            end = i
    chain = np.empty(length[end], np.int64)
    for k in range(chain.size - 1, -1, -1):
        chain[k] = rows[end]
        end = parent[end]
    return chain


@njit(cache=True, nogil=True)
def _speed(points: Points, i: int, j: int) -> float:
    return float(distance(points, i, j) / (points.time[j] - points.time[i]))


@njit(cache=True, nogil=True)
def _turn(rows: Ints, k: int, points: Points) -> float:
    """Return the product of the ways to and from the k-th of `rows`."""
    a, b, c = rows[k - 1], rows[k], rows[k + 1]
    x, y = points.x, points.y
    return float((x[b] - x[a]) * (x[c] - x[b]) + (y[b] - y[a]) * (y[c] - y[b]))


@njit(cache=True, nogil=True)
def _is_spike(rows: Ints, k: int, points: Points) -> bool:
    """Whether the k-th of `rows` is an excursion out and straight back.

    Bjørneraas et al. 2010, with the legs of walkers. A walk out and back has its
    turning point too, but is no slower just before and after it.
    """
    a, b, c = rows[k - 1], rows[k], rows[k + 1]
    error = points.error
    there, back = distance(points, a, b), distance(points, b, c)
    if (
        _turn(rows, k, points) >= -0.97 * there * back
        or there <= max(500.0, 3.0 * (error[a] + error[b]))
        or back <= max(500.0, 3.0 * (error[b] + error[c]))
    ):
        return False
    earlier, later = k >= 2, k + 2 < rows.size
    before = _speed(points, rows[k - 2], a) if earlier else 0.0
    after = _speed(points, c, rows[k + 2]) if later else 0.0
    slow = 1.5 / 3600.0  # 1.5 km/h in metres per millisecond
    return bool(
        (earlier or later)
        and _speed(points, a, b) > max(slow, 2.0 * before)
        and _speed(points, b, c) > max(slow, 2.0 * after)
    )


@njit(cache=True, nogil=True)
def sift_tracks(track: Ints, points: Points, speed: float) -> NDArray[np.int8]:
    """Judge every fix: KEPT, TOO_FAST or SPIKE.

    `speed` is in metres per millisecond; rows are sorted by track and time, without
    two of one time. Each track is sifted until nothing more falls through, so that
    sifting what was kept changes nothing.
    """
    verdict = np.full(track.size, TOO_FAST, np.int8)
    first = 0
    while first < track.size:
        end = first + 1
        while end < track.size and track[end] == track[first]:
            end += 1
        rows, spikes = np.arange(first, end), 1
        while spikes > 0:
            rows, spikes = _longest_chain(rows, points, speed), 0
            for k in range(1, rows.size - 1):
                if _turn(rows, k, points) < 0.0 and _is_spike(rows, k, points):
                    verdict[rows[k]] = SPIKE
                    spikes += 1
            left = 0
            for row in rows:  # quicker to compile than a mask
                if verdict[row] != SPIKE:
                    rows[left] = row
                    left += 1
            rows = rows[:left]
        for row in rows:
            verdict[row] = KEPT
        first = end
    return verdict


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
