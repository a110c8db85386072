"""The ground under the map: compact outlines in degrees, and small pictures."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject, transform, transform_bounds
from scipy.ndimage import gaussian_filter

from geo.grid import Grid, Surface

Bounds = tuple[float, float, float, float]

PER_DEGREE = 10_000
"""Coordinates in the page are whole ten-thousandths of a degree, about 11 m: half a
pixel at the deepest zoom."""

SIMPLIFY_M = 10.0
"""Outlines may move by this much, about half a pixel at the deepest zoom."""

SMOOTH_M = 1_600.0
"""Standard deviation of the smoothing of heights before they are shaded."""

RELIEF_PIXELS = 1_000
_FINEST_M = 500.0
DENSITY_PIXELS = 1_400
"""Longer side of the pictures."""

_TINT_M = (0.0, 60.0, 250.0, 700.0, 1_500.0, 3_500.0)
_TINT = np.array(
    [
        (243, 241, 230),
        (239, 236, 221),
        (229, 223, 201),
        (213, 203, 176),
        (197, 184, 159),
        (226, 221, 211),
    ],
    dtype=np.float64,
)
"""Colours of heights: pale paper by the sea, warm sand uphill."""

DENSITY_RAMP = ("#f2dcea", "#dfb4d6", "#c288c0", "#9c5fa8", "#713b8c", "#431d63")
"""Sequential, even in lightness, told apart by the colour-blind."""


def degrees(layer: gpd.GeoDataFrame, *, simplify_m: float = 0.0) -> gpd.GeoDataFrame:
    """Return a layer in WGS 84, its outlines simplified on the ground first."""
    if simplify_m and len(layer):
        layer = layer.assign(geometry=layer.geometry.simplify(simplify_m))
    return layer.to_crs("EPSG:4326")


def packed(geometry: Any) -> list[list[int]]:
    """Return the parts of a geometry as whole numbers: a start, then steps.

    Parameters
    ----------
    geometry
        Any shapely geometry in degrees. A polygon gives its outer ring and its
        holes alike, for filling by the even-odd rule.

    Returns
    -------
    list of list of int
        ``[lon, lat, step east, step north, …]`` in ten-thousandths of a degree.
        Points that coincide with the one before are left out.

    Examples
    --------
    >>> packed(shapely.LineString([(-77, 8), (-77, 8.00001), (-76.9, 8.1)]))
    [[-770000, 80000, 1000, 1000]]
    >>> packed(shapely.Point())
    []
    """
    parts: list[list[int]] = []
    for part in shapely.get_parts(geometry):
        lines = shapely.get_rings(part) if part.geom_type == "Polygon" else [part]
        for line in lines:
            if line.is_empty:
                continue
            points = np.rint(shapely.get_coordinates(line) * PER_DEGREE)
            steps = np.diff(points.astype(np.int64), axis=0, prepend=0)
            moved = steps.any(axis=1)
            moved[0] = True
            parts.append([int(value) for value in steps[moved].ravel()])
    return parts


def spot(geometry: Any) -> list[int]:
    """Return a point in ten-thousandths of a degree.

    Examples
    --------
    >>> spot(shapely.Point(-77.35, 8.4))
    [-773500, 84000]
    """
    return [round(geometry.x * PER_DEGREE), round(geometry.y * PER_DEGREE)]


def sheet_bounds(
    layers: Sequence[gpd.GeoDataFrame], *, relief: Surface | None = None
) -> Bounds | None:
    """Return west, south, east, north in degrees of the sheet that the map fills.

    It is the extent of the first layer that holds anything, cut down to where there
    is relief, so that no edge shows inside the map.
    """
    for layer in layers:
        if len(layer) and not layer.geometry.is_empty.all():
            west, south, east, north = layer.to_crs("EPSG:4326").total_bounds.tolist()
            break
    else:
        return None
    if relief is not None:
        inner = inner_rectangle(relief.grid)
        west, south = max(west, inner[0]), max(south, inner[1])
        east, north = min(east, inner[2]), min(north, inner[3])
    return west, south, east, north


def inner_rectangle(grid: Grid) -> Bounds:
    """Return the rectangle in degrees that a grid covers to its very edges.

    Examples
    --------
    >>> inner_rectangle(Grid("EPSG:4326", -78.0, 9.0, 0.5, rows=4, columns=2))
    (-78.0, 7.0, -77.0, 9.0)
    """
    west, south, east, north = grid.bounds
    along = np.linspace(0.0, 1.0, 21)
    x, y = west + along * (east - west), south + along * (north - south)

    def moved(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array(transform(grid.crs, "EPSG:4326", x, y))

    return (
        float(moved(np.full(21, west), y)[0].max()),
        float(moved(x, np.full(21, south))[1].max()),
        float(moved(np.full(21, east), y)[0].min()),
        float(moved(x, np.full(21, north))[1].min()),
    )


def clipped(layer: gpd.GeoDataFrame, bounds: Bounds | None) -> gpd.GeoDataFrame:
    """Cut a layer in degrees to a rectangle; what lies outside becomes empty.

    Examples
    --------
    >>> line = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (9, 0)])])
    >>> clipped(line, (1, -1, 2, 1)).geometry.iloc[0].wkt
    'LINESTRING (1 0, 2 0)'
    """
    if bounds is None or layer.empty:
        return layer
    shapes = shapely.clip_by_rect(layer.geometry.to_numpy(), *bounds)
    return layer.assign(
        geometry=gpd.GeoSeries(shapes, index=layer.index, crs=layer.crs)
    )


def inner_lines(provinces: gpd.GeoDataFrame) -> Any:
    """Return the boundaries between the provinces of one country, and no others.

    Coasts and international borders are drawn from better layers, which never run
    quite alike.
    """
    lines = []
    for _, states in provinces.groupby("country", sort=True):
        outside = shapely.union_all(shapely.buffer(states.geometry.values, 1.0))
        inside = shapely.union_all(states.geometry.boundary.values)
        lines.append(shapely.difference(inside, outside.boundary.buffer(400.0)))
    return shapely.union_all(lines)


def label_spot(geometry: Any) -> Any:
    """Return the point of an area that lies farthest from its edge."""
    tolerance = max(1.0, float(np.sqrt(geometry.area)) / 100)
    radius = shapely.maximum_inscribed_circle(geometry, tolerance=tolerance)
    return shapely.Point(shapely.get_coordinates(radius)[0])


def draw_relief(relief: Surface, bounds: Bounds) -> dict[str, Any]:
    """Draw soft shaded relief over a rectangle in degrees.

    Parameters
    ----------
    relief
        Height above the sea in metres, in any CRS.
    bounds
        West, south, east, north in degrees.

    Returns
    -------
    dict
        ``uri``, a WebP picture in Web Mercator, and its ``bounds``.

    Notes
    -----
    Heights are smoothed over SMOOTH_M, so that the cells of a coarse DEM do not show
    as facets: what is drawn is where the ranges are, not the slope of a trail.
    """
    affine, shape = _canvas(bounds, RELIEF_PIXELS)
    height = np.zeros(shape, dtype=np.float32)
    grid, values = _as_coarse_as_drawn(relief)
    reproject(
        values,
        height,
        src_transform=_affine(grid),
        src_crs=relief.grid.crs,
        dst_transform=affine,
        dst_crs="EPSG:3857",
        resampling=Resampling.cubic_spline,
        num_threads=1,
    )
    pixel_m = affine.a * float(np.cos(np.radians((bounds[1] + bounds[3]) / 2)))
    height = gaussian_filter(np.maximum(height, 0.0), SMOOTH_M / pixel_m)
    colour = np.stack([np.interp(height, _TINT_M, band) for band in _TINT.T])
    light = hillshade(height, cell_m=pixel_m)
    picture = np.clip(colour * (0.52 + 0.67 * light), 0, 255)
    return {"uri": _encoded(picture.astype(np.uint8), "WEBP"), "bounds": list(bounds)}


def _as_coarse_as_drawn(relief: Surface) -> tuple[Grid, NDArray[np.float32]]:
    """Return heights, 0 where unknown, in cells no finer than the smoothing needs."""
    grid = relief.grid
    values = np.nan_to_num(relief.values.astype(np.float32, copy=False), nan=0.0)
    factor = int(_FINEST_M // grid.cell_m)
    if factor < 2:
        return grid, values
    rows, columns = -(-grid.rows // factor), -(-grid.columns // factor)
    wide = np.zeros((rows * factor, columns * factor), np.float32)
    wide[: grid.rows, : grid.columns] = values
    blocks = wide.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    coarse = replace(grid, cell_m=grid.cell_m * factor, rows=rows, columns=columns)
    return coarse, blocks


def hillshade(
    height_m: NDArray[np.floating], *, cell_m: float, exaggeration: float = 7.0
) -> NDArray[np.float64]:
    """Return how brightly each cell is lit, 0 to 1, by a low sun from three sides.

    Lambert's cosine law on the plane of the local gradient (Horn 1981, Proc. IEEE
    69:14), mostly from the north-west, with some light from the west and north so
    that ranges along the main direction do not vanish.

    Examples
    --------
    >>> flat = hillshade(np.zeros((3, 3)), cell_m=100.0)
    >>> bool(np.allclose(flat, np.sin(np.radians(45))))
    True
    """
    south, east = np.gradient(height_m * exaggeration, cell_m)
    light = np.zeros(height_m.shape)
    for azimuth, weight in ((315.0, 0.6), (270.0, 0.2), (0.0, 0.2)):
        angle = np.radians(azimuth)
        toward = -east * np.sin(angle) + south * np.cos(angle)
        lit = (1.0 + toward) / np.sqrt(1.0 + east**2 + south**2)
        light += weight * np.clip(lit, 0.0, None) * np.sin(np.radians(45))
    return np.clip(light, 0.0, 1.0)


def draw_density(surface: Surface) -> dict[str, Any] | None:
    """Draw a surface in classes; None if all of it is withheld.

    Returns
    -------
    dict
        ``uri``, a palette PNG in Web Mercator; its ``bounds`` in degrees; the upper
        ``breaks`` of the classes, all but the last; ``ramp`` and ``unit``.
    """
    shown = np.isfinite(surface.values) & (surface.values > 0)
    if not shown.any():
        return None
    breaks = class_breaks(surface.values[shown], len(DENSITY_RAMP))
    classes = np.zeros(surface.grid.shape, dtype=np.uint8)
    classes[shown] = 1 + np.searchsorted(breaks, surface.values[shown], side="right")
    part, grid = _trimmed(classes, surface.grid)
    west, south, east, north = transform_bounds(grid.crs, "EPSG:4326", *grid.bounds)
    affine, shape = _canvas((west, south, east, north), DENSITY_PIXELS)
    picture = np.zeros(shape, dtype=np.uint8)
    reproject(
        part,
        picture,
        src_transform=_affine(grid),
        src_crs=grid.crs,
        dst_transform=affine,
        dst_crs="EPSG:3857",
        resampling=Resampling.nearest,
        num_threads=1,
    )
    return {
        "uri": _encoded(picture[np.newaxis], "PNG", _palette()),
        "bounds": [west, south, east, north],
        "breaks": breaks,
        "ramp": list(DENSITY_RAMP[: len(breaks) + 1]),
        "unit": surface.unit,
    }


def class_breaks(values: NDArray[np.floating], classes: int) -> list[float]:
    """Return rounded class limits, each about twice the one below, up to the top.

    Densities span orders of magnitude, so equal steps would put all but a few cells
    into the lowest class.

    Examples
    --------
    >>> class_breaks(np.array([0.3, 4.0, 90.0]), 6)
    [2.0, 5.0, 10.0, 20.0, 50.0]
    >>> class_breaks(np.array([0.02]), 3)
    [0.005, 0.01]
    >>> class_breaks(np.array([1.0, 1.0, 1.0]), 1)
    []
    """
    top = float(values.max())
    decade = int(np.floor(np.log10(top)))
    ladder = [
        float(f"{lead}e{power}")
        for power in range(decade - classes, decade + 1)
        for lead in (1, 2, 5)
    ]
    below = [step for step in ladder if step < top]
    return below[len(below) - classes + 1 :] if classes > 1 else []


def _trimmed(classes: NDArray[np.uint8], grid: Grid) -> tuple[NDArray[np.uint8], Grid]:
    """Cut away the empty margin."""
    rows = np.flatnonzero(classes.any(axis=1))
    columns = np.flatnonzero(classes.any(axis=0))
    part = classes[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return part, Grid(
        crs=grid.crs,
        west=grid.west + columns[0] * grid.cell_m,
        north=grid.north - rows[0] * grid.cell_m,
        cell_m=grid.cell_m,
        rows=part.shape[0],
        columns=part.shape[1],
    )


def _affine(grid: Grid) -> Affine:
    return Affine(grid.cell_m, 0.0, grid.west, 0.0, -grid.cell_m, grid.north)


def _canvas(bounds: Bounds, pixels: int) -> tuple[Affine, tuple[int, int]]:
    """Lay a Web-Mercator picture over a rectangle in degrees."""
    west, south, east, north = transform_bounds("EPSG:4326", "EPSG:3857", *bounds)
    longer = max(east - west, north - south)
    columns = max(1, round(pixels * (east - west) / longer))
    rows = max(1, round(pixels * (north - south) / longer))
    size = (east - west) / columns, (north - south) / rows
    return Affine(size[0], 0.0, west, 0.0, -size[1], north), (rows, columns)


def _palette() -> Mapping[int, tuple[int, int, int, int]]:
    palette = {0: (0, 0, 0, 0)}
    for number, colour in enumerate(DENSITY_RAMP, start=1):
        red, green, blue = bytes.fromhex(colour[1:])
        palette[number] = (red, green, blue, 255)
    return palette


def _encoded(
    bands: NDArray[np.uint8],
    driver: str,
    palette: Mapping[int, tuple[int, int, int, int]] | None = None,
) -> str:
    """Return a picture as a data URI."""
    count, height, width = bands.shape
    options: dict[str, Any] = {"QUALITY": 72} if driver == "WEBP" else {"ZLEVEL": 9}
    # Any transform will do: without one rasterio warns, and it is not written.
    with (
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
        MemoryFile(ext=f".{driver.lower()}") as file,
    ):
        with file.open(
            driver=driver,
            width=width,
            height=height,
            count=count,
            dtype="uint8",
            transform=Affine.scale(2.0),
            **options,
        ) as picture:
            picture.write(bands)
            if palette:
                picture.write_colormap(1, dict(palette))
        data = base64.b64encode(file.read()).decode("ascii")
    return f"data:image/{driver.lower()};base64,{data}"
