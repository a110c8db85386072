"""Corridors of the whole period and of each season, with support."""

from collections.abc import Mapping
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.analysis.corridors.brownian import support_of, surface_of
from geo.analysis.corridors.outlines import (
    bridged_share,
    corridor_support,
    outline_corridors,
)
from geo.findings.methods import Methods
from geo.memory import Memory
from geo.totals import Totals, rows_of


def find_corridors(
    totals: Totals,
    methods: Methods,
    *,
    memory: Memory | None = None,
    made_from: Mapping[str, str] | None = None,
) -> gpd.GeoDataFrame:
    """Outline the corridors of the whole period and of each season, with support.

    Parameters
    ----------
    totals, methods
        What was added up, and how findings are made of it.
    memory, made_from
        As for `geo.findings.make_findings`.
    """
    memory, known = memory or Memory(), made_from or {}
    found = [
        memory.frames("corridors", f"{season} {known[season]}", make)["corridors"]
        if season in known
        else make()["corridors"]
        for season in totals.movement
        for make in [partial(_by_name, totals, methods, season)]
    ]
    corridors = pd.concat(found, ignore_index=True)
    corridors["corridor"] = np.arange(1, len(corridors) + 1)
    return gpd.GeoDataFrame(corridors, geometry="geometry", crs=found[0].crs)


def _by_name(totals: Totals, methods: Methods, season: str) -> dict[str, pd.DataFrame]:
    """Return the corridors of a season as a memory keeps them."""
    return {"corridors": _corridors_of(totals, methods, season)}


def _corridors_of(totals: Totals, methods: Methods, season: str) -> gpd.GeoDataFrame:
    """Outline the corridors of a season, or of the whole period, with support."""
    movement = totals.movement[season]
    support = support_of(movement)
    outlines = outline_corridors(
        surface_of(movement),
        levels=methods.levels,
        support=support,
        fewest=methods.k,
    )
    paths = totals.paths
    if season != "all":
        chosen = np.isin(np.arange(1, 13), methods.seasons[season])
        paths = rows_of(paths, chosen[paths["part"].to_numpy() % 12])
    outlines = outlines.merge(
        corridor_support(paths, outlines, grid=movement.grid), on="corridor"
    )
    outlines["bridged_pct"] = bridged_share(movement, outlines)
    outlines.insert(1, "season", season)
    return outlines
