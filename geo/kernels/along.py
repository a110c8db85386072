"""Compiled loop that finds the nearest of many short pieces of lines for each cell."""

# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def nearest_pieces(
    pieces: Floats,
    reach: float,
    shape: tuple[int, int],
    away: Floats,
    piece: NDArray[np.int64],
    share: Floats,
) -> None:
    """Fill in the piece nearest to the middle of each cell within reach of any.

    A row of `pieces` is the beginning and the end of one, in cells from the west and
    the north. `away` begins infinite and gets the squared distances, `share` how far
    along its piece the nearest point lies. Of two as near, the earlier counts.
    """
    for n in range(pieces.shape[0]):
        u, v = pieces[n, 0], pieces[n, 1]
        du, dv = pieces[n, 2] - u, pieces[n, 3] - v
        square = du * du + dv * dv
        top = max(0, math.floor(min(v, v + dv) - reach))
        bottom = min(shape[0] - 1, math.floor(max(v, v + dv) + reach))
        left = max(0, math.floor(min(u, u + du) - reach))
        right = min(shape[1] - 1, math.floor(max(u, u + du) + reach))
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                x, y = column + 0.5 - u, row + 0.5 - v
                at = 0.0
                if square > 0.0:
                    at = min(1.0, max(0.0, (x * du + y * dv) / square))
                across, down = x - at * du, y - at * dv
                off = across * across + down * down
                cell = row * shape[1] + column
                if off <= reach * reach and off < away[cell]:
                    away[cell], piece[cell], share[cell] = off, n, at
