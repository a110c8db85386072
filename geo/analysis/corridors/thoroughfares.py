"""Where the ways between all places run, if nobody knows who wants to go where."""

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.terrain.bands import areas_below
from geo.analysis.terrain.costs import Costs
from geo.analysis.terrain.entries import cells_at
from geo.analysis.terrain.travel import from_everywhere
from geo.grid import Grid, Surface

Ints = NDArray[np.int64]

SHARES_PCT = (1, 2, 5, 10)
"""Outlines hold what so many percent of all ways pass."""

_REACH = 1  # cells: a way on coarse ground may as well lead through the next one
_ASTRAY = 2.0  # cells that a place may lie off the ground that can be travelled


def choose_places(
    *layers: gpd.GeoDataFrame, grid: Grid, passable: NDArray[np.bool_], most: int
) -> Ints:
    """Return the cells of places that lie far apart: at most one a cell, and so many.

    The most populous comes first, and then always the one that is farthest from all
    before it; of equals the more populous, then the one further north and west.

    Parameters
    ----------
    layers
        Points in the CRS of the grid; those with a `population` are known to have one.
    grid, passable
        The cells, and which of them can be travelled. A place takes the nearest such
        cell, and has none if that is more than two cells away.
    most
        How many are wanted.

    Returns
    -------
    (n,) int64 array
        Numbers of cells, in that order, whatever the order of the rows.

    Examples
    --------
    The town in the middle, then the ends of the row:

    >>> grid = Grid("EPSG:32618", 0, 10, 10, rows=1, columns=9)
    >>> towns = gpd.GeoDataFrame(
    ...     {"population": [10, 20, 900, 30]},
    ...     geometry=gpd.points_from_xy([5, 25, 45, 85], [5, 5, 5, 5]),
    ... )
    >>> every = np.ones(grid.shape, bool)
    >>> choose_places(towns, grid=grid, passable=every, most=3).tolist()
    [4, 8, 0]
    """
    found: dict[int, float] = {}
    for layer in layers:
        for cell, many in _peopled(layer, grid, passable):
            found[cell] = max(found.get(cell, 0.0), many)
    cells = np.array(sorted(found), np.int64)
    people = np.array([found[cell] for cell in cells.tolist()])
    row, column = np.divmod(cells, grid.columns)
    apart = np.full(cells.size, np.iinfo(np.int64).max)
    chosen: list[int] = []
    while len(chosen) < min(most, cells.size):
        far = np.flatnonzero(apart == apart.max())
        one = int(far[np.argmax(people[far])])
        chosen.append(one)
        off_2 = (row - row[one]) ** 2 + (column - column[one]) ** 2
        apart = np.minimum(apart, off_2)
    return cells[chosen]


def _peopled(
    layer: gpd.GeoDataFrame, grid: Grid, passable: NDArray[np.bool_]
) -> Iterator[tuple[int, float]]:
    """Yield the cell of each place of a layer that has one, and how many live there."""
    some = layer[~(layer.geometry.isna() | layer.geometry.is_empty)]
    spots = shapely.centroid(some.geometry.to_numpy())
    cells = cells_at(gpd.GeoDataFrame(geometry=spots), grid, passable)
    middle_x, middle_y = grid.centre_of(np.maximum(cells, 0))
    off = np.hypot(shapely.get_x(spots) - middle_x, shapely.get_y(spots) - middle_y)
    near = (cells >= 0) & (off <= _ASTRAY * grid.cell_m)
    people = np.zeros(len(some))
    if "population" in some:
        people = np.nan_to_num(some["population"].to_numpy(np.float64, na_value=0.0))
    yield from zip(cells[near].tolist(), people[near].tolist(), strict=True)


def find_thoroughfares(
    costs: Costs, places: Ints, *, shares_pct: Sequence[int] = SHARES_PCT
) -> gpd.GeoDataFrame:
    """Outline what given shares of the quickest ways between all places pass.

    Parameters
    ----------
    costs
        Over what.
    places
        Numbers of cells, of `choose_places`.
    shares_pct
        Percent of all ways, above 0.

    Returns
    -------
    GeoDataFrame
        A row a share that is reached: `share_pct`, `places` between which there are
        ways, `area_km2`, and geometry; the smallest share first. None where fewer
        than two places have a way between them.

    Notes
    -----
    From everywhere to everywhere (White and Barber 2012). A way counts in the cells
    that it passes, and in those next to them: on coarse ground two ways a cell apart
    are one. Each way counts the same, forth and back.

    Examples
    --------
    Between three places along a row all ways pass the middle:

    >>> from geo.analysis.terrain.costs import costs_of
    >>> grid = Grid("EPSG:32618", 0, 5000, 1000, rows=5, columns=9)
    >>> plain = costs_of(Surface(grid, np.ones(grid.shape), "friction", "s/m"))
    >>> found = find_thoroughfares(plain, np.array([18, 22, 26]), shares_pct=[60, 100])
    >>> found[["share_pct", "places"]].values.tolist()
    [[60, 3], [100, 3]]
    """
    joined, rows = 0, []
    if places.size > 1:
        passed = from_everywhere(costs, places, reach=_REACH)
        joined = int(np.count_nonzero(passed.from_each))
        for least in sorted(set(shares_pct)) if joined else ():
            few = 100.0 * passed.ways.values < least * passed.total
            beside = Surface(costs.grid, few.astype(np.float64), "beside", "")
            (areas,) = areas_below(beside, [0.5])
            if len(areas):
                rows.append((least, shapely.MultiPolygon([*areas])))
    shapes = [shape for _, shape in rows]
    return gpd.GeoDataFrame(
        {
            "share_pct": np.array([least for least, _ in rows], np.int64),
            "places": np.full(len(rows), joined, np.int64),
            "area_km2": np.round(shapely.area(shapes) / 1e6).reshape(-1),
        },
        geometry=gpd.GeoSeries(shapes, dtype="geometry", crs=costs.grid.crs),
    )
