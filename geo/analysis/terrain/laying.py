"""The layers of a region, laid on one grid and made into costs."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.terrain.costs import Costs
from geo.analysis.terrain.ground import make_costs
from geo.analysis.terrain.rules import Season, TravelRules
from geo.grid import Grid, Surface
from geo.schema import Layers

Mask = NDArray[np.bool_]


def lay_costs(
    base: Layers,
    grid: Grid,
    *,
    rules: TravelRules | None = None,
    season: Season = "dry",
    land: Mask | None = None,
    neighbours: int = 16,
) -> Costs:
    """Return what travel over the layers of a region costs.

    Heights, land cover where there is one, and the waterways, or else the rivers.

    Parameters
    ----------
    base
        The layers; there must be a relief.
    grid
        Where the costs are wanted.
    rules, season, neighbours
        As of `geo.analysis.terrain.ground.make_costs`.
    land : (rows, columns) bool array
        Which cells of the grid are land; by default those of the layer.

    Raises
    ------
    ValueError
        If there is no relief.

    Examples
    --------
    >>> from geo.read.layers import read_layers
    >>> grid = Grid("EPSG:32618", 0, 20, 10, rows=2, columns=2)
    >>> flat = Surface(grid, np.zeros((2, 2)), "relief", "m")
    >>> none = read_layers({}, crs="EPSG:32618", bounds=(-78, 7, -77, 8), cell_m=250)
    >>> lay_costs(replace(none, relief=flat), grid).friction
    array([[1.67, 1.67],
           [1.67, 1.67]])
    """
    if base.relief is None:
        raise ValueError("there is no relief")
    return make_costs(
        on_grid(base.relief, grid),
        rules=rules,
        season=season,
        land=land_on(base.land, grid) if land is None else land,
        cover=None if base.cover is None else on_grid(base.cover, grid),
        rivers=base.rivers if base.waterways.empty else base.waterways,
        neighbours=neighbours,
    )


def on_grid(surface: Surface, grid: Grid) -> Surface:
    """Return the value at the centre of each cell, of the cell of a surface there.

    Parameters
    ----------
    surface
        On any grid in the same CRS.
    grid
        Where the values are wanted; NaN beyond the surface.

    Examples
    --------
    >>> coarse = Grid("EPSG:32618", 0, 20, 20, rows=1, columns=1)
    >>> fine = Grid("EPSG:32618", 0, 20, 10, rows=2, columns=3)
    >>> on_grid(Surface(coarse, np.ones((1, 1)), "height", "m"), fine).values
    array([[ 1.,  1., nan],
           [ 1.,  1., nan]])
    """
    if surface.grid == grid:
        return surface
    theirs = surface.grid
    x, _ = grid.centre_of(np.arange(grid.columns))
    _, y = grid.centre_of(np.arange(grid.rows) * grid.columns)
    column = np.floor((x - theirs.west) / theirs.cell_m).astype(np.int64)
    row = np.floor((theirs.north - y) / theirs.cell_m).astype(np.int64)
    across = (column >= 0) & (column < theirs.columns)
    down = (row >= 0) & (row < theirs.rows)
    values = np.full(grid.shape, np.nan, surface.values.dtype)
    inside = np.ix_(row[down], column[across])
    values[np.ix_(down, across)] = surface.values[inside]
    return replace(surface, grid=grid, values=values)


def land_on(land: gpd.GeoDataFrame, grid: Grid) -> Mask:
    """Return which cells have their centre on land; all of them without a land layer.

    Parameters
    ----------
    land
        Polygons in the grid's CRS.
    grid
        Where the cells lie; a byte or two a cell is all that it takes.

    Notes
    -----
    Along the middle of each row, land begins and ends where an outline crosses it.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 20, 10, rows=2, columns=3)
    >>> island = gpd.GeoDataFrame(geometry=[shapely.box(8, 0, 30, 12)])
    >>> land_on(island, grid).astype(int)
    array([[0, 0, 0],
           [0, 1, 1]])
    """
    if land.empty:
        return np.ones(grid.shape, dtype=bool)
    ground = shapely.union_all(land.geometry.to_numpy())
    rings = shapely.get_rings(shapely.get_parts(ground))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    start = np.flatnonzero(ring[1:] == ring[:-1])
    x0, y0 = points[start].T
    x1, y1 = points[start + 1].T
    # Rows whose middle lies between the ends; of two edges that meet there, one counts.
    first = np.ceil((grid.north - np.maximum(y0, y1)) / grid.cell_m - 0.5)
    beyond = np.ceil((grid.north - np.minimum(y0, y1)) / grid.cell_m - 0.5)
    first, beyond = (
        np.clip(row, 0, grid.rows).astype(np.int64) for row in (first, beyond)
    )
    many = beyond - first
    edge = np.repeat(np.arange(start.size), many)
    row = first[edge] + np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    y = grid.north - (row + 0.5) * grid.cell_m
    x = x0[edge] + (y - y0[edge]) * (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])
    column = np.floor((x - grid.west) / grid.cell_m - 0.5) + 1
    flips = np.zeros((grid.rows, grid.columns + 1), np.uint8)
    at = np.clip(column, 0, grid.columns).astype(np.int64)
    np.bitwise_xor.at(flips, (row, at), 1)
    np.bitwise_xor.accumulate(flips, axis=1, out=flips)
    return flips[:, :-1].astype(bool)
