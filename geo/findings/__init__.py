"""Sums over parts in, Findings out: the work that is done once on the whole grid."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from geo.analysis.corridors.brownian import surface_of
from geo.analysis.terrain.laying import on_grid
from geo.analysis.terrain.reach import hours_to_posts
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
from geo.privacy import About, Findings
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
    movement = totals.movement["all"]
    land = land_mask(base.land, movement.grid)
    bandwidth_m = choose_bandwidth(
        methods.bandwidth, totals.votes, movement.grid, fallback_m=cells.cell_m
    )
    density = track_density(totals.votes, movement.grid, bandwidth_m=bandwidth_m)
    travel = methods.travel or movement.grid
    hours = memory.surface(
        "hours",
        "",
        lambda: hours_to_posts(
            base,
            travel,
            land=land if travel == movement.grid else None,
            rules=methods.model.rules,
            season=methods.model.season,
        ),
        travel,
    )
    ground = coarse_ground(land, density.grid, cells)
    hours = None if hours is None else on_grid(hours, movement.grid)
    reach_m = 2 * bandwidth_m
    support = Surface(
        movement.grid, movement.support.astype(float), "support", "tracks"
    )
    network = find_network(totals, methods, targets=targets, base=base, land=land)
    found = Findings(
        layers={
            "corridors": find_corridors(
                totals, methods, memory=memory, made_from=made_from or {}
            ),
            "hotspots": find_cells(totals, cells, land, density, methods, hours=hours),
            "hotspots_monthly": count_by_month(totals.visits, ["cell"]),
            "crossings": crossings_on_targets(totals.crossings, targets),
            "crossings_monthly": crossings_by_month(totals.crossings),
            "monthly": count_by_month(totals.monthly, []),
            "bandwidths": compare_densities(
                totals.votes,
                movement.grid,
                bandwidth_m=bandwidth_m,
                tracks=totals.tracks,
            ),
        }
        | find_change(totals, cells, ground=ground, methods=methods)
        | network
        | find_clusters(
            totals,
            cells,
            ground=ground,
            lines=[*base.rivers.geometry, *network["network"].geometry],
            methods=methods,
        )
        | find_points(
            points,
            targets,
            cells,
            ground,
            methods,
            effort=base.effort,
        )
        | find_along(points, base.trails, bandwidth_m=bandwidth_m)
        | find_risk(
            points,
            draw_positions(totals.votes, movement.grid, number=totals.tracks),
            movement.grid,
            land=land,
            bandwidth_m=bandwidth_m,
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
        models=memory.frames(
            "models",
            "",
            lambda: find_models(
                base, movement.grid, land=land, hours=hours, methods=methods.model
            ),
        ),
    )
    return with_fused(found, totals, methods)
