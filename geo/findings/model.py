"""What the ground alone makes likely: quickest ways, and bands of hours to help.

Quickest ways lead from entries to exits, or from every place to every other.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.corridors.prior import least_cost_corridors
from geo.analysis.corridors.thoroughfares import choose_places, find_thoroughfares
from geo.analysis.terrain.bands import bands_of
from geo.analysis.terrain.costs import Costs
from geo.analysis.terrain.entries import find_entries
from geo.analysis.terrain.laying import lay_costs
from geo.analysis.terrain.reach import hours_to_posts
from geo.findings.methods import ModelMethods
from geo.findings.surfaces import land_mask
from geo.grid import Grid, Surface
from geo.schema import Layers

OTHER_HELP = ("clinic", "water point")
"""What bands of hours lead to beside posts, if the layers have any: roles of
checkpoints."""


def find_models(
    base: Layers,
    grid: Grid,
    *,
    land: NDArray[np.bool_],
    hours: Surface | None,
    methods: ModelMethods,
) -> dict[str, pd.DataFrame]:
    """Return the layers that the base layers alone make, and no track changes.

    Parameters
    ----------
    base
        Base layers, in the region's CRS.
    grid
        The fine grid.
    land, hours
        Which of its cells are land, and how far help is from them, of
        `geo.analysis.terrain.reach.hours_to_posts`; None where there is none.
    methods
        How.

    Returns
    -------
    dict of GeoDataFrame
        `isochrones` if there is anything to go to; with a relief, `modelled` if there
        are entries and exits, and `thoroughfares` if ways lead between places.

    Raises
    ------
    ConfigError
        If no checkpoint or place is called as an entry or exit is.
    """
    found: dict[str, pd.DataFrame] = {}
    bands = _isochrones(base, grid, land=land, hours=hours, methods=methods)
    if len(bands):
        found["isochrones"] = bands
    if base.relief is None:
        return found
    coarse = grid.coarsened(methods.cell_factor)
    solid = land_mask(base.land, coarse)
    costs = travel_costs(base, coarse, methods, land=solid)
    if methods.entries:
        entries, exits = find_ends(base, grid.crs, methods)
        found["modelled"] = least_cost_corridors(
            costs, entries, exits, percents=methods.slower_pct
        )
    places = choose_places(
        base.places,
        base.checkpoints,
        grid=coarse,
        passable=np.isfinite(costs.friction) & solid,
        most=methods.thoroughfares,
    )
    ways = find_thoroughfares(costs, places)
    if len(ways):
        found["thoroughfares"] = ways
    return found


def find_ends(
    base: Layers, crs: str, methods: ModelMethods
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return where people come in, and where they go out.

    Raises
    ------
    ConfigError
        If no checkpoint or place is called as an entry or exit is.
    """
    entries, exits = (
        find_entries(
            wanted,
            checkpoints=base.checkpoints,
            places=base.places,
            crs=crs,
            key=key,
        )
        for key, wanted in (("entries", methods.entries), ("exits", methods.exits))
    )
    return entries, exits


def travel_costs(
    base: Layers,
    grid: Grid,
    methods: ModelMethods,
    *,
    land: NDArray[np.bool_] | None = None,
) -> Costs:
    """Return what it costs to travel over a grid; `land` says where it is land."""
    return lay_costs(
        base,
        grid,
        rules=methods.rules,
        season=methods.season,
        land=land_mask(base.land, grid) if land is None else land,
    )


def _isochrones(
    base: Layers,
    grid: Grid,
    *,
    land: NDArray[np.bool_],
    hours: Surface | None,
    methods: ModelMethods,
) -> gpd.GeoDataFrame:
    """Return bands of hours to the nearest post, and to the other kinds of help."""
    reach = {"post": hours} | {
        kind: hours_to_posts(
            base,
            grid,
            land=land,
            rules=methods.rules,
            season=methods.season,
            roles=(kind,),
        )
        for kind in OTHER_HELP
    }
    tables = []
    for kind, surface in reach.items():
        if surface is None:
            continue
        coarse = _coarsened(surface, methods.cell_factor)
        bands = bands_of(coarse, methods.hours, land=base.land)
        bands.insert(0, "help", pd.Series(kind, bands.index, dtype="str"))
        tables.append(bands)
    if not tables:
        return gpd.GeoDataFrame({"help": []}, geometry=[], crs=grid.crs)
    return gpd.GeoDataFrame(
        pd.concat(tables, ignore_index=True), geometry="geometry", crs=grid.crs
    )


def _coarsened(surface: Surface, factor: int) -> Surface:
    """Return the mean of what is known in each larger cell."""
    grid = surface.grid
    coarse = grid.coarsened(factor)
    every = np.arange(grid.rows * grid.columns)
    cell = coarse.cell_of(*grid.centre_of(every))
    known = np.isfinite(surface.values.ravel())
    many = coarse.rows * coarse.columns
    total = np.bincount(cell[known], surface.values.ravel()[known], many)
    count = np.bincount(cell[known], minlength=many)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return Surface(coarse, mean.reshape(coarse.shape), surface.name, surface.unit)
