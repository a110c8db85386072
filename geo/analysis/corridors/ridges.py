"""Ridges: the lines along which the movement is densest, from junction to junction."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.grid import Grid, Surface
from geo.kernels.thinning import thin_cells

_SIGMA = 2.0  # standard deviation of the smoothing before, in cells
_SHARPEST = 0.05  # curvature of a ridge, as a share of the height, per squared sigma
_SMALLEST_HOLE = 64  # cells; smaller ones are filled, and no line goes round them
_SHARE = 0.98  # of the movement; lines run only where it is densest
_ALONG = 2.0  # standard deviation of the smoothing of lines, in steps
_ROUND = 0.1  # of a cell; nothing finer is known, or told

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Cell = tuple[int, int]
Near = dict[Cell, list[Cell]]
Lines = list[list[Cell]]

_AROUND = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def trace_ridges(
    surface: Surface,
    *,
    support: Surface | None = None,
    fewest: int = 1,
    shortest_m: float = 4000.0,
) -> gpd.GeoDataFrame:
    """Trace the lines along which a surface is highest.

    Parameters
    ----------
    surface
        Movement, an amount per area; NaN counts as none.
    support
        Distinct tracks behind each cell of the same grid.
    fewest
        Cells with fewer tracks are left out before anything is traced, so that no
        line depends on where fewer walked.
    shortest_m
        Shorter lines with a loose end are dropped.

    Returns
    -------
    GeoDataFrame
        A row a line: `ridge`, from 0, and `geometry`, a LineString on tenths of a cell
        in the surface's CRS. Lines meet at their ends, and there only, in the same
        point. Sorted west to east, then south to north.

    Raises
    ------
    ValueError
        If a value is negative or infinite, or the support lies on another grid.

    Notes
    -----
    After a smoothing by two cells, a cell is on a ridge where the surface, cut in the
    direction of its sharpest bend, has its top inside the cell (Steger 1998, An
    unbiased detector of curvilinear structures, IEEE PAMI 20:113). The cells with
    support are thinned, the lowest first, to lines that join those cells and hang
    together as the cells did; holes of less than 64 cells do not count. Points of a
    line lie at the top of the cut, not in the middle of the cell. They are smoothed
    along the line; its ends stay.

    Examples
    --------
    >>> values = np.zeros((9, 40))
    >>> values[4, 5:35] = 1.0
    >>> grid = Grid("EPSG:32618", 0, 2250, 250, rows=9, columns=40)
    >>> found = trace_ridges(Surface(grid, values, "movement", "%/km²"))
    >>> found.geometry.to_wkt().tolist()
    ['LINESTRING (1375 1125, 8625 1125)']
    >>> trace_ridges(Surface(grid, values * 0, "movement", "%/km²")).empty
    True
    """
    values = _counted(surface, support, fewest)
    smooth = ndimage.gaussian_filter(values, _SIGMA, mode="constant")
    cut = _bends(values)
    kept = _without_holes(_densest(smooth, values > 0))
    thin_cells(smooth, cut.sharp & kept, kept, False)  # noqa: FBT003
    lines = _pruned(kept, smooth, shortest=shortest_m / surface.grid.cell_m)
    shapes = _shapes(lines, cut, surface.grid)
    return gpd.GeoDataFrame(
        {"ridge": np.arange(len(shapes), dtype=np.int64)},
        geometry=gpd.GeoSeries(shapes, dtype="geometry", crs=surface.grid.crs),
    )


class _Cut(NamedTuple):
    """Where the top of the surface lies, in cells from the middle of each."""

    down: Floats
    across: Floats
    sharp: Bools


def _counted(surface: Surface, support: Surface | None, fewest: int) -> Floats:
    """Return the values that count, with a margin; zero elsewhere."""
    values = np.where(np.isnan(surface.values), 0.0, surface.values)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"{surface.name!r} holds a negative or infinite value")
    if support is not None:
        if support.grid != surface.grid:
            raise ValueError(f"the support of {surface.name!r} lies on another grid")
        values = np.where(support.values >= fewest, values, 0.0)
    return np.pad(values, 1)


def _bends(values: Floats) -> _Cut:
    """Cut the surface at each cell across its sharpest bend."""
    height, down, across, dd, da, aa = (
        ndimage.gaussian_filter(values, _SIGMA, order=order, mode="constant")
        for order in ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
    )
    middle, half = (dd + aa) / 2, np.hypot((dd - aa) / 2, da)
    bend = middle - half  # the smaller eigenvalue
    # The longer of two formulas for its eigenvector, so that none is zero.
    first = np.where(dd <= aa, bend - aa, da)
    second = np.where(dd <= aa, da, bend - dd)
    size = np.hypot(first, second)
    flat = size == 0
    first, second = (
        np.divide(part, size, out=np.zeros_like(size), where=~flat)
        for part in (first, second)
    )
    slope = down * first + across * second
    away = np.divide(-slope, bend, out=np.zeros_like(bend), where=bend < 0)
    inside = np.maximum(np.abs(away * first), np.abs(away * second)) <= 0.5
    enough = -bend * _SIGMA**2 > _SHARPEST * height
    near = np.clip(away, -1.0, 1.0)
    return _Cut(near * first, near * second, inside & enough & ~flat)


def _densest(smooth: Floats, mask: Bools) -> Bools:
    """Return the fewest cells of the mask that hold most of the movement."""
    falling = np.sort(smooth[mask])[::-1]
    if not falling.size:
        return mask
    running = np.cumsum(falling)
    threshold = falling[np.searchsorted(running, _SHARE * running[-1])]
    dense: Bools = mask & (smooth >= threshold)
    return dense


def _without_holes(mask: Bools) -> Bools:
    """Fill the small holes of a mask."""
    label, number = ndimage.label(~mask)
    size = np.bincount(label.ravel(), minlength=number + 1)
    size[0] = _SMALLEST_HOLE
    filled: Bools = mask | (size < _SMALLEST_HOLE)[label]
    return filled


def _pruned(kept: Bools, values: Floats, *, shortest: float) -> Lines:
    """Cut the lines of cells from node to node, without short loose ends."""
    kept, nobody = kept.copy(), np.zeros_like(kept)
    while True:
        thin_cells(values, nobody, kept, True)  # noqa: FBT003
        lines, number = _lines(kept, values)
        short: dict[Cell, tuple[float, list[Cell]]] = {}
        for line in lines:
            end, root = sorted((line[0], line[-1]), key=lambda one: (number[one], one))
            steps = _steps(line)
            if steps < shortest and number[end] == 1:
                # One at each junction: without it, others may go on as one line.
                short[root] = min(short.get(root, (steps, line)), (steps, line))
        if not short:
            return lines
        for _, line in short.values():
            for cell in line:
                kept[cell] = number.get(cell, 0) > 1


def _steps(line: list[Cell]) -> float:
    """Return the length of a line, in cells."""
    return float(np.hypot(*np.diff(np.array(line), axis=0).T).sum())


def _lines(kept: Bools, values: Floats) -> tuple[Lines, Counter[Cell]]:
    """Return the lines between nodes, and how many of them end at each node."""
    cells = {(int(row), int(column)) for row, column in np.argwhere(kept)}
    near = {
        (row, column): [
            (row + down, column + across)
            for down, across in _AROUND
            if (row + down, column + across) in cells
        ]
        for row, column in sorted(cells)
    }
    lines = list(_walks(near, _nodes(near, values)))
    return lines, Counter(end for line in lines for end in (line[0], line[-1]))


def _nodes(near: Near, values: Floats) -> dict[Cell, Cell]:
    """Return the node that a cell is part of, for ends and junctions.

    Cells with three neighbours or more that touch are one node, at the highest.
    """
    node: dict[Cell, Cell] = {}
    for cell, beside in near.items():
        if len(beside) == 1:
            node[cell] = cell
        elif len(beside) > 2 and cell not in node:
            cluster, ahead = {cell}, [cell]
            while ahead:
                for one in near[ahead.pop()]:
                    if len(near[one]) > 2 and one not in cluster:
                        cluster.add(one)
                        ahead.append(one)
            top = max(cluster, key=lambda one: (values[one], one))
            node.update(dict.fromkeys(cluster, top))
    return node


def _walks(near: Near, node: dict[Cell, Cell]) -> Iterator[list[Cell]]:
    """Yield each line from node to node once, and each ring from its first cell."""
    seen = set(node)
    for start, top in node.items():
        for first in near[start]:
            if first in node:
                if top < node[first]:
                    yield [top, node[first]]
            elif first not in seen:
                line = [top, *_chain(start, first, near, seen)]
                last = line.pop()
                line.append(node[last])
                # A cell in the crook of a junction touches it twice.
                if len(line) > 4 or line[0] != line[-1]:
                    yield line
    for start in near:
        if start not in seen and near[start]:
            seen.add(start)
            yield [start, *_chain(start, near[start][0], near, seen)]


def _chain(before: Cell, cell: Cell, near: Near, seen: set[Cell]) -> list[Cell]:
    """Follow cells with two neighbours up to one that was seen before."""
    chain = [cell]
    while cell not in seen:
        seen.add(cell)
        ahead = [one for one in near[cell] if one != before]
        before, cell = cell, ahead[0]
        chain.append(cell)
    return chain


def _shapes(lines: Lines, cut: _Cut, grid: Grid) -> list[shapely.LineString]:
    """Return the lines in metres, through the tops of their cells, smoothed."""
    drawn = []
    for line in lines:
        row, column = np.array(line).T
        # The margin of one cell shifts rows and columns.
        down = row - 0.5 + cut.down[row, column]
        across = column - 0.5 + cut.across[row, column]
        x, y = grid.west + across * grid.cell_m, grid.north - down * grid.cell_m
        drawn.append(_from_west(shapely.LineString(np.column_stack([x, y]))))
    drawn.sort(key=_place)
    joined = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(drawn)))
    smooth = [_smoothed(line, grid.cell_m) for line in joined]
    return sorted((line for line in smooth if line.length), key=_place)


def _smoothed(line: shapely.LineString, cell_m: float) -> shapely.LineString:
    """Return a line whose points are smoothed along it, between its fixed ends."""
    corners = shapely.get_coordinates(line)
    ends = corners[[0, -1]]
    # Mirrored in the ends, so that these stay where they are.
    smooth = ndimage.gaussian_filter1d(
        np.vstack(
            [2 * ends[0] - corners[:0:-1], corners, 2 * ends[1] - corners[-2::-1]]
        ),
        _ALONG,
        axis=0,
    )[len(corners) - 1 : 2 * len(corners) - 1]
    smooth[[0, -1]] = ends
    simple = shapely.simplify(shapely.LineString(smooth), cell_m / 20)
    whole = np.round(shapely.get_coordinates(simple) / (_ROUND * cell_m))
    return _from_west(shapely.LineString(whole * _ROUND * cell_m))


def _from_west(line: shapely.LineString) -> shapely.LineString:
    """Return a line drawn from its western end."""
    return line.reverse() if line.coords[0] > line.coords[-1] else line


def _place(line: shapely.LineString) -> tuple[float, ...]:
    """Return what lines are sorted by."""
    return (*line.bounds, *line.coords[0], *line.coords[1], line.length)
