"""What corridors have to beat: simple guesses of where people go between two places.

The guesses are told where each journey begins and ends, which corridors are not.
"""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.terrain.costs import Costs, inner, padded
from geo.analysis.terrain.ground import make_costs
from geo.analysis.terrain.rules import Season, TravelRules
from geo.analysis.terrain.travel import accumulate, trace_path
from geo.engine import map_parts
from geo.grid import Grid, Surface
from geo.kernels.costs import LAND
from geo.kernels.surfaces import measure_lines

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

VOTE = 1 << 20
"""Whole numbers that a line is shared out in, so that sums are exact."""

_MARGIN_M = 10_000.0  # ground that a way may use beyond the box around its ends
_NEARNESS = 1e-9


def line_votes(lines: Sequence[shapely.LineString], grid: Grid) -> list[Ints]:
    """Return for each line its cells and its share in each, in units of VOTE.

    Returns
    -------
    list of (n, 2) int64 array
        Cell and share; a line off the grid has no rows.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=3)
    >>> (cells,) = line_votes([shapely.LineString([(5, 5), (25, 5)])], grid)
    >>> (cells / [1, VOTE]).tolist()
    [[0.0, 0.25], [1.0, 0.5], [2.0, 0.25]]
    """
    return [_votes_of(line, grid) for line in lines]


def _votes_of(line: shapely.LineString, grid: Grid) -> Ints:
    """Return the cells of a line and its share in each."""
    corners = shapely.get_coordinates(line)
    x = (corners[:, 0] - grid.west) / grid.cell_m
    y = (grid.north - corners[:, 1]) / grid.cell_m
    length = float(np.hypot(np.diff(x), np.diff(y)).sum())
    west, north = max(math.floor(x.min()), 0), max(math.floor(y.min()), 0)
    east = min(math.floor(x.max()), grid.columns - 1)
    south = min(math.floor(y.max()), grid.rows - 1)
    if not length > 0 or east < west or south < north:
        return np.zeros((0, 2), np.int64)
    shares = np.zeros((south - north + 1, east - west + 1), np.int64)
    x, y = x - west, y - north
    measure_lines(x[:-1], y[:-1], x[1:], y[1:], VOTE / length, shares)
    row, column = np.nonzero(shares)
    cell = (row + north) * grid.columns + column + west
    return np.column_stack([cell, shares[row, column]])


def widened(votes: Surface, *, width_m: float) -> Surface:
    """Return votes spread to both sides, and beyond them by nearness alone.

    Parameters
    ----------
    votes
        How many lines pass each cell.
    width_m
        Standard deviation of the Gaussian that spreads them.

    Notes
    -----
    For one line, the best cells of it are those of a buffer around the line.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=9)
    >>> passed = np.zeros((1, 9))
    >>> passed[0, 2] = 1
    >>> near = widened(Surface(grid, passed, "lines", "1"), width_m=10).values[0]
    >>> np.argsort(-near, kind="stable").tolist()
    [2, 1, 3, 0, 4, 5, 6, 7, 8]
    """
    values = votes.values.astype(np.float64)
    if not values.any():
        return replace(votes, values=values)
    smooth = ndimage.gaussian_filter(
        values, width_m / votes.grid.cell_m, mode="constant", truncate=4
    )
    away = ndimage.distance_transform_edt(values == 0)
    return replace(votes, values=smooth + _NEARNESS * smooth.max() / (1 + away))


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """The ground of a region.

    Parameters
    ----------
    grid
        Where costs are wanted.
    land : (rows, columns) bool array
        Which cells are land.
    relief
        Heights on any grid in the same CRS; None where there are none.
    rivers
        As schema.Layers says.
    rules, season
        How terrain slows travellers, and when.
    """

    grid: Grid
    land: Mask
    relief: Surface | None
    rivers: gpd.GeoDataFrame
    rules: TravelRules | None = None
    season: Season = "dry"

    def costs(self) -> Costs | None:
        """Return the costs of the ground as it is; None without a relief."""
        heights = self._heights()
        if heights is None:
            return None
        return self._costs(heights, self.rivers)

    def mirrored(self) -> Costs | None:
        """Return the costs if heights and rivers lay the other way round, east as west.

        Ranges and valleys are then as many and as steep as they are, and elsewhere.
        Coasts stay. None without a relief.
        """
        heights = self._heights()
        if heights is None:
            return None
        west, _, east, _ = self.grid.bounds
        turned = self.rivers.set_geometry(
            self.rivers.geometry.affine_transform([-1, 0, 0, 1, west + east, 0])
        )
        back = replace(heights, values=heights.values[:, ::-1])
        return self._costs(back, turned)

    def isotropic(self) -> Costs:
        """Return the costs if land were level and without rivers: coasts alone."""
        flat = Surface(self.grid, np.zeros(self.grid.shape), "height", "m")
        return self._costs(flat, None)

    def _costs(self, heights: Surface, rivers: gpd.GeoDataFrame | None) -> Costs:
        return make_costs(
            heights,
            rules=self.rules,
            season=self.season,
            land=self.land,
            rivers=rivers,
        )

    def _heights(self) -> Surface | None:
        if self.relief is None:
            return None
        grid, coarse = self.grid, self.relief.grid
        x, y = grid.centre_of(np.arange(grid.rows * grid.columns))
        there = coarse.cell_of(x, y)
        values = np.where(there >= 0, self.relief.values.ravel()[there], np.nan)
        if not np.isfinite(values).any():
            return None
        return Surface(grid, _filled(values.reshape(grid.shape)), "height", "m")


def least_cost_lines(
    costs: Costs, ends: Floats, *, executor: Executor | None = None
) -> list[shapely.LineString]:
    """Return the quickest way between each two places, as a line.

    Parameters
    ----------
    costs
        Over what.
    ends : (n, 4) float array
        x and y of the start, and of the end, in metres.
    executor
        Runs the destinations.

    Returns
    -------
    list of LineString
        From the start by the middles of cells to the end; straight where no way
        leads. Places where nobody can pass are moved to the nearest where one can.

    Examples
    --------
    >>> from geo.analysis.terrain.costs import costs_of
    >>> grid = Grid("EPSG:32618", 0, 30, 10, rows=3, columns=3)
    >>> hole = np.ones((3, 3))
    >>> hole[:2, 1] = np.nan
    >>> costs = costs_of(Surface(grid, hole, "friction", "s/m"), neighbours=8)
    >>> (line,) = least_cost_lines(costs, np.array([[1.0, 29, 29, 29]]))
    >>> shapely.get_coordinates(line)[1:-1].tolist()
    [[5.0, 25.0], [5.0, 15.0], [15.0, 5.0], [25.0, 15.0], [25.0, 25.0]]
    """
    cells = _nearest_passable(costs, ends)
    groups = [np.flatnonzero(cells[:, 1] == one) for one in np.unique(cells[:, 1])]
    found = map_parts(
        partial(_lines_to, costs, cells, ends),
        groups,
        executor=executor,
        step="foretelling ways",
    )
    lines: list[shapely.LineString] = [shapely.LineString()] * len(ends)
    for group, some in zip(groups, found, strict=True):
        for place, line in zip(group, some, strict=True):
            lines[place] = line
    return lines


def least_cost_line(costs: Costs, ends: Floats) -> shapely.LineString:
    """Return the quickest way between two places, on the ground around them.

    Parameters are those of `least_cost_lines`, for one pair; only the box around both
    ends is looked at, and 30 % of its side more, or 10 km.
    """
    near = _window(costs, ends)
    return least_cost_lines(near, ends[None])[0]


def straight_line(ends: Floats) -> shapely.LineString:
    """Return the straight line from a start to an end."""
    return shapely.LineString(ends.reshape(2, 2))


def _lines_to(
    costs: Costs, cells: Ints, ends: Floats, group: Ints
) -> list[shapely.LineString]:
    """Return the lines of pairs that end in one cell."""
    if cells[group[0], 1] < 0:
        return [straight_line(ends[place]) for place in group]
    travel = accumulate(costs, cells[group[0], 1], back=True)
    reached = np.isfinite(inner(travel.seconds, costs.grid)).ravel()
    lines = []
    for place in group:
        line = straight_line(ends[place])
        if reached[cells[place, 0]]:
            x, y = costs.grid.centre_of(trace_path(travel, int(cells[place, 0])))
            middle = np.column_stack([x, y])
            line = shapely.LineString([ends[place, :2], *middle, ends[place, 2:]])
        lines.append(line)
    return lines


def _nearest_passable(costs: Costs, ends: Floats) -> Ints:
    """Return the cells of starts and ends, each where one can pass; -1 if nowhere."""
    passable = np.isfinite(costs.friction)
    grid = costs.grid
    if not passable.any():
        return np.full((len(ends), 2), -1, np.int64)
    rows, columns = ndimage.distance_transform_edt(
        ~passable, return_distances=False, return_indices=True
    )
    west, south, east, north = grid.bounds
    half = grid.cell_m / 2
    x = np.clip(ends[:, ::2], west + half, east - half)
    y = np.clip(ends[:, 1::2], south + half, north - half)
    cell = grid.cell_of(x, y)
    moved: Ints = rows.ravel()[cell] * grid.columns + columns.ravel()[cell]
    return moved.astype(np.int64)


def _window(costs: Costs, ends: Floats) -> Costs:
    """Return the costs of the ground around two places."""
    grid = costs.grid
    x, y = ends[::2], ends[1::2]
    margin = max(0.3 * float(max(np.ptp(x), np.ptp(y))), _MARGIN_M)
    left = max(math.floor((x.min() - margin - grid.west) / grid.cell_m), 0)
    top = max(math.floor((grid.north - y.max() - margin) / grid.cell_m), 0)
    right = math.ceil((x.max() + margin - grid.west) / grid.cell_m)
    bottom = math.ceil((grid.north - y.min() + margin) / grid.cell_m)
    rows, columns = slice(top, bottom), slice(left, right)
    ground, around = costs.ground, costs.friction[rows, columns]
    if not around.size:
        return costs
    afloat = ground.mode.size > 0
    mode = (
        inner(ground.mode.astype(np.float64), grid)[rows, columns] if afloat else None
    )
    return replace(
        costs,
        grid=Grid(
            grid.crs,
            grid.west + left * grid.cell_m,
            grid.north - top * grid.cell_m,
            grid.cell_m,
            *around.shape,
        ),
        ground=ground._replace(
            friction=padded(around),
            height=padded(inner(ground.height, grid)[rows, columns])
            if ground.height.size
            else ground.height,
            mode=ground.mode
            if mode is None
            else padded(mode, margin=LAND).astype(np.uint8),
            reach=padded(inner(ground.reach, grid)[rows, columns])
            if afloat
            else ground.reach,
        ),
    )


def _filled(values: NDArray[np.floating]) -> Floats:
    """Return heights with those that are unknown taken from the nearest known."""
    unknown = ~np.isfinite(values)
    if not unknown.any():
        return np.asarray(values, np.float64)
    row, column = ndimage.distance_transform_edt(
        unknown, return_distances=False, return_indices=True
    )
    return np.asarray(values[row, column], np.float64)
