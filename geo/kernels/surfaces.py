"""Compiled loops that lay bridges, lines and points on a grid of cells.

Positions are in cells: the column number from the west edge, the row number from
the north edge. Variances are in squared cells.
"""

# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ONE_TRACK = 2**40
"""Units that the movement of one track is cut into."""

_CUT = 5.0  # a Gaussian ends here, in standard deviations; 6e-7 lies beyond
_SUPPORT = 2.0  # a track supports the cells this near to its bridges


@njit(cache=True, nogil=True)
def find_bridges(
    track: Ints,
    trip: Ints,
    stop: Ints,
    time_s: Floats,
    x: Floats,
    y: Floats,
    error: Floats,
    noise: float,
    longest_s: float,
    first: Ints,
    last: Ints,
    silence: Floats,
) -> int:
    """Fill in the fixes where each bridge begins and ends, and its longest silence.

    A bridge ends at the first fix that lies `noise` standard errors from where it
    began; it also ends where a trip, or a silence of `longest_s`, cuts it short,
    and where a stop begins. Returns the number of bridges.
    """
    count, anchor, quiet = 0, 0, 0.0
    for i in range(1, track.size):
        gap = time_s[i] - time_s[i - 1]
        apart = track[i] != track[i - 1] or trip[i] != trip[i - 1] or gap > longest_s
        waiting = stop[i] >= 0 and stop[i] == stop[i - 1]
        if apart or waiting:
            if i - 1 > anchor:
                first[count], last[count], silence[count] = anchor, i - 1, quiet
                count += 1
            anchor, quiet = i, 0.0
            continue
        quiet = max(quiet, gap)
        moved = (x[i] - x[anchor]) ** 2 + (y[i] - y[anchor]) ** 2
        if moved >= noise * noise * (error[i] ** 2 + error[anchor] ** 2):
            first[count], last[count], silence[count] = anchor, i, quiet
            count += 1
            anchor, quiet = i, 0.0
    if track.size - 1 > anchor:
        first[count], last[count], silence[count] = anchor, track.size - 1, quiet
        count += 1
    return count


@njit(cache=True, nogil=True)
def _cut_up(centre: float, sigma: float, cells: int, shares: Floats) -> tuple[int, int]:
    """Fill in the share of a Gaussian that falls into each cell of one axis.

    Returns the first cell and the one after the last; the tails beyond the cut
    go to the outermost cells, so that nothing is lost but off the grid.
    """
    low = math.floor(centre - _CUT * sigma)
    high = math.floor(centre + _CUT * sigma) + 1
    start, stop = max(low, 0), min(high, cells)
    scale = 1.0 / (sigma * math.sqrt(2.0))
    before = 0.0 if start == low else 0.5 * (1.0 + math.erf((start - centre) * scale))
    for k in range(start, stop):
        upto = 1.0
        if k + 1 < high:
            upto = 0.5 * (1.0 + math.erf((k + 1 - centre) * scale))
        shares[k - start] = upto - before
        before = upto
    return start, stop


@njit(cache=True, nogil=True)
def _support(
    cx: float, cy: float, reach: float, stamp: int, mark: NDArray[np.int32]
) -> None:
    """Stamp the cells that were touched and lie within `reach` of a point."""
    rows, columns = mark.shape
    top, bottom = math.floor(cy - reach), math.floor(cy + reach)
    for row in range(max(top, 0), min(bottom + 1, rows)):
        dy = max(0.0, row - cy, cy - (row + 1))
        half = math.sqrt(max(0.0, reach * reach - dy * dy))
        left, right = math.floor(cx - half), math.floor(cx + half)
        for column in range(max(left, 0), min(right + 1, columns)):
            mark[row, column] = stamp


@njit(cache=True, nogil=True)
def _lay(
    bridge: Floats,
    late: bool,  # noqa: FBT001
    stamp: int,
    scratch: tuple[Floats, Floats, NDArray[np.int32]],
    touched: Ints,
    count: int,
    lanes: tuple[Floats, Floats],
) -> int:
    """Add one bridge to the scratch grid; returns how many cells are touched."""
    mass, late_mass, mark = scratch
    across, down = lanes
    x0, y0, x1, y1, var0, var1, motion, weight = bridge
    rows, columns = mass.shape
    length = math.hypot(x1 - x0, y1 - y0)
    # Pieces that mirror each other, so that time can be reversed; fine where the
    # bridge is narrow, coarse where it is wide.
    for begin, end in ((0.0, 0.1), (0.1, 0.3), (0.3, 0.7), (0.7, 0.9), (0.9, 1.0)):
        narrow = min(
            begin * (1 - begin) * motion + (1 - begin) ** 2 * var0 + begin**2 * var1,
            end * (1 - end) * motion + (1 - end) ** 2 * var0 + end**2 * var1,
        )
        # Gaussians two sigmas apart leave a ripple of 1.4 % on their sum.
        step = max(2.0 * math.sqrt(narrow), 0.0625)
        steps = max(1, math.ceil(length * (end - begin) / step))
        share = weight * (end - begin) / steps
        for k in range(steps):
            a = begin + (end - begin) * (k + 0.5) / steps
            cx, cy = x0 + a * (x1 - x0), y0 + a * (y1 - y0)
            # Horne et al. 2007, equation 1
            s2 = a * (1.0 - a) * motion + (1.0 - a) ** 2 * var0 + a * a * var1
            sigma = math.sqrt(s2)
            left, right = _cut_up(cx, sigma, columns, across)
            top, bottom = _cut_up(cy, sigma, rows, down)
            for row in range(top, bottom):
                part = share * down[row - top]
                for column in range(left, right):
                    if mark[row, column] < stamp:
                        mark[row, column] = stamp
                        touched[count] = row * columns + column
                        count += 1
                    mass[row, column] += part * across[column - left]
                    if late:
                        late_mass[row, column] += part * across[column - left]
            _support(cx, cy, _SUPPORT * sigma, stamp + 1, mark)
    return count


@njit(cache=True, nogil=True)
def _share_out(
    touched: Ints,
    stamp: int,
    scratch: tuple[Floats, Floats, NDArray[np.int32]],
    occurrence: Ints,
    support: Ints,
    bridged: Ints,
) -> None:
    """Add what one track left on the scratch grids, in whole units, and wipe them.

    Rounding the running sum makes the units add up to ONE_TRACK exactly.
    """
    mass, late_mass, mark = scratch
    columns = mass.shape[1]
    total = 0.0
    for cell in touched:
        total += mass[cell // columns, cell % columns]
    running, given, late_running, late_given = 0.0, 0, 0.0, 0
    for cell in touched:
        row, column = cell // columns, cell % columns
        if total > 0:
            running += mass[row, column]
            upto = math.floor(running / total * ONE_TRACK + 0.5)
            units, given = upto - given, upto
            late_running += late_mass[row, column]
            upto = math.floor(late_running / total * ONE_TRACK + 0.5)
            late_units, late_given = upto - late_given, upto
            occurrence[row, column] += units
            bridged[row, column] += min(late_units, units)
            if mark[row, column] > stamp:
                support[row, column] += 1
        mass[row, column] = late_mass[row, column] = 0.0


@njit(cache=True, nogil=True)
def spread_bridges(
    track: Ints,
    bridges: Floats,
    late: NDArray[np.bool_],
    occurrence: Ints,
    support: Ints,
    bridged: Ints,
) -> None:
    """Add the occurrence of each track, in units of which it has ONE_TRACK.

    `bridges` has a row each, sorted by track: x and y of both ends, variance of
    both ends, motion variance times silence, and weight. `late` marks those whose
    part of the occurrence counts as bridged.
    """
    rows, columns = occurrence.shape
    mass, late_mass = np.zeros((rows, columns)), np.zeros((rows, columns))
    mark = np.zeros((rows, columns), np.int32)
    scratch = (mass, late_mass, mark)
    touched = np.empty(rows * columns, np.int64)
    lanes = (np.empty(columns + 1), np.empty(rows + 1))
    begin, number = 0, 0
    while begin < track.size:
        number += 1
        stamp, count, end = 2 * number, 0, begin
        while end < track.size and track[end] == track[begin]:
            if bridges[end, 7] > 0:
                count = _lay(
                    bridges[end], late[end], stamp, scratch, touched, count, lanes
                )
            end += 1
        begin = end
        _share_out(touched[:count], stamp, scratch, occurrence, support, bridged)


@njit(cache=True, nogil=True)
def measure_lines(
    x0: Floats, y0: Floats, x1: Floats, y1: Floats, scale: float, lengths: Ints
) -> None:
    """Add the length of each straight line inside each cell, times `scale`, rounded.

    Amanatides and Woo 1987: from edge to edge, so that no cell is missed.
    """
    rows, columns = lengths.shape
    for i in range(x0.size):
        dx, dy = x1[i] - x0[i], y1[i] - y0[i]
        length = math.hypot(dx, dy) * scale
        column, row = math.floor(x0[i]), math.floor(y0[i])
        steps = abs(math.floor(x1[i]) - column) + abs(math.floor(y1[i]) - row)
        east, south = 1 if dx > 0 else -1, 1 if dy > 0 else -1
        per_column = abs(1.0 / dx) if dx != 0 else math.inf
        per_row = abs(1.0 / dy) if dy != 0 else math.inf
        next_column, next_row = math.inf, math.inf
        if dx != 0:
            next_column = (
                column + 1 - x0[i] if dx > 0 else x0[i] - column
            ) * per_column
        if dy != 0:
            next_row = (row + 1 - y0[i] if dy > 0 else y0[i] - row) * per_row
        measured = 0
        for step in range(steps + 1):
            upto = 1.0 if step == steps else min(next_column, next_row, 1.0)
            here = math.floor(upto * length + 0.5)
            if 0 <= row < rows and 0 <= column < columns:
                lengths[row, column] += here - measured
            measured = here
            if next_column < next_row:
                next_column += per_column
                column += east
            else:
                next_row += per_row
                row += south
