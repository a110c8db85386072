"""GeoJSON, whole or one feature a line, read without GDAL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from geo.errors import InputError
from geo.read.features import crs_of, features_of, read_text
from geo.read.found import Found, Points, remarks_say_simulated, says_simulated
from geo.read.pointset import LINE_TIMES, PointSet, read_points, text_table

Json = Any
Record = tuple[dict[str, Json], float, float, float]


def read_geojson(path: Path) -> Found:
    """Read the points of a GeoJSON file.

    Parameters
    ----------
    path
        A feature collection, a feature, one feature a line, a list of flat objects,
        or observations as EarthRanger gives them. Tracks and times are properties; a
        LineString has its times in `coordTimes`.

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
    text = read_text(path)
    points = read_points(text)
    if points:
        return _found(points, [], "", path.name)
    found = features_of(text, name=path.name)
    records = [record for feature in found.items for record in _records(feature)]
    if not records:
        raise InputError(f"{path.name} holds no points that could be read.")
    return _found(_gathered(records, found.top), found.broken, found.origin, path.name)


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
            own = {k: v for k, v in properties.items() if k not in LINE_TIMES}
            own["time"] = times[at] if at < len(times) else None
        yield own, x, y, z


def _line_times(properties: dict[str, Json]) -> Json:
    """Return the times of the points of a line."""
    inner = properties.get("coordinateProperties")
    for holder in (properties, inner if isinstance(inner, dict) else {}):
        for name in LINE_TIMES:
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


def _gathered(records: list[Record], top: dict[str, Json]) -> PointSet:
    keys = dict.fromkeys(key for record in records for key in record[0])
    table = text_table([record[0] for record in records], list(keys))
    xyz = np.array([record[1:] for record in records], dtype=np.float64)
    return PointSet(table, xyz, top)


def _found(points: PointSet, broken: list[int], origin: str, name: str) -> Found:
    table, xyz, top = points.table, points.xyz, points.top
    flat = bool(np.isnan(xyz[:, :2]).all())
    notes = ["read as GeoJSON"] if not flat else ["read as a list of JSON objects"]
    if origin:
        notes = [f"read as observations of {origin}"]
    if broken:
        notes.append("the file breaks off or is damaged: the rest was kept")
    number = np.arange(1, len(xyz) + len(broken) + 1, dtype=np.int64)
    lost = np.array([n for n in broken if n <= number.size], dtype=np.int64)
    said = " ".join(_texts_of(top)) + " " + name
    return Found(
        table=table,
        line=np.setdiff1d(number, lost)[: len(xyz)],
        broken=lost,
        points=None if flat else Points(xyz[:, 0], xyz[:, 1], xyz[:, 2], crs_of(top)),
        notes=tuple(notes),
        simulated=bool(top.get("simulated"))
        or says_simulated(said)
        or remarks_say_simulated(table),
    )


def _texts_of(top: dict[str, Json]) -> Iterator[str]:
    for key in ("name", "title", "description", "simulated"):
        if isinstance(top.get(key), str):
            yield top[key]
