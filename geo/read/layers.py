"""Base layers: coast, rivers, border, provinces, places, checkpoints, counts."""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError

from geo.errors import CRSError, InputError, SchemaError
from geo.progress import watch
from geo.read.cells import as_numbers, as_text
from geo.read.columns import find_roles, listed, plain
from geo.read.coordinates import as_degrees, known_crs
from geo.read.delimited import read_delimited
from geo.read.features import load_features
from geo.read.raster import tiles_of
from geo.read.relief import MARGIN_DEG, WORLD_COVER, read_cover, read_relief
from geo.read.sniff import kind_of, label_of
from geo.read.vector import read_frame
from geo.read.waterways import WATERWAYS, rank_waterways
from geo.schema import ROLES, Layers

log = logging.getLogger(__name__)

Bounds = tuple[float, float, float, float]

# Columns of each layer with what stands in for a missing one; None: it must be there.
_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "land": {},
    "rivers": {
        "name": "",
        "order": 1,
        "quality": "mapped",
        "precision_m": float("nan"),
    },
    "waterways": WATERWAYS,
    "border": {"name": ""},
    "provinces": {"name": "", "country": ""},
    "places": {"name": None, "country": "", "population": 0},
    "checkpoints": {
        "name": None,
        "country": "",
        "role": "town",
        "since": "",
        "until": "",
        "precision_m": float("nan"),
    },
    "effort": {"hours": float("nan")},
    "trails": {"name": ""},
}
_COUNTS: Mapping[str, Mapping[str, Any]] = {
    "crossings": {"year": None, "month": None, "crossings": None, "basis": ""},
    "nationalities": {"year": None, "nationality": None, "persons": None},
}
_SHAPES = ("points", "lines", "polygons")
_DIMENSION = {
    "land": 2,
    "rivers": 1,
    "border": 1,
    "provinces": 2,
    "effort": -1,
    "trails": 1,
    "waterways": 1,
}
_ANY = -1  # a layer whose shapes may be of any dimension, and stay whole

# Other names of the columns, as plain() writes them.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "name": ("nombre", "name_es", "nam", "asciiname"),
    "country": ("pais", "country_code", "iso2", "iso_a2"),
    "population": ("poblacion", "pop", "habitantes"),
    "role": ("rol", "funcion", "tipo"),
    "since": ("desde",),
    "until": ("hasta",),
    "order": ("orden", "stream_order", "strahler"),
    "quality": ("calidad",),
    "year": ("ano", "anio"),
    "month": ("mes",),
    "crossings": ("cruces", "persons", "personas"),
    "basis": ("fuente", "source"),
    "nationality": ("nacionalidad",),
    "persons": ("personas", "crossings", "cruces"),
    "hours": ("horas", "effort", "esfuerzo"),
}


def read_layers(
    sources: Mapping[str, tuple[Path | Sequence[Path], str, str]],
    *,
    crs: str,
    bounds: Bounds,
    cell_m: float,
    classes: Mapping[int, int] = WORLD_COVER,
) -> Layers:
    """Read the base layers of a region, cut to it and in its CRS.

    Parameters
    ----------
    sources
        File, CRS (empty where the file has its own) and credit of each layer, by the
        names of schema.Layers. Layers that are left out come out empty. Of relief and
        cover there may be several files, and a folder stands for all GeoTIFFs in it.
    crs
        CRS of the region, in metres.
    bounds
        West, south, east and north of the study area, in degrees. Layers are kept
        to half a degree around it.
    cell_m
        Side of a cell of the relief and the cover, in metres; a coarse relief has
        cells of 1000 m at least.
    classes
        The class of ESA WorldCover that each value of the cover stands for.

    Raises
    ------
    InputError
        If a file is missing, damaged, or of a kind that is not read.
    SchemaError
        If a column is missing, or a checkpoint has a role that is none of
        schema.ROLES.
    CRSError
        If neither the file nor the region file says in which CRS a layer is.

    Examples
    --------
    >>> layers = read_layers(
    ...     {}, crs="EPSG:32618", bounds=(-78, 7, -77, 8), cell_m=250
    ... )
    >>> len(layers.rivers), list(layers.places.columns), layers.relief
    (0, ['name', 'country', 'population', 'geometry'], None)
    """
    region = known_crs(crs, name="the region")
    read: dict[str, Any] = {}
    lie: dict[str, Any] = {"crs": crs, "bounds": bounds, "cell_m": cell_m}
    for name in watch(sorted(sources), "reading layers"):
        paths, own, _ = sources[name]
        path, *more = [paths] if isinstance(paths, Path) else paths
        if name in _COLUMNS:
            read[name] = _vector(name, path, own, region, bounds)
        elif name in _COUNTS:
            read[name] = _counts(name, path)
        elif name == "relief":
            read[name], read["relief_cell_m"] = read_relief(
                tiles_of(path, more), own, **lie
            )
        elif name == "cover":
            tiles = tiles_of(path, more)
            read[name] = read_cover(tiles, own, classes=classes, **lie)
        else:
            raise ValueError(f"unknown layer {name!r}")
        log.info("layers: %s from %s", name, path.name)
    return Layers(
        **{name: read.get(name, _empty(name, region)) for name in _COLUMNS},
        relief=read.get("relief"),
        relief_cell_m=read.get("relief_cell_m"),
        cover=read.get("cover"),
        **{name: read.get(name, _no_counts(name)) for name in _COUNTS},
        credits={n: credit for n, (_, _, credit) in sorted(sources.items()) if credit},
    )


def _vector(
    name: str, path: Path, own: str, region: CRS, bounds: Bounds
) -> gpd.GeoDataFrame:
    """Return one layer of shapes."""
    frame = _shapes(name, path)
    if own:
        frame = frame.set_crs(known_crs(own, name=label_of(path)), allow_override=True)
    if frame.crs is None:
        why = " (its .prj is missing)" if path.suffix.lower() == ".shp" else ""
        raise CRSError(
            f"{label_of(path)} has no CRS{why}.",
            hint=f"{'Add the .prj, or set' if why else 'Set'} crs under "
            f"[layers.{name}] in region.toml.",
        )
    table = _filled(frame, _COLUMNS[name], label_of(path))
    if name == "checkpoints":
        _check_checkpoints(table, label_of(path))
    if name == "effort" and not (table["hours"] >= 0).all():
        raise SchemaError(
            f"{label_of(path)} has no hours, or a row whose hours are no number of 0 "
            "or more.",
            hint="Give each place, patrol or area of watching its column hours.",
        )
    if name == "waterways":
        table = rank_waterways(table)
    shapes = frame.geometry.reset_index(drop=True).to_crs(4326)
    dimension = _DIMENSION.get(name, 0)
    have = shapely.get_dimensions(np.asarray(shapes.array, dtype=object))
    if (have >= 0).any() and not (have >= dimension).any():
        raise SchemaError(
            f"{label_of(path)} holds only {_SHAPES[int(have.max())]}; expected "
            f"{_SHAPES[dimension]} for {name}.",
            hint=f"Name another file under [layers.{name}] in region.toml.",
        )
    kept, shapes = _clipped(shapes, bounds, dimension)
    table = table.loc[kept].reset_index(drop=True)
    geometry = gpd.GeoSeries(shapes, crs=4326).to_crs(region)
    return gpd.GeoDataFrame(table, geometry=geometry.reset_index(drop=True))


def _shapes(name: str, path: Path) -> gpd.GeoDataFrame:
    kind = kind_of(path).name
    if kind == "json":
        features, crs = load_features(path)
        plain_ones = [
            {
                "type": "Feature",
                "geometry": feature.get("geometry"),
                "properties": feature.get("properties") or {},
            }
            for feature in features
        ]
        try:
            return gpd.GeoDataFrame.from_features(
                plain_ones,
                columns=None if plain_ones else ["geometry"],
                crs=known_crs(crs, name=path.name) if crs else 4326,
            )
        except (
            ShapelyError,
            TypeError,
            ValueError,
            LookupError,
            AttributeError,
        ) as error:
            raise InputError(
                f"{label_of(path)} has geometry that cannot be read."
            ) from error
    if kind == "delimited":
        return _points_of_text(path)
    return read_frame(path, layer=name)


def _points_of_text(path: Path) -> gpd.GeoDataFrame:
    """Return the points of a CSV with longitude and latitude."""
    found = read_delimited(path, columns={})
    roles = find_roles(found.table.column_names, columns={})
    if not {"lat", "lon"} <= set(roles.index):
        raise SchemaError(
            f"{label_of(path)} has no columns for longitude and latitude; its columns "
            f"are: {listed(found.table.column_names)}.",
            hint="Name them lon and lat.",
        )
    x, y = (
        as_degrees(as_text(found.table.column(roles.index[axis])), axis=axis)
        for axis in ("lon", "lat")
    )
    frame = pd.DataFrame(
        {
            name: pd.Series(as_text(found.table.column(at)).to_pylist(), dtype="str")
            for at, name in enumerate(found.table.column_names)
        }
    )
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(x, y), crs=4326)


def _clipped(
    shapes: gpd.GeoSeries, bounds: Bounds, dimension: int
) -> tuple[list[int], list[Any]]:
    """Return which shapes reach the region, and their parts inside it, valid."""
    west, south, east, north = bounds
    box = shapely.box(
        west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG
    )
    there = ~(shapes.isna() | shapes.is_empty).to_numpy()
    values = shapely.force_2d(np.asarray(shapes.array, dtype=object)[there])
    values = shapely.make_valid(values)
    inside = values if dimension == _ANY else shapely.intersection(values, box)
    kept: list[int] = []
    parts: list[Any] = []
    for at, shape in zip(np.flatnonzero(there), inside, strict=True):
        part = shape if dimension == _ANY else _of_dimension(shape, dimension)
        if not part.is_empty:
            kept.append(int(at))
            parts.append(part)
    return kept, parts


def _of_dimension(shape: Any, dimension: int) -> Any:
    """Return the parts of a shape that have a dimension; a touch is no part."""
    if shapely.get_dimensions(shape) == dimension and shape.geom_type in {
        "Point",
        "LineString",
        "Polygon",
        "MultiLineString",
        "MultiPolygon",
    }:
        return shape
    parts = shapely.get_parts(shapely.get_parts(shape))
    wanted = parts[shapely.get_dimensions(parts) == dimension]
    if not wanted.size:
        return shapely.Point()
    return shapely.union_all(wanted) if dimension else wanted[0]


def _filled(
    frame: pd.DataFrame, columns: Mapping[str, Any], label: str
) -> pd.DataFrame:
    """Return the columns of a layer, with what stands in for missing ones."""
    keys = {plain(str(name)): name for name in reversed(list(frame.columns))}
    out: dict[str, Any] = {}
    for name, default in columns.items():
        names = (name, *_ALIASES.get(name, ()))
        found = next((keys[key] for key in names if key in keys), None)
        if found is None and default is None:
            raise SchemaError(
                f"{label} has no column {name!r}; its columns are: "
                f"{listed([str(n) for n in frame.columns if n != 'geometry'])}."
            )
        column = None if found is None else frame[found]
        out[name] = _typed(column, default, len(frame))
    return pd.DataFrame(out, index=pd.RangeIndex(len(frame)))


def _typed(column: Any, default: Any, size: int) -> pd.Series:
    """Return a column as text, whole numbers or floats, as its default is."""
    if isinstance(default, int | float):
        numbers = np.full(size, np.nan)
        if column is not None:
            numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
        numbers = np.where(np.isfinite(numbers), numbers, default)
        whole = isinstance(default, int)
        return pd.Series(np.rint(numbers).astype(np.int64) if whole else numbers)
    if column is None:
        return pd.Series([default] * size, dtype="str")
    text = column.astype("str").fillna(default or "")
    return pd.Series(text.str.strip().to_numpy(), dtype="str").replace("None", "")


def _check_checkpoints(table: pd.DataFrame, label: str) -> None:
    """Refuse roles and months that nobody knows."""
    unknown = sorted(set(table["role"]) - set(ROLES))
    if unknown:
        raise SchemaError(
            f"{label} has a checkpoint with the role {unknown[0]!r}; expected one of: "
            f"{', '.join(ROLES)}."
        )
    for name in ("since", "until"):
        for month in table[name]:
            if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
                raise SchemaError(
                    f"{label} has {month!r} in column {name!r}; expected YYYY-MM or "
                    "nothing."
                )


def _counts(name: str, path: Path) -> pd.DataFrame:
    """Return a table of official counts."""
    if kind_of(path).name != "delimited":
        raise InputError(f"{label_of(path)} is not a CSV file.")
    table = read_delimited(path, columns={key: key for key in _COUNTS[name]}).table
    keys = {plain(column): at for at, column in enumerate(table.column_names)}
    out: dict[str, Any] = {}
    for column, default in _COUNTS[name].items():
        at = next((keys[k] for k in (column, *_ALIASES[column]) if k in keys), -1)
        if at < 0 and default is None:
            raise SchemaError(
                f"{label_of(path)} has no column {column!r}; its columns are: "
                f"{listed(table.column_names)}."
            )
        if column in {"basis", "nationality"}:
            texts = (
                as_text(table.column(at)).to_pylist() if at >= 0 else [""] * len(table)
            )
            out[column] = pd.Series(texts, dtype="str").fillna("")
            continue
        numbers = as_numbers(table.column(at))
        if not (np.isfinite(numbers) & (numbers >= 0) & (numbers % 1 == 0)).all():
            raise SchemaError(
                f"{label_of(path)} has something in column {column!r} that is no whole "
                "number."
            )
        out[column] = numbers.astype(np.int64)
    return pd.DataFrame(out)


def _empty(name: str, region: CRS) -> gpd.GeoDataFrame:
    table = {key: _typed(None, value or "" if value is None else value, 0)
             for key, value in _COLUMNS[name].items()}  # fmt: skip
    frame = rank_waterways(pd.DataFrame(table)) if name == "waterways" else table
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=region))


def _no_counts(name: str) -> pd.DataFrame:
    texts = {"basis", "nationality"}
    return pd.DataFrame(
        {
            key: pd.Series(dtype="str" if key in texts else "int64")
            for key in _COUNTS[name]
        }
    )
