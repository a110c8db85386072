"""Corridors of the whole period and of each season, with support."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.analysis.corridors.brownian import surface_of
from geo.analysis.corridors.outlines import (
    bridged_share,
    corridor_support,
    outline_corridors,
)
from geo.findings.methods import Methods
from geo.grid import Surface
from geo.totals import Totals


def find_corridors(totals: Totals, methods: Methods) -> gpd.GeoDataFrame:
    """Outline the corridors of the whole period and of each season, with support."""
    found = [_corridors_of(totals, methods, season) for season in totals.movement]
    corridors = pd.concat(found, ignore_index=True)
    corridors["corridor"] = np.arange(1, len(corridors) + 1)
    return gpd.GeoDataFrame(corridors, geometry="geometry", crs=found[0].crs)


def _corridors_of(totals: Totals, methods: Methods, season: str) -> gpd.GeoDataFrame:
    """Outline the corridors of a season, or of the whole period, with support."""
    movement = totals.movement[season]
    support = Surface(
        movement.grid, movement.support.astype(float), "support", "tracks"
    )
    outlines = outline_corridors(
        surface_of(movement),
        levels=methods.levels,
        support=support,
        fewest=methods.k,
    )
    paths = totals.paths
    if season != "all":
        chosen = np.isin(np.arange(1, 13), methods.seasons[season])
        paths = paths[chosen[paths["part"].to_numpy() % 12]]
    outlines = outlines.merge(
        corridor_support(paths, outlines, grid=movement.grid), on="corridor"
    )
    outlines["bridged_pct"] = bridged_share(movement, outlines)
    outlines.insert(1, "season", season)
    return outlines
