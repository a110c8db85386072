"""What the ground costs a traveller: slopes, vegetation, rivers, boats and the sea."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.terrain.costs import Costs, costs_of, padded, speed_kmh, tobler
from geo.analysis.terrain.travel import accumulate
from geo.errors import SchemaError
from geo.grid import Grid, Surface
from geo.kernels.costs import LAND, LANDING, LEVEL, WATER, Boats, Ground, Walk
from geo.kernels.surfaces import measure_lines

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Season = Literal["dry", "wet"]

COVER: Mapping[int, str] = {
    10: "forest",
    20: "shrub",
    30: "open_ground",
    40: "open_ground",
    50: "built",
    60: "open_ground",
    90: "wetland",
    95: "wetland",
}
"""The rule that slows walkers on each class of ESA WorldCover; 80 is water."""

_WATER_CLASS = 80
_AROUND = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True)
class TravelRules:
    """How terrain slows travellers; RANGES says where each number comes from.

    Parameters
    ----------
    walk
        Pace by slope on open ground.
    forest, shrub, open_ground, built, wetland, unmapped
        Factors of the time on foot; `unmapped` is for ground without land cover.
    ford_large_min, ford_middle_min, ford_small_min
        Minutes to wade through a river of rank 1, of rank 2, and of a higher one.
    wet_ford_factor
        Of these minutes in the wet season.
    closed_dry, closed_wet
        Rivers up to this rank cannot be waded through; 0 closes none.
    navigable_dry, navigable_wet
        Rivers up to this rank carry boats; 0 is none.
    river_boat_kmh, current_kmh, sea_boat_kmh
        Speed of boats on still water, of the current, and of boats at sea.
    boarding_min
        Minutes from land into a boat: waiting, loading, paying.
    coast_km
        Boats keep this near to land.
    """

    walk: Walk = tobler()  # noqa: RUF009  (a tuple that does not change)
    forest: float = 2.5
    shrub: float = 1.67
    open_ground: float = 1.25
    built: float = 1.0
    wetland: float = 5.0
    unmapped: float = 1.67
    ford_large_min: float = 30.0
    ford_middle_min: float = 10.0
    ford_small_min: float = 3.0
    wet_ford_factor: float = 2.0
    closed_dry: int = 0
    closed_wet: int = 1
    navigable_dry: int = 1
    navigable_wet: int = 2
    river_boat_kmh: float = 16.0
    current_kmh: float = 4.0
    sea_boat_kmh: float = 22.0
    boarding_min: float = 15.0
    coast_km: float = 30.0

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense."""
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{field.name} is {value}; expected 0 or more")
        for name in ("forest", "shrub", "open_ground", "built", "wetland", "unmapped"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; expected a factor of at least 1"
                )
        if not self.current_kmh < self.river_boat_kmh:
            raise ValueError("no boat gets upstream: the current is as fast as it")
        if self.sea_boat_kmh == 0:
            raise ValueError("sea_boat_kmh is 0; expected more")


_ACCESSMOD = (
    "WHO AccessMod 5 manual, speeds on foot of 5 km/h on bare soil, 4, 3 and 2 in "
    "light, medium and dense vegetation"
)
_ASSUMED = "assumption: no measurement was found; vary it"

RANGES: Mapping[str, tuple[float, float, str]] = {
    "forest": (1.67, 5.0, f"{_ACCESSMOD}; 1 km/h in evergreen forest at the slowest"),
    "shrub": (1.25, 2.5, _ACCESSMOD),
    "open_ground": (1.0, 1.67, _ACCESSMOD),
    "built": (1.0, 1.25, _ACCESSMOD),
    "wetland": (2.5, 10.0, _ASSUMED),
    "unmapped": (1.0, 2.5, "Tobler 1993: off the path 0.6 times as fast"),
    "ford_large_min": (10.0, 120.0, _ASSUMED),
    "ford_middle_min": (3.0, 30.0, _ASSUMED),
    "ford_small_min": (1.0, 10.0, _ASSUMED),
    "wet_ford_factor": (1.0, 4.0, _ASSUMED),
    "river_boat_kmh": (10.0, 25.0, _ASSUMED),
    "current_kmh": (2.0, 7.0, _ASSUMED),
    "sea_boat_kmh": (16.0, 30.0, _ASSUMED),
    "boarding_min": (5.0, 60.0, _ASSUMED),
    "coast_km": (5.0, 50.0, _ASSUMED),
}
"""Lowest and highest plausible value of each rule, and its source."""


def draw_rules(rules: TravelRules, *, seed: int) -> TravelRules:
    """Return rules drawn at random from RANGES, for a sensitivity analysis.

    Each number on its own, evenly on a logarithmic scale; what has no range stays.

    Examples
    --------
    >>> drawn = draw_rules(TravelRules(), seed=1)
    >>> 1.67 <= drawn.forest <= 5.0, drawn.closed_wet
    (True, 1)
    """
    random = np.random.default_rng(seed)
    drawn = {
        name: float(np.exp(random.uniform(math.log(low), math.log(high))))
        for name, (low, high, _) in RANGES.items()
    }
    return replace(rules, **drawn)  # type: ignore[arg-type]


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
