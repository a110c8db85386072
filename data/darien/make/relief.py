"""Relief: grey tiles, turned into metres by the elevations of places that are known."""

from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin
from scipy.optimize import isotonic_regression

from make.ground import CLIP, read_band, write_provenance
from make.packages import ELEVATIONS, RELIEF, members
from make.settlements import read_gazetteer

TILES = "usr/share/marble/data/maps/earth/srtm/3"
ROWS, COLUMNS, SIDE = 8, 16, 675
PER_DEGREE = 30
"""Pixels a degree: the level has 10800 x 5400 pixels, of two minutes each."""

SEA_GREY = 88
"""Brightest grey of the sea, whose depth the tiles also show."""

FLAT = 8
"""A site is flat when the greys around it differ by no more than this; there the
elevation of the place is that of the pixel."""


def make_relief(*, cache: Path, folder: Path) -> None:
    """Write relief.tif: metres above the sea, two minutes, sea level at sea."""
    grey = _read_tiles(cache=cache)
    metres = _metres_by_grey(grey, read_gazetteer(cache=cache))
    west, south, east, north = CLIP
    rows = slice(round((90 - north) * PER_DEGREE), round((90 - south) * PER_DEGREE))
    columns = slice(round((west + 180) * PER_DEGREE), round((east + 180) * PER_DEGREE))
    relief = metres[grey[rows, columns]]
    path = folder / "relief.tif"
    path.unlink(missing_ok=True)
    profile = {
        "driver": "GTiff",
        "dtype": "int16",
        "count": 1,
        "height": relief.shape[0],
        "width": relief.shape[1],
        "crs": "EPSG:4326",
        "transform": from_origin(west, north, 1 / PER_DEGREE, 1 / PER_DEGREE),
        "compress": "deflate",
        "predictor": 2,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(relief, 1)
        target.update_tags(1, unit="m")
    write_provenance(path, RELIEF, ELEVATIONS)


def _read_tiles(*, cache: Path) -> NDArray[np.uint8]:
    """Return the whole level of the world, north up, from 180 W."""
    world = np.empty((ROWS * SIDE, COLUMNS * SIDE), dtype=np.uint8)
    names = [
        f"{TILES}/{row:06d}/{row:06d}_{column:06d}.jpg"
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    for number, path in enumerate(members(RELIEF, *names, cache=cache)):
        row, column = divmod(number, COLUMNS)
        down = slice(row * SIDE, (row + 1) * SIDE)
        across = slice(column * SIDE, (column + 1) * SIDE)
        world[down, across] = read_band(path)
    return world


def _metres_by_grey(grey: NDArray[np.uint8], sites: pd.DataFrame) -> NDArray[np.int16]:
    """Return the elevation of each of the 256 greys, never falling.

    Isotonic regression of mean elevation on grey over the flat sites of the world,
    weighted by how many there are, then a running mean of three greys.
    """
    sites = sites.dropna(subset="elevation_m")
    height, width = grey.shape
    row = ((90 - sites["lat"].to_numpy()) * PER_DEGREE).astype(int)
    column = ((sites["lon"].to_numpy() + 180) * PER_DEGREE).astype(int)
    row, column = row.clip(1, height - 2), column.clip(1, width - 2)
    around = np.stack(
        [grey[row + i, column + j] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    ).astype(int)
    flat = np.ptp(around, axis=0) <= FLAT
    at = grey[row, column][flat]
    total = np.bincount(
        at, weights=sites["elevation_m"].to_numpy()[flat], minlength=256
    )
    count = np.bincount(at, minlength=256)
    seen = np.flatnonzero(count)
    fitted = isotonic_regression(total[seen] / count[seen], weights=count[seen]).x
    curve = np.interp(np.arange(256), seen, fitted)
    curve = np.convolve(np.pad(curve, 1, mode="edge"), np.full(3, 1 / 3), mode="valid")
    curve[: SEA_GREY + 1] = 0
    return np.rint(curve.clip(0)).astype(np.int16)
