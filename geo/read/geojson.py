"""GeoJSON, whole or one feature a line, read without GDAL."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geo.errors import InputError
from geo.read.found import Found, Points, remarks_say_simulated, says_simulated
from geo.read.sniff import decode, read_bytes

MAX_JSON_BYTES = 2**28
"""Largest JSON file, in bytes; it needs about eight times as much memory."""

_FEATURES = re.compile(r'"features"\s*:\s*\[')
_TIMES = ("coordTimes", "times", "timestamps")

Json = Any
Record = tuple[dict[str, Json], float, float, float]


def read_geojson(path: Path) -> Found:
    """Read the points of a GeoJSON file.

    Parameters
    ----------
    path
        A feature collection, a feature, one feature a line, or a list of flat
        objects. Tracks and times are properties; a LineString has its times in
        `coordTimes`.

    Returns
    -------
    Found
        A row for each point. If the file breaks off, the features before the break,
        and one broken record.

    Raises
    ------
    InputError
        If it is no GeoJSON, is nested too deeply, or holds no point.
    """
    text, _ = decode(read_bytes(path), name=path.name)
    if len(text) > MAX_JSON_BYTES:
        raise InputError(
            f"{path.name} is larger than {MAX_JSON_BYTES // 2**20} MB.",
            hint="Convert it to GeoPackage or Parquet.",
        )
    try:
        features, broken, top = _features(text.decode("utf-8", "replace"), path.name)
        records = [record for feature in features for record in _records(feature)]
    except RecursionError as error:
        raise InputError(f"{path.name} is nested too deeply to be GeoJSON.") from error
    if not records:
        raise InputError(f"{path.name} holds no points that could be read.")
    return _found(records, broken, top, path.name)


def load_features(path: Path) -> tuple[list[dict[str, Json]], str]:
    """Return the features of a GeoJSON layer, and the CRS that it names.

    Raises
    ------
    InputError
        If it is no GeoJSON or breaks off.
    """
    text, _ = decode(read_bytes(path), name=path.name)
    try:
        features, broken, top = _features(text.decode("utf-8", "replace"), path.name)
    except RecursionError as error:
        raise InputError(f"{path.name} is nested too deeply to be GeoJSON.") from error
    if broken:
        raise InputError(f"{path.name} breaks off.", hint="Copy it again.")
    return features, _crs_of(top)


def _features(
    text: str, name: str
) -> tuple[list[dict[str, Json]], list[int], dict[str, Json]]:
    """Return the features, the numbers of broken ones, and what stands around them."""
    try:
        whole = json.loads(text)
    except ValueError:
        return _from_pieces(text, name)
    if isinstance(whole, list):
        return [_from_row(row) for row in whole if isinstance(row, dict)], [], {}
    kind = whole.get("type") if isinstance(whole, dict) else None
    if kind == "FeatureCollection" and isinstance(whole.get("features"), list):
        features = [f for f in whole["features"] if isinstance(f, dict)]
        return features, [], {k: v for k, v in whole.items() if k != "features"}
    if kind == "Feature":
        return [whole], [], {}
    raise InputError(
        f"{name} is JSON, but not GeoJSON.", hint="Convert it to GeoJSON, CSV or GPX."
    )


def _from_row(row: dict[str, Json]) -> dict[str, Json]:
    """Return a flat object as a feature without geometry."""
    if row.get("type") == "Feature":
        return row
    return {"type": "Feature", "geometry": None, "properties": row}


def _from_pieces(
    text: str, name: str
) -> tuple[list[dict[str, Json]], list[int], dict[str, Json]]:
    """Read one feature a line, or save what stands before a break."""
    start = _FEATURES.search(text)
    head = text[: start.start()] if start else ""
    if start and '"Feature"' not in head:
        features = list(_before_break(text, start.end()))
        return features, [len(features) + 1], {"description": head[:1000]}
    features, broken = [], []
    lines = [line.strip("\x1e \t\r") for line in re.split(r"[\n\x1e]", text)]
    for number, line in enumerate(filter(None, lines), start=1):
        try:
            feature = json.loads(line)
        except ValueError:
            broken.append(number)
            continue
        if isinstance(feature, dict):
            features.append(_from_row(feature))
    if not features:
        raise InputError(
            f"{name} is not whole: not one feature could be read.",
            hint="Export it again.",
        )
    return features, broken, {}


def _before_break(text: str, at: int) -> Iterator[dict[str, Json]]:
    """Yield the features of a list that breaks off."""
    decoder = json.JSONDecoder()
    skip = re.compile(r"[\s,]*")
    while True:
        match = skip.match(text, at)
        try:
            feature, at = decoder.raw_decode(text, match.end() if match else at)
        except ValueError:
            return
        if isinstance(feature, dict):
            yield feature


def _records(feature: dict[str, Json]) -> Iterator[Record]:
    """Yield properties and position of each point of a feature."""
    given = feature.get("properties")
    properties = dict(given) if isinstance(given, dict) else {}
    if "id" in feature and not isinstance(feature["id"], dict | list):
        properties.setdefault("id", feature["id"])
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict):
        yield properties, np.nan, np.nan, np.nan
        return
    points = list(_points(geometry.get("type"), geometry.get("coordinates")))
    times = list(_flat_times(_line_times(properties)))
    for at, (x, y, z) in enumerate(points):
        own = properties
        if times:
            own = {k: v for k, v in properties.items() if k not in _TIMES}
            own["time"] = times[at] if at < len(times) else None
        yield own, x, y, z


def _line_times(properties: dict[str, Json]) -> Json:
    """Return the times of the points of a line."""
    inner = properties.get("coordinateProperties")
    for holder in (properties, inner if isinstance(inner, dict) else {}):
        for name in _TIMES:
            if isinstance(holder.get(name), list):
                return holder[name]
    return []


def _flat_times(times: Json) -> Iterator[Json]:
    for time in times:
        if isinstance(time, list):
            yield from time
        else:
            yield time


def _points(kind: Json, coordinates: Json) -> Iterator[tuple[float, float, float]]:
    """Yield the points of a geometry; an area has none, and counts as one nowhere."""
    if kind == "Point":
        yield _xyz(coordinates)
    elif kind in {"MultiPoint", "LineString"} and isinstance(coordinates, list):
        yield from map(_xyz, coordinates)
    elif kind == "MultiLineString" and isinstance(coordinates, list):
        for line in coordinates:
            yield from map(_xyz, line if isinstance(line, list) else [])
    else:
        yield np.nan, np.nan, np.nan


def _xyz(position: Json) -> tuple[float, float, float]:
    if not isinstance(position, list) or len(position) < 2:
        return np.nan, np.nan, np.nan
    x, y, z = (*position[:3], None)[:3]
    return _number(x), _number(y), _number(z)


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _found(
    records: list[Record], broken: list[int], top: dict[str, Json], name: str
) -> Found:
    names = dict.fromkeys(key for record in records for key in record[0])
    table = pa.table(
        {key: pa.array(_texts(record[0].get(key) for record in records), pa.string())
         for key in names}
        or {"": pa.nulls(len(records), pa.string())}
    )  # fmt: skip
    xyz = np.array([record[1:] for record in records], dtype=np.float64)
    flat = bool(np.isnan(xyz[:, :2]).all())
    points = None if flat else Points(xyz[:, 0], xyz[:, 1], xyz[:, 2], _crs_of(top))
    notes = ["read as GeoJSON"] if not flat else ["read as a list of JSON objects"]
    if broken:
        notes.append("the file breaks off or is damaged: the rest was kept")
    number = np.arange(1, len(records) + len(broken) + 1, dtype=np.int64)
    lost = np.array([n for n in broken if n <= number.size], dtype=np.int64)
    said = " ".join(_texts_of(top)) + " " + name
    return Found(
        table=table,
        line=np.setdiff1d(number, lost)[: len(records)],
        broken=lost,
        points=points,
        notes=tuple(notes),
        simulated=bool(top.get("simulated"))
        or says_simulated(said)
        or remarks_say_simulated(table),
    )


def _texts(values: Iterable[Json]) -> Iterator[str | None]:
    for value in values:
        if value is None or isinstance(value, dict | list):
            yield None
        else:
            yield value if isinstance(value, str) else json.dumps(value)


def _texts_of(top: dict[str, Json]) -> Iterator[str]:
    for key in ("name", "title", "description", "simulated"):
        if isinstance(top.get(key), str):
            yield top[key]


def _crs_of(top: dict[str, Json]) -> str:
    """Return the CRS of a file of the 2008 kind, "" for WGS 84."""
    crs = top.get("crs")
    inner = crs.get("properties") if isinstance(crs, dict) else None
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(name, str) or "CRS84" in name:
        return ""
    return name
