"""Sums over parts in, Findings out: the work that is done once on the whole grid."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.corridors.brownian import support_of, surface_of
from geo.analysis.terrain.laying import on_grid
from geo.analysis.terrain.reach import hours_to_posts
from geo.engine import at_once
from geo.findings.along import find_along
from geo.findings.bandwidths import (
    choose_bandwidth,
    compare_densities,
    draw_positions,
)
from geo.findings.clusters import find_clusters
from geo.findings.corridors import find_corridors
from geo.findings.counts import (
    count_by_month,
    crossings_by_month,
    crossings_on_targets,
)
from geo.findings.emerging import find_change
from geo.findings.fused import with_fused
from geo.findings.hotspots import find_cells, find_points
from geo.findings.methods import Methods
from geo.findings.model import find_models
from geo.findings.risk import find_risk
from geo.findings.routes import find_network
from geo.findings.surfaces import coarse_ground, land_mask, nearby_tracks, track_density
from geo.grid import Grid, Surface
from geo.memory import Memory
from geo.privacy import About, Findings, round_significant
from geo.schema import Layers
from geo.totals import Totals


def make_findings(
    totals: Totals,
    about: About,
    *,
    base: Layers,
    targets: gpd.GeoDataFrame,
    cells: Grid,
    methods: Methods,
    points: pd.DataFrame | None = None,
    memory: Memory | None = None,
    made_from: Mapping[str, str] | None = None,
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
    memory
        What was found before; without one, all is found anew.
    made_from
        For "all" and each season, digest of all that its sums were made from. Without
        one, only what the base layers alone make is remembered.
    """
    memory = memory or Memory()
    ground = _look_at_ground(totals, base, cells, methods, memory)
    routes, found = at_once(
        lambda: _along_routes(
            totals, targets=targets, base=base, ground=ground, methods=methods
        ),
        lambda: _over_ground(
            totals,
            about,
            targets=targets,
            base=base,
            ground=ground,
            methods=methods,
            memory=memory,
            made_from=made_from or {},
        ),
    )
    of_points = _of_points(
        totals, points, targets=targets, base=base, ground=ground, methods=methods
    )
    return replace(found, layers={**found.layers, **routes, **of_points})


@dataclass(frozen=True, slots=True)
class _Ground:
    """What several findings stand on: land, hours to help, and the density."""

    cells: Grid
    land: NDArray[np.bool_]
    coarse: NDArray[np.bool_]
    hours: Surface | None
    bandwidth_m: float
    density: Surface

    @property
    def grid(self) -> Grid:
        """The fine grid."""
        return self.density.grid


def _look_at_ground(
    totals: Totals, base: Layers, cells: Grid, methods: Methods, memory: Memory
) -> _Ground:
    """Return what several findings stand on."""
    grid = totals.movement["all"].grid
    land = memory.arrays("land", "", lambda: {"land": land_mask(base.land, grid)})[
        "land"
    ]
    travel = methods.travel or grid
    hours = memory.surface(
        "hours",
        "",
        lambda: hours_to_posts(
            base,
            travel,
            land=land if travel == grid else None,
            rules=methods.model.rules,
            season=methods.model.season,
        ),
        travel,
    )
    bandwidth_m = choose_bandwidth(
        methods.bandwidth, totals.votes, grid, fallback_m=cells.cell_m
    )
    return _Ground(
        cells=cells,
        land=land,
        coarse=coarse_ground(land, grid, cells),
        hours=None if hours is None else on_grid(hours, grid),
        bandwidth_m=bandwidth_m,
        density=track_density(totals.votes, grid, bandwidth_m=bandwidth_m),
    )


def _along_routes(
    totals: Totals,
    *,
    targets: gpd.GeoDataFrame,
    base: Layers,
    ground: _Ground,
    methods: Methods,
) -> dict[str, pd.DataFrame]:
    """Return the routes, and the clusters, which may grow along them."""
    network = find_network(
        totals, methods, targets=targets, base=base, land=ground.land
    )
    return network | find_clusters(
        totals,
        ground.cells,
        ground=ground.coarse,
        lines=[*base.rivers.geometry, *network["network"].geometry],
        methods=methods,
    )


def _over_ground(
    totals: Totals,
    about: About,
    *,
    targets: gpd.GeoDataFrame,
    base: Layers,
    ground: _Ground,
    methods: Methods,
    memory: Memory,
    made_from: Mapping[str, str],
) -> Findings:
    """Return all that asks for no routes: cells, corridors, surfaces and models."""

    def model() -> dict[str, pd.DataFrame]:
        return find_models(
            base,
            ground.grid,
            land=ground.land,
            hours=ground.hours,
            methods=methods.model,
        )

    corridors = find_corridors(totals, methods, memory=memory, made_from=made_from)
    found = Findings(
        layers=_of_tracks(totals, targets, ground, methods) | {"corridors": corridors},
        surfaces=_surfaces(totals, ground),
        base=base,
        about=about,
        models=memory.frames("models", "", model),
    )
    return with_fused(found, totals, methods, memory=memory)


def _of_tracks(
    totals: Totals, targets: gpd.GeoDataFrame, ground: _Ground, methods: Methods
) -> dict[str, pd.DataFrame]:
    """Return where and when tracks gather and cross, and how sure that is."""
    return {
        "hotspots": find_cells(
            totals,
            ground.cells,
            ground.land,
            ground.density,
            methods,
            hours=ground.hours,
        ),
        "hotspots_monthly": count_by_month(totals.visits, ["cell"]),
        "crossings": crossings_on_targets(totals.crossings, targets),
        "crossings_monthly": crossings_by_month(totals.crossings),
        "monthly": count_by_month(totals.monthly, []),
        "bandwidths": compare_densities(
            totals.votes,
            ground.grid,
            bandwidth_m=ground.bandwidth_m,
            tracks=totals.tracks,
            density=ground.density,
        ),
    } | find_change(totals, ground.cells, ground=ground.coarse, methods=methods)


def _of_points(
    totals: Totals,
    points: pd.DataFrame | None,
    *,
    targets: gpd.GeoDataFrame,
    base: Layers,
    ground: _Ground,
    methods: Methods,
) -> dict[str, pd.DataFrame]:
    """Return what recorded points tell, also beside the tracks that pass."""
    # A round number: one track more then moves few of the positions that are drawn.
    number = int(round_significant(np.array([float(totals.tracks)]))[0])
    return (
        find_points(
            points, targets, ground.cells, ground.coarse, methods, effort=base.effort
        )
        | find_along(points, base.trails, bandwidth_m=ground.bandwidth_m)
        | find_risk(
            points,
            draw_positions(totals.votes, ground.grid, number=number),
            ground.grid,
            land=ground.land,
            bandwidth_m=ground.bandwidth_m,
        )
    )


def _surfaces(totals: Totals, ground: _Ground) -> dict[str, tuple[Surface, Surface]]:
    """Return movement and density, each with the tracks behind it."""
    movement = totals.movement["all"]
    near = nearby_tracks(
        totals.visits, ground.cells, ground.grid, reach_m=2 * ground.bandwidth_m
    )
    return {
        "movement": (surface_of(movement), support_of(movement)),
        "density": (ground.density, near),
    }
