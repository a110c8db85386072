"""Compiled loops that spread costs from cell to cell.

Grids are flat here, and two cells wider on each side than what they hold, with a
friction of NaN there: no loop has to look out for an edge. Cells have their number
in that wider grid.
"""

# mypy: disable-error-code="untyped-decorator"

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels.prefetch import prefetch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Links = NDArray[np.int32]

MARGIN = 2
"""Cells that a flat grid has more on each side."""

LEVEL, LANGMUIR, TOBLER, BELL = range(4)
"""What a pace depends on: on nothing, or on the slope in one of three ways."""

LAND, WATER, LANDING = range(3)
"""On foot; in a boat; in a boat, where one can get in and out."""

_STRAIGHT = 8  # moves from here on are knight's moves
_SLOTS = 4096  # buckets around the clock; what lies further waits in the last
_LAST = _SLOTS - 1


class Walk(NamedTuple):
    """How long a metre takes on foot, in seconds.

    LEVEL is `a`. LANGMUIR adds to `a` the slope times `b` uphill, `c` downhill, and
    `d` where that is steeper than `limit`. TOBLER is `a` exp(`b` |slope + `c`|). BELL
    is 1 / (`a` + `b` exp(-(slope + `c`)² / (2 `d`²))). Friction is added to it in
    seconds per metre if `added`, else it multiplies it.
    """

    kind: int
    a: float
    b: float
    c: float
    d: float
    limit: float
    added: bool


class Ground(NamedTuple):
    """What a journey meets, flat and with margins.

    Where there are no boats, `mode` and `reach` are empty. On water friction is in
    seconds per metre without a current; `reach` is the distance to the sea, and a
    boat that comes nearer to it goes downstream.
    """

    friction: Floats
    height: Floats
    mode: Bytes
    reach: Floats


class Boats(NamedTuple):
    """What currents do to the time of a metre, and how long boarding takes."""

    upstream: float
    downstream: float
    boarding_s: float


class Moves(NamedTuple):
    """Steps to neighbours: differences of cell numbers, and lengths in metres.

    Each move stands beside its reverse; the third and the fourth lead to the rows
    below and above. Those from the ninth are a knight's, who also touches the two
    cells at `near` and `far`.
    """

    step: Ints
    near: Ints
    far: Ints
    length: Floats


@njit(cache=True, nogil=True)
def _pace(walk: Walk, slope: float) -> float:
    """Seconds a metre at a slope, rise over run."""
    if walk.kind == LEVEL:
        return walk.a
    if walk.kind == TOBLER:
        return walk.a * math.exp(walk.b * abs(slope + walk.c))
    if walk.kind == LANGMUIR:
        if slope >= 0.0:
            return walk.a + walk.b * slope
        return walk.a + (walk.d if slope < walk.limit else walk.c) * slope
    off = (slope + walk.c) / walk.d
    return 1.0 / (walk.a + walk.b * math.exp(-0.5 * off * off))


@njit(cache=True, nogil=True)
def _on_foot(walk: Walk, friction: float, slope: float, length: float) -> float:
    pace = _pace(walk, slope)
    return length * (pace + friction if walk.added else pace * friction)


@njit(cache=True, nogil=True)
def _by_boat(boats: Boats, friction: float, change: float, length: float) -> float:
    if change > 0.0:
        return length * friction * boats.upstream
    if change < 0.0:
        return length * friction * boats.downstream
    return length * friction


@njit(cache=True, nogil=True)
def _ashore(
    walk: Walk, boats: Boats, from_: int, to: int, friction: float, length: float
) -> float:
    """Seconds from land to water or back, level, on the friction of the land."""
    if WATER in (from_, to):
        return math.inf
    seconds = _on_foot(walk, friction, 0.0, length)
    return seconds + boats.boarding_s if from_ == LAND else seconds


@njit(cache=True, nogil=True, inline="always")
def _seconds(
    friction: Floats,
    height: Floats,
    mode: Bytes,
    reach: Floats,
    walk: Walk,
    boats: Boats,
    start: int,
    end: int,
    near: int,
    far: int,
    length: float,
) -> float:
    """Seconds of a move; NaN or infinity where it cannot be made.

    `near` and `far` are the cells beside a knight's move, and the ends of others.
    """
    knight = near not in (start, end)
    mean = 0.5 * (friction[start] + friction[end])
    if knight:
        mean = 0.5 * mean + 0.25 * (friction[near] + friction[far])
    slope = 0.0
    if walk.kind != LEVEL:
        slope = (height[end] - height[start]) / length
    seconds = _on_foot(walk, mean, slope, length)
    if mode.size > 0 and mode[start] | mode[end] | mode[near] | mode[far] != LAND:
        if knight:
            seconds = math.inf
        elif mode[start] != LAND and mode[end] != LAND:
            seconds = _by_boat(boats, mean, reach[end] - reach[start], length)
        else:
            dry = friction[start] if mode[start] == LAND else friction[end]
            seconds = _ashore(walk, boats, mode[start], mode[end], dry, length)
    return seconds


@njit(cache=True, nogil=True, inline="always")
def of_move(
    ground: Ground, walk: Walk, boats: Boats, moves: Moves, start: int, k: int
) -> float:
    """Seconds of one move from a cell; infinity if it cannot be made."""
    friction, height, mode, reach = ground
    step, near, far, length = moves
    end = start + step[k]
    if math.isnan(friction[start]) or math.isnan(friction[end]):
        return math.inf
    beside, second = start, end
    if k >= _STRAIGHT:
        beside, second = start + near[k], start + far[k]
    seconds = _seconds(
        friction,
        height,
        mode,
        reach,
        walk,
        boats,
        start,
        end,
        beside,
        second,
        length[k],
    )
    return math.inf if math.isnan(seconds) else seconds


@njit(cache=True, nogil=True)
def list_seconds(
    ground: Ground, walk: Walk, boats: Boats, moves: Moves, cells: Ints, table: Floats
) -> None:
    """Fill in the seconds of each move from each cell; infinity if it cannot be."""
    for i in range(cells.size):
        for k in range(moves.step.size):
            table[i, k] = of_move(ground, walk, boats, moves, cells[i], k)


@njit(cache=True, nogil=True)
def _doubled(pool: Links) -> Links:
    larger = np.empty(2 * pool.size, np.int32)
    for k in range(pool.size):  # a slice would take seconds to compile
        larger[k] = pool[k]
    return larger


# One piece, since a call for each cell costs half as much again.
@njit(cache=True, nogil=True)
def spread_costs(  # noqa: C901, PLR0912, PLR0915
    ground: Ground,
    walk: Walk,
    boats: Boats,
    moves: Moves,
    back: bool,  # noqa: FBT001
    width: float,
    least: float,
    steep: float,
    limit: float,
    total: Floats,
    table: Floats | None = None,
) -> None:
    """Lower `total` to the seconds of the quickest way to each cell.

    Cells to start from hold their own seconds, all others infinity. With `back` the
    ways lead from each cell instead. No move from a cell takes less than `least`
    plus `steep` times its friction. The `width` of a bucket changes the speed only.
    Cells beyond `limit` may be left too high. `table` holds the seconds of each move
    from each cell, as `list_seconds` fills it in; without one they are worked out.

    A circular bucket queue (Dial 1969) of lists in one pool. Within a bucket cells
    are corrected until nothing changes (Meyer and Sanders 2003), so the result is
    exact, and the same whatever the order. The cells around the next one of the
    bucket are fetched while one is worked on: the front jumps about in memory.
    """
    friction, height, mode, reach = ground
    step, near, far, length = moves
    head = np.full(_SLOTS, -1, np.int32)
    cell, after = np.empty(1 << 12, np.int32), np.empty(1 << 12, np.int32)
    free, used, waiting = -1, 0, 0  # first entry to use again, entries, those in use
    per_width, sign, plain = 1.0 / width, -1.0 if back else 1.0, mode.size == 0
    for start in range(total.size):
        if total[start] < math.inf:
            if used == cell.size:
                cell, after = _doubled(cell), _doubled(after)
            slot = min(int(total[start] * per_width), _LAST)
            cell[used], after[used], head[slot] = start, head[slot], used
            used += 1
            waiting += 1
    now = 0
    while waiting > 0 and now * width <= limit:
        entry = head[now & _LAST]
        head[now & _LAST] = -1
        now += 1 if entry < 0 else 0
        while entry >= 0:
            if used + step.size >= cell.size:
                cell, after = _doubled(cell), _doubled(after)
            start, following = cell[entry], after[entry]
            after[entry] = free
            free, entry = entry, following
            waiting -= 1
            if entry >= 0:
                for row in (step[3], 0, step[2]):
                    prefetch(total, cell[entry] + row)
                    prefetch(friction, cell[entry] + row)
                    if walk.kind != LEVEL:
                        prefetch(height, cell[entry] + row)
            here = total[start]
            if here * per_width < now:  # it was reached sooner, and is done
                continue
            if here * per_width >= now + 1:  # it waited in the last bucket
                slot = min(int(here * per_width), now + _LAST) & _LAST
                number, free = free, after[free]
                cell[number], after[number], head[slot] = start, head[slot], number
                waiting += 1
                continue
            nearest = here + least + steep * friction[start]
            for k in range(step.size):
                end = start + step[k]
                there = total[end]
                if there <= nearest:
                    continue
                if table is not None:  # known when it is compiled
                    seconds = here + (table[end, k ^ 1] if back else table[start, k])
                elif plain and k < _STRAIGHT:
                    slope = 0.0
                    if walk.kind != LEVEL:
                        slope = sign * (height[end] - height[start]) / length[k]
                    mean = 0.5 * (friction[start] + friction[end])
                    seconds = here + _on_foot(walk, mean, slope, length[k])
                elif math.isnan(friction[end]):
                    continue
                else:
                    beside, second = start, end
                    if k >= _STRAIGHT:
                        beside, second = start + near[k], start + far[k]
                    from_, to = (end, start) if back else (start, end)
                    seconds = here + _seconds(
                        friction,
                        height,
                        mode,
                        reach,
                        walk,
                        boats,
                        from_,
                        to,
                        beside,
                        second,
                        length[k],
                    )
                if seconds < there:  # false if not a number
                    total[end] = seconds
                    bucket = int(seconds * per_width)
                    if there < math.inf and int(there * per_width) == bucket > now:
                        continue  # it waits there already
                    number, free = free, after[max(free, 0)]
                    if number < 0:
                        number, free = used, -1
                        used += 1
                    slot = min(bucket, now + _LAST) & _LAST
                    cell[number], after[number], head[slot] = end, head[slot], number
                    waiting += 1
