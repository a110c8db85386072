"""How far help is: hours from anywhere to the nearest post, as terrain allows."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.analysis.terrain.entries import cells_at
from geo.analysis.terrain.ground import make_costs
from geo.analysis.terrain.rules import Season, TravelRules
from geo.analysis.terrain.travel import isochrones
from geo.grid import Grid, Surface

POSTS = ("reception station", "receiving community", "border post")
"""Roles of the checkpoints at which somebody can help."""


def hours_to_posts(
    checkpoints: gpd.GeoDataFrame,
    grid: Grid,
    *,
    relief: Surface | None,
    land: NDArray[np.bool_],
    rivers: gpd.GeoDataFrame,
    rules: TravelRules | None = None,
    season: Season = "dry",
    roles: Sequence[str] = POSTS,
) -> Surface | None:
    """Return the hours from each cell to the nearest open post; None without any.

    On foot and in boats, by `geo.analysis.terrain.ground.make_costs`: a model, as good
    as its relief and its rules, and not what anybody was seen to do.

    Parameters
    ----------
    checkpoints
        As schema.Layers says; those count that have one of the roles, and no last
        month of use.
    grid
        Where the hours are wanted.
    relief
        Heights in metres, on any grid in the same CRS.
    land : (rows, columns) bool array
        Which cells of `grid` are land.
    rivers
        As schema.Layers says.
    rules, season
        How terrain slows travellers, and when.
    roles
        Of the checkpoints that count, of schema.ROLES.

    Returns
    -------
    Surface or None
        Hours; NaN where no way leads to a post, or the relief has no height.

    Examples
    --------
    Two posts in flat open country, one of them closed.

    >>> grid = Grid("EPSG:32618", 0, 1000, 1000, rows=1, columns=8)
    >>> flat = Surface(grid, np.zeros((1, 8)), "height", "m")
    >>> posts = gpd.GeoDataFrame(
    ...     {"role": POSTS[:2], "until": ["", "2021-05"]},
    ...     geometry=[shapely.Point(500, 500), shapely.Point(7500, 500)],
    ... )
    >>> none = gpd.GeoDataFrame({"order": []}, geometry=[])
    >>> land = np.ones((1, 8), bool)
    >>> hours = hours_to_posts(posts, grid, relief=flat, land=land, rivers=none)
    >>> hours.values.round(1).tolist()
    [[0.0, 0.3, 0.7, 1.0, 1.3, 1.7, 2.0, 2.3]]
    """
    if relief is None or checkpoints.empty:
        return None
    open_ = checkpoints["role"].isin(roles) & (checkpoints["until"] == "")
    heights = on_grid(relief, grid)
    passable = land & np.isfinite(heights.values)
    sources = cells_at(checkpoints[open_], grid, passable)
    sources = np.unique(sources[sources >= 0])
    if not len(sources):
        return None
    costs = make_costs(heights, rules=rules, season=season, land=land, rivers=rivers)
    hours = isochrones(costs, sources)
    return Surface(grid, hours.values, "hours to the nearest post", "h")


def on_grid(relief: Surface, grid: Grid) -> Surface:
    """Return the height at the centre of each cell, of the cell of the relief there."""
    if relief.grid == grid:
        return relief
    x, y = grid.centre_of(np.arange(grid.rows * grid.columns))
    there = relief.grid.cell_of(x, y)
    values = np.where(there >= 0, relief.values.ravel()[there], np.nan)
    return Surface(grid, values.reshape(grid.shape), relief.name, relief.unit)
