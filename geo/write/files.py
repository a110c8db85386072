"""Write a Release for a GIS: GeoPackage, Shapefile, GeoJSON, GeoTIFF and others."""

import csv
import errno
import io
import json
import logging
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from geo.errors import OutputError
from geo.privacy import Release
from geo.progress import watch
from geo.write.fields import NO_NUMBER, describe, file_stem, plain_cell
from geo.write.notes import metadata, readme
from geo.write.output import replacing
from geo.write.qgis import write_project
from geo.write.tables import DEGREES, bounds_of, by_kind, for_dbf, published_table

log = logging.getLogger(__name__)

LARGEST_SHAPE = 2**31 - 1
"""Bytes that a .shp or a .dbf can hold."""

TYPES = {"points": "Point", "lines": "LineString", "polygons": "Polygon"}
"""Geometry of each kind in a file, where no row has several parts."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One export: what is written, where to, and under what name."""

    release: Release
    folder: Path
    stem: str
    tables: Mapping[str, pd.DataFrame]
    day: str
    cut: dict[str, int] = field(default_factory=dict)

    def mark(self, name: str) -> str:
        return "; ".join(self.release.marks_of(name))

    def path(self, folder: str, name: str, suffix: str) -> Path:
        place = self.folder / folder
        place.mkdir(exist_ok=True)
        return place / f"{self.stem}_{name}.{suffix}"


def write_layers(
    release: Release,
    folder: Path,
    *,
    formats: Sequence[str] = ("gpkg", "shp", "geojson", "tif"),
) -> list[Path]:
    """Write every released layer and surface, with what is needed to read them.

    Parameters
    ----------
    release
        What privacy.release let through.
    folder
        Where the files go; it is made when it is absent. Either all of it is
        written, or what was there stays.
    formats
        Any of "gpkg", "shp", "geojson", "tif", "parquet" and "kml".

    Returns
    -------
    list of Path
        Every file that was written, sorted.

    Raises
    ------
    OutputError
        If the disk is full, the folder is closed, or a layer is too large.
    PrivacyError
        If a layer has a column that is not in the catalogue of published columns.
    ValueError
        If a format is not known.

    Notes
    -----
    Vectors are in EPSG:4326, surfaces in the region's CRS. The same release gives
    the same bytes: the date inside a file is the last month covered, not the day of
    writing.
    """
    unknown = [name for name in formats if name not in WRITERS]
    if unknown:
        raise ValueError(f"unknown formats {unknown}; known are {list(WRITERS)}")
    tables = {name: published_table(release, name) for name in release.layers}
    stem = file_stem(release.about.region, release.marks)
    day = f"{release.about.last_month or '2000-01'}-01"
    with replacing(folder) as fresh, _gdal(day):
        job = _Job(release, fresh, stem, tables, day)
        for name in watch(list(dict.fromkeys(formats)), "writing GIS files"):
            WRITERS[name](job)
        for column, cells in job.cut.items():
            log.warning("%s: %d cells were cut for the shapefile", column, cells)
        _save(fresh / "README.txt", readme(release))
        names = sorted(
            path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()
        )
        about = metadata(
            release,
            files=[*(name.as_posix() for name in names), "metadata.json"],
            columns={name: list(table.columns) for name, table in tables.items()},
            bounds=bounds_of(tables),
            cut=job.cut,
        )
        _save(fresh / "metadata.json", json.dumps(about, ensure_ascii=False, indent=1))
        names.append(Path("metadata.json"))
    return sorted(folder / name for name in names)


@contextmanager
def _gdal(day: str) -> Iterator[None]:
    """Hold GDAL's clock still, and turn its failures into those of the disk."""
    options = {
        "OGR_CURRENT_DATE": f"{day}T00:00:00.000Z",
        # A file that is put in place when all of it is there need not be safe before:
        # SQLite would wait for the disk once a layer, for most of the time of a map.
        "OGR_SQLITE_SYNCHRONOUS": "OFF",
    }
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    except (DataSourceError, DataLayerError) as error:
        raise OSError("the disk is full, or the folder closed") from error
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))


def _write_gpkg(job: _Job) -> None:
    """Write one GeoPackage with every layer and table, and a QGIS project over it."""
    path = job.folder / f"{job.stem}.gpkg"
    parts = [(of, *part) for of in job.tables for part in by_kind(of, job.tables[of])]
    for of, name, kind, table in parts:
        first = not path.exists()
        pyogrio.write_dataframe(
            table,
            path,
            layer=name,
            driver="GPKG",
            append=not first,
            geometry_type=_type_of(kind, table, several=kind != "points"),
            # Version 1.4 is not read by ArcGIS Pro before 3.5 and QGIS before 3.28.
            dataset_options={"VERSION": "1.3"} if first else {},
            layer_metadata=_tags(job.release, of),
            layer_options={"IDENTIFIER": name, "DESCRIPTION": job.mark(of)},
        )
    write_project(job.release, job.folder, tables=job.tables)


def _type_of(kind: str, table: pd.DataFrame, *, several: bool = False) -> str | None:
    """Return the geometry type of a file; one with several parts if need be."""
    if not kind:
        return None
    if several or table.geom_type.str.startswith("Multi").any():
        return f"Multi{TYPES[kind]}"
    return TYPES[kind]


def _write_shp(job: _Job) -> None:
    """Write a shapefile per layer and kind, tables as CSV, and what columns mean."""
    for name, table in job.tables.items():
        for label, kind, part in by_kind(name, table):
            if not kind:
                _write_csv(job.path("shp", label, "csv"), part)
                continue
            named = [column for column in part.columns if column != "geometry"]
            short = {field.name: field.short for field in describe(name, named)}
            rows, cut = for_dbf(part, short=short)
            job.cut.update({f"{label}.{column}": n for column, n in cut.items()})
            _write_shape(job, label, kind, rows)
    _save(job.folder / "shp" / "fields.csv", _dictionary(job.tables))


def _dictionary(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return what the columns of all layers are called and mean, as CSV."""
    no_value = f"no value / sin valor: {NO_NUMBER}"
    rows: list[Sequence[str]] = [
        ("layer", "shapefile_name", "name", "unit", "meaning_en", "significado_es"),
        ("*", "*", "*", "", no_value, no_value),
    ]
    for name, table in tables.items():
        named = [column for column in table.columns if column != "geometry"]
        fields = describe(name, named)
        rows += [(name, f.short, f.name, f.unit, f.en, f.es) for f in fields]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [plain_cell(cell) for cell in row] for row in rows
    )
    return text.getvalue()


def _write_shape(job: _Job, label: str, kind: str, part: pd.DataFrame) -> None:
    """Write one shapefile, and make sure that all of it is there."""
    path = job.path("shp", label, "shp")
    pyogrio.write_dataframe(
        part,
        path,
        driver="ESRI Shapefile",
        geometry_type=_type_of(kind, part),
        layer_options={"ENCODING": "UTF-8", "DBF_DATE_LAST_UPDATE": job.day},
    )
    # GDAL does not say when the last of a buffer found no room on the disk.
    shape, table = path.read_bytes(), path.with_suffix(".dbf").read_bytes()
    if len(shape) < 100 or len(table) < 32:
        raise OSError(errno.ENOSPC, "the disk is full")
    rows, head, width = struct.unpack("<IHH", table[4:12])
    index = path.with_suffix(".shx").stat().st_size
    crs = path.with_suffix(".prj").read_text(encoding="ascii")
    if (
        len(shape) != 2 * struct.unpack(">i", shape[24:28])[0]
        or len(table) < head + rows * width
        or (rows, index) != (len(part), 100 + 8 * rows)
        or crs.count("[") != crs.count("]")
    ):
        raise OSError(errno.ENOSPC, "the disk is full")
    if max(len(shape), len(table)) > LARGEST_SHAPE:
        raise OutputError(
            f"{path.name} has more than 2 GB; a shapefile cannot hold that.",
            hint="Leave out shp, and use the GeoPackage.",
        )


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table without geometry; no text of it runs as a formula."""
    texts = [
        str(name) for name in table if not pd.api.types.is_numeric_dtype(table[name])
    ]
    safe = table.assign(**{name: table[name].map(plain_cell) for name in texts})
    _save(path, safe.to_csv(index=False, lineterminator="\n"))


def _write_geojson(job: _Job) -> None:
    """Write RFC 7946 per layer; rows of plain tables lie nowhere."""
    for name, table in job.tables.items():
        options = {"DESCRIPTION": job.mark(name)} if job.mark(name) else {}
        placed = table
        if not isinstance(table, gpd.GeoDataFrame):
            nowhere = gpd.GeoSeries([None] * len(table), table.index, crs=DEGREES)
            placed = gpd.GeoDataFrame(table, geometry=nowhere)
        raw = _in_memory(placed, "GeoJSON", name, RFC7946="YES", layer_options=options)
        _save(job.path("geojson", name, "geojson"), raw)


def _write_kml(job: _Job) -> None:
    """Write KML per layer, and plain tables as CSV beside."""
    for name, table in job.tables.items():
        if not isinstance(table, gpd.GeoDataFrame):
            _write_csv(job.path("kml", name, "csv"), table)
            continue
        # The driver calls 64-bit numbers text.
        whole = table.select_dtypes("Int64").columns
        small = table.astype(dict.fromkeys(whole, "Int32"))
        raw = _in_memory(small, "KML", f"{job.stem}_{name}")
        _save(job.path("kml", name, "kml"), raw)


def _in_memory(table: pd.DataFrame, driver: str, layer: str, **options: Any) -> bytes:
    """Return the bytes of a file; GDAL would not say that a disk is full."""
    buffer = io.BytesIO()
    pyogrio.write_dataframe(table, buffer, layer=layer, driver=driver, **options)
    return buffer.getvalue()


def _write_parquet(job: _Job) -> None:
    """Write GeoParquet per layer, and plain tables as Parquet."""
    for name, table in job.tables.items():
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        arrow = pq.read_table(io.BytesIO(buffer.getvalue()))
        tags = {**arrow.schema.metadata, **_tags(job.release, name)}
        tags["simulated"] = str(job.release.about.simulated).lower()
        buffer = io.BytesIO()
        pq.write_table(arrow.replace_schema_metadata(tags), buffer)
        _save(job.path("parquet", name, "parquet"), buffer.getvalue())


def _write_tif(job: _Job) -> None:
    """Write every surface as a cloud-optimised GeoTIFF in the region's CRS."""
    for name in job.release.surfaces:
        _save(job.folder / f"{job.stem}_{name}.tif", _geotiff(name, job.release))


def _geotiff(name: str, release: Release) -> bytes:
    """Return a surface as the bytes of a GeoTIFF."""
    surface = release.surfaces[name]
    grid = surface.grid
    with MemoryFile() as memory:
        with memory.open(
            driver="COG",
            width=grid.columns,
            height=grid.rows,
            count=1,
            dtype="float32",
            crs=grid.crs,
            transform=Affine(
                grid.cell_m, 0.0, grid.west, 0.0, -grid.cell_m, grid.north
            ),
            nodata=np.nan,
            compress="deflate",
            predictor=3,
            overviews="none",
        ) as file:
            file.write(surface.values.astype(np.float32), 1)
            file.set_band_description(1, surface.name)
            file.units = (surface.unit,)
            file.update_tags(
                name=surface.name, unit=surface.unit, **_tags(release, name)
            )
        return bytes(memory.read())


def _tags(release: Release, name: str) -> dict[str, str]:
    """Return what a layer says of itself where its format has room for that."""
    about = release.about
    return {
        "region": about.region,
        "period": f"{about.first_month}/{about.last_month}",
        "k": str(release.k),
        **{mark.split(" / ", maxsplit=1)[0]: mark for mark in release.marks_of(name)},
    }


def _save(path: Path, content: str | bytes) -> None:
    """Write a file; texts end their lines the same way on every system."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)


WRITERS: Mapping[str, Callable[[_Job], None]] = MappingProxyType(
    {
        "gpkg": _write_gpkg,
        "shp": _write_shp,
        "geojson": _write_geojson,
        "tif": _write_tif,
        "parquet": _write_parquet,
        "kml": _write_kml,
    }
)
