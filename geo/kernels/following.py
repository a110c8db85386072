"""Compiled loops that follow spread costs back, one way or many of them."""

# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
from numba import njit

from geo.kernels.costs import Boats, Floats, Ground, Ints, Moves, Walk, of_move

_UNKNOWN = -2


@njit(cache=True, nogil=True)
def _came_from(
    ground: Ground,
    walk: Walk,
    boats: Boats,
    moves: Moves,
    back: bool,  # noqa: FBT001
    total: Floats,
    here: int,
) -> int:
    """Return the cell before one on the quickest way there; -1 where it began."""
    best, before = math.inf, -1
    for k in range(moves.step.size):
        there = here + moves.step[k]
        if total[there] < total[here]:
            if back:
                seconds = of_move(ground, walk, boats, moves, here, k)
            else:
                seconds = of_move(ground, walk, boats, moves, there, k ^ 1)
            if total[there] + seconds < best:
                best, before = total[there] + seconds, there
    return -1 if best > total[here] else before  # nobody came from a neighbour


@njit(cache=True, nogil=True)
def follow_costs(
    ground: Ground,
    walk: Walk,
    boats: Boats,
    moves: Moves,
    back: bool,  # noqa: FBT001
    total: Floats,
    start: int,
) -> Ints:
    """Return the cells from one back to where its costs began, that one included.

    `total` as `spread_costs` left it. Of two equal ways the first move is taken.
    """
    path, count = np.empty(1024, np.int64), 0
    here = start
    while here >= 0:
        if count == path.size:
            longer = np.empty(2 * count, np.int64)
            for k in range(count):
                longer[k] = path[k]
            path = longer
        path[count] = here
        count += 1
        here = _came_from(ground, walk, boats, moves, back, total, here)
    return path[:count].copy()


@njit(cache=True, nogil=True)
def count_ways(
    ground: Ground,
    walk: Walk,
    boats: Boats,
    moves: Moves,
    total: Floats,
    ends: Ints,
    weights: Ints,
    around: Ints,
    passed: Ints,
) -> None:
    """Add the weight of each way to all cells that it passes, or passes near.

    The ways lead from where `total` begins to `ends`, as `follow_costs` follows them;
    `around` are the steps to the cells that count as passed. A way counts once in a
    cell. Ways that run together are followed once.
    """
    before = np.full(total.size, _UNKNOWN)
    last = np.full(total.size, -1, np.int64)
    for n in range(ends.size):
        here = ends[n]
        while here >= 0:
            for k in range(around.size):
                near = here + around[k]
                if last[near] != n:
                    last[near] = n
                    passed[near] += weights[n]
            if before[here] == _UNKNOWN:
                before[here] = _came_from(
                    ground, walk, boats, moves, back=False, total=total, here=here
                )
            here = before[here]
