"""Tubes: how sure a route's line is, by persons, cells and smoothing."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.corridors.along import Along, cells_along
from geo.engine import map_parts, workers
from geo.grid import Grid
from geo.kernels.tubes import (
    BLOCK,
    Entries,
    Profiles,
    count_entries,
    draw_ridges,
    sort_entries,
)

DRAWS = 200
"""How often the tracks are drawn anew."""

SHARE = 0.9
"""Share of the draws whose ridge lies within the tube."""

_WIDE = 8  # cells on each side that a profile takes in
_NEAR = 4.0  # a ridge farther away than so many cells is another one
_SIGMA = 2.0  # of the smoothing, in cells, as where ridges are traced
_SHARPEST = 0.05  # as there
_ENDS = 3.0  # cells at the ends of a line where others meet it
_FOUND = 0.5  # share of a line's profiles on which a draw has to have its ridge
_TIMES = 1.645  # standard errors to each side of which 90 of 100 lie within
_CELL = (
    6.0**-0.5
)  # standard error in cells: of a track in its cell, of a top in its bin
_BOTH = (
    8.0**0.5
)  # two smoothings by two cells, of the surface and along the line, in one
_STEP_M = 50.0  # tubes are drawn in steps of this

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Tubes(NamedTuple):
    """How far from their lines the routes may lie.

    Parameters
    ----------
    edges
        A row an edge: `edge`, `tube_m` (half the width of its tube, the median along
        it; NaN if no draw has its ridge), `stability_pct` (share of the draws that
        have it).
    places
        A row a place: `edge`, `at_m` along it, `half_m` (half the width of the tube
        there; NaN if fewer than half of the draws have the ridge there).
    """

    edges: pd.DataFrame
    places: pd.DataFrame


def find_tubes(
    paths: pd.DataFrame,
    edges: gpd.GeoDataFrame,
    *,
    grid: Grid,
    seeds: Ints | None = None,
    draws: int = DRAWS,
) -> Tubes:
    """Draw the tracks anew, and see how far the ridges along the edges move.

    Parameters
    ----------
    paths
        Distinct pairs of `track` and `cell` of the grid, the tracks side by side.
    edges
        `edge` and lines.
    grid
        Of the cells.
    seeds
        A number for each track, in their order, from which its luck in the draws comes;
        by default the track itself.
    draws
        How often.

    Notes
    -----
    A bootstrap by person: each draw takes each track as often as a Poisson number of
    mean 1 says, which comes from the track and the number of the draw alone. A track
    has one vote, shared out over the cells it enters. Profiles stand across the lines,
    one a cell; their votes are smoothed by two cells along and across, as where ridges
    are traced, and the top that is nearest to the line, and within four cells of it,
    is the ridge of the draw (Chen, Genovese and Wasserman 2015, Annals of Statistics
    43:1896, take the nearest point as well). A draw has the ridge of an edge if it has
    it on half of its profiles, without those near its ends.

    The tube adds up what is known to be uncertain. First, at each place 90 of 100 of
    the ridges lie within some distance of the line. Second, in quadrature, nobody knows
    where in its cell a track went, nor where in its bin the top lies: each is even over
    a cell. The errors of fixes differ from track to track, so the draws hold them.
    Third, all smoothing pulls lines into their bends. By how much, another round of the
    same smoothing of the line tells (twicing; Tukey 1977, Exploratory Data Analysis).

    What all records miss it does not tell: between hourly fixes a boat cuts off bends.

    Examples
    --------
    Thirty tracks along one row of cells, and one aside.

    >>> grid = Grid("EPSG:32618", 0, 2000, 100, rows=20, columns=30)
    >>> edges = gpd.GeoDataFrame(
    ...     {"edge": [1]}, geometry=[shapely.LineString([(0, 1050), (3000, 1050)])]
    ... )
    >>> rows = [9] * 30 + [11]
    >>> cells = [30 * row + np.arange(30) for row in rows]
    >>> paths = pd.DataFrame(
    ...     {"track": np.repeat(np.arange(31), 30), "cell": np.concatenate(cells)}
    ... )
    >>> tubes = find_tubes(paths, edges, grid=grid)
    >>> tubes.edges.round(0).values.tolist()
    [[1.0, 68.0, 100.0]]
    """
    along = cells_along(edges.geometry, grid, reach=float(_WIDE))
    profiles, start = _profiles(along, edges, grid)
    entries, seeds = _entries(paths, along.cell, grid, seeds=seeds)
    length = edges.length.to_numpy()
    line = np.repeat(np.arange(len(edges)), np.diff(start))
    at_m = (np.arange(start[-1]) - start[line]).astype(np.float64) + 0.5
    at_m *= grid.cell_m
    offsets = np.abs(_offsets(entries, seeds, profiles, draws=draws)) * grid.cell_m
    found = np.isfinite(offsets)
    ends_m = np.minimum(_ENDS * grid.cell_m, length[line] / 4)
    inner = (at_m >= ends_m) & (at_m <= length[line] - ends_m)
    half_m: Floats = np.hypot(_quantile(offsets, found), _TIMES * _CELL * grid.cell_m)
    half_m += _pulled_in(edges, line, at_m)
    half_m[found.mean(axis=0) < _FOUND] = np.nan
    places = pd.DataFrame(
        {"edge": edges["edge"].to_numpy()[line], "at_m": at_m, "half_m": half_m}
    )
    # As many columns as edges: on which share of its profiles each draw has it.
    many = np.maximum(np.bincount(line[inner], minlength=len(edges)), 1)
    share = np.array(
        [np.bincount(line[inner], row[inner], len(edges)) / many for row in found * 1.0]
    ).reshape(draws, len(edges))
    middle = places[inner].groupby("edge")["half_m"].median()
    return Tubes(
        pd.DataFrame(
            {
                "edge": edges["edge"].to_numpy(),
                "tube_m": middle.reindex(edges["edge"]).to_numpy(),
                "stability_pct": 100 * (share >= _FOUND).mean(axis=0),
            }
        ),
        places,
    )


def _pulled_in(edges: gpd.GeoDataFrame, line: Ints, at_m: Floats) -> Floats:
    """Return how far another smoothing moves lines at places, one a cell.

    Ends stay where they are.
    """
    moved = np.zeros(at_m.size)
    for number, shape in enumerate(edges.geometry):
        here = line == number
        corners = shapely.get_coordinates(shape.interpolate(at_m[here]))
        ends = shapely.get_coordinates(shape)[[0, -1]]
        # Mirrored in the ends, as where ridges are traced.
        before, after = 2 * ends[0] - corners[::-1], 2 * ends[1] - corners[::-1]
        around = np.vstack([before, corners, after])
        smooth = ndimage.gaussian_filter1d(around, _BOTH, axis=0)
        away = smooth[len(corners) : 2 * len(corners)] - corners
        moved[here] = np.hypot(*away.T)
    return moved


def draw_tubes(edges: gpd.GeoDataFrame, places: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the tube of each edge that has one: a polygon.

    Its half width is the running median over five places, rounded up to 50 m. Where no
    draw has the ridge, the tube is that of the places beside.

    Parameters
    ----------
    edges
        `edge`, `tracks`, `tube_m`, and lines.
    places
        Of `find_tubes`, for lines that run either way.
    """
    known = edges["tube_m"].notna().to_numpy()
    shapes = []
    lines = zip(edges["edge"][known], edges.geometry[known], strict=True)
    by_edge = dict(list(places.dropna().groupby("edge")))
    for edge, line in lines:
        here = by_edge[edge]
        half = here["half_m"].rolling(5, center=True, min_periods=1).median()
        half_m = np.maximum(1.0, np.ceil(half.to_numpy() / _STEP_M)) * _STEP_M
        at_m = here["at_m"].to_numpy()
        at_m = np.concatenate([[0.0], at_m, [line.length]])
        half_m = np.concatenate([half_m[:1], half_m, half_m[-1:]])
        shapes.append(_band(line, np.minimum(at_m, line.length), half_m))
    columns = [name for name in ("edge", "tracks", "tube_m") if name in edges]
    table = edges.loc[known, columns].reset_index(drop=True)
    return gpd.GeoDataFrame(
        table, geometry=gpd.GeoSeries(shapes, dtype="geometry", crs=edges.crs)
    )


def _band(line: shapely.LineString, at_m: Floats, half_m: Floats) -> shapely.Geometry:
    """Return the area within so many metres of a line, from place to place."""
    discs = shapely.buffer(line.interpolate(at_m), half_m, quad_segs=4)
    pairs = np.column_stack([discs[:-1], discs[1:]])
    hulls = shapely.convex_hull(shapely.geometrycollections(pairs))
    whole = shapely.simplify(shapely.union_all(hulls), _STEP_M / 2)
    return shapely.set_precision(whole, _STEP_M / 2)


def _profiles(
    along: Along, edges: gpd.GeoDataFrame, grid: Grid
) -> tuple[Profiles, Ints]:
    """Return where cells fall on profiles, and with which one each line begins."""
    width = 2 * (_WIDE + 1)
    count = np.maximum(1, np.ceil(edges.length.to_numpy() / grid.cell_m)).astype(int)
    start = np.concatenate([[0], np.cumsum(count)])
    step = np.minimum(along.at_m // grid.cell_m, count[along.line] - 1).astype(np.int64)
    across = along.off_m / grid.cell_m + _WIDE
    low = np.floor(across).astype(np.int64)
    line = np.repeat(np.arange(len(edges)), count)
    return (
        Profiles(
            width=width,
            bin=(start[along.line] + step) * width + low,
            right=np.rint(64 * (across - low)).astype(np.int64),
            first=start[line],
            last=start[line + 1] - 1,
        ),
        start,
    )


def _entries(
    paths: pd.DataFrame, places: Ints, grid: Grid, *, seeds: Ints | None
) -> tuple[Entries, Ints]:
    """Return who enters each of some cells, and the seed of each who does."""
    track = paths["track"].to_numpy(np.int64)
    first = np.flatnonzero(track[1:] != track[:-1]) + 1
    begin = np.concatenate([np.zeros(min(1, track.size), int), first, [track.size]])
    cell = np.require(paths["cell"], np.int32, ["C"])
    slot = np.full(grid.rows * grid.columns, -1, np.int32)
    slot[places] = np.arange(places.size)
    start = np.zeros(places.size + 1, np.int64)
    near = count_entries(begin, cell, slot, start)
    size, who = int(start[-1]), np.zeros(near, np.int64)
    entries = Entries(start, np.zeros(size, np.uint32), np.zeros(size, np.uint32))
    sort_entries(begin, cell, slot, 1 << 30, start.copy(), entries, who)
    return entries, track[begin[who]] if seeds is None else seeds[who]


def _offsets(
    entries: Entries, seeds: Ints, profiles: Profiles, *, draws: int
) -> Floats:
    """Return where the ridge of each draw lies on each profile, in cells."""
    reach = int(3 * _SIGMA)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SIGMA) ** 2)
    offsets = np.empty((draws, profiles.first.size))
    sharpest = _SHARPEST / _SIGMA**2

    def draw(begin: int) -> None:
        rows = offsets[begin : begin + BLOCK]
        draw_ridges(entries, seeds, profiles, kernel, _NEAR, sharpest, begin, rows)

    with workers() as pool:
        map_parts(draw, range(0, draws, BLOCK), executor=pool)
    return offsets


def _quantile(offsets: Floats, found: NDArray[np.bool_]) -> Floats:
    """Return the distance within which the given share of what was found lies."""
    ordered = np.sort(offsets, axis=0)  # NaN last
    number = found.sum(axis=0)
    at = np.clip(np.ceil(SHARE * number).astype(int) - 1, 0, None)
    quantile: Floats = np.take_along_axis(ordered, at[None, :], axis=0)[0]
    return quantile
