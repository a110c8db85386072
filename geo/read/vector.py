"""GeoPackage, Shapefile and FlatGeobuf, through GDAL, once we know that it is one."""

import shutil
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from geo.errors import InputError
from geo.read.found import (
    Found,
    points_of,
    remarks_say_simulated,
    says_simulated,
)
from geo.read.guard import SETTINGS
from geo.read.sniff import kind_of

MAX_FEATURES = 20_000_000

_DRIVERS = {"gpkg": "GPKG", "shp": "ESRI Shapefile", "fgb": "FlatGeobuf"}
_SHAPEFILE_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
_POINT_TYPES = {"POINT", "MULTIPOINT", "GEOMETRY"}

pyogrio.set_gdal_config_options(
    {name: value for name, value in SETTINGS.items() if name != "GDAL_SKIP"}
)


def read_vector(path: Path) -> Found:
    """Read the points of a GeoPackage, Shapefile or FlatGeobuf.

    Parameters
    ----------
    path
        Of a GeoPackage the only layer of points is taken, or that called "fixes".

    Returns
    -------
    Found
        A row a feature; features that are no points lie nowhere.

    Raises
    ------
    InputError
        If GDAL cannot read it, it is another format than its first bytes say, a
        layer is a view, or it has no or several layers of points.
    """
    kind = kind_of(path).name
    layer, about = _point_layer(path) if kind == "gpkg" else ("", [])
    table, geometry, crs = _arrow(path, kind, layer)
    if not table.num_rows:
        raise InputError(f"{path.name} has no features.")
    shapes = _shapes(table.column(geometry), path.name)
    table = table.drop_columns([geometry])
    if not table.num_columns:
        table = pa.table({"": pa.nulls(len(shapes), pa.string())})
    notes = [f"read as {_DRIVERS[kind]}" + (f", layer {layer!r}" if layer else "")]
    if not crs:
        notes.append("it has no CRS: taken for WGS 84 degrees, a guess")
    return Found(
        table=table,
        line=np.arange(1, len(shapes) + 1, dtype=np.int64),
        broken=np.array([], dtype=np.int64),
        points=points_of(shapes, crs),
        notes=tuple(notes),
        simulated=says_simulated(" ".join([path.name, *about]))
        or remarks_say_simulated(table),
    )


def read_frame(path: Path, *, layer: str = "") -> gpd.GeoDataFrame:
    """Read a layer of any shapes.

    Parameters
    ----------
    path
        GeoPackage, Shapefile or FlatGeobuf.
    layer
        Layer of a GeoPackage that has several; the only one needs no name.

    Returns
    -------
    GeoDataFrame
        Its `crs` is None if the file does not say.

    Raises
    ------
    InputError
        As `read_vector`, or if the layer is not there.
    """
    kind = kind_of(path).name
    if kind not in _DRIVERS:
        raise InputError(
            f"{path.name} is not a file of shapes.",
            hint="Give a GeoPackage, Shapefile, FlatGeobuf or GeoJSON.",
        )
    if kind == "gpkg":
        layers, _ = _layers(path)
        layer = _chosen(sorted(layers), layer, path.name)
    table, geometry, crs = _arrow(path, kind, layer if kind == "gpkg" else "")
    shapes = _shapes(table.column(geometry), path.name)
    frame = table.drop_columns([geometry]).to_pandas()
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=crs or None)


def _arrow(path: Path, kind: str, layer: str) -> tuple[Any, str, str]:
    """Return the features as an Arrow table, its column of geometry, and its CRS."""
    name: dict[str, str] = {"layer": layer} if layer else {}
    try:
        with TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = _under_plain_name(path, kind, Path(folder))
            info = pyogrio.read_info(source, **name)
            if info["driver"] != _DRIVERS[kind] or info["features"] > MAX_FEATURES:
                raise InputError(
                    f"{path.name} opens as {info['driver']} with "
                    f"{info['features']:,} features; expected {_DRIVERS[kind]} with "
                    f"at most {MAX_FEATURES:,}."
                )
            meta, table = pyogrio.read_arrow(source, datetime_as_string=True, **name)
    except (DataSourceError, DataLayerError, pa.ArrowException) as error:
        raise _damaged(path) from error
    except (RuntimeError, OSError, ValueError, LookupError, NameError) as error:
        raise _damaged(path) from error  # damage that pyogrio did not foresee
    geometry = meta["geometry_name"] or "wkb_geometry"
    if geometry not in table.column_names:
        raise InputError(f"{path.name} has no geometry.")
    return _legible(table), geometry, meta["crs"] or ""


def _legible(table: Any) -> Any:
    """Return the table with all text in UTF-8, which a .cpg sometimes only claims."""
    for at, column in enumerate(table.columns):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            cells = (
                None if cell is None else cell.decode("cp1252", errors="replace")
                for cell in column.cast(pa.binary()).to_pylist()
            )
            name = table.column_names[at]
            table = table.set_column(at, name, pa.array(cells, pa.string()))
    return table


def _under_plain_name(path: Path, kind: str, folder: Path) -> Path:
    """Return a link to the file under a name that tells GDAL nothing but its kind.

    By its name alone GDAL would take a GeoPackage called walk.csv for text, and a
    name with ! or : for an archive or an address.
    """
    parts = [path]
    if kind == "shp":
        _check_shapefile(path)
        ends = _SHAPEFILE_PARTS
        parts = [
            file
            for file in sorted(path.parent.iterdir())
            if file.stem == path.stem and file.suffix.lower() in ends
        ]
    for part in parts:
        link = folder / f"data.{kind if part == path else part.suffix.lower()[1:]}"
        try:
            link.symlink_to(part.absolute())
        except OSError:  # Windows lets only some users make links
            shutil.copyfile(part, link)
    return folder / f"data.{kind}"


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path.name} is damaged, or parts of it are missing.",
        hint="Copy or export it again, with all the files that belong to it.",
    )


def _check_shapefile(path: Path) -> None:
    """Refuse a Shapefile that is misnamed or lacks its index."""
    beside = {f.suffix.lower() for f in path.parent.iterdir() if f.stem == path.stem}
    if path.suffix.lower() != ".shp":
        raise InputError(
            f"{path.name} is a Shapefile by its content.",
            hint="Name it .shp, beside its .shx, .dbf and .prj.",
        )
    lost = [end for end in (".shx", ".dbf") if end not in beside]
    if lost:
        raise InputError(
            f"{path.name} lacks its {' and '.join(lost)}.",
            hint="Copy all the files of the Shapefile.",
        )


def _shapes(column: Any, name: str) -> Any:
    wkb = column.to_numpy()
    try:
        return shapely.from_wkb(wkb)
    except (shapely.errors.ShapelyError, TypeError) as error:
        raise InputError(f"{name} has geometry that cannot be read.") from error


def _point_layer(path: Path) -> tuple[str, list[str]]:
    """Return the layer of points of a GeoPackage, and what it says about itself."""
    layers, about = _layers(path)
    points = [name for name, kind in layers.items() if kind in _POINT_TYPES]
    if not points:
        raise InputError(f"{path.name} has no layer of points.")
    return _chosen(sorted(points), "fixes", path.name), about


def _chosen(layers: list[str], wanted: str, name: str) -> str:
    if len(layers) == 1:
        return layers[0]
    if wanted in layers:
        return wanted
    raise InputError(
        f"{name} has {len(layers)} layers: {', '.join(layers[:20])}.",
        hint=f"Keep one of them, or call it {wanted!r}." if wanted else "Keep one.",
    )


def _layers(path: Path) -> tuple[dict[str, str], list[str]]:
    """Return the tables with geometry of a GeoPackage, and its descriptions.

    A view could compute for ever when it is read, and a virtual table can reach out
    of the file: whatever GDAL would open has to be an ordinary table.
    """
    uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            plain = {
                str(name).lower()
                for (name, sql) in db.execute(
                    "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"
                )
                if not str(sql).lstrip().upper().startswith("CREATE VIRTUAL")
            }
            views = {
                str(name)
                for (name,) in db.execute(
                    "SELECT name FROM sqlite_schema WHERE type = 'view'"
                )
            }
            named = {"gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"}
            if not named <= plain or any(v.lower().startswith("gpkg") for v in views):
                raise _damaged(path)
            geometry = db.execute(
                "SELECT table_name, geometry_type_name FROM gpkg_geometry_columns"
            ).fetchall()
            about = db.execute(
                "SELECT coalesce(identifier, '') || ' ' || coalesce(description, '') "
                "FROM gpkg_contents"
            ).fetchall()
            if "gpkg_metadata" in plain:
                about += db.execute("SELECT metadata FROM gpkg_metadata").fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    layers = {str(n): str(k).upper() for n, k in geometry if str(n).lower() in plain}
    if not layers:
        what = "views" if geometry else "tables without geometry"
        raise InputError(
            f"{path.name} has only {what}; expected a table of shapes.",
            hint="Export the layer to a GeoPackage of its own.",
        )
    return layers, [str(text) for (text,) in about]
