"""The window that is cut out, and how layers and provenance are written."""

import hashlib
import json
import tomllib
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

from make.packages import Package

CLIP = (-79.0, 6.5, -76.0, 9.7)
"""West, south, east, north of every layer, in degrees."""

WINDOW = shapely.box(*CLIP)

EQUAL_AREA = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"
"""Where lengths, areas and distances are measured."""

COMMAND = "python data/darien/make_layers.py"

# The moment a GeoPackage says that it was written: fixed, so that its bytes are.
WRITTEN = "2026-01-01T00:00:00.000Z"


def read_band(name: Path | str) -> NDArray[np.generic]:
    """Return the first band of a raster that need not lie anywhere on the ground."""
    with (
        warnings.catch_warnings(category=NotGeoreferencedWarning, action="ignore"),
        rasterio.open(name) as raster,
    ):
        return raster.read(1)


def write_layer(frame: gpd.GeoDataFrame, path: Path) -> Path:
    """Write a GeoPackage with one layer, named after the file; same data, same bytes.

    Coordinates are rounded to 0.000001 degree.
    """
    path.unlink(missing_ok=True)
    frame = frame.set_geometry(shapely.set_precision(frame.geometry.array, 1e-6))
    frame = frame.set_crs("EPSG:4326", allow_override=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN})
    pyogrio.write_dataframe(
        frame,
        path,
        layer=path.stem,
        driver="GPKG",
        dataset_options={"VERSION": "1.3", "ADD_GPKG_OGR_CONTENTS": "NO"},
        layer_options={"GEOMETRY_NAME": "geometry", "SPATIAL_INDEX": "NO"},
    )
    return path


def write_provenance(path: Path, *packages: Package) -> Path:
    """Write beside a layer where it comes from, and what it is worth.

    The words are those of provenance.toml beside this file.
    """
    words = tomllib.loads(
        Path(__file__).with_name("provenance.toml").read_text(encoding="utf-8")
    )[path.stem]
    other = words.pop("other_sources", [])
    record = {
        "layer": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "sources": [package.record() for package in packages] + other,
        "command": f"{COMMAND} {path.stem}",
        "clip_degrees": list(CLIP),
        **words,
    }
    target = path.with_suffix(".provenance.json")
    text = json.dumps(record, ensure_ascii=False, indent=2)
    target.write_text(text + "\n", encoding="utf-8")
    return target
