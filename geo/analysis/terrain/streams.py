"""Which way rivers flow, and how large each is."""

import math

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.csgraph import dijkstra

from geo.grid import Surface

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_AROUND = np.ones((3, 3), bool)
_MOVES = ((0, 1), (1, 0), (1, 1), (1, -1))


def reach_of(river: Mask, sea: Mask, relief: Surface) -> Floats:
    """Return metres along navigable water to the sea, or to the lowest cell.

    Parameters
    ----------
    river, sea : (rows, columns) bool array
        Cells of rivers that carry boats, and of the sea.
    relief
        Heights, for rivers that do not reach the sea.

    Returns
    -------
    (rows, columns) array
        0 on land and at sea, and at least the side of a cell on rivers.
    """
    reach = np.zeros(river.shape)
    cells = np.flatnonzero(river)
    if not cells.size:
        return reach
    mouth = (river & ndimage.binary_dilation(sea, _AROUND)).ravel()[cells]
    label = ndimage.label(river, _AROUND)[0].ravel()[cells]
    height = relief.values.ravel()[cells]
    height = np.where(np.isnan(height), math.inf, height)
    order = np.lexsort((cells, height, label))
    first = order[np.unique(label[order], return_index=True)[1]]  # the lowest of each
    mouth[first[~np.isin(label[first], label[mouth])]] = True
    graph = _neighbours(cells, river.shape, relief.grid.cell_m)
    metres = dijkstra(graph, indices=np.flatnonzero(mouth), min_only=True)
    reach.ravel()[cells] = metres + relief.grid.cell_m  # above the sea
    return reach


def _neighbours(cells: Ints, shape: tuple[int, int], cell_m: float) -> sparse.csr_array:
    """Return the metres between cells that touch."""
    rows, columns = shape
    row, column = np.divmod(cells, columns)
    start, end, length = [], [], []
    for down, east in _MOVES:
        inside = (row + down < rows) & (column + east >= 0) & (column + east < columns)
        here = np.flatnonzero(inside)
        there = cells[here] + down * columns + east
        at = np.minimum(np.searchsorted(cells, there), cells.size - 1)
        met = cells[at] == there
        start += [here[met], at[met]]
        end += [at[met], here[met]]
        length += [np.full(2 * np.count_nonzero(met), math.hypot(down, east) * cell_m)]
    pairs = (np.concatenate(start), np.concatenate(end))
    many = cells.size
    return sparse.csr_array((np.concatenate(length), pairs), shape=(many, many))


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
