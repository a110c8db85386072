"""The route network of the whole period: who goes, when, how, and for how long."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.corridors.along import REACH
from geo.analysis.corridors.brownian import support_of, surface_of
from geo.analysis.corridors.journeys import read_journeys
from geo.analysis.corridors.network import Network, make_network
from geo.analysis.corridors.outlines import bridged_share
from geo.analysis.corridors.ridges import trace_ridges
from geo.analysis.corridors.tidying import tidy_lines
from geo.analysis.corridors.traffic import count_edges, count_network, worn_lines
from geo.analysis.corridors.tubes import draw_tubes, find_tubes
from geo.findings.methods import Methods
from geo.schema import Layers, month_labels
from geo.totals import Totals, begins_of, marks_of


def find_network(
    totals: Totals,
    methods: Methods,
    *,
    targets: gpd.GeoDataFrame,
    base: Layers,
    land: NDArray[np.bool_],
) -> dict[str, pd.DataFrame]:
    """Return the routes of the whole period, their months, their ends, their tubes.

    The gate fills in the shares on foot and by boat, from rounded counts.
    Lines on which fewer than k tracks are seen are taken out, then short dead ends
    that lead to no checkpoint, and the rest is cut and counted anew.

    Parameters
    ----------
    totals, methods
        What was added up, and how findings are made of it.
    targets
        Where crossings were counted.
    base
        Base layers, in the region's CRS.
    land
        Which cells lie on land.
    """
    movement = totals.movement["all"]
    grid = movement.grid
    network = _network(totals, methods, targets, base.places)
    journeys = read_journeys(
        totals.trails, network, grid=grid, land=land, rivers=base.rivers
    )
    edges, monthly, nodes = count_network(
        totals.paths, network, grid=grid, journeys=journeys
    )
    seeds = marks_of(totals.paths, begins_of(totals.paths))
    tubes = find_tubes(totals.paths, edges, grid=grid, seeds=seeds)
    edges = edges.merge(tubes.edges, on="edge")
    around = edges.set_geometry(edges.buffer(REACH * grid.cell_m))
    edges = edges.assign(bridged_pct=bridged_share(movement, around))
    shares = {
        f"{way}_{means}_pct": np.nan
        for way in ("ahead", "back")
        for means in ("foot", "boat")
    }
    return {
        "network": edges.assign(**shares),
        "network_monthly": monthly.assign(month=month_labels(monthly["month"])),
        "network_nodes": nodes,
        "network_tubes": draw_tubes(edges, tubes.places),
    }


def _network(
    totals: Totals,
    methods: Methods,
    targets: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
) -> Network:
    """Trace the lines, take out what few walk or is short, and cut the rest."""
    movement = totals.movement["all"]
    grid = movement.grid
    support = support_of(movement)
    ground: dict[str, Any] = {"targets": targets, "places": places}
    ground["round_m"] = grid.cell_m / 10
    lines = trace_ridges(surface_of(movement), support=support, fewest=methods.k)
    network = make_network(lines, **ground)
    edges = count_edges(totals.paths, network, grid=grid)
    posts = targets[targets["kind"] == "checkpoint"]
    lines = tidy_lines(worn_lines(edges, fewest=methods.k), kept=posts)
    return make_network(lines, **ground)
