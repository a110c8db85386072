"""Corridors: the outlines that hold most of the movement, and who uses them."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import contourpy
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.frames import on_processors
from geo.grid import Grid, Surface
from geo.kernels.filling import fill_rings
from geo.kernels.paths import enter_outlines
from geo.kernels.rows import sealed

_FINER = 3  # outlines are traced on cells this many times finer
_SMOOTHING = 0.75  # standard deviation of the smoothing before, in cells
_PIECES = 8  # of a surface, that processors smooth
_FEWEST_CELLS = 4.0  # smaller pieces and holes are dropped
_LEAST_SHARE = 0.01  # so are pieces that hold less of the movement
_ROUND_M = 1.0  # coordinates of outlines are whole metres
_NO_DIRECTION = -math.log(0.05)  # Rayleigh: n R² below this is chance (p > 0.05)


class Movement(Protocol):
    """What `bridged_share` needs of an occurrence."""

    @property
    def grid(self) -> Grid:
        """Where the cells lie."""

    @property
    def occurrence(self) -> NDArray[np.int64]:
        """Movement in each cell."""

    @property
    def bridged(self) -> NDArray[np.int64]:
        """The part of it that lies in long silences."""


def outline_corridors(
    surface: Surface,
    *,
    levels: Sequence[float] = (0.5, 0.75, 0.9),
    support: Surface | None = None,
    fewest: int = 1,
) -> gpd.GeoDataFrame:
    """Outline the smallest areas that hold given shares of the movement.

    Parameters
    ----------
    surface
        Movement, an amount per area; NaN counts as none.
    levels
        Shares between 0 and 1, in any order.
    support
        Distinct tracks behind each cell of the same grid.
    fewest
        Cells with fewer tracks are left out before anything is drawn, so that no
        outline depends on where fewer walked. The levels are shares of the rest.

    Returns
    -------
    GeoDataFrame
        A row a piece: `level` (percent), `corridor` (from 1, over all levels),
        `area_km2` and `geometry`, a Polygon with holes on whole metres in the
        surface's CRS. Sorted by level, then the largest first, then west to east
        and south to north. Outlines of a level contain those of lower levels.

    Raises
    ------
    ValueError
        If a level is not between 0 and 1, a value is negative or infinite, or the
        support lies on another grid.

    Notes
    -----
    Volume contours, as of a utilization distribution: the threshold above which
    the cells together hold the share. Before, the surface is smoothed by three
    quarters of a cell, so that outlines do not follow the edges of cells; pieces
    and holes of less than four cells, and pieces with less than 1 % of the
    movement, are dropped.

    Examples
    --------
    A straight path along which everybody walks:

    >>> values = np.zeros((9, 40))
    >>> values[4] = 1.0
    >>> grid = Grid("EPSG:32618", 0, 2250, 250, rows=9, columns=40)
    >>> found = outline_corridors(Surface(grid, values, "movement", "%/km²"))
    >>> found[["level", "corridor"]].values.tolist()
    [[50, 1], [75, 2], [90, 3]]
    >>> outline_corridors(Surface(grid, values * 0, "movement", "%/km²")).empty
    True
    """
    for level in levels:
        if not 0 < level < 1:
            raise ValueError(f"a level is {level}; expected a share between 0 and 1")
    values = _counted(surface, support, fewest)
    rows, pieces = [], np.empty(0, dtype=object)
    if values.any():
        smooth = _finer(values, surface.grid)
        falling = np.sort(smooth.values[smooth.values > 0])[::-1]
        running = np.cumsum(falling)
        contours = _contours_of(smooth)
        for level in sorted(set(levels)):
            threshold = falling[np.searchsorted(running, level * running[-1])]
            above = contours.filled(threshold, np.inf)
            pieces = _pieces(above, smooth, within=pieces)
            rows += [(round(100 * level), piece) for piece in _in_order(pieces)]
    geometry = [piece for _, piece in rows]
    return gpd.GeoDataFrame(
        {
            "level": np.array([level for level, _ in rows], dtype=np.int64),
            "corridor": np.arange(1, len(rows) + 1, dtype=np.int64),
            "area_km2": np.round(shapely.area(geometry) / 1e6, 3).reshape(-1),
        },
        geometry=gpd.GeoSeries(geometry, dtype="geometry", crs=surface.grid.crs),
    )


def corridor_support(
    paths: pd.DataFrame, outlines: gpd.GeoDataFrame, *, grid: Grid
) -> pd.DataFrame:
    """Count the tracks in each corridor, and say which way they go.

    Parameters
    ----------
    paths
        Distinct pairs of `track` and `cell` of the grid, with the track's mean
        direction there: `east` and `north`, in thousandths. Quickest with the rows
        of each track side by side.
    outlines
        As `outline_corridors` returns them: `level`, `corridor`, geometry.
    grid
        Of the cells. A cell belongs to the outline around its centre.

    Returns
    -------
    DataFrame
        A row for each outline, in their order: `corridor`; `tracks`, distinct, whose
        path enters it; `bearing_deg`, the direction of the sum of the tracks' mean
        directions, clockwise from north; and `one_way_pct`, the share of tracks
        that move within 90° of it; both to the nearest 5. They are NaN where the
        tracks have no common direction (Rayleigh test, p > 0.05).

    Notes
    -----
    Sums are of whole numbers, so the order of rows does not matter.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 500, 500, rows=1, columns=2)
    >>> paths = pd.DataFrame(
    ...     {"track": [1, 2, 3, 4], "cell": [0, 0, 0, 1], "east": 1000, "north": 0}
    ... )
    >>> outlines = gpd.GeoDataFrame(
    ...     {"level": [90], "corridor": [1]}, geometry=[shapely.box(0, 0, 500, 500)]
    ... )
    >>> corridor_support(paths, outlines, grid=grid).values.tolist()
    [[1.0, 3.0, 90.0, 100.0]]
    """
    entered = _entered(paths, outlines, grid)
    found = pd.DataFrame(
        {
            "corridor": outlines["corridor"].to_numpy(dtype=np.int64),
            "tracks": np.zeros(len(outlines), dtype=np.int64),
            "bearing_deg": np.nan,
            "one_way_pct": np.nan,
        }
    )
    for row in range(len(outlines)):
        tracks = entered[entered[:, 0] == row, 1:]
        found.loc[row, "tracks"] = len(tracks)
        found.loc[row, ["bearing_deg", "one_way_pct"]] = _direction(tracks)
    return found


def _entered(
    paths: pd.DataFrame, outlines: gpd.GeoDataFrame, grid: Grid
) -> NDArray[np.int64]:
    """Return a row for each track and outline: position, sum of east, of north."""
    around = [_cells_in(outline, grid) for outline in outlines.geometry]
    cells = np.concatenate([np.zeros(0, np.int64), *around])
    outline = np.repeat(np.arange(len(around)), [len(inside) for inside in around])
    begin = np.zeros(grid.rows * grid.columns + 1, np.int64)
    np.cumsum(np.bincount(cells, minlength=len(begin) - 1), out=begin[1:])
    track = paths["track"].to_numpy(np.int64)
    runs = np.concatenate([track[:1], track[1:][track[1:] != track[:-1]]])
    if len(np.unique(runs)) < len(runs):
        paths = paths.sort_values("track")
        track = paths["track"].to_numpy(np.int64)
    rows = np.empty((len(runs) * len(around), 3), np.int64)
    count = enter_outlines(
        sealed(track, np.int64),
        sealed(paths["cell"], np.int32),
        sealed(paths["east"], np.int16),
        sealed(paths["north"], np.int16),
        begin,
        outline[np.argsort(cells, kind="stable")],
        np.zeros((len(around), 3), np.int64),
        rows,
    )
    return rows[:count]


def bridged_share(
    movement: Movement, outlines: gpd.GeoDataFrame
) -> NDArray[np.float64]:
    """Return how much of the movement in each outline lies in long silences.

    Parameters
    ----------
    movement
        Occurrence with its bridged part, in whole numbers.
    outlines
        As `outline_corridors` returns them.

    Returns
    -------
    (n,) float array
        Percent, to the nearest 5; NaN where nothing moved.
    """
    shares = np.full(len(outlines), np.nan)
    occurrence, bridged = movement.occurrence.ravel(), movement.bridged.ravel()
    for row, outline in enumerate(outlines.geometry):
        inside = _cells_in(outline, movement.grid)
        total = int(occurrence[inside].sum())
        if total:
            shares[row] = _to_five(100 * int(bridged[inside].sum()) / total)
    return shares


def _counted(
    surface: Surface, support: Surface | None, fewest: int
) -> NDArray[np.float64]:
    """Return the values that count; zero elsewhere."""
    values = np.where(np.isnan(surface.values), 0.0, surface.values)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"{surface.name!r} holds a negative or infinite value")
    if support is None:
        return values
    if support.grid != surface.grid:
        raise ValueError(f"the support of {surface.name!r} lies on another grid")
    return np.where(support.values >= fewest, values, 0.0)


def _finer(values: NDArray[np.float64], grid: Grid) -> Surface:
    """Return the smoothed surface on finer cells around all that is not zero."""
    margin = 4
    rows, columns = (np.flatnonzero(values.any(axis=axis)) for axis in (1, 0))
    top, bottom = rows[0], rows[-1] + 1
    left, right = columns[0], columns[-1] + 1
    part = np.pad(values[top:bottom, left:right], margin)
    fine = np.repeat(np.repeat(part, _FINER, axis=0), _FINER, axis=1)
    smooth = _smoothed(_smoothed(fine.T).T)
    around = Grid(
        grid.crs,
        grid.west + (left - margin) * grid.cell_m,
        grid.north - (top - margin) * grid.cell_m,
        grid.cell_m / _FINER,
        *fine.shape,
    )
    return Surface(around, smooth, "smoothed movement", "")


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values smoothed along each row, rows shared among the processors."""
    smooth = np.empty_like(values)

    def smooth_rows(rows: NDArray[np.int64]) -> None:
        some = slice(rows[0], rows[-1] + 1)
        ndimage.gaussian_filter1d(
            values[some],
            _SMOOTHING * _FINER,
            axis=1,
            output=smooth[some],
            mode="constant",
        )

    on_processors(smooth_rows, np.array_split(np.arange(len(values)), _PIECES))
    return smooth


def _contours_of(smooth: Surface) -> contourpy.ContourGenerator:
    """Return what draws the areas where a surface is high."""
    grid = smooth.grid
    x, _ = grid.centre_of(np.arange(grid.columns))
    _, y = grid.centre_of(np.arange(grid.rows) * grid.columns)
    return contourpy.contour_generator(
        x, y, smooth.values, fill_type=contourpy.FillType.OuterOffset
    )


def _pieces(
    contours: Any, smooth: Surface, *, within: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Return the polygons that contours enclose on a surface, and those `within`."""
    polygons = [
        shapely.Polygon(rings[0], rings[1:])
        for points, offsets in zip(*contours, strict=True)
        for rings in [np.split(points, offsets[1:-1].astype(np.int64))]
    ]
    pieces = _without_specks(shapely.make_valid(polygons), smooth)
    # Mending afterwards is many times faster than keeping the topology.
    tolerance = smooth.grid.cell_m * _FINER / 20
    rough = shapely.simplify(pieces, tolerance, preserve_topology=False)
    simple = shapely.make_valid(rough)
    # Rounding could let an inner outline stick out by a metre.
    whole = shapely.union_all([*simple, *within], grid_size=_ROUND_M)
    parts = shapely.get_parts(shapely.set_precision(whole, _ROUND_M))
    return _without_specks(parts, smooth)


def _without_specks(
    geometries: NDArray[np.object_], surface: Surface
) -> NDArray[np.object_]:
    """Return the polygons that are worth showing, without their small holes.

    Points and lines, which mending may leave, have no area.
    """
    smallest = _FEWEST_CELLS * (surface.grid.cell_m * _FINER) ** 2
    parts = shapely.get_parts(geometries)
    kept = []
    for part in parts[shapely.area(parts) >= smallest]:
        holes = [hole for hole in part.interiors if _area(hole) >= smallest]
        kept.append(shapely.normalize(shapely.Polygon(part.exterior, holes)))
    values = surface.values.ravel()
    enough = _LEAST_SHARE * values.sum()
    worthy = [
        piece
        for piece in kept
        if values[_cells_in(piece, surface.grid)].sum() >= enough
    ]
    return np.array(worthy, dtype=object)


def _area(ring: shapely.LinearRing) -> float:
    """Return the area inside a ring."""
    return float(shapely.area(shapely.Polygon(ring)))


def _cells_in(polygon: shapely.Polygon, grid: Grid) -> NDArray[np.int64]:
    """Return the cells whose centres lie in a polygon, in their order."""
    rings = shapely.get_rings(polygon)
    if not len(rings):
        return np.zeros(0, np.int64)
    place, ring = shapely.get_coordinates(rings, return_index=True)
    u = place[:, 0] * (1 / grid.cell_m) - grid.west / grid.cell_m
    v = grid.north / grid.cell_m - place[:, 1] * (1 / grid.cell_m)
    top, left = (max(0, math.floor(least.min())) for least in (v, u))
    bottom = min(grid.rows, math.ceil(v.max()))
    right = min(grid.columns, math.ceil(u.max()))
    around = np.zeros((max(0, bottom - top), max(0, right - left)), np.bool_)
    begin = np.searchsorted(ring, np.arange(len(rings) + 1))
    fill_rings(u, v, begin, shapely.is_ccw(rings), top, left, around)
    row, column = np.divmod(np.flatnonzero(around), max(around.shape[1], 1))
    cells: NDArray[np.int64] = (row + top) * grid.columns + column + left
    return cells


def _in_order(pieces: NDArray[np.object_]) -> list[shapely.Polygon]:
    """Return the largest first, then west to east, then south to north."""
    return sorted(pieces, key=lambda piece: (-piece.area, *piece.bounds))


def _direction(vectors: NDArray[np.int64]) -> tuple[float, float]:
    """Return the main bearing of tracks and how many of 100 follow it."""
    length = np.hypot(vectors[:, 0], vectors[:, 1])
    moving = vectors[length > 0]
    unit = np.rint(1000 * moving / length[length > 0, None]).astype(np.int64)
    east, north = (int(total) for total in unit.sum(axis=0))
    if east**2 + north**2 < _NO_DIRECTION * 1e6 * max(len(unit), 1):
        return math.nan, math.nan
    bearing = _to_five(math.degrees(math.atan2(east, north))) % 360
    along = unit @ np.array([east, north]) >= 0
    return bearing, _to_five(100 * float(along.mean()))


def _to_five(value: float) -> float:
    """Round to the nearest multiple of 5."""
    return 5.0 * math.floor(value / 5 + 0.5)
