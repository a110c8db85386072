"""Compiled loops over the neighbourhoods of cells."""

# mypy: disable-error-code="untyped-decorator"

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
