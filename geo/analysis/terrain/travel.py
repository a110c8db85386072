"""Travel times over costly ground: accumulated costs, least-cost paths, corridors."""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.analysis.terrain.costs import (
    Costs,
    flat_cells,
    inner,
    inner_cells,
    quickest_pace,
)
from geo.grid import Surface
from geo.kernels import costs as loops
from geo.kernels import following
from geo.kernels.costs import LAND, MARGIN

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SAMPLE = 20_000  # cells from which the width of a bucket is guessed
_TABLED = 1_000_000  # up to so many cells the seconds of all moves are kept: 128 MB
_SAFE = 1.0 - 1e-9  # for what must be a lower bound in spite of rounding


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """Travel times from, or with `back` to, the nearest of some cells.

    Parameters
    ----------
    costs
        Over what.
    seconds
        To each cell, flat and with margins; infinite where there is no way.
    back
        Whether the ways lead from each cell to the sources.
    """

    costs: Costs
    seconds: Floats
    back: bool

    @property
    def hours(self) -> Surface:
        """Hours to each cell; NaN where there is no way."""
        grid = self.costs.grid
        seconds = inner(self.seconds, grid)
        hours = np.where(np.isfinite(seconds), seconds / 3600.0, np.nan)
        return Surface(grid, hours, "travel time", "h")


def accumulate(
    costs: Costs,
    sources: ArrayLike,
    *,
    back: bool = False,
    start_h: ArrayLike = 0.0,
    limit_h: float = math.inf,
) -> Travel:
    """Return the travel times from the nearest of some cells to all others.

    Parameters
    ----------
    costs
        Over what.
    sources
        Numbers of cells in the grid.
    back
        Times to the sources instead: up and down change places, and so do upstream
        and downstream.
    start_h
        Hours that have already passed at each source, or at all.
    limit_h
        What lies further than this is not looked for, and has no way.

    Raises
    ------
    ValueError
        If there is no source, one lies off the grid or where nobody can pass, or
        has a negative time.

    Notes
    -----
    Exact on the graph of the cells, by a circular bucket queue. About 0.13 s for a
    million cells, growing with their number; 25 bytes a cell besides the costs.

    Examples
    --------
    >>> from geo.analysis.terrain.costs import costs_of
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=3)
    >>> friction = Surface(grid, np.array([[360.0, 1080.0, np.nan]]), "friction", "s/m")
    >>> accumulate(costs_of(friction), 0).hours.values
    array([[ 0.,  2., nan]])
    """
    cells = np.atleast_1d(np.asarray(sources, np.int64))
    flat = flat_cells(costs, cells)
    start = np.broadcast_to(np.asarray(start_h, np.float64), cells.shape) * 3600.0
    if not (np.isfinite(start).all() and (start >= 0).all()):
        raise ValueError("a source has a time that is negative or not a number")
    limit = limit_h * 3600.0
    if not limit >= 0:
        raise ValueError(f"limit_h is {limit_h}; expected hours, 0 or more")
    seconds = np.full(costs.ground.friction.size, math.inf)
    np.minimum.at(seconds, flat, start)
    _spread(costs, seconds, width=_width(costs, flat), back=back, limit=limit)
    if math.isfinite(limit):
        seconds[seconds > limit] = math.inf
    return Travel(costs, seconds, back)


def accumulate_each(
    costs: Costs, sources: Sequence[ArrayLike], *, back: Sequence[bool]
) -> list[Travel]:
    """Return the travel times of each set of sources, computed on all processors."""
    workers = min(len(sources), os.cpu_count() or 1)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        jobs = [
            pool.submit(accumulate, costs, cells, back=way)
            for cells, way in zip(sources, back, strict=True)
        ]
        return [job.result() for job in jobs]


def trace_path(travel: Travel, cell: int) -> Ints:
    """Return the cells of the quickest way, in the direction of travel.

    From the nearest source to the cell, or from the cell to it if the times are
    those of the way back. Where two ways are equal it is always the same one.

    Raises
    ------
    ValueError
        If no way leads there.

    Examples
    --------
    >>> from geo.analysis.terrain.costs import costs_of
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 30, 10, rows=3, columns=3)
    >>> friction = Surface(grid, np.ones((3, 3)), "friction", "s/m")
    >>> trace_path(accumulate(costs_of(friction), 0), 8).tolist()
    [0, 4, 8]
    """
    costs = travel.costs
    start = int(flat_cells(costs, np.array([cell]))[0])
    if not math.isfinite(travel.seconds[start]):
        raise ValueError(f"no way leads to cell {cell}")
    path = following.follow_costs(
        costs.ground,
        costs.walk,
        costs.boats,
        costs.moves,
        travel.back,
        travel.seconds,
        start,
    )
    cells = inner_cells(costs.grid, path)
    return cells if travel.back else cells[::-1]


def least_cost_corridor(costs: Costs, start: int, end: int) -> Surface:
    """Return the hours of the quickest way from start to end by each cell.

    Its minimum is the time of the least-cost path; the cells within 5 % of it are
    the corridor of all ways that take 5 % longer at most.

    Raises
    ------
    ValueError
        As of `accumulate`, and if no way leads from start to end.
    """
    out, home = accumulate_each(costs, [[start], [end]], back=[False, True])
    if not math.isfinite(out.seconds[flat_cells(costs, np.array([end]))[0]]):
        raise ValueError(f"no way leads from cell {start} to cell {end}")
    hours = out.hours.values + home.hours.values
    return Surface(costs.grid, hours, "travel time by way of", "h")


def isochrones(
    costs: Costs, points: ArrayLike, *, back: bool = True, limit_h: float = math.inf
) -> Surface:
    """Return the hours from each cell to the nearest of some cells.

    Parameters
    ----------
    costs
        Over what.
    points
        Numbers of cells: posts, wells, landings.
    back
        False for the hours from the nearest of them to each cell.
    limit_h
        What lies further is NaN.
    """
    return accumulate(costs, points, back=back, limit_h=limit_h).hours


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """How many of the quickest ways between some cells pass each cell.

    Parameters
    ----------
    ways
        Sum of the weights of the ways that pass; 0 where none does.
    from_each
        Sum of the weights of the ways that lead from each of the cells.
    """

    ways: Surface
    from_each: Ints

    @property
    def total(self) -> int:
        """Sum of the weights of all ways."""
        return int(self.from_each.sum())


def from_everywhere(
    costs: Costs,
    places: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    reach: int = 0,
) -> Passed:
    """Count the quickest ways between some cells, in each cell that they pass.

    Parameters
    ----------
    costs
        Over what.
    places
        Numbers of cells, each the origin and the destination of the others.
    weights : (places, places) array of whole numbers
        Of the way from each (row) to each (column); by default 1.
    reach
        A way passes also the cells that lie so many rows and columns away; 0, 1 or 2.
        With 1 the knight's moves leave no gaps.

    Returns
    -------
    Passed
        A pair without a way counts nowhere.

    Raises
    ------
    ValueError
        If the weights or the reach do not fit, or as of `accumulate`.

    Notes
    -----
    The time grows with the number of places, a tree of ways from each.

    References
    ----------
    White and Barber 2012, Geospatial modeling of pedestrian transportation networks:
    from everywhere to everywhere. Journal of Archaeological Science 39:2684.

    Examples
    --------
    Along a line of five cells, between both ends and the middle:

    >>> from geo.analysis.terrain.costs import costs_of
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=5)
    >>> line = costs_of(Surface(grid, np.ones((1, 5)), "friction", "s/m"))
    >>> passed = from_everywhere(line, [0, 2, 4])
    >>> passed.ways.values.tolist(), passed.total
    ([[4.0, 4.0, 6.0, 4.0, 4.0]], 6)
    """
    cells = np.atleast_1d(np.asarray(places, np.int64))
    weight = _weights(weights, cells.size)
    if reach not in range(MARGIN + 1):
        raise ValueError(f"reach is {reach}; expected 0, 1 or 2 cells")
    flat, grid = flat_cells(costs, cells), costs.grid
    near = np.arange(-reach, reach + 1)
    around = np.add.outer(near * (grid.columns + 2 * MARGIN), near).ravel()
    width, table = _width(costs, flat), _table(costs)

    def of_one(origin: int) -> tuple[Ints, int]:
        passed = np.zeros(costs.ground.friction.size, np.int64)
        seconds = np.full(passed.size, math.inf)
        seconds[flat[origin]] = 0.0
        _spread(costs, seconds, width=width, table=table)
        ends = np.flatnonzero(np.isfinite(seconds[flat]) & (cells != cells[origin]))
        following.count_ways(
            costs.ground,
            costs.walk,
            costs.boats,
            costs.moves,
            seconds,
            flat[ends],
            weight[origin, ends],
            around,
            passed,
        )
        return passed, int(weight[origin, ends].sum())

    total, many = np.zeros(costs.ground.friction.size, np.int64), []
    with ThreadPoolExecutor(min(cells.size, os.cpu_count() or 1)) as pool:
        for passed, ways in pool.map(of_one, range(cells.size)):
            total += passed
            many.append(ways)
    values = inner(total.astype(np.float64), grid).copy()
    return Passed(Surface(grid, values, "quickest ways", "ways"), np.array(many))


def _weights(weights: ArrayLike | None, places: int) -> Ints:
    """Return the weight of the way from each place to each."""
    many = (places, places)
    weight = np.ones(many, np.int64) if weights is None else np.asarray(weights)
    if weight.shape != many or not np.issubdtype(weight.dtype, np.integer):
        raise ValueError(
            f"weights have shape {weight.shape} and are {weight.dtype}; expected "
            f"whole numbers of shape {many}"
        )
    return weight.astype(np.int64)


def _spread(
    costs: Costs,
    seconds: Floats,
    *,
    width: float,
    back: bool = False,
    limit: float = math.inf,
    table: Floats | None = None,
) -> None:
    """Lower seconds to those of the quickest way to each cell."""
    least, steep = _lower_bound(costs)
    loops.spread_costs(
        costs.ground,
        costs.walk,
        costs.boats,
        costs.moves,
        back,
        width,
        least,
        steep,
        limit,
        seconds,
        table,
    )


def _lower_bound(costs: Costs) -> tuple[float, float]:
    """Return what every move takes at least: seconds, and seconds on friction 1."""
    friction, mode = costs.ground.friction, costs.ground.mode
    pace, cell_m = quickest_pace(costs.walk), costs.grid.cell_m * _SAFE
    if mode.size:
        land = np.fmin.reduce(friction[mode == LAND], initial=math.inf)
        water = np.fmin.reduce(friction[mode != LAND], initial=math.inf)
        on_foot = pace + land if costs.walk.added else pace * land
        current = min(costs.boats.upstream, costs.boats.downstream, 1.0)
        return cell_m * min(on_foot, water * current), 0.0
    half = 0.5 * np.fmin.reduce(friction, initial=math.inf)
    if costs.walk.added:
        return cell_m * (pace + half), cell_m * 0.5
    return cell_m * pace * half, cell_m * pace * 0.5


def _table(costs: Costs) -> Floats | None:
    """Return the seconds of each move from each cell; None where that is too much."""
    cells = costs.ground.friction.size
    if cells > _TABLED:
        return None
    table = np.empty((cells, costs.neighbours))
    loops.list_seconds(
        costs.ground, costs.walk, costs.boats, costs.moves, np.arange(cells), table
    )
    return table


def _width(costs: Costs, sources: Ints) -> float:
    """Return the width of a bucket: twice a short move, of a sample of cells."""
    friction = costs.ground.friction
    every = max(1, friction.size // _SAMPLE)
    some = np.arange(0, friction.size, every)
    some = np.append(some[~np.isnan(friction[some])], sources)
    moves = costs.moves
    table = np.empty((some.size, moves.step.size))
    loops.list_seconds(
        costs.ground, costs.walk, costs.boats, moves, some.astype(np.int64), table
    )
    finite = table[np.isfinite(table)]
    return 2.0 * float(np.quantile(finite, 0.02)) if finite.size else 1.0
