"""What the ground costs a traveller: slopes, vegetation, rivers, boats and the sea."""

import math

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.terrain.costs import Costs, costs_of, padded, speed_kmh
from geo.analysis.terrain.rules import COVER, Season, TravelRules
from geo.analysis.terrain.travel import accumulate
from geo.errors import SchemaError
from geo.grid import Grid, Surface
from geo.kernels.costs import LAND, LANDING, LEVEL, WATER, Boats, Ground
from geo.kernels.surfaces import measure_lines

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_WATER_CLASS = 80
_AROUND = np.ones((3, 3), bool)


def make_costs(
    relief: Surface,
    *,
    rules: TravelRules | None = None,
    season: Season = "dry",
    land: Mask | None = None,
    cover: Surface | None = None,
    rivers: gpd.GeoDataFrame | None = None,
    fords: gpd.GeoDataFrame | None = None,
    landings: gpd.GeoDataFrame | None = None,
    neighbours: int = 16,
) -> Costs:
    """Return what it costs to cross each cell, on foot or in a boat.

    Parameters
    ----------
    relief
        Heights in metres; its grid is that of the costs. Land without a height
        cannot be passed.
    rules
        Speeds and delays; by default those of `TravelRules`.
    season
        ``"dry"`` or ``"wet"``.
    land : (rows, columns) bool array
        The rest is sea; by default all is land.
    cover
        Classes of ESA WorldCover on the same grid; NaN and unknown classes are
        unmapped, and inland water (80) cannot be passed except in a boat on a river.
    rivers
        Lines in the CRS of the grid with `order`, 1 the largest. See `rank_rivers`.
    fords
        Points in that CRS where a river that carries no boats is crossed for free.
    landings
        Points where boats are boarded and left; by default everywhere.
    neighbours
        Of a cell: 8 or 16.

    Returns
    -------
    Costs
        For `geo.analysis.terrain.travel` and `geo.analysis.terrain.wandering`.

    Raises
    ------
    ValueError
        If a mask or surface has another grid, or the season is unknown.
    SchemaError
        If the rivers have no `order`.

    Notes
    -----
    A river that carries boats is water one cell wide; it is crossed by boarding. Any
    other is a line of cells, closed at the corners, each of which takes the minutes
    of a ford. A boat goes downstream where it comes nearer to the sea along the
    river, or to the river's lowest cell if it does not reach the sea. The ford of a
    cell on a slope takes longer by the factor of the slope.
    """
    grid = relief.grid
    rules = TravelRules() if rules is None else rules
    if season not in {"dry", "wet"}:
        raise ValueError(f"the season is {season!r}; expected 'dry' or 'wet'")
    ground = np.ones(grid.shape, bool) if land is None else np.asarray(land, bool)
    if ground.shape != grid.shape or (cover is not None and cover.grid != grid):
        raise ValueError("relief, land and cover do not lie on one grid")
    rank = _river_ranks(rivers, grid)
    carries = rules.navigable_wet if season == "wet" else rules.navigable_dry
    river = (rank > 0) & (rank <= carries) & ground
    sea = ~ground & _near(ground, reach_m=1000 * rules.coast_km, cell_m=grid.cell_m)
    friction = _dry_friction(
        rules, grid, cover=cover, rank=rank, season=season, fords=fords
    )
    if rules.walk.kind != LEVEL:
        friction[np.isnan(relief.values)] = math.nan
    friction[~ground] = math.nan
    friction[river] = 3.6 / rules.river_boat_kmh
    friction[sea] = 3.6 / rules.sea_boat_kmh
    mode = np.where(river | sea, WATER, LAND).astype(np.uint8)
    mode[(river | sea) & _landing(landings, grid)] = LANDING
    afloat = bool((mode != LAND).any())
    still, current = rules.river_boat_kmh, rules.current_kmh
    return Costs(
        grid,
        Ground(
            padded(friction),
            padded(relief.values),
            padded(mode.astype(np.float64), margin=LAND).astype(np.uint8)
            if afloat
            else np.empty(0, "u1"),
            padded(_reach_m(river, sea, relief)) if afloat else np.empty(0),
        ),
        rules.walk,
        Boats(
            still / (still - current),
            still / (still + current),
            rules.boarding_min * 60,
        ),
        neighbours,
    )


def rank_rivers(rivers: gpd.GeoDataFrame, *, snap_m: float = 1.0) -> gpd.GeoDataFrame:
    """Return rivers with their `order`, 1 the largest, from their Strahler numbers.

    Parameters
    ----------
    rivers
        Lines drawn downstream, in a CRS in metres, that meet where one ends and
        others begin.
    snap_m
        Ends this near to each other meet.

    Returns
    -------
    GeoDataFrame
        The same rows, with `strahler` (1 is a headwater) and `order`.

    Raises
    ------
    ValueError
        If the lines go round in a circle.

    References
    ----------
    Strahler 1957, Quantitative analysis of watershed geomorphology, Transactions of
    the American Geophysical Union 38:913.

    Examples
    --------
    Two brooks make a river, which a third brook does not make larger:

    >>> from shapely import LineString
    >>> lines = [[(0, 2), (1, 1)], [(2, 2), (1, 1)], [(1, 1), (1, 0)],
    ...          [(3, 1), (1, 0)], [(1, 0), (1, -1)]]
    >>> rivers = gpd.GeoDataFrame(geometry=[LineString(line) for line in lines])
    >>> rank_rivers(rivers)[["strahler", "order"]].T.values.tolist()
    [[1, 1, 2, 1, 2], [2, 2, 1, 2, 1]]
    """
    lines = rivers.geometry.to_numpy()
    first, last = (
        np.round(shapely.get_coordinates(shapely.get_point(lines, at)) / snap_m)
        for at in (0, -1)
    )
    _, node = np.unique(np.concatenate([first, last]), axis=0, return_inverse=True)
    begin, end = node.reshape(2, -1)
    above = [np.flatnonzero(end == at) for at in begin]
    strahler = np.zeros(len(lines), np.int64)
    waiting = set(range(len(lines)))
    while waiting:
        ready = [i for i in sorted(waiting) if (strahler[above[i]] > 0).all()]
        if not ready:
            raise ValueError("the rivers go round in a circle")
        for i in ready:
            feeders = strahler[above[i]]
            top = feeders.max(initial=0)
            strahler[i] = max(1, top + (np.count_nonzero(feeders == top) > 1))
        waiting -= set(ready)
    ranked: gpd.GeoDataFrame = rivers.assign(
        strahler=strahler, order=strahler.max(initial=0) + 1 - strahler
    )
    return ranked


def _dry_friction(
    rules: TravelRules,
    grid: Grid,
    *,
    cover: Surface | None,
    rank: Ints,
    season: Season,
    fords: gpd.GeoDataFrame | None,
) -> Floats:
    """Return the friction of land: of what grows on it, and of rivers to wade."""
    slowness = np.full(grid.shape, rules.unmapped)
    if cover is not None:
        for code, name in COVER.items():
            slowness[cover.values == code] = getattr(rules, name)
        slowness[cover.values == _WATER_CLASS] = math.nan
    ford_min = np.array(
        [0.0, rules.ford_large_min, rules.ford_middle_min, rules.ford_small_min]
    )[np.minimum(rank, 3)]
    ford_min *= rules.wet_ford_factor if season == "wet" else 1.0
    closed = rules.closed_wet if season == "wet" else rules.closed_dry
    ford_min[(rank > 0) & (rank <= closed)] = math.nan
    ford_min[_at(fords, grid)] = 0.0
    pace = 3.6 / float(speed_kmh(rules.walk, 0.0))
    further = (slowness - 1.0) * pace + 60.0 * ford_min / grid.cell_m
    friction: Floats = further if rules.walk.added else 1.0 + further / pace
    return friction


def _river_ranks(rivers: gpd.GeoDataFrame | None, grid: Grid) -> Ints:
    """Return the rank of the largest river in each cell, 0 where there is none."""
    rank = np.zeros(grid.shape, np.int64)
    if rivers is None or rivers.empty:
        return rank
    if "order" not in rivers:
        raise SchemaError("The rivers have no column 'order'.", hint="See rank_rivers.")
    order = rivers["order"].to_numpy(np.int64)
    for one in sorted(set(order.tolist()), reverse=True):
        parts = shapely.get_parts(rivers.geometry.to_numpy()[order == one])
        points, line = shapely.get_coordinates(parts, return_index=True)
        x = (points[:, 0] - grid.west) / grid.cell_m
        y = (grid.north - points[:, 1]) / grid.cell_m
        start = np.flatnonzero(line[1:] == line[:-1])
        length = np.zeros(grid.shape, np.int64)
        measure_lines(x[start], y[start], x[start + 1], y[start + 1], 1e6, length)
        rank[length > 0] = max(one, 1)
    return rank


def _reach_m(river: Mask, sea: Mask, relief: Surface) -> Floats:
    """Return metres along navigable water to the sea, or to the lowest cell."""
    reach = np.zeros(river.shape)
    if not river.any():
        return reach
    mouth = river & ndimage.binary_dilation(sea, _AROUND)
    label, count = ndimage.label(river, _AROUND)
    height = np.where(np.isnan(relief.values), math.inf, relief.values)
    for one in sorted(set(range(1, count + 1)) - set(label[mouth].tolist())):
        cells = np.flatnonzero(label == one)
        mouth.ravel()[cells[height.ravel()[cells].argmin()]] = True
    along = np.where(river, 1.0, math.nan)
    costs = costs_of(Surface(relief.grid, along, "river", "1"), neighbours=8)
    metres = accumulate(costs, np.flatnonzero(mouth)).hours.values * 3600.0
    reach[river] = metres[river] + relief.grid.cell_m  # above the sea
    return reach


def _near(ground: Mask, *, reach_m: float, cell_m: float) -> Mask:
    """Return which cells lie within a distance of the ground."""
    if ground.all() or not ground.any():
        return ground
    near: Mask = ndimage.distance_transform_edt(~ground) * cell_m <= reach_m
    return near


def _landing(landings: gpd.GeoDataFrame | None, grid: Grid) -> Mask:
    return np.ones(grid.shape, bool) if landings is None else _at(landings, grid)


def _at(points: gpd.GeoDataFrame | None, grid: Grid) -> Mask:
    """Return the cells of points and those around them."""
    at = np.zeros(grid.rows * grid.columns, bool)
    if points is not None and not points.empty:
        xy = shapely.get_coordinates(points.geometry.to_numpy())
        cell = grid.cell_of(*xy.T)
        at[cell[cell >= 0]] = True
    around: Mask = ndimage.binary_dilation(at.reshape(grid.shape), _AROUND)
    return around
