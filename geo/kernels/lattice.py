"""Compiled loops over the neighbourhoods of cells."""

# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
    here: NDArray[np.bool_],
) -> None:
    """Share each point among the nine cells around it, in units of 1 / `scale`.

    The shares are those of quadratic interpolation: about the point they have the
    mean and the variance of the point itself, which are both zero. `laid` has a
    border of one cell around the cells of `here`, where those with a point are
    marked. One weight stands for all; points off the grid are left out.
    """
    rows, columns = here.shape
    for i in range(x.size):
        right, down = (x[i] - west) / cell_m, (north - y[i]) / cell_m
        if not (0.0 <= right < columns and 0.0 <= down < rows):
            continue
        here[math.floor(down), math.floor(right)] = True
        right, down = right + 1.0, down + 1.0
        column, row = math.floor(right), math.floor(down)
        right, down = right - column - 0.5, down - row - 0.5
        total = weight[min(i, weight.size - 1)] * scale
        for a in range(-1, 2):
            part = total * (1.0 - down**2 if a == 0 else down * (down + a) / 2.0)
            for b in range(-1, 2):
                share = 1.0 - right**2 if b == 0 else right * (right + b) / 2.0
                if 0 <= row + a < rows + 2 and 0 <= column + b < columns + 2:
                    laid[row + a, column + b] += math.floor(part * share + 0.5)
