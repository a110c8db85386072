"""Cells that are hot or cold, of tracks and of recorded points."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.hotspots.cells import find_hotspots
from geo.analysis.hotspots.points import (
    count_at_targets,
    count_in_cells,
    find_point_hotspots,
)
from geo.analysis.hotspots.rates import effort_in_cells
from geo.analysis.hotspots.stability import stable_share
from geo.findings.counts import count_by_month, count_on_targets
from geo.findings.methods import Methods
from geo.findings.surfaces import coarse_ground
from geo.grid import Grid, Surface
from geo.privacy import round_significant
from geo.totals import Totals


def find_cells(
    totals: Totals,
    cells: Grid,
    land: NDArray[np.bool_],
    density: Surface,
    methods: Methods,
    *,
    hours: Surface | None,
) -> gpd.GeoDataFrame:
    """Return the tested cells, with density and hours to a post at their centres."""
    grid = density.grid
    ground = coarse_ground(land, grid, cells)
    hotspots = find_hotspots(
        totals.visits, cells, land=ground, count=methods.count, **methods.test
    )
    stable = np.full(len(hotspots), np.nan)
    if methods.count == "tracks":  # paths say who was in a fine cell, not how long
        share = stable_share(
            hotspots["cell"].to_numpy(dtype=np.int64),
            hotspots["kind"].to_numpy(dtype=np.str_),
            cells,
            paths=totals.paths,
            grid=grid,
            land=land,
            **methods.test,
        )
        stable = np.where(hotspots["q"].notna(), share, np.nan)
    hotspots.insert(len(hotspots.columns) - 1, "stable_pct", stable)
    here = grid.cell_of(*cells.centre_of(hotspots["cell"].to_numpy(dtype=np.int64)))
    values = np.where(here >= 0, density.values.ravel()[here], np.nan)
    hotspots.insert(len(hotspots.columns) - 1, "density", round_significant(values))
    far = np.full(len(here), np.nan)
    if hours is not None:
        centres = cells.centre_of(hotspots["cell"].to_numpy(dtype=np.int64))
        there = hours.grid.cell_of(*centres)
        far = np.where(there >= 0, hours.values.ravel()[there], np.nan)
    hotspots.insert(len(hotspots.columns) - 1, "post_h", np.floor(2 * far + 0.5) / 2)
    return hotspots


def find_points(
    points: pd.DataFrame | None,
    targets: gpd.GeoDataFrame,
    cells: Grid,
    ground: NDArray[np.bool_],
    methods: Methods,
    *,
    effort: gpd.GeoDataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Return where points gather, and how many were seen at each crossing."""
    if points is None or points.empty:
        return {}
    inside, near = count_in_cells(points, cells), count_at_targets(points, targets)
    watched = effort is not None and len(effort) > 0
    hours = effort_in_cells(effort, cells) if watched else None
    return {
        "points": find_point_hotspots(
            inside, cells, land=ground, alpha=methods.alpha, hours=hours
        ),
        "points_monthly": count_by_month(inside, ["cell"], count="points"),
        "recorded": count_on_targets(near, targets, count="points"),
        "recorded_monthly": count_by_month(near, ["target"], count="points"),
    }
