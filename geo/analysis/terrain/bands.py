"""Areas where a surface is low: bands of hours, and ways that are nearly as quick."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import contourpy
import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geo.grid import Surface

_FEWEST_CELLS = 2.0  # smaller pieces and holes are dropped
_ROUND_M = 1.0  # corners are whole metres
_ABOVE = 1e9  # in place of what cannot be reached


def areas_below(surface: Surface, limits: Sequence[float]) -> list[NDArray[np.object_]]:
    """Return for each limit the areas in which a surface is at most so high.

    Parameters
    ----------
    surface
        NaN counts as too high. Lines run between the centres of cells.
    limits
        In any order.

    Returns
    -------
    list of arrays of Polygon
        On whole metres, with holes; the largest first, then west to east and south to
        north. Pieces and holes of less than two cells are dropped.

    Examples
    --------
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 500, 100, rows=5, columns=5)
    >>> y, x = np.mgrid[:5, :5]
    >>> cone = Surface(grid, np.hypot(y - 2.0, x - 2.0), "distance", "cells")
    >>> [[int(area.area) for area in areas] for areas in areas_below(cone, [1.5, 0.5])]
    [[63000], []]
    """
    grid = surface.grid
    values = np.pad(surface.values, 1, constant_values=np.nan)
    x = grid.west + (np.arange(-1, grid.columns + 1) + 0.5) * grid.cell_m
    y = grid.north - (np.arange(-1, grid.rows + 1) + 0.5) * grid.cell_m
    smallest = _FEWEST_CELLS * grid.cell_m**2
    found = []
    for limit in limits:
        # What is out of reach stands just above the limit: the line keeps half a cell
        # from it, and does not cling to what can be reached.
        high = np.where(np.isnan(values), 2 * limit + 1, values)
        contours = contourpy.contour_generator(
            x,
            y,
            np.minimum(high, 2 * limit + 1),
            fill_type=contourpy.FillType.OuterOffset,
        ).filled(-_ABOVE, limit)
        found.append(_pieces(contours, smallest, tolerance_m=grid.cell_m / 10))
    return found


def bands_of(
    surface: Surface, limits: Sequence[float], *, land: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the bands between limits of a surface, on land.

    Parameters
    ----------
    surface
        Hours; NaN where there is no way.
    limits
        Upper ends of the bands, above 0.
    land
        Polygons in the CRS of the surface; without any, all is land.

    Returns
    -------
    GeoDataFrame
        A row a band that is not empty: `from_h`, `up_to_h`, `area_km2`, geometry.

    Examples
    --------
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 500, 100, rows=5, columns=5)
    >>> hours = np.tile(np.arange(5.0), (5, 1))
    >>> land = gpd.GeoDataFrame(geometry=[], crs="EPSG:32618")
    >>> bands = bands_of(Surface(grid, hours, "hours", "h"), [1, 3, 9], land=land)
    >>> bands[["from_h", "up_to_h"]].values.tolist()
    [[0.0, 1.0], [1.0, 3.0], [3.0, 9.0]]
    """
    grid = surface.grid
    edges = sorted(set(limits))
    filled = Surface(grid, _carried_on(surface.values), surface.name, surface.unit)
    reach = [shapely.union_all(areas) for areas in areas_below(filled, edges)]
    sheet = shapely.box(*grid.bounds)
    ground = sheet
    if len(land):
        near = shapely.clip_by_rect(land.geometry.to_numpy(), *grid.bounds)
        ground = shapely.union_all(shapely.make_valid(shapely.simplify(near, 50.0)))
    rows = []
    for n, (low, high) in enumerate(pairwise([0.0, *map(float, edges)])):
        inner = reach[n - 1] if n else shapely.MultiPolygon()
        band = shapely.intersection(shapely.difference(reach[n], inner), ground)
        parts = shapely.get_parts(shapely.set_precision(band, _ROUND_M))
        kept = parts[shapely.area(parts) >= _FEWEST_CELLS * grid.cell_m**2]
        if len(kept):
            rows.append((low, high, shapely.normalize(shapely.MultiPolygon([*kept]))))
    shapes = [shape for *_, shape in rows]
    return gpd.GeoDataFrame(
        {
            "from_h": np.array([low for low, *_ in rows], np.float64),
            "up_to_h": np.array([high for _, high, _ in rows], np.float64),
            "area_km2": np.round(shapely.area(shapes) / 1e6).reshape(-1),
        },
        geometry=gpd.GeoSeries(shapes, dtype="geometry", crs=grid.crs),
    )


def _carried_on(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return values with the gaps near what is known filled from the nearest cell."""
    known = np.isfinite(values)
    if known.all() or not known.any():
        return np.asarray(values, np.float64)
    away, (row, column) = ndimage.distance_transform_edt(~known, return_indices=True)
    return np.where(away <= 2, values[row, column], np.nan)


def _pieces(
    contours: Any,
    smallest: float,
    *,
    tolerance_m: float,
) -> NDArray[np.object_]:
    """Return filled contours as polygons, smooth enough to draw, in order."""
    polygons = [
        shapely.Polygon(rings[0], rings[1:])
        for points, offsets in zip(*contours, strict=True)
        for rings in [np.split(points, offsets[1:-1].astype(np.int64))]
    ]
    rough = shapely.make_valid(shapely.simplify(polygons, tolerance_m))
    whole = shapely.union_all(rough, grid_size=_ROUND_M)
    kept = []
    for part in shapely.get_parts(shapely.set_precision(whole, _ROUND_M)):
        if part.geom_type == "Polygon" and part.area >= smallest:
            holes = [h for h in part.interiors if shapely.Polygon(h).area >= smallest]
            kept.append(shapely.normalize(shapely.Polygon(part.exterior, holes)))
    kept.sort(key=lambda piece: (-piece.area, *piece.bounds))
    out = np.empty(len(kept), dtype=object)
    out[:] = kept
    return out
