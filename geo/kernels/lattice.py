"""Compiled loops over the neighbourhoods of cells."""

# mypy: disable-error-code="untyped-decorator"

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels.prefetch import prefetch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BLOCK = 128  # points whose cells are asked for before they are needed


@njit(cache=True, nogil=True)
def sum_rings(
    values: Floats, mask: NDArray[np.bool_], ring: int, total: Floats, count: Ints
) -> None:
    """Fill in sum and number of the cells of the mask in the square around each.

    The square reaches `ring` cells to each side and includes the cell itself;
    cells off the mask do not exist. Rows are summed first, then columns.
    """
    rows, columns = values.shape
    across = np.zeros((rows, columns))
    number = np.zeros((rows, columns), np.int64)
    for row in range(rows):
        for column in range(columns):
            subtotal, members = 0.0, 0
            for near in range(max(0, column - ring), min(columns, column + ring + 1)):
                if mask[row, near]:
                    subtotal += values[row, near]
                    members += 1
            across[row, column] = subtotal
            number[row, column] = members
    for row in range(rows):
        total[row] = 0.0
        count[row] = 0
        for near in range(max(0, row - ring), min(rows, row + ring + 1)):
            for column in range(columns):
                total[row, column] += across[near, column]
                count[row, column] += number[near, column]


@njit(cache=True, nogil=True)
def sum_neighbours(
    values: Floats, indptr: Ints, indices: Ints, total: Floats, count: Ints
) -> None:
    """Fill in sum and number of each value and its listed neighbours."""
    for i in range(values.size):
        total[i], count[i] = values[i], 1
        for k in range(indptr[i], indptr[i + 1]):
            if indices[k] != i:
                total[i] += values[indices[k]]
                count[i] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def score_rings(
    values: Floats,
    mask: NDArray[np.bool_],
    ring: int,
    mean: float,
    deviation: Floats,
    first: int,
    last: int,
    scores: Floats,
) -> int:
    """Fill in the scores of the rows from `first` to `last`, and NaN off the mask.

    The score is the sum over the square around a cell less its expectation, by
    the `deviation` that belongs to so many cells. Sums as `sum_rings`, to the bit.
    Returns the largest number of cells in a square.
    """
    rows, columns = values.shape
    width = 2 * ring + 1
    line, one = np.zeros(columns + 2 * ring), np.zeros(columns + 2 * ring, np.int64)
    across = np.zeros((width, columns))
    number = np.zeros((width, columns), np.int64)
    total, count = np.empty(columns), np.empty(columns, np.int64)
    most = 0
    for ahead in range(max(0, first - ring), last + ring):
        slot = ahead % width
        if ahead < rows:
            for column in range(columns):
                there = mask[ahead, column]
                line[ring + column] = values[ahead, column] if there else 0.0
                one[ring + column] = 1 if there else 0
            across[slot, :] = 0.0
            number[slot, :] = 0
            for k in range(width):
                for column in range(columns):
                    across[slot, column] += line[column + k]
                    number[slot, column] += one[column + k]
        row = ahead - ring
        if row < first:
            continue
        total[:] = 0.0
        count[:] = 0
        for near in range(max(0, row - ring), min(rows, row + ring + 1)):
            for column in range(columns):
                total[column] += across[near % width, column]
                count[column] += number[near % width, column]
        for column in range(columns):
            members = count[column]
            score = (total[column] - mean * members) / deviation[members]
            scores[row, column] = score if mask[row, column] else np.nan
            most = max(most, members if mask[row, column] else 0)
    return most


@njit(cache=True, nogil=True)
def lay_points(
    x: Floats,
    y: Floats,
    weight: Floats,
    west: float,
    north: float,
    cell_m: float,
    scale: float,
    laid: Ints,
) -> None:
    """Share each point among the nine cells around it, in units of 1 / `scale`.

    The shares are those of quadratic interpolation: about the point they have the
    mean and the variance of the point itself, which are both zero. `laid` has a
    border of one cell around those of the grid. One weight stands for all; points off
    the grid are left out, and so is what is less than a unit.
    """
    wide, last = laid.shape[1], weight.size - 1
    rows, columns = laid.shape[0] - 2, wide - 2
    cells = laid.reshape(-1)
    corner = np.empty(_BLOCK, np.uint64)
    east, south, amount = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    # A block at a time, so that its cells are on their way while others are laid.
    for begin in range(0, x.size, _BLOCK):
        count = 0
        for i in range(begin, min(begin + _BLOCK, x.size)):
            right, down = (x[i] - west) / cell_m, (north - y[i]) / cell_m
            if not (0.0 <= right < columns and 0.0 <= down < rows):
                continue
            column, row = int(right), int(down)
            first = row * wide + column
            for line in range(3):
                prefetch(cells, first + line * wide)
            corner[count] = first
            east[count], south[count] = right - column - 0.5, down - row - 0.5
            amount[count] = weight[np.uint64(min(i, last))] * scale
            count += 1
        for k in range(count):
            _lay(cells, corner[k], wide, east[k], south[k], amount[k])


@njit(cache=True, nogil=True)
def mark_points(
    x: Floats,
    y: Floats,
    west: float,
    north: float,
    cell_m: float,
    here: NDArray[np.bool_],
) -> None:
    """Mark the cells with a point."""
    rows, columns = here.shape
    for i in range(x.size):
        right, down = (x[i] - west) / cell_m, (north - y[i]) / cell_m
        if 0.0 <= right < columns and 0.0 <= down < rows:
            here[int(down), int(right)] = True


@njit(cache=True, nogil=True)
def _lay(
    cells: Ints, corner: np.uint64, wide: int, east: float, south: float, amount: float
) -> None:
    """Share an amount among nine cells, by where it lies in the middle one.

    Their numbers bear no sign: one that could count from the end costs a test.
    """
    left, middle, right = _thirds(east)
    for part in _thirds(south):
        share = amount * part
        cells[corner] += int(share * left)
        cells[corner + np.uint64(1)] += int(share * middle)
        cells[corner + np.uint64(2)] += int(share * right)
        corner += np.uint64(wide)


@njit(cache=True, nogil=True)
def _thirds(offset: float) -> tuple[float, float, float]:
    """Return the shares of three cells, by the offset from the middle of the second."""
    square = offset * offset
    return (square - offset) / 2.0, 1.0 - square, (square + offset) / 2.0
