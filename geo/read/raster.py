"""Rasters of one file or many, laid on the grid of a region a block at a time."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, cos, floor, radians, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.transform
import rasterio.warp
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.errors import RasterioError
from rasterio.warp import Resampling
from rasterio.windows import Window

from geo.errors import CRSError, InputError
from geo.grid import Grid
from geo.read.coordinates import known_crs
from geo.read.sniff import kind_of, label_of

MAX_PIXELS = 400_000_000
"""Largest raster that is opened: a region of five degrees in cells of 30 m."""

MAX_FILES = 500

_DEGREE_M = 111_320.0
_SIDE = 4096  # pixels of the source along a block: 64 MB of heights
_MOST = 8 * _SIDE**2  # pixels of a mosaic: a CRS may stretch it
_FINEST = 512  # pixels along a cell
_APART = 0.02  # pixels between two lattices that are still one
_STRIP = 512  # rows that are copied at a time
_EDGE = 3  # pixels around a block that its outermost cells may need

Array = NDArray[Any]
Box = tuple[float, float, float, float]
Values = Callable[[Array, float | None], Array]
"""From pixels and the value that means nothing, to numbers with NaN or 0 for that."""


@dataclass(frozen=True, slots=True)
class Tile:
    """An open raster: its file, its CRS as WKT, and metres a pixel."""

    file: Any
    label: str
    crs: str
    pixel_m: float


@dataclass(frozen=True, slots=True)
class _Way:
    """How pixels become numbers, numbers become cells, and what stands for none."""

    values: Values
    how: Resampling
    nothing: float


def tiles_of(path: Path, more: Sequence[Path] = ()) -> list[Path]:
    """Return the files of a raster: itself, or all GeoTIFFs in a folder, by name.

    Raises
    ------
    InputError
        If a folder holds no GeoTIFF, or too many.
    """
    found = [path]
    if path.is_dir():
        found = sorted(
            one
            for one in path.iterdir()
            if one.suffix.lower() in {".tif", ".tiff"} and not one.name.startswith(".")
        )
    if not 0 < len(found) + len(more) <= MAX_FILES:
        raise InputError(
            f"{label_of(path)} holds {len(found)} GeoTIFFs; expected 1 to {MAX_FILES}.",
            hint="Put the tiles of one raster into it, as .tif.",
        )
    return [*found, *more]


@contextmanager
def opened(
    paths: Sequence[Path], own: str, *, layer: str, kinds: str, most: int
) -> Iterator[list[Tile]]:
    """Open the files of a raster, and no other file or address that they name.

    Parameters
    ----------
    paths
        GeoTIFFs.
    own
        CRS of files that do not carry one; empty takes the file's.
    layer
        Name of the layer, for messages.
    kinds
        Kinds of numbers that its first band may hold, as NumPy calls them.
    most
        Most pixels of a file.

    Raises
    ------
    InputError
        If a file is no GeoTIFF, damaged (also while the context lasts), too large, or
        holds something else.
    CRSError
        If the CRS of a file is not known.
    """
    shut = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
    label = label_of(paths[0])
    try:
        with warnings.catch_warnings(), rasterio.Env(**shut), ExitStack() as stack:
            warnings.simplefilter("ignore")  # a missing CRS is our own error below
            tiles = []
            for path in paths:
                label = label_of(path)
                if kind_of(path).name != "tiff":
                    raise InputError(f"{label} is not a GeoTIFF.")
                file = rasterio.open(path.absolute(), driver="GTiff")
                stack.enter_context(file)
                _check_file(file, label, kinds, most)
                crs = _crs_of(file, label, own, layer)
                tiles.append(Tile(file, label, crs, _pixel_m(file, crs)))
            label = label_of(paths[0]) if len(paths) == 1 else f"a file of {layer}"
            yield tiles
    except (RasterioError, OSError, MemoryError) as error:
        raise InputError(
            f"{label} is a damaged GeoTIFF, or none.", hint="Export it again."
        ) from error


def _check_file(file: Any, label: str, kinds: str, most: int) -> None:
    """Refuse a raster that is too large or holds something else."""
    if file.width * file.height > most:
        raise InputError(
            f"{label} has {file.width:,} x {file.height:,} cells; "
            f"expected at most {most:,} in all.",
            hint="Cut it to the region, or make its cells larger.",
        )
    if file.count < 1 or np.dtype(file.dtypes[0]).kind not in kinds:
        what = "heights" if "f" in kinds else "classes"
        raise InputError(f"{label} holds no {what}.")
    if not all(np.isfinite(file.transform[:6])):
        raise InputError(f"{label} does not say where it lies.")


def _crs_of(file: Any, label: str, own: str, layer: str) -> str:
    """Return the CRS of a file as WKT."""
    if own:
        return known_crs(own, name=label).to_wkt()
    if not file.crs:
        raise CRSError(
            f"{label} has no CRS.",
            hint=f"Set crs under [layers.{layer}] in region.toml.",
        )
    return str(file.crs.to_wkt())


def _pixel_m(file: Any, crs: str) -> float:
    """Return metres along the side of a pixel in the middle of a raster."""
    affine = file.transform
    east, north = sqrt(affine.a**2 + affine.d**2), sqrt(affine.b**2 + affine.e**2)
    known = CRS.from_user_input(crs)
    if not known.is_geographic:
        return sqrt(east * north) * known.axis_info[0].unit_conversion_factor
    middle = affine.f + affine.d * file.width / 2 + affine.e * file.height / 2
    squeezed = max(0.01, cos(radians(max(-90.0, min(90.0, middle)))))
    return sqrt(east * squeezed * north) * _DEGREE_M


def copy_part(tile: Tile, bounds: Box, target: Path) -> None:
    """Write the part of a whole raster in some bounds of its CRS, and a pixel around.

    `bounds` are west, south, east and north; `target` is the GeoTIFF to write.
    """
    file, affine = tile.file, tile.file.transform
    file.read(1, window=Window(file.width - 1, file.height - 1, 1, 1))  # cut: no end
    west, south, east, north = bounds
    left, right = (west - affine.c) / affine.a, (east - affine.c) / affine.a
    top, bottom = (north - affine.f) / affine.e, (south - affine.f) / affine.e
    part = _clamped(
        tile, floor(left) - 1, floor(top) - 1, ceil(right) + 1, ceil(bottom) + 1
    )
    profile = {
        "driver": "GTiff", "count": 1, "dtype": file.dtypes[0], "crs": file.crs,
        "nodata": file.nodata, "width": part.width, "height": part.height,
        "transform": _moved(affine, part.col_off, part.row_off), "tiled": True,
        "blockxsize": 512, "blockysize": 512, "compress": "DEFLATE",
    }  # fmt: skip
    with rasterio.open(target, "w", **profile) as kept:
        for row in range(0, part.height, _STRIP):
            rows = min(_STRIP, part.height - row)
            window = Window(part.col_off, part.row_off + row, part.width, rows)
            here = Window(0, row, part.width, rows)
            kept.write(file.read(1, window=window), 1, window=here)


def lay_tiles(
    tiles: Sequence[Tile],
    grid: Grid,
    values: Values,
    *,
    how: Resampling,
    kind: str,
) -> Array:
    """Return rasters resampled to a grid, in memory for one block beside the result.

    Parameters
    ----------
    tiles
        Of `opened`; where two overlap, the first one counts.
    grid
        Where the result lies.
    values
        Makes numbers of pixels.
    how
        How several pixels become a cell.
    kind
        Type of the result, as NumPy calls it: of floats NaN is nothing, of others 0.

    Raises
    ------
    InputError
        If a raster is turned or upside down.
    """
    for tile in tiles:
        _check_fit(tile, grid.cell_m)
    way = _Way(values, how, np.nan if np.dtype(kind).kind == "f" else 0)
    whole = np.full(grid.shape, way.nothing, kind)
    side = int(_SIDE * min(tile.pixel_m for tile in tiles) / grid.cell_m)
    side = min(max(side, 1), _SIDE)
    for top in range(0, grid.rows, side):
        for left in range(0, grid.columns, side):
            block = whole[top : top + side, left : left + side]
            west = grid.west + left * grid.cell_m
            north = grid.north - top * grid.cell_m
            affine = rasterio.Affine(grid.cell_m, 0, west, 0, -grid.cell_m, north)
            _lay_block(tiles, block, affine, crs=grid.crs, way=way)
    return whole


def _check_fit(tile: Tile, cell_m: float) -> None:
    """Refuse a raster that is not upright, or far finer than the cells."""
    affine = tile.file.transform
    if affine.b or affine.d or not affine.a > 0 > affine.e:
        raise InputError(
            f"{tile.label} is turned or upside down.",
            hint="Turn it upright with gdalwarp.",
        )
    if tile.pixel_m * _FINEST < cell_m:
        raise InputError(
            f"{tile.label} is too fine for cells of {cell_m:g} m.",
            hint="Make its cells larger.",
        )


def _lay_block(
    tiles: Sequence[Tile],
    block: Array,
    affine: Any,
    *,
    crs: str,
    way: _Way,
) -> None:
    """Fill in one block of the grid, from a mosaic of what lies under it."""
    box = rasterio.transform.array_bounds(*block.shape, affine)
    under = [tile for tile in tiles if _touches(tile, box, crs)]
    if not under:
        return
    first = under[0]
    edges = _box_in(first, box, crs)
    x0, x1 = floor(edges[0]) - _EDGE, ceil(edges[2]) + _EDGE
    y0, y1 = floor(edges[1]) - _EDGE, ceil(edges[3]) + _EDGE
    if (x1 - x0) * (y1 - y0) > _MOST:
        raise InputError(
            f"{first.label} cannot be brought into the CRS of the region.",
            hint="Check its CRS, and [region] crs.",
        )
    lattice = _moved(first.file.transform, x0, y0)
    mosaic = np.full((y1 - y0, x1 - x0), way.nothing, block.dtype)
    for tile in under:
        _put(tile, mosaic, lattice, crs=first.crs, way=way)
    rasterio.warp.reproject(
        source=mosaic,
        destination=block,
        src_transform=lattice,
        src_crs=rasterio.CRS.from_wkt(first.crs),
        src_nodata=way.nothing,
        dst_transform=affine,
        dst_crs=rasterio.CRS.from_wkt(CRS.from_user_input(crs).to_wkt()),
        dst_nodata=way.nothing,
        resampling=way.how,
        num_threads=1,
    )


def _touches(tile: Tile, box: Box, crs: str) -> bool:
    """Return whether a raster reaches a rectangle."""
    x0, y0, x1, y1 = edges = _box_in(tile, box, crs)
    if not np.isfinite(edges).all():
        return False
    return bool(x1 > 0 and y1 > 0 and x0 < tile.file.width and y0 < tile.file.height)


def _box_in(tile: Tile, box: Box, crs: str) -> Box:
    """Return a rectangle in the pixels of a raster: left, top, right, bottom."""
    there = _transformer(crs, tile.crs)
    west, south, east, north = there.transform_bounds(*box)
    own = tile.file.transform
    return (
        (west - own.c) / own.a,
        (north - own.f) / own.e,
        (east - own.c) / own.a,
        (south - own.f) / own.e,
    )


@lru_cache(maxsize=8)
def _transformer(crs: str, other: str) -> Transformer:
    return Transformer.from_crs(crs, other, always_xy=True)


def _moved(affine: Any, x: int, y: int) -> Any:
    """Return the lattice of pixels that begins at another pixel."""
    west, north = affine.c + affine.a * x, affine.f + affine.e * y
    return rasterio.Affine(affine.a, 0, west, 0, affine.e, north)


def _put(
    tile: Tile,
    mosaic: Array,
    lattice: Any,
    *,
    crs: str,
    way: _Way,
) -> None:
    """Lay a raster under what the mosaic does not know yet."""
    rows, columns = mosaic.shape
    own = tile.file.transform
    x, y = (lattice.c - own.c) / own.a, (lattice.f - own.f) / own.e
    scale = abs(lattice.a / own.a - 1) * columns + abs(lattice.e / own.e - 1) * rows
    near = max(abs(x - round(x)), abs(y - round(y))) < _APART and scale < _APART
    if tile.crs == crs and near:
        left, top = round(x), round(y)
        part = _clamped(tile, left, top, left + columns, top + rows)
        if part.width > 0 and part.height > 0:
            across = slice(part.col_off - left, part.col_off - left + part.width)
            down = slice(part.row_off - top, part.row_off - top + part.height)
            _fill(mosaic[down, across], _read(tile, part, way.values))
        return
    box = rasterio.transform.array_bounds(rows, columns, lattice)
    x0, y0, x1, y1 = _box_in(tile, box, crs)
    part = _clamped(
        tile, floor(x0) - _EDGE, floor(y0) - _EDGE, ceil(x1) + _EDGE, ceil(y1) + _EDGE
    )
    if not (part.width > 0 and part.height > 0):
        return
    other = np.full(mosaic.shape, way.nothing, mosaic.dtype)
    rasterio.warp.reproject(
        source=_read(tile, part, way.values).astype(mosaic.dtype),
        destination=other,
        src_transform=_moved(own, part.col_off, part.row_off),
        src_crs=rasterio.CRS.from_wkt(tile.crs),
        src_nodata=way.nothing,
        dst_transform=lattice,
        dst_crs=rasterio.CRS.from_wkt(crs),
        dst_nodata=way.nothing,
        resampling=Resampling.nearest
        if way.how == Resampling.mode
        else Resampling.bilinear,
        num_threads=1,
    )
    _fill(mosaic, other)


def _clamped(tile: Tile, left: int, top: int, right: int, bottom: int) -> Window:
    """Return the part of a window that lies in a raster, perhaps empty."""
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, tile.file.width), min(bottom, tile.file.height)
    return Window(left, top, max(right - left, 0), max(bottom - top, 0))


def _read(tile: Tile, part: Window, values: Values) -> Array:
    """Return the numbers in a window of a raster."""
    return values(tile.file.read(1, window=part), tile.file.nodata)


def _fill(mosaic: Array, found: Array) -> None:
    """Fill in, in place, what is not known yet."""
    floats = mosaic.dtype.kind == "f"
    empty = np.isnan(mosaic) if floats else mosaic == 0
    mosaic[empty] = found[empty]
