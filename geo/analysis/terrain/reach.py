"""How far help is: hours from anywhere to the nearest post, as terrain allows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geo.analysis.terrain.entries import cells_at
from geo.analysis.terrain.laying import land_on, lay_costs
from geo.analysis.terrain.rules import Season, TravelRules
from geo.analysis.terrain.travel import isochrones
from geo.grid import Grid, Surface
from geo.schema import Layers

POSTS = ("reception station", "receiving community", "border post")
"""Roles of the checkpoints at which somebody can help."""


def hours_to_posts(
    base: Layers,
    grid: Grid,
    *,
    land: NDArray[np.bool_] | None = None,
    rules: TravelRules | None = None,
    season: Season = "dry",
    roles: Sequence[str] = POSTS,
) -> Surface | None:
    """Return the hours from each cell to the nearest open post; None without any.

    On foot and in boats, by `geo.analysis.terrain.laying.lay_costs`: a model, as good
    as its layers and its rules, and not what anybody was seen to do.

    Parameters
    ----------
    base
        The layers. Of the checkpoints those count that have one of the roles, and no
        last month of use.
    grid
        Where the hours are wanted.
    land : (rows, columns) bool array
        Which cells of `grid` are land; by default those of the layer.
    rules, season
        How terrain slows travellers, and when.
    roles
        Of the checkpoints that count, of schema.ROLES.

    Returns
    -------
    Surface or None
        Hours; NaN where no way leads to a post, or the relief has no height. None
        also without a relief.

    Examples
    --------
    Two posts in flat open country, one of them closed.

    >>> import geopandas as gpd
    >>> import shapely
    >>> from dataclasses import replace
    >>> from geo.read.layers import read_layers
    >>> grid = Grid("EPSG:32618", 0, 1000, 1000, rows=1, columns=8)
    >>> none = read_layers({}, crs="EPSG:32618", bounds=(-78, 7, -77, 8), cell_m=250)
    >>> posts = gpd.GeoDataFrame(
    ...     {"role": POSTS[:2], "until": ["", "2021-05"]},
    ...     geometry=[shapely.Point(500, 500), shapely.Point(7500, 500)],
    ... )
    >>> flat = Surface(grid, np.zeros((1, 8)), "height", "m")
    >>> hours = hours_to_posts(replace(none, checkpoints=posts, relief=flat), grid)
    >>> hours.values.round(1).tolist()
    [[0.0, 0.3, 0.7, 1.0, 1.3, 1.7, 2.0, 2.3]]
    """
    posts = base.checkpoints
    if base.relief is None or posts.empty:
        return None
    open_ = posts["role"].isin(roles) & (posts["until"] == "")
    if not open_.any():
        return None
    ground = land_on(base.land, grid) if land is None else land
    costs = lay_costs(base, grid, rules=rules, season=season, land=ground)
    passable = ground & ~np.isnan(costs.friction)
    sources = cells_at(posts[open_], grid, passable)
    sources = np.unique(sources[sources >= 0])
    if not len(sources):
        return None
    hours = isochrones(costs, sources)
    return Surface(grid, hours.values, "hours to the nearest post", "h")
