"""How far cells lie from one another along rivers and trails."""

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geo.grid import Grid

_SAMPLES = 8  # points of a line in the width of a cell


def cells_along(lines: Iterable[shapely.Geometry], grid: Grid) -> NDArray[np.int64]:
    """Return the cells that lines pass through, by number.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 2000, 1000, rows=2, columns=3)
    >>> cells_along([shapely.LineString([(500, 500), (2500, 500)])], grid)
    array([3, 4, 5])
    """
    begin, end, _ = _steps(lines, grid)
    return np.unique(np.concatenate([begin, end]))


def distances_along(
    cell: NDArray[np.int64], lines: Iterable[shapely.Geometry], *, grid: Grid
) -> NDArray[np.float64]:
    """Return how far each cell is from each other along lines, in metres.

    Two lines meet where they pass through the same cell: lines of several sources
    hardly ever meet exactly, and a cell is as near as anything is told here.

    Parameters
    ----------
    cell : (n,) int array
        Cells of `grid`.
    lines
        Lines in the CRS of the grid; what lies outside is left out.
    grid
        Of the cells.

    Returns
    -------
    (n, n) float array
        Infinite where no line leads, also from a cell without a line; 0 from a cell
        to itself.

    Notes
    -----
    The step from a cell to the next on a line is as long as the line between the
    middles of its ways through the two. Memory is n² numbers.

    Examples
    --------
    A river that turns: its ends are less than 3 km apart as the crow flies.

    >>> grid = Grid("EPSG:32618", 0, 3000, 1000, rows=3, columns=3)
    >>> river = shapely.LineString([(500, 2500), (2500, 2500), (2500, 500)])
    >>> far = distances_along(np.array([0, 8, 6]), [river], grid=grid)
    >>> far.round(-3).tolist()
    [[0.0, 4000.0, inf], [4000.0, 0.0, inf], [inf, inf, 0.0]]
    """
    begin, end, length = _steps(lines, grid)
    nodes = np.unique(np.concatenate([begin, end, cell]))
    size = len(nodes)
    far = np.full((len(cell), len(cell)), np.inf)
    if len(begin):
        pair = np.minimum(begin, end) * (grid.rows * grid.columns)
        pair += np.maximum(begin, end)
        # Of several ways from a cell to the next, the shortest.
        order = np.lexsort([length, pair])
        first = np.unique(pair[order], return_index=True)[1]
        kept = order[first]
        start = np.searchsorted(nodes, begin[kept])
        stop = np.searchsorted(nodes, end[kept])
        graph = coo_array((length[kept], (start, stop)), shape=(size, size)).tocsr()
        here = np.searchsorted(nodes, cell)
        far = dijkstra(graph, directed=False, indices=here)[:, here]
    np.fill_diagonal(far, 0.0)
    return far


def _steps(
    lines: Iterable[shapely.Geometry], grid: Grid
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the steps of lines from cell to cell, with their lengths in metres.

    A line within one cell is a step of no length from it to itself.
    """
    parts = [
        part
        for line in lines
        for part in shapely.get_parts(line)
        if part.geom_type == "LineString" and part.length > 0
    ]
    begin, end, length = [], [], []
    for line in parts:
        number = int(np.ceil(_SAMPLES * line.length / grid.cell_m)) + 1
        along = np.linspace(0.0, line.length, number)
        points = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
        cell = grid.cell_of(points[:, 0], points[:, 1])
        starts = np.flatnonzero(np.diff(cell, prepend=-2))
        stops = np.append(starts[1:], number) - 1
        middle = (along[starts] + along[stops]) / 2
        seen = cell[starts]
        if len(seen) == 1:
            seen, middle = np.repeat(seen, 2), np.zeros(2)
        inside = (seen[1:] >= 0) & (seen[:-1] >= 0)
        begin.append(seen[:-1][inside])
        end.append(seen[1:][inside])
        length.append(np.diff(middle)[inside])
    return (
        np.concatenate([*begin, np.zeros(0, np.int64)]).astype(np.int64),
        np.concatenate([*end, np.zeros(0, np.int64)]).astype(np.int64),
        np.concatenate([*length, np.zeros(0)]),
    )
