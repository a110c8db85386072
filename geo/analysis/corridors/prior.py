"""Where the ground alone would lead people: quickest ways, and ways about as quick."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.terrain.bands import areas_below
from geo.analysis.terrain.costs import Costs
from geo.analysis.terrain.entries import cells_at
from geo.analysis.terrain.flows import net_flows
from geo.analysis.terrain.moves import Graph
from geo.analysis.terrain.travel import accumulate_each
from geo.grid import Surface

Floats = NDArray[np.float64]

THETAS_PER_H = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Candidates for how strictly travellers keep to the quickest way."""

PRIOR = ("terrain prior", "1")
"""Name and unit of a prior."""

_HALF_HOURS = 2.0  # hours are told in halves: the model knows no more


def least_cost_corridors(
    costs: Costs,
    entries: gpd.GeoDataFrame,
    exits: gpd.GeoDataFrame,
    *,
    percents: Sequence[float] = (5, 10),
) -> gpd.GeoDataFrame:
    """Outline the ways from each entry to each exit that are nearly the quickest.

    Parameters
    ----------
    costs
        Over what.
    entries, exits
        Points with a `name`, of `geo.analysis.terrain.entries.find_entries`.
    percents
        How much longer than the quickest way the others may take.

    Returns
    -------
    GeoDataFrame
        A row for each pair and percentage: `entry`, `exit`, `level` (percent), `hours`
        of the quickest way in halves, `area_km2`, and geometry. A pair has no row where
        no way leads, both are in one cell, or one lies off the grid.

    Examples
    --------
    On open ground a strip between the two:

    >>> from geo.analysis.terrain.costs import costs_of
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 9000, 1000, rows=9, columns=15)
    >>> plain = costs_of(Surface(grid, np.ones(grid.shape), "friction", "s/m"))
    >>> spots = gpd.points_from_xy([1500, 13500], [4500, 4500])
    >>> ends = gpd.GeoDataFrame({"name": ["A", "B"]}, geometry=spots)
    >>> found = least_cost_corridors(plain, ends[:1], ends[1:], percents=[5])
    >>> found[["entry", "exit", "level", "hours"]].values.tolist()
    [['A', 'B', 5, 3.5]]
    """
    grid = costs.grid
    passable = np.isfinite(costs.friction)
    begin, end = (cells_at(points, grid, passable) for points in (entries, exits))
    ends = [(cell, False) for cell in begin] + [(cell, True) for cell in end]
    known = [*dict.fromkeys((int(cell), back) for cell, back in ends if cell >= 0)]
    travels = accumulate_each(
        costs, [[cell] for cell, _ in known], back=[back for _, back in known]
    )
    hours = {key: one.hours.values for key, one in zip(known, travels, strict=True)}
    rows = []
    for entry, start in zip(entries["name"], begin.tolist(), strict=True):
        for out, goal in zip(exits["name"], end.tolist(), strict=True):
            if min(start, goal) < 0 or start == goal:
                continue
            by_way = hours[start, False] + hours[goal, True]
            best = float(by_way.ravel()[goal])
            if not np.isfinite(best):
                continue
            areas = areas_below(
                Surface(grid, by_way, "travel time by way of", "h"),
                [best * (1 + percent / 100) for percent in percents],
            )
            rows += [
                (entry, out, round(percent), best, shapely.MultiPolygon([*area]))
                for percent, area in zip(percents, areas, strict=True)
                if len(area)
            ]
    return _table(rows, grid.crs)


def _table(
    rows: list[tuple[str, str, int, float, shapely.MultiPolygon]], crs: str
) -> gpd.GeoDataFrame:
    """Return corridors as a frame."""
    shapes = [row[4] for row in rows]
    return gpd.GeoDataFrame(
        {
            "entry": pd.Series([row[0] for row in rows], dtype="str"),
            "exit": pd.Series([row[1] for row in rows], dtype="str"),
            "level": np.array([row[2] for row in rows], np.int64),
            "hours": np.round(np.array([row[3] for row in rows]) * _HALF_HOURS)
            / _HALF_HOURS,
            "area_km2": np.round(shapely.area(shapes) / 1e6).reshape(-1),
        },
        geometry=gpd.GeoSeries(shapes, dtype="geometry", crs=crs),
    )


def terrain_priors(
    costs: Costs,
    entries: gpd.GeoDataFrame,
    exits: gpd.GeoDataFrame,
    *,
    thetas_per_h: Sequence[float] = THETAS_PER_H,
) -> dict[float, Surface]:
    """Return how travellers would spread over the ground, for each theta.

    Parameters
    ----------
    costs
        Over what.
    entries, exits
        As of `least_cost_corridors`; every pair counts the same.
    thetas_per_h
        As of `geo.analysis.terrain.wandering.wander`, above 0.

    Returns
    -------
    dict of Surface
        By theta: the mean over pairs of their net flow, each made to sum to 1; NaN
        where nobody can pass. Empty if no pair has a way.

    Examples
    --------
    Two valleys that are alike take half of the travellers each:

    >>> from geo.analysis.terrain.costs import costs_of
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 30, 10, rows=3, columns=3)
    >>> ground = np.array([[1.0, 1, 1], [1, np.nan, 1], [1, 1, 1]])
    >>> costs = costs_of(Surface(grid, ground, "friction", "s/m"), neighbours=8)
    >>> ends = gpd.GeoDataFrame(
    ...     {"name": ["A", "B"]}, geometry=gpd.points_from_xy([5, 25], [15, 15])
    ... )
    >>> found = terrain_priors(costs, ends[:1], ends[1:], thetas_per_h=[1.0])
    >>> share = found[1.0].values
    >>> bool(np.isclose(share[0, 1], share[2, 1])), round(float(np.nansum(share)), 9)
    (True, 1.0)
    """
    grid = costs.grid
    passable = np.isfinite(costs.friction)
    begin, end = (cells_at(points, grid, passable) for points in (entries, exits))
    begin, end = np.unique(begin[begin >= 0]), np.unique(end[end >= 0])
    if not (begin.size and end.size):
        return {}
    graph, found = Graph(costs), {}
    for theta in sorted(set(thetas_per_h)):
        flows = [
            flow.values / np.nansum(flow.values)
            for row in net_flows(graph, begin, end, theta_per_h=theta)
            for flow in row
            if flow is not None
        ]
        if flows:
            found[theta] = Surface(grid, np.mean(flows, axis=0), *PRIOR)
    return found
