"""What the ground costs a traveller: slopes, vegetation, rivers, boats and the sea."""

import math
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.terrain.costs import Costs, padded, speed_kmh
from geo.analysis.terrain.rules import COVER, Season, TravelRules
from geo.analysis.terrain.streams import reach_of
from geo.errors import SchemaError
from geo.grid import Grid, Surface
from geo.kernels.costs import LAND, LANDING, LEVEL, WATER, Boats, Ground
from geo.kernels.surfaces import measure_lines

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

SINGLE_FROM = 8_000_000
"""Costs of more cells than this are held in single precision, to half the memory."""

_WATER_CLASS = 80
_AROUND = np.ones((3, 3), bool)
_STRIP = 4096  # rows of the grid on which lines are drawn at a time
_NEAR_M = 250.0  # how exactly the distance to the coast is known on a finer grid


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
        Lines in the CRS of the grid with `order`, 1 the largest (see `rank_rivers`),
        and perhaps `boats`: 1 carries boats at any season, -1 at none; and `seasonal`:
        not there in the dry season.
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
    kind = "float64" if ground.size <= SINGLE_FROM else "float32"
    rank, boats = _river_ranks(rivers, grid, season)
    carries = rules.navigable_wet if season == "wet" else rules.navigable_dry
    river = (rank > 0) & ((rank <= carries) & (boats >= 0) | (boats > 0)) & ground
    sea = ~ground & _near(ground, reach_m=1000 * rules.coast_km, cell_m=grid.cell_m)
    friction = _dry_friction(rules, grid, cover=cover, kind=kind)
    _wade(friction, rules, rank, season=season, cover=cover, fords=fords, grid=grid)
    if rules.walk.kind != LEVEL:
        friction[np.isnan(relief.values)] = math.nan
    friction[~ground] = math.nan
    friction[river] = 3.6 / rules.river_boat_kmh
    friction[sea] = 3.6 / rules.sea_boat_kmh
    water = river | sea
    mode = np.where(water, np.uint8(WATER), np.uint8(LAND))
    mode[water & _landing(landings, grid)] = LANDING
    afloat = bool(water.any())
    still, current = rules.river_boat_kmh, rules.current_kmh
    return Costs(
        grid,
        Ground(
            padded(friction, kind=kind),
            padded(relief.values, kind=kind),
            padded(mode, margin=LAND, kind="uint8") if afloat else np.empty(0, "u1"),
            padded(reach_of(river, sea, relief), kind=kind) if afloat else np.empty(0),
        ),
        rules.walk,
        Boats(
            still / (still - current),
            still / (still + current),
            rules.boarding_min * 60,
        ),
        neighbours,
    )


def _slowness(rules: TravelRules) -> Floats:
    """Return the factor of the time on foot on each class of land cover."""
    table = np.full(256, rules.unmapped)
    for code, name in COVER.items():
        table[code] = getattr(rules, name)
    table[_WATER_CLASS] = math.nan
    return table


def _dry_friction(
    rules: TravelRules, grid: Grid, *, cover: Surface | None, kind: str
) -> NDArray[Any]:
    """Return the friction of what grows on land."""
    pace = 3.6 / float(speed_kmh(rules.walk, 0.0))
    further = (_slowness(rules) - 1.0) * pace
    table = (further if rules.walk.added else 1.0 + further / pace).astype(kind)
    if cover is None:
        return np.full(grid.shape, table[0])
    return np.asarray(table[_codes(cover)])


def _wade(
    friction: NDArray[Any],
    rules: TravelRules,
    rank: Bytes,
    *,
    season: Season,
    cover: Surface | None,
    fords: gpd.GeoDataFrame | None,
    grid: Grid,
) -> None:
    """Put rivers to wade through into the friction of land."""
    wet = season == "wet"
    at = np.flatnonzero(rank)
    pace = 3.6 / float(speed_kmh(rules.walk, 0.0))
    ford_min = np.array(
        [0.0, rules.ford_large_min, rules.ford_middle_min, rules.ford_small_min]
    )[np.minimum(rank.ravel()[at], 3)]
    ford_min *= rules.wet_ford_factor if wet else 1.0
    closed = rules.closed_wet if wet else rules.closed_dry
    ford_min[rank.ravel()[at] <= closed] = math.nan
    ford_min[_at(fords, grid).ravel()[at]] = 0.0
    slowness = _slowness(rules)[0 if cover is None else _codes(cover).ravel()[at]]
    further = (slowness - 1.0) * pace + 60.0 * ford_min / grid.cell_m
    friction.ravel()[at] = further if rules.walk.added else 1.0 + further / pace


def _codes(cover: Surface) -> Bytes:
    """Return the classes of land cover, 0 where there is none."""
    codes: Bytes = np.nan_to_num(cover.values).astype(np.uint8)
    return codes


def _river_ranks(
    rivers: gpd.GeoDataFrame | None, grid: Grid, season: Season
) -> tuple[Bytes, NDArray[np.int8]]:
    """Return the rank of the largest river in each cell, or 0, and its boats."""
    rank, boats = np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, np.int8)
    if rivers is None or rivers.empty:
        return rank, boats
    if "order" not in rivers:
        raise SchemaError("The rivers have no column 'order'.", hint="See rank_rivers.")
    order = np.clip(rivers["order"].to_numpy(np.int64), 1, 255)
    carried = np.zeros(len(rivers), np.int64)
    if "boats" in rivers:
        carried = rivers["boats"].to_numpy(np.int64)
    there = np.ones(len(rivers), bool)
    if "seasonal" in rivers and season == "dry":
        there = ~rivers["seasonal"].to_numpy(bool)
    for one, carry in sorted({*zip(-order[there], carried[there], strict=True)}):
        chosen = there & (order == -one) & (carried == carry)
        _mark(rivers.geometry.to_numpy()[chosen], grid, (rank, -one), (boats, carry))
    return rank, boats


def _mark(lines: Any, grid: Grid, *marks: tuple[NDArray[Any], int]) -> None:
    """Write numbers into the cells that lines pass, a strip of rows at a time."""
    parts = shapely.get_parts(lines)
    points, line = shapely.get_coordinates(parts, return_index=True)
    x = (points[:, 0] - grid.west) / grid.cell_m
    y = (grid.north - points[:, 1]) / grid.cell_m
    start = np.flatnonzero(line[1:] == line[:-1])
    x0, y0, x1, y1 = x[start], y[start], x[start + 1], y[start + 1]
    for top in range(0, grid.rows, _STRIP):
        length = np.zeros((min(_STRIP, grid.rows - top), grid.columns), np.int64)
        near = (np.maximum(y0, y1) >= top) & (np.minimum(y0, y1) <= top + _STRIP)
        measure_lines(x0[near], y0[near] - top, x1[near], y1[near] - top, 1e6, length)
        for cells, number in marks:
            cells[top : top + _STRIP][length > 0] = number


def _near(ground: Mask, *, reach_m: float, cell_m: float) -> Mask:
    """Return which cells lie within a distance of the ground."""
    if ground.all() or not ground.any():
        return ground
    factor = max(1, int(_NEAR_M // cell_m))
    coarse = ground
    if factor > 1:
        rows, columns = ground.shape
        wide = np.pad(ground, ((0, -rows % factor), (0, -columns % factor)))
        blocks = wide.reshape(wide.shape[0] // factor, factor, -1, factor)
        coarse = np.asarray(blocks.any(axis=(1, 3)))
    away = ndimage.distance_transform_edt(~coarse) * (cell_m * factor)
    near: Mask = away <= reach_m
    if factor > 1:
        near = near.repeat(factor, axis=0).repeat(factor, axis=1)
        near = near[: ground.shape[0], : ground.shape[1]]
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
