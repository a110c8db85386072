"""Compiled loops that find the cells whose centres lie in a polygon."""

# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]


@njit(cache=True, nogil=True)
def fill_rings(
    u: Floats,
    v: Floats,
    begin: Ints,
    left_turning: Marks,
    top: int,
    left: int,
    inside: Marks,
) -> None:
    """Mark the cells whose centres rings enclose, as GDAL rasterizes a polygon.

    Ring r has the corners from ``begin[r]`` up to ``begin[r + 1]``, the last one the
    first again, and is `left_turning` if it runs counterclockwise on the map; `u` and
    `v` count cells from the west and the north. `inside` begins with no mark, at row
    `top` and column `left`. A centre on an edge belongs to what lies east of it; on a
    level edge, to what the ring encloses.
    """
    rows, columns = inside.shape
    for r in range(begin.size - 1):
        for i in range(begin[r], begin[r + 1] - 1):
            a, b = (i, i + 1) if v[i] < v[i + 1] else (i + 1, i)
            first = max(0, math.ceil(v[a] - 0.5) - top)
            last = min(rows, math.ceil(v[b] - 0.5) - top)
            for row in range(first, last):
                down = row + top + 0.5 - v[a]
                crossed = down * (u[b] - u[a]) / (v[b] - v[a]) + u[a]
                column = max(0, math.floor(crossed + 0.5) - left)
                if column < columns:
                    inside[row, column] = not inside[row, column]
    for row in range(rows):
        within = False
        for column in range(columns):
            within ^= inside[row, column]
            inside[row, column] = within
    for r in range(begin.size - 1):
        for i in range(begin[r], begin[r + 1] - 1):
            a, b = (i, i + 1) if left_turning[r] else (i + 1, i)
            if v[a] == v[b] and u[a] < u[b]:
                _fill_level(u[a], u[b], v[a], top, left, inside)


@njit(cache=True, nogil=True)
def _fill_level(
    west: float, east: float, v: float, top: int, left: int, inside: Marks
) -> None:
    """Mark the cells whose centres lie on a level edge."""
    row = math.floor(v) - top
    if v - math.floor(v) == 0.5 and 0 <= row < inside.shape[0]:
        first = max(0, math.floor(west + 0.5) - left)
        last = min(inside.shape[1], math.floor(east + 0.5) - left)
        for column in range(first, last):
            inside[row, column] = True
