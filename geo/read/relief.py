"""Relief and land cover, from GeoTIFFs to surfaces on the ground of the region."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.warp
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.warp import Resampling

from geo.errors import InputError
from geo.grid import Grid, Surface
from geo.read.raster import MAX_PIXELS, Tile, lay_tiles, opened
from geo.read.sniff import label_of

MARGIN_DEG = 0.5
"""How far around the study area the base layers are kept, in degrees."""

COARSEST_M = 1000.0
"""Side of a cell of a relief whose own cells are at least as large."""

MAX_COVER_PIXELS = 2_000_000_000
"""Largest raster of land cover that is opened: three degrees in cells of 10 m."""

WORLD_COVER: Mapping[int, int] = {
    code: code for code in (10, 20, 30, 40, 50, 60, 80, 90, 95)
}
"""Classes of ESA WorldCover that say how one travels."""

_LOWEST_M, _HIGHEST_M = -500.0, 9000.0  # beyond are marks for "unknown"

Bounds = tuple[float, float, float, float]


def read_relief(
    paths: Sequence[Path], own: str, *, crs: str, bounds: Bounds, cell_m: float
) -> tuple[Surface, float]:
    """Return the heights of GeoTIFFs on a grid of the region's CRS.

    Parameters
    ----------
    paths
        GeoTIFFs with heights in metres in their first band: one, or tiles.
    own
        CRS of the files, where they do not carry one; empty takes the file's.
    crs
        CRS of the region, in metres.
    bounds
        West, south, east and north of the study area, in degrees.
    cell_m
        Side of a cell of the result, in metres; of a relief of COARSEST_M or coarser
        it is at least that.

    Returns
    -------
    Surface
        Heights in metres; NaN where the files have none. Each is the mean of the
        pixels in its cell where these are finer, else the bilinear value between them.
    float
        Side of a cell of the file in metres, to two digits.

    Raises
    ------
    InputError
        If a file is no GeoTIFF, too large, or none reaches the study area.
    CRSError
        If the CRS of a file is not known.
    """
    with opened(paths, own, layer="relief", kinds="iuf", most=MAX_PIXELS) as tiles:
        pixel_m = max(tile.pixel_m for tile in tiles)
        coarse = pixel_m >= COARSEST_M
        side = max(cell_m, COARSEST_M) if coarse else cell_m
        grid = _grid_around(bounds, crs, side)
        if coarse:
            heights = _between(tiles, own, grid)
        else:
            how = Resampling.average if 2 * pixel_m <= side else Resampling.bilinear
            heights = lay_tiles(tiles, grid, _heights, how=how, kind="float32")
    _check_reach(paths, bool(np.isnan(heights).all()))
    return Surface(grid, heights, "relief", "m"), float(f"{pixel_m:.2g}")


def read_cover(
    paths: Sequence[Path],
    own: str,
    *,
    crs: str,
    bounds: Bounds,
    cell_m: float,
    classes: Mapping[int, int],
) -> Surface:
    """Return the land cover of GeoTIFFs on a grid of the region's CRS.

    Parameters
    ----------
    paths, own, crs, bounds, cell_m
        As of `read_relief`; the first band holds classes.
    classes
        The class of ESA WorldCover that each value stands for; others are unmapped.

    Returns
    -------
    Surface
        The commonest class in each cell, as ESA WorldCover numbers them; NaN where it
        is unmapped.

    Raises
    ------
    InputError, CRSError
        As of `read_relief`.
    """
    grid = _grid_around(bounds, crs, cell_m)

    def codes(pixels: NDArray[Any], _: float | None) -> NDArray[np.uint8]:
        found = np.zeros(pixels.shape, np.uint8)
        for value, code in classes.items():
            found[pixels == value] = code
        return found

    with opened(paths, own, layer="cover", kinds="iu", most=MAX_COVER_PIXELS) as tiles:
        fine = 2 * min(tile.pixel_m for tile in tiles) <= cell_m
        how = Resampling.mode if fine else Resampling.nearest
        found = lay_tiles(tiles, grid, codes, how=how, kind="uint8")
    _check_reach(paths, not bool(found.any()))
    cover = found.astype(np.float32)
    cover[found == 0] = np.nan
    return Surface(grid, cover, "land cover", "class")


def _grid_around(bounds: Bounds, crs: str, cell_m: float) -> Grid:
    west, south, east, north = bounds
    margin = MARGIN_DEG / 2
    reach = Transformer.from_crs(4326, crs, always_xy=True).transform_bounds(
        west - margin, south - margin, east + margin, north + margin
    )
    return Grid.covering(reach, crs=crs, cell_m=cell_m)


def _check_reach(paths: Sequence[Path], nothing: bool) -> None:  # noqa: FBT001
    if nothing:
        more = f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
        raise InputError(
            f"{label_of(paths[0])}{more} does not reach the study area.",
            hint="Check its CRS, and [region] bounds.",
        )


def _heights(pixels: NDArray[Any], nodata: float | None) -> NDArray[np.float32]:
    """Return pixels as heights, NaN where they are unknown."""
    found = pixels.astype(np.float32)
    if nodata is not None:
        found[pixels == nodata] = np.nan
    with np.errstate(invalid="ignore"):
        found[~((found >= _LOWEST_M) & (found <= _HIGHEST_M))] = np.nan
    return found


def _between(tiles: Sequence[Tile], own: str, grid: Grid) -> NDArray[np.float32]:
    """Return heights between the few pixels of a coarse relief."""
    heights = np.full(grid.shape, np.nan, dtype=np.float32)
    for tile in tiles:
        found = np.full(grid.shape, np.nan, dtype=np.float32)
        # A band brings the CRS of its file along: another one needs bare numbers.
        source = tile.file.read(1) if own else rasterio.band(tile.file, 1)
        rasterio.warp.reproject(
            source=source,
            destination=found,
            src_transform=tile.file.transform,
            src_crs=rasterio.CRS.from_user_input(tile.crs),
            src_nodata=tile.file.nodata,
            dst_transform=rasterio.Affine(
                grid.cell_m, 0, grid.west, 0, -grid.cell_m, grid.north
            ),
            dst_crs=rasterio.CRS.from_wkt(CRS.from_user_input(grid.crs).to_wkt()),
            dst_nodata=np.nan,
            resampling=Resampling.bilinear,
            num_threads=1,
        )
        unknown = np.isnan(heights)
        heights[unknown] = found[unknown]
    return heights
