"""Compiled loops over trails: thinning them, and reading them along a network."""

# mypy: disable-error-code="untyped-decorator"

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels.tracks import LONG_SILENCE_MS, Path

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LONG_SILENCE_S = LONG_SILENCE_MS // 1000
"""Over a longer silence nobody knows the way."""


class Trail(NamedTuple):
    """Trails end to end: places in cells from the west and the north, and when.

    `begins` marks the first row of a trip, `rests` the rows up to whose next one the
    track was at rest.
    """

    begins: Bools
    rests: Bools
    second: Ints
    u: Floats
    v: Floats


class Ground(NamedTuple):
    """What lies in each cell: an edge (-1 none), whether at its middle, and water.

    The nodes near cell c are ``node[first[c] : first[c + 1]]``; `water` is 0 on dry
    land, 1 near a river, 2 off land.
    """

    edge: Ints
    middle: Bools
    water: NDArray[np.int8]
    first: Ints
    node: Ints


FAST_M, RIVER_M, SEA_M, ALL_M = 0, 1, 2, 3
"""Columns of the ways on an edge, in cells: faster than feet, near a river while
faster, off land, and all."""


@njit(cache=True, nogil=True)
def thin_trail(path: Path, spacing: float, keep: Bools) -> None:
    """Mark the fixes without which a trail would look otherwise.

    The first and last of each trip and each stop; and on the move those that lie
    `spacing` cells or more from the last one kept, or after which the next would be
    more than the longest silence away from it.
    """
    n, last, first = path.track.size, 0, True
    for i in range(n):
        begins = first
        first = i + 1 == n or (
            path.trip[i] != path.trip[i + 1] or path.track[i] != path.track[i + 1]
        )
        if begins or first:
            keep[i] = True
        elif path.stop[i] >= 0:
            before, after = path.stop[i - 1], path.stop[i + 1]
            keep[i] = before != path.stop[i] or after != path.stop[i]
        else:
            du, dv = path.u[i] - path.u[last], path.v[i] - path.v[last]
            keep[i] = (
                du * du + dv * dv >= spacing * spacing
                or path.time[i + 1] - path.time[last] > LONG_SILENCE_MS
            )
        if keep[i]:
            last = i


@njit(cache=True, nogil=True)
def _cell(u: float, v: float, shape: tuple[int, int]) -> int:
    """Return the number of the cell at a place, -1 off the grid."""
    row, column = math.floor(v), math.floor(u)
    if 0 <= row < shape[0] and 0 <= column < shape[1]:
        return int(row * shape[1] + column)
    return -1


@njit(cache=True, nogil=True)
def _steps(trail: Trail, i: int) -> int:
    """Return in how many pieces of half a cell the way after a row is looked at.

    None over a long silence, after the last row of a trip, or at rest.
    """
    if i + 1 >= trail.second.size or trail.begins[i + 1] or trail.rests[i]:
        return 0
    if trail.second[i + 1] - trail.second[i] > LONG_SILENCE_S:
        return 0
    length = math.hypot(trail.u[i + 1] - trail.u[i], trail.v[i + 1] - trail.v[i])
    return max(1, math.ceil(2.0 * length))


@njit(cache=True, nogil=True)
def _at(trail: Trail, i: int, share: float) -> tuple[float, float, float]:
    """Return the place and second at a share of the way from a row to the next."""
    if share == 0.0:
        return trail.u[i], trail.v[i], float(trail.second[i])
    return (
        trail.u[i] + share * (trail.u[i + 1] - trail.u[i]),
        trail.v[i] + share * (trail.v[i + 1] - trail.v[i]),
        trail.second[i] + share * (trail.second[i + 1] - trail.second[i]),
    )


@njit(cache=True, nogil=True)
def _go(way: Floats, length: float, fast: bool, water: int) -> None:  # noqa: FBT001
    """Add a piece of the way on an edge."""
    way[ALL_M] += length
    way[FAST_M] += length * fast
    way[RIVER_M] += length * (fast and water > 0)
    way[SEA_M] += length * (water == 2)


@njit(cache=True, nogil=True)
def read_ways(
    trail: Trail,
    track: Ints,
    ground: Ground,
    shape: tuple[int, int],
    fastest_foot: float,
    slot: Ints,
    pairs: Ints,
    when: Ints,
    ways: Floats,
) -> int:
    """Gather how each track moved on the middle of each edge; return how many pairs.

    A pair is a track and an edge; `when` is the second of its first place there, and
    `ways` has the columns FAST_M to ALL_M. `slot` has -1 for each edge, and speeds
    are in cells a second. Where there is no room left the answer is -1.
    """
    count, since = 0, 0
    for i in range(trail.second.size):
        if i and track[i] != track[i - 1]:
            since = count
        steps, speed, length = _steps(trail, i), 0.0, 0.0
        if steps:
            du, dv = trail.u[i + 1] - trail.u[i], trail.v[i + 1] - trail.v[i]
            length = math.hypot(du, dv) / steps
            lasts = max(1, trail.second[i + 1] - trail.second[i])
            speed = length * steps / lasts
        for k in range(max(1, steps)):
            u, v, second = _at(trail, i, (k + 0.5) / steps if steps else 0.0)
            cell = _cell(u, v, shape)
            if cell < 0 or ground.edge[cell] < 0 or not ground.middle[cell]:
                continue
            edge = ground.edge[cell]
            if slot[edge] < since:
                if count == when.size:
                    return -1
                slot[edge] = count
                pairs[count, 0], pairs[count, 1] = track[i], edge
                when[count] = int(second)
                count += 1
            _go(ways[slot[edge]], length, speed > fastest_foot, ground.water[cell])
    return count


class Visits(NamedTuple):
    """Visits to nodes: those written down, and those that go on.

    `rows` holds the last row of each in the trail, the node, and the first row;
    `when` the second of arrival and of departure. `since` is the first row of the
    visit to each node that goes on, or -1; `met` the number of the place at which it
    was last met; `best` the nearest approach and its second, and the seconds between
    which the track was at rest. `going` lists the nodes that are visited, and `state`
    holds their number, that of the present place, and that of the visits written down.
    """

    rows: Ints
    when: Floats
    since: Ints
    met: Ints
    best: Floats
    going: Ints
    state: Ints


@njit(cache=True, nogil=True)
def _meet(
    visits: Visits, node: int, i: int, away: float, second: float, until: float
) -> None:
    """Take in that a track is so far from a node, at rest until then if that is later.

    A nearer place takes the place of the nearest so far.
    """
    since, best = visits.since, visits.best
    if since[node] < 0:
        since[node] = i
        visits.going[visits.state[0]] = node
        visits.state[0] += 1
        best[node, 0] = np.inf
        best[node, 2], best[node, 3] = np.inf, -np.inf
    if away < best[node, 0]:
        best[node, 0], best[node, 1] = away, second
    if until > second:
        best[node, 2] = min(best[node, 2], second)
        best[node, 3] = max(best[node, 3], until)
    visits.met[node] = visits.state[1]


@njit(cache=True, nogil=True)
def _leave(visits: Visits, row: int, everywhere: bool) -> bool:  # noqa: FBT001
    """Write down the visits that ended before the present place, or all of them.

    False if there is no room for them.
    """
    left, best = 0, visits.best
    for k in range(visits.state[0]):
        node, n = visits.going[k], visits.state[2]
        if not everywhere and visits.met[node] == visits.state[1]:
            visits.going[left] = node
            left += 1
            continue
        if n == visits.when.shape[0]:
            return False
        visits.rows[n, 0], visits.rows[n, 1] = row, node
        visits.rows[n, 2] = visits.since[node]
        visits.when[n, 0] = min(best[node, 1], best[node, 2])
        visits.when[n, 1] = max(best[node, 1], best[node, 3])
        visits.since[node] = -1
        visits.state[2] += 1
    visits.state[0] = left
    return True


@njit(cache=True, nogil=True)
def visit_nodes(
    trail: Trail,
    ground: Ground,
    shape: tuple[int, int],
    places: Floats,
    reach: float,
    visits: Visits,
) -> int:
    """Write down each visit of a track to a node; return how many, -1 if full.

    `places` holds where the nodes are, in cells. A visit lasts while the track is
    within reach, and seen to be. It arrives at its nearest approach, or when its
    first rest begins if that is earlier; and departs likewise.
    """
    for i in range(trail.second.size):
        steps = _steps(trail, i)
        last = i + 1 == trail.second.size or trail.begins[i + 1]
        at_rest = trail.rests[i] and not last
        until = float(trail.second[i + 1]) if at_rest else -np.inf
        for k in range(max(1, steps)):
            u, v, second = _at(trail, i, k / steps if steps else 0.0)
            visits.state[1] += 1
            cell = _cell(u, v, shape)
            if cell >= 0:
                for j in range(ground.first[cell], ground.first[cell + 1]):
                    node = ground.node[j]
                    away = math.hypot(u - places[node, 0], v - places[node, 1])
                    if away <= reach:
                        _meet(visits, node, i, away, second, until)
            if not _leave(visits, i, False):  # noqa: FBT003
                return -1
        if not at_rest and steps == 0 and not _leave(visits, i, True):  # noqa: FBT003
            return -1
    return int(visits.state[2])


@njit(cache=True, nogil=True)
def _rest_between(trail: Trail, i: int, start: float, end: float) -> float:
    """Return the seconds of a span in which a track rests, or is between two trips."""
    if i + 1 >= trail.second.size or not (trail.begins[i + 1] or trail.rests[i]):
        return 0.0
    begin, until = float(trail.second[i]), float(trail.second[i + 1])
    return max(0.0, min(until, end) - max(begin, start))


@njit(cache=True, nogil=True)
def follow_edges(
    trail: Trail,
    ground: Ground,
    shape: tuple[int, int],
    journeys: Ints,
    when: Floats,
    found: Floats,
) -> None:
    """Fill in for each journey how much of it lies on its edge, and how much at rest.

    `journeys` holds the edge, and the first and last row of the trail to look at;
    `when` the seconds of departure and arrival. `found` gets the places seen on the
    way, those of them near the edge, those at its middle, the seconds at rest or
    between trips, and those of the longest silence.
    """
    for n in range(journeys.shape[0]):
        edge, start, end = journeys[n, 0], when[n, 0], when[n, 1]
        for i in range(journeys[n, 1], journeys[n, 2] + 1):
            found[n, 3] += _rest_between(trail, i, start, end)
            if i < journeys[n, 2] and not trail.rests[i]:
                silence = float(trail.second[i + 1] - trail.second[i])
                if start < trail.second[i + 1] and trail.second[i] < end:
                    found[n, 4] = max(found[n, 4], silence)
            steps = _steps(trail, i)
            for k in range(max(1, steps)):
                u, v, second = _at(trail, i, k / steps if steps else 0.0)
                if start <= second <= end:
                    cell = _cell(u, v, shape)
                    found[n, 0] += 1.0
                    if cell >= 0 and ground.edge[cell] == edge:
                        found[n, 1] += 1.0
                        found[n, 2] += 1.0 * ground.middle[cell]
