"""The relief, from a GeoTIFF to a surface on the ground of the region."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.warp
from pyproj import CRS, Transformer
from rasterio.errors import RasterioError

from geo.errors import CRSError, InputError
from geo.grid import Grid, Surface
from geo.read.coordinates import known_crs
from geo.read.sniff import kind_of, label_of

MARGIN_DEG = 0.5
"""How far around the study area the base layers are kept, in degrees."""

MAX_PIXELS = 400_000_000
"""Largest raster that is opened: a region of five degrees in cells of 30 m."""

Bounds = tuple[float, float, float, float]


def read_relief(
    path: Path, own: str, *, crs: str, bounds: Bounds, cell_m: float
) -> tuple[Surface, float]:
    """Return the heights of a GeoTIFF on a grid of the region's CRS.

    Parameters
    ----------
    path
        GeoTIFF with heights in metres in its first band.
    own
        CRS of the file, where it does not carry one; empty takes the file's.
    crs
        CRS of the region, in metres.
    bounds
        West, south, east and north of the study area, in degrees.
    cell_m
        Side of a cell of the result, in metres.

    Returns
    -------
    Surface
        Heights in metres, resampled bilinearly; NaN where the file has none.
    float
        Side of a cell of the file in the study area, in metres, to two digits.

    Raises
    ------
    InputError
        If it is no GeoTIFF, too large, or does not reach the study area.
    CRSError
        If its CRS is not known.
    """
    if kind_of(path).name != "tiff":
        raise InputError(f"{label_of(path)} is not a GeoTIFF.")
    west, south, east, north = bounds
    margin = MARGIN_DEG / 2
    reach = Transformer.from_crs(4326, crs, always_xy=True).transform_bounds(
        west - margin, south - margin, east + margin, north + margin
    )
    grid = Grid.covering(reach, crs=crs, cell_m=cell_m)
    shut = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
    try:
        with warnings.catch_warnings(), rasterio.Env(**shut):
            warnings.simplefilter("ignore")  # a missing CRS is our own error below
            with rasterio.open(path.absolute(), driver="GTiff") as raster:
                _check_raster(raster, path)
                heights = _warped(raster, path, own, grid)
                side_m = _side_m(raster, own, grid)
    except (RasterioError, OSError, MemoryError) as error:
        raise InputError(
            f"{label_of(path)} is a damaged GeoTIFF, or none.", hint="Export it again."
        ) from error
    if np.isnan(heights).all():
        raise InputError(
            f"{label_of(path)} does not reach the study area.",
            hint="Check its CRS, and [region] bounds.",
        )
    return Surface(grid, heights, "relief", "m"), side_m


def _check_raster(raster: Any, path: Path) -> None:
    """Refuse a raster that is too large or holds no heights."""
    if raster.width * raster.height > MAX_PIXELS:
        raise InputError(
            f"{label_of(path)} has {raster.width:,} x {raster.height:,} cells; "
            f"expected at most {MAX_PIXELS:,} in all.",
            hint="Cut it to the region, or make its cells larger.",
        )
    if raster.count < 1 or np.dtype(raster.dtypes[0]).kind not in "iuf":
        raise InputError(f"{label_of(path)} holds no heights.")


def _side_m(raster: Any, own: str, grid: Grid) -> float:
    """Return the side of a cell of the file in the middle of the grid, in metres."""
    west, south, east, north = grid.bounds
    x, y = (west + east) / 2, (south + north) / 2
    there = Transformer.from_crs(grid.crs, own or raster.crs, always_xy=True)
    here = Transformer.from_crs(own or raster.crs, grid.crs, always_xy=True)
    column, row = ~raster.transform @ there.transform(x, y)
    corners = [(column, row), (column + 1, row), (column, row + 1)]
    px, py = np.array([here.transform(*(raster.transform @ at)) for at in corners]).T
    area = abs((px[1] - px[0]) * (py[2] - py[0]) - (px[2] - px[0]) * (py[1] - py[0]))
    side = float(np.sqrt(area))
    return float(f"{side:.2g}") if np.isfinite(side) else grid.cell_m


def _warped(raster: Any, path: Path, own: str, grid: Grid) -> Any:
    """Return the first band on the grid."""
    source = known_crs(own, name=label_of(path)).to_wkt() if own else raster.crs
    if not source:
        raise CRSError(
            f"{label_of(path)} has no CRS.",
            hint="Set crs under [layers.relief] in region.toml.",
        )
    heights = np.full(grid.shape, np.nan, dtype=np.float32)
    # A band brings the CRS of its file along, so another one needs the bare numbers.
    rasterio.warp.reproject(
        source=raster.read(1) if own else rasterio.band(raster, 1),
        destination=heights,
        src_transform=raster.transform,
        src_crs=rasterio.CRS.from_user_input(source),
        src_nodata=raster.nodata,
        dst_transform=rasterio.Affine(
            grid.cell_m, 0, grid.west, 0, -grid.cell_m, grid.north
        ),
        dst_crs=rasterio.CRS.from_wkt(CRS.from_user_input(grid.crs).to_wkt()),
        dst_nodata=np.nan,
        resampling=rasterio.warp.Resampling.bilinear,
        num_threads=1,
    )
    return heights
