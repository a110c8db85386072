"""Corridors and routes of the whole period and of each season, with support."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.analysis.corridors.brownian import surface_of
from geo.analysis.corridors.network import make_network
from geo.analysis.corridors.outlines import (
    bridged_share,
    corridor_support,
    outline_corridors,
)
from geo.analysis.corridors.ridges import trace_ridges
from geo.analysis.corridors.traffic import count_network, worn_lines
from geo.findings.methods import Methods
from geo.grid import Surface
from geo.schema import month_label
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


def find_network(
    totals: Totals,
    methods: Methods,
    *,
    targets: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
) -> dict[str, pd.DataFrame]:
    """Return the routes of the whole period, their months, and where they meet.

    Lines on which fewer than k tracks are seen are taken out, and the rest is cut
    and counted anew: what led only to them is no junction.
    """
    movement = totals.movement["all"]
    grid = movement.grid
    support = Surface(grid, movement.support.astype(float), "support", "tracks")
    ground: dict[str, Any] = {"targets": targets, "places": places}
    ground["round_m"] = grid.cell_m / 10
    lines = trace_ridges(surface_of(movement), support=support, fewest=methods.k)
    network = make_network(lines, **ground)
    edges, _, _ = count_network(totals.paths, network, grid=grid)
    lines = worn_lines(edges, fewest=methods.k)
    network = make_network(lines, **ground)
    edges, monthly, nodes = count_network(totals.paths, network, grid=grid)
    named = [month_label(int(month)) for month in monthly["month"]]
    return {
        "network": edges,
        "network_monthly": monthly.assign(month=pd.Series(named, dtype="str")),
        "network_nodes": nodes,
    }
