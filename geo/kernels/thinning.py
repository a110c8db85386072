"""Compiled loops that thin a set of cells to lines."""

# mypy: disable-error-code="untyped-decorator"

import heapq

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

# The eight neighbours in turn, from the east, and the first of them again.
_DOWN = np.array([0, -1, -1, -1, 0, 1, 1, 1, 0])
_ACROSS = np.array([1, 1, 0, -1, -1, -1, 0, 1, 1])


@njit(cache=True, nogil=True)
def _is_simple(kept: Bools, row: int, column: int) -> bool:
    """Return whether a cell can go without joining or parting anything.

    Yokoi's number for pieces that hang together by sides and corners, gaps by sides.
    """
    number = 0
    for k in (0, 2, 4, 6):
        one = not kept[row + _DOWN[k], column + _ACROSS[k]]
        two = not kept[row + _DOWN[k + 1], column + _ACROSS[k + 1]]
        three = not kept[row + _DOWN[(k + 2) % 8], column + _ACROSS[(k + 2) % 8]]
        number += one and not (two and three)
    return number == 1


@njit(cache=True, nogil=True)
def _is_end(kept: Bools, row: int, column: int) -> bool:
    """Return whether a cell has one neighbour, or none."""
    number = 0
    for k in range(8):
        number += kept[row + _DOWN[k], column + _ACROSS[k]]
    return number <= 1


@njit(cache=True, nogil=True)
def thin_cells(
    values: Floats,
    anchors: Bools,
    kept: Bools,
    ends: bool,  # noqa: FBT001
) -> None:
    """Take cells out of `kept`, the lowest value first, and keep its shape.

    What hangs together goes on to, and every hole stays one. Anchors stay, and with
    `ends` so do the ends of lines. Of equal values the earlier cell goes first. The
    outermost rows and columns of `kept` must be empty.
    """
    rows, columns = kept.shape
    queue = [(0.0, 0) for _ in range(0)]
    for row in range(1, rows - 1):
        for column in range(1, columns - 1):
            if kept[row, column] and _is_simple(kept, row, column):
                queue.append(  # noqa: PERF401
                    (values[row, column], row * columns + column)
                )
    heapq.heapify(queue)
    while queue:
        _, cell = heapq.heappop(queue)
        row, column = cell // columns, cell % columns
        if not kept[row, column] or anchors[row, column]:
            continue
        if not _is_simple(kept, row, column) or (ends and _is_end(kept, row, column)):
            continue
        kept[row, column] = False
        for k in range(8):
            near, beside = row + _DOWN[k], column + _ACROSS[k]
            if kept[near, beside] and _is_simple(kept, near, beside):
                heapq.heappush(queue, (values[near, beside], near * columns + beside))
