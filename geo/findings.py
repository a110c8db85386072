"""Sums over parts in, Findings out: the work that is done once on the whole grid."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.corridors.brownian import surface_of
from geo.analysis.corridors.network import make_network
from geo.analysis.corridors.outlines import (
    bridged_share,
    corridor_support,
    outline_corridors,
)
from geo.analysis.corridors.ridges import trace_ridges
from geo.analysis.corridors.traffic import count_network, worn_lines
from geo.analysis.density.surfaces import kernel_density
from geo.analysis.hotspots.cells import find_hotspots
from geo.analysis.hotspots.points import (
    count_at_targets,
    count_in_cells,
    find_point_hotspots,
)
from geo.analysis.terrain.reach import hours_to_posts
from geo.grid import Grid, Surface
from geo.partials import VOTE
from geo.privacy import About, Findings, round_significant
from geo.schema import ALL_MONTHS, Layers, month_label
from geo.totals import Totals


@dataclass(frozen=True, slots=True)
class Methods:
    """How sums become corridors and hotspots.

    Parameters
    ----------
    levels
        Shares of the movement that the outlines enclose.
    seasons
        Months (1 to 12) of each named season.
    bandwidth_m
        Standard deviation of the density kernel, in metres.
    alpha
        False discovery rate of the hotspots.
    k
        Corridors are outlined on cells that at least so many tracks stand behind.
    """

    levels: tuple[float, ...]
    seasons: Mapping[str, tuple[int, ...]]
    bandwidth_m: float
    alpha: float
    k: int


def make_findings(
    totals: Totals,
    about: About,
    *,
    base: Layers,
    targets: gpd.GeoDataFrame,
    cells: Grid,
    methods: Methods,
    points: pd.DataFrame | None = None,
) -> Findings:
    """Turn sums into corridors, hotspots, crossings and surfaces with their support.

    Parameters
    ----------
    totals
        Sums over parts.
    about
        What the findings are made from.
    base
        Base layers, in the region's CRS.
    targets
        Where crossings were counted, of `geo.analysis.crossings.counts.make_targets`.
    cells
        Coarse grid of the published cells.
    methods
        How.
    points
        People and incidents that belong to no track, of
        `geo.analysis.hotspots.points.clean_points`; without any, no layer tells of
        them.
    """
    movement = totals.movement["all"]
    land = land_mask(base.land, movement.grid)
    density = track_density(
        totals.votes, movement.grid, bandwidth_m=methods.bandwidth_m
    )
    hours = hours_to_posts(
        base.checkpoints,
        movement.grid,
        relief=base.relief,
        land=land,
        rivers=base.rivers,
    )
    reach_m = 2 * methods.bandwidth_m
    support = Surface(
        movement.grid, movement.support.astype(float), "support", "tracks"
    )
    return Findings(
        layers={
            "corridors": find_corridors(totals, methods),
            "hotspots": _hotspots(
                totals, cells, land, density, methods.alpha, hours=hours
            ),
            "hotspots_monthly": _by_month(totals.visits, ["cell"]),
            "crossings": _at_targets(totals.crossings, targets, count="tracks"),
            "crossings_monthly": _by_month(totals.crossings, ["target", "direction"]),
            "monthly": _by_month(totals.monthly, []),
        }
        | find_network(totals, methods, targets=targets, places=base.places)
        | _of_points(
            points, targets, cells, _ground(land, density.grid, cells), methods
        ),
        surfaces={
            "movement": (surface_of(movement), support),
            "density": (
                density,
                nearby_tracks(totals.visits, cells, density.grid, reach_m=reach_m),
            ),
        },
        base=base,
        about=about,
    )


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


def _hotspots(
    totals: Totals,
    cells: Grid,
    land: NDArray[np.bool_],
    density: Surface,
    alpha: float,
    *,
    hours: Surface | None,
) -> gpd.GeoDataFrame:
    """Return the tested cells, with density and hours to a post at their centres."""
    grid = density.grid
    ground = _ground(land, grid, cells)
    hotspots = find_hotspots(totals.visits, cells, land=ground, alpha=alpha)
    here = grid.cell_of(*cells.centre_of(hotspots["cell"].to_numpy(dtype=np.int64)))
    values = np.where(here >= 0, density.values.ravel()[here], np.nan)
    hotspots.insert(len(hotspots.columns) - 1, "density", round_significant(values))
    far = np.full(len(here), np.nan)
    if hours is not None:
        far = np.where(here >= 0, hours.values.ravel()[here], np.nan)
    hotspots.insert(len(hotspots.columns) - 1, "post_h", np.floor(2 * far + 0.5) / 2)
    return hotspots


def _ground(land: NDArray[np.bool_], grid: Grid, cells: Grid) -> NDArray[np.bool_]:
    """Return which cells of the coarse grid hold a cell of the fine one on land."""
    y, x = np.nonzero(land)
    ground = np.zeros(cells.rows * cells.columns, dtype=bool)
    ground[cells.cell_of(*grid.centre_of(y * grid.columns + x))] = True
    return ground.reshape(cells.shape)


def _of_points(
    points: pd.DataFrame | None,
    targets: gpd.GeoDataFrame,
    cells: Grid,
    ground: NDArray[np.bool_],
    methods: Methods,
) -> dict[str, pd.DataFrame]:
    """Return where points gather, and how many were seen at each crossing."""
    if points is None or points.empty:
        return {}
    inside, near = count_in_cells(points, cells), count_at_targets(points, targets)
    return {
        "points": find_point_hotspots(inside, cells, land=ground, alpha=methods.alpha),
        "points_monthly": _by_month(inside, ["cell"], count="points"),
        "recorded": _at_targets(near, targets, count="points"),
        "recorded_monthly": _by_month(near, ["target"], count="points"),
    }


def _by_month(
    table: pd.DataFrame, by: list[str], *, count: str = "tracks"
) -> pd.DataFrame:
    """Return what was counted in each month, with the month as text."""
    rows = table.loc[table["month"] != ALL_MONTHS, [*by, "month", count]]
    rows = rows[rows[count] > 0].sort_values([*by, "month"], ignore_index=True)
    return rows.assign(month=[month_label(int(month)) for month in rows["month"]])


def _at_targets(
    counts: pd.DataFrame, targets: gpd.GeoDataFrame, *, count: str
) -> gpd.GeoDataFrame:
    """Return the counts of the whole period, on the shape of their targets."""
    total = counts[counts["month"] == ALL_MONTHS].drop(columns="month")
    columns = ["target", "kind", "name", "quality", "precision_m", "geometry"]
    rows = targets[columns].merge(total, on="target", how="inner")
    rows = rows.assign(low=np.nan, high=np.nan)
    way = ["direction"] if "direction" in rows else []
    order = ["target", "kind", "name", *way, count, "low", "high"]
    return gpd.GeoDataFrame(
        rows[[*order, "quality", "precision_m", "geometry"]].sort_values(
            ["target", *way], ignore_index=True
        ),
        geometry="geometry",
        crs=targets.crs,
    )
