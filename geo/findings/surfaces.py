"""Surfaces and masks on the fine grid and the coarse one."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.density.surfaces import kernel_density
from geo.grid import Grid, Surface
from geo.partials import VOTE
from geo.schema import ALL_MONTHS


def land_mask(land: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.bool_]:
    """Return which cells have their centre on land; all of them without a land layer.

    Parameters
    ----------
    land
        Polygons in the grid's CRS.
    grid
        Where the cells lie.
    """
    if land.empty:
        return np.ones(grid.shape, dtype=bool)
    ground = shapely.union_all(land.geometry.to_numpy())
    shapely.prepare(ground)
    x, y = grid.centre_of(np.arange(grid.rows * grid.columns))
    mask: NDArray[np.bool_] = shapely.contains_xy(ground, x, y)
    return mask.reshape(grid.shape)


def coarse_ground(
    land: NDArray[np.bool_], grid: Grid, cells: Grid
) -> NDArray[np.bool_]:
    """Return which cells of the coarse grid hold a cell of the fine one on land."""
    y, x = np.nonzero(land)
    ground = np.zeros(cells.rows * cells.columns, dtype=bool)
    ground[cells.cell_of(*grid.centre_of(y * grid.columns + x))] = True
    return ground.reshape(cells.shape)


def track_density(
    votes: NDArray[np.int64], grid: Grid, *, bandwidth_m: float
) -> Surface:
    """Return tracks per km², each track counting once in every coarse cell it enters.

    Parameters
    ----------
    votes
        Sum of `geo.partials.coarse_votes`, on `grid`.
    grid
        The fine grid.
    bandwidth_m
        Standard deviation of the Gaussian that smooths them, in metres. Boats count
        at sea as walkers do on land, so only the edge of the grid is an edge.
    """
    return kernel_density(votes / VOTE, grid, bandwidth_m=bandwidth_m)


def nearby_tracks(
    visits: pd.DataFrame, cells: Grid, grid: Grid, *, reach_m: float
) -> Surface:
    """Return, for each fine cell, the most tracks in any coarse cell within reach.

    It is the support of a smoothed surface: at least so many distinct tracks passed
    within `reach_m` of the cell.
    """
    total = visits[visits["month"] == ALL_MONTHS]
    tracks = np.zeros(cells.rows * cells.columns)
    tracks[total["cell"].to_numpy(dtype=np.int64)] = total["tracks"]
    ring = max(1, int(reach_m // cells.cell_m))
    row, column = np.mgrid[-ring : ring + 1, -ring : ring + 1]
    disc = row**2 + column**2 <= ring**2
    most = ndimage.maximum_filter(
        tracks.reshape(cells.shape), footprint=disc, mode="constant"
    )
    every = np.arange(grid.rows * grid.columns)
    values = most.ravel()[cells.cell_of(*grid.centre_of(every))]
    return Surface(grid, values.reshape(grid.shape), "support", "tracks")
