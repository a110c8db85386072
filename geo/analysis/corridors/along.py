"""Cells along lines: which line is nearest, how far along it, and on which side."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.grid import Grid
from geo.kernels.along import nearest_pieces

REACH = 3.0
"""A path follows a line that is this near, in cells."""

MIDDLE = (0.25, 0.75)
"""The part of a line where its tracks are counted."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Along(NamedTuple):
    """The cells within reach of lines, each with the line that is nearest to it.

    Parameters
    ----------
    cell
        Their numbers, rising.
    line
        Place of the nearest line among the lines.
    at_m
        How far along the line the point nearest to the middle of the cell lies.
    off_m
        How far away the middle of the cell is; below zero on the right of the line.
    run
        East and north of the direction of the line there, of length 1.
    """

    cell: Ints
    line: Ints
    at_m: Floats
    off_m: Floats
    run: Floats


def cells_along(lines: gpd.GeoSeries, grid: Grid, *, reach: float) -> Along:
    """Return the cells whose middle lies within reach of a line.

    Parameters
    ----------
    lines
        LineStrings in the CRS of the grid.
    grid
        Of the cells.
    reach
        In cells.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 300, 100, rows=3, columns=4)
    >>> way = gpd.GeoSeries([shapely.LineString([(0, 160), (400, 160)])])
    >>> found = cells_along(way, grid, reach=0.5)
    >>> found.cell.tolist(), found.off_m.tolist()
    ([4, 5, 6, 7], [-10.0, -10.0, -10.0, -10.0])
    """
    if not len(lines):
        nothing = np.zeros(0, np.int64)
        return Along(nothing, nothing, np.zeros(0), np.zeros(0), np.zeros((0, 2)))
    corners, line = shapely.get_coordinates(lines.to_numpy(), return_index=True)
    scaled = (corners - (grid.west, grid.north)) * (1, -1) / grid.cell_m
    first = np.flatnonzero(np.diff(line) == 0)
    pieces = np.column_stack([scaled[first], scaled[first + 1]])
    size = grid.rows * grid.columns
    away, piece, share = np.full(size, np.inf), np.full(size, -1), np.zeros(size)
    nearest_pieces(pieces, reach, grid.shape, away, piece, share)
    cell = np.flatnonzero(piece >= 0)
    corner, share = first[piece[cell]], share[cell]
    # The way along all lines, one behind the other, at each corner.
    step = np.hypot(*np.diff(corners, axis=0).T)
    way = np.concatenate([[0.0], np.cumsum(step)])
    at = way[corner] + share * (way[corner + 1] - way[corner])
    begin = way[np.searchsorted(line, line[corner])]
    end = way[np.searchsorted(line, line[corner], "right") - 1]
    half = np.minimum(grid.cell_m, (end - begin) / 4)
    # Straight on for a cell each way, so that one corner does not turn the direction.
    back, foot, ahead = (
        np.column_stack([np.interp(place, way, axis) for axis in corners.T])
        for place in (np.maximum(at - half, begin), at, np.minimum(at + half, end))
    )
    run: Floats = ahead - back
    run /= np.maximum(np.hypot(*run.T), 1e-9)[:, None]
    off = np.column_stack(grid.centre_of(cell)) - foot
    side = np.where(run[:, 0] * off[:, 1] < run[:, 1] * off[:, 0], -1.0, 1.0)
    off_m: Floats = side * np.hypot(*off.T)
    return Along(cell, line[corner], at - begin, off_m, run)


def at_middle(along: Along, lines: gpd.GeoSeries) -> NDArray[np.bool_]:
    """Return which cells lie at the middle half of their line."""
    length = lines.length.to_numpy()[along.line]
    inside: NDArray[np.bool_] = (along.at_m >= MIDDLE[0] * length) & (
        along.at_m <= MIDDLE[1] * length
    )
    return inside


def cells_around(
    points: gpd.GeoSeries, grid: Grid, *, reach_m: float
) -> tuple[Ints, Ints]:
    """Return pairs of the place of a point and a cell whose middle is within reach.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 300, 100, rows=3, columns=4)
    >>> found = cells_around(
    ...     gpd.GeoSeries([shapely.Point(50, 150)]), grid, reach_m=100
    ... )
    >>> [pairs.tolist() for pairs in found]
    [[0, 0, 0, 0], [0, 4, 5, 8]]
    """
    ring = np.arange(-int(reach_m / grid.cell_m) - 1, int(reach_m / grid.cell_m) + 2)
    east, south = (step.ravel() * grid.cell_m for step in np.meshgrid(ring, -ring))
    x, y = points.x.to_numpy()[:, None] + east, points.y.to_numpy()[:, None] + south
    cell = grid.cell_of(x.ravel(), y.ravel()).reshape(x.shape)
    point = np.broadcast_to(np.arange(len(points))[:, None], x.shape)
    middle_x, middle_y = grid.centre_of(np.maximum(cell, 0))
    away = np.hypot(
        middle_x - points.x.to_numpy()[:, None], middle_y - points.y.to_numpy()[:, None]
    )
    near = (cell >= 0) & (away <= reach_m)
    return point[near].astype(np.int64), cell[near].astype(np.int64)
