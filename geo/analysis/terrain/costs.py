"""What it costs to move from cell to cell: walking paces, and the costs of a grid."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.grid import Grid, Surface
from geo.kernels.costs import (
    BELL,
    LANGMUIR,
    LEVEL,
    MARGIN,
    TOBLER,
    Boats,
    Ground,
    Moves,
    Walk,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_STRAIGHT = [(0, 1), (1, 0), (1, 1), (1, -1)]
_KNIGHT = [(1, 2), (2, 1), (2, -1), (1, -2)]
_STILL = Boats(upstream=1.0, downstream=1.0, boarding_s=0.0)
_TOBLER_KMH = 6.0  # down a slope of 5 %
_OFF_PATH = 0.6
_FEMALE = 0.95


def level(seconds_per_m: float = 1.0) -> Walk:
    """Return a walk that no slope slows down; friction multiplies it.

    With a pace of 1, costs are friction times distance, as of GRASS r.cost.

    Raises
    ------
    ValueError
        If the pace is not above 0.
    """
    return _checked(Walk(LEVEL, seconds_per_m, 0.0, 0.0, 0.0, 0.0, added=False))


def langmuir(
    *,
    a: float = 0.72,
    b: float = 6.0,
    c: float = 1.9998,
    d: float = -1.9998,
    limit: float = -0.2125,
    added: bool = True,
) -> Walk:
    """Return Naismith's rule with Langmuir's correction.

    Parameters
    ----------
    a
        Seconds for a metre of level ground; 0.72 is 5 km/h.
    b, c, d
        Seconds for a metre of height, uphill, gently downhill and steeply downhill;
        downhill a positive value saves time.
    limit
        Slope below which it is steep; -0.2125 is 12°.
    added
        Whether friction is further seconds a metre, as in GRASS r.walk, or a factor.

    Raises
    ------
    ValueError
        If some slope would take no time, or less than none.

    References
    ----------
    Naismith 1892; Langmuir 1984, Mountaincraft and Leadership; Fontanari 2001 for
    the coefficients and r.walk.

    Examples
    --------
    >>> speed_kmh(langmuir(), [-0.5, -0.1, 0, 0.1]).round(2).tolist()
    [2.09, 6.92, 5.0, 2.73]
    """
    return _checked(Walk(LANGMUIR, a, b, c, d, limit, added=added))


def tobler(*, on_path: bool = True) -> Walk:
    """Return Tobler's hiking function: 6 exp(-3.5 |slope + 0.05|) km/h.

    Off the path it is 0.6 times as fast.

    References
    ----------
    Tobler 1993, Three presentations on geographical analysis and modeling, NCGIA
    Technical Report 93-1.

    Examples
    --------
    >>> speed_kmh(tobler(), [-0.05, 0, 0.3]).round(2).tolist()
    [6.0, 5.04, 1.76]
    >>> speed_kmh(tobler(on_path=False), -0.05).round(2).tolist()
    3.6
    """
    pace = 3.6 / (_TOBLER_KMH * (1.0 if on_path else _OFF_PATH))
    return Walk(TOBLER, pace, 3.5, 0.05, 0.0, 0.0, added=False)


def irmischer_clarke(*, on_path: bool = False, female: bool = False) -> Walk:
    """Return the speeds that Irmischer and Clarke measured by GPS.

    In m/s, at a slope of G percent: 0.11 + exp(-(G + 5)² / 1800) on a path, and
    0.11 + 0.67 exp(-(G + 2)² / 1800) off it; for women times 0.95. G has a sign, so
    that it is fastest a little downhill.

    References
    ----------
    Irmischer and Clarke 2018, Measuring and modeling the speed of human navigation,
    Cartography and Geographic Information Science 45:177.

    Examples
    --------
    >>> speed_kmh(irmischer_clarke(), [-0.02, 0, 0.3]).round(2).tolist()
    [2.81, 2.8, 1.76]
    >>> speed_kmh(irmischer_clarke(on_path=True, female=True), -0.05).round(2).tolist()
    3.8
    """
    share = _FEMALE if female else 1.0
    gain, centre = (1.0, 0.05) if on_path else (0.67, 0.02)
    return Walk(BELL, 0.11 * share, gain * share, centre, 0.3, 0.0, added=False)


def speed_kmh(walk: Walk, slope: ArrayLike) -> NDArray[np.float64]:
    """Return the walking speed at a slope, rise over run in the direction of travel.

    Examples
    --------
    >>> speed_kmh(level(3.6), [0.0, 9.0]).tolist()
    [1.0, 1.0]
    """
    rise = np.asarray(slope, np.float64)
    if walk.kind == LEVEL:
        pace = np.full(rise.shape, walk.a)
    elif walk.kind == TOBLER:
        pace = walk.a * np.exp(walk.b * np.abs(rise + walk.c))
    elif walk.kind == LANGMUIR:
        down = np.where(rise < walk.limit, walk.d, walk.c)
        pace = walk.a + np.where(rise >= 0, walk.b, down) * rise
    else:
        speed = walk.a + walk.b * np.exp(-0.5 * ((rise + walk.c) / walk.d) ** 2)
        pace = 1.0 / speed
    return np.asarray(3.6 / pace)


def quickest_pace(walk: Walk) -> float:
    """Return the fewest seconds that a metre takes at any slope.

    Examples
    --------
    >>> round(quickest_pace(langmuir()), 3), quickest_pace(tobler())
    (0.295, 0.6)
    """
    if walk.kind == LANGMUIR:
        steep = walk.a + walk.d * walk.limit if walk.d <= 0 else -math.inf
        return min(walk.a, walk.a + walk.c * walk.limit, steep)
    return 1.0 / (walk.a + walk.b) if walk.kind == BELL else walk.a


def _checked(walk: Walk) -> Walk:
    """Return the walk if every metre takes time."""
    numbers = (walk.a, walk.b, walk.c, walk.d, walk.limit)
    fine = all(math.isfinite(number) for number in numbers) and walk.b >= 0
    if not (fine and walk.limit <= 0 and quickest_pace(walk) > 0):
        raise ValueError(
            f"the coefficients are {numbers}; expected a metre to take time at "
            "every slope"
        )
    return walk


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What it costs to move from cell to cell.

    Make one with `costs_of`, or with `geo.analysis.terrain.ground.make_costs`.

    Parameters
    ----------
    grid
        Where the cells lie.
    ground
        Friction, height and water of each cell, flat and with margins.
    walk
        Seconds a metre by slope.
    boats
        What currents and boarding do.
    neighbours
        8, or 16 with a knight's moves.
    """

    grid: Grid
    ground: Ground
    walk: Walk
    boats: Boats = _STILL
    neighbours: int = 16

    @property
    def friction(self) -> Floats:
        """Friction as (rows, columns), NaN where nobody can pass."""
        return inner(self.ground.friction, self.grid)

    @property
    def moves(self) -> Moves:
        """Steps to the neighbours, each beside its reverse."""
        ahead = _STRAIGHT + (_KNIGHT if self.neighbours == 16 else [])
        both = np.array([way for y, x in ahead for way in ((y, x), (-y, -x))])
        half = np.trunc(both / 2).astype(np.int64)
        across = np.array([self.grid.columns + 2 * MARGIN, 1])
        return Moves(
            step=both @ across,
            near=half @ across,
            far=(both - half) @ across,
            length=np.hypot(both[:, 0], both[:, 1]) * self.grid.cell_m,
        )


def costs_of(
    friction: Surface,
    *,
    walk: Walk | None = None,
    relief: Surface | None = None,
    neighbours: int = 16,
) -> Costs:
    """Return the costs of a friction surface, with or without a relief.

    Parameters
    ----------
    friction
        Factor of the walk's pace, or seconds a metre if the walk adds it; NaN where
        nobody can pass.
    walk
        Seconds a metre by slope; by default 1 second everywhere.
    relief
        Heights in metres on the same grid; what is NaN there cannot be passed.
    neighbours
        Of a cell: 8, or 16 with a knight's moves, whose friction is the mean of the
        four cells that they touch.

    Raises
    ------
    ValueError
        If a friction is negative, infinite, or zero where it is a factor; if the
        walk needs a relief, or the relief has another grid.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=3)
    >>> friction = Surface(grid, np.array([[1.0, 3.0, np.nan]]), "friction", "s/m")
    >>> costs_of(friction).friction
    array([[ 1.,  3., nan]])
    """
    pace = level() if walk is None else walk
    values = np.asarray(friction.values, np.float64)
    worst = np.fmin.reduce(values, axis=None)
    if worst < 0 or (worst == 0 and not pace.added) or np.isinf(values).any():
        raise ValueError(
            f"the smallest friction is {worst}; expected numbers above 0, and NaN "
            "where nobody can pass"
        )
    if neighbours not in {8, 16}:
        raise ValueError(f"neighbours is {neighbours}; expected 8 or 16")
    height = np.empty(0)
    if pace.kind != LEVEL:
        if relief is None:
            raise ValueError("a walk on slopes needs a relief")
        if relief.grid != friction.grid:
            raise ValueError("friction and relief lie on different grids")
        height = padded(relief.values)
        values = np.where(np.isfinite(relief.values), values, np.nan)
    ground = Ground(padded(values), height, np.empty(0, np.uint8), np.empty(0))
    return Costs(friction.grid, ground, pace, neighbours=neighbours)


def padded(
    values: NDArray[Any], *, margin: float = math.nan, kind: str = "float64"
) -> NDArray[Any]:
    """Return values flat, with margins around them, as the loops want them."""
    rows, columns = values.shape
    wide = np.full((rows + 2 * MARGIN, columns + 2 * MARGIN), margin, kind)
    wide[MARGIN:-MARGIN, MARGIN:-MARGIN] = values
    return wide.ravel()


def inner(flat: Floats, grid: Grid) -> Floats:
    """Return what lies inside the margins, as a view."""
    wide = flat.reshape(grid.rows + 2 * MARGIN, grid.columns + 2 * MARGIN)
    return wide[MARGIN:-MARGIN, MARGIN:-MARGIN]


def flat_cells(costs: Costs, cells: Ints) -> Ints:
    """Return the numbers that cells have with margins; refuse those off the grid."""
    grid = costs.grid
    if cells.size == 0:
        raise ValueError("there is no cell to travel from")
    if cells.min() < 0 or cells.max() >= grid.rows * grid.columns:
        raise ValueError("a cell lies off the grid")
    row, column = np.divmod(cells, grid.columns)
    flat: Ints = (row + MARGIN) * (grid.columns + 2 * MARGIN) + column + MARGIN
    if np.isnan(costs.ground.friction[flat]).any():
        raise ValueError("a cell to travel from or to lies where nobody can pass")
    return flat


def inner_cells(grid: Grid, flat: Ints) -> Ints:
    """Return the numbers in the grid of cells numbered with margins.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=3)
    >>> inner_cells(grid, np.array([16, 18])).tolist()
    [0, 2]
    """
    row, column = np.divmod(flat, grid.columns + 2 * MARGIN)
    cells: Ints = (row - MARGIN) * grid.columns + column - MARGIN
    return cells
