"""The features of a file of JSON: GeoJSON, rows, and answers of EarthRanger."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geo.errors import InputError
from geo.read.sniff import decode, read_bytes

MAX_JSON_BYTES = 2**28
"""Largest JSON file, in bytes; it needs about eight times as much memory."""

_FEATURES = re.compile(r'"features"\s*:\s*\[')
# Where a service puts its rows, from the outside in.
_HOLDERS = ("data", "results", "observations")
# What tells the rows of EarthRanger from others.
_OBSERVATION = {"recorded_at", "location"}

Json = Any
Object = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Features:
    """What a file of JSON holds.

    Parameters
    ----------
    items
        Features, as objects; a row is one without geometry.
    broken
        Numbers of features that could not be read, from 1.
    top
        What stands around the features.
    origin
        The service that wrote the rows, if it is known.
    """

    items: list[Object]
    broken: list[int] = field(default_factory=list)
    top: Object = field(default_factory=dict)
    origin: str = ""


def read_text(path: Path) -> bytes:
    """Return a file of JSON in UTF-8.

    Raises
    ------
    InputError
        If it is no text, or larger than MAX_JSON_BYTES.
    """
    text, _ = decode(read_bytes(path), name=path.name)
    if len(text) > MAX_JSON_BYTES:
        raise InputError(
            f"{path.name} is larger than {MAX_JSON_BYTES // 2**20} MB.",
            hint="Convert it to GeoPackage or Parquet.",
        )
    return text


def features_of(text: bytes, *, name: str) -> Features:
    """Return the features in a text.

    Parameters
    ----------
    text
        In UTF-8: a feature collection, a feature, one feature a line, a list of flat
        objects, or observations as EarthRanger gives them.
    name
        Of the file, for messages.

    Returns
    -------
    Features
        If the file breaks off, those before the break, and one broken one.

    Raises
    ------
    InputError
        If it is no such JSON, or is nested too deeply.
    """
    try:
        return _features(text.decode("utf-8", "replace"), name)
    except RecursionError as error:
        raise InputError(f"{name} is nested too deeply to be GeoJSON.") from error


def load_features(path: Path) -> tuple[list[Object], str]:
    """Return the features of a GeoJSON layer, and the CRS that it names.

    Raises
    ------
    InputError
        If it is no GeoJSON or breaks off.
    """
    text, _ = decode(read_bytes(path), name=path.name)
    found = features_of(text, name=path.name)
    if found.broken:
        raise InputError(f"{path.name} breaks off.", hint="Copy it again.")
    return found.items, crs_of(found.top)


def crs_of(top: Object) -> str:
    """Return the CRS of a file of the 2008 kind, "" for WGS 84.

    Examples
    --------
    >>> crs_of({"crs": {"properties": {"name": "EPSG:32618"}}}), crs_of({"crs": 7})
    ('EPSG:32618', '')
    """
    crs = top.get("crs")
    inner = crs.get("properties") if isinstance(crs, dict) else None
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(name, str) or "CRS84" in name:
        return ""
    return name


def _features(text: str, name: str) -> Features:
    try:
        whole = json.loads(text)
    except ValueError:
        return _from_pieces(text, name)
    if isinstance(whole, list):
        return _from_rows(whole)
    kind = whole.get("type") if isinstance(whole, dict) else None
    if kind == "FeatureCollection" and isinstance(whole.get("features"), list):
        features = [f for f in whole["features"] if isinstance(f, dict)]
        top = {key: value for key, value in whole.items() if key != "features"}
        return Features(features, top=top)
    if kind == "Feature":
        return Features([whole])
    rows = _held(whole)
    if any(_is_observation(row) for row in rows):
        return _from_rows(rows)
    raise InputError(
        f"{name} is JSON, but not GeoJSON.", hint="Convert it to GeoJSON, CSV or GPX."
    )


def _held(whole: Json) -> list[Json]:
    """Return the rows in the answer of a service, none if it is no such answer."""
    for key in _HOLDERS:
        inner = whole.get(key) if isinstance(whole, dict) else None
        whole = whole if inner is None else inner
    return whole if isinstance(whole, list) else []


def _from_rows(rows: list[Json]) -> Features:
    objects = [row for row in rows if isinstance(row, dict)]
    theirs = any(_is_observation(row) for row in objects)
    return Features(
        [_from_row(row) for row in objects], origin="EarthRanger" if theirs else ""
    )


def _from_row(row: Object) -> Object:
    """Return a flat object as a feature without geometry."""
    if row.get("type") == "Feature":
        return row
    if _is_observation(row):
        row = _flat(row)
    return {"type": "Feature", "geometry": None, "properties": row}


def _is_observation(row: Json) -> bool:
    return (
        isinstance(row, dict)
        and row.keys() >= _OBSERVATION
        and isinstance(row["location"], dict)
    )


def _flat(row: Object) -> Object:
    """Return an observation of EarthRanger as a row without objects in it.

    Examples
    --------
    >>> place = {"latitude": 8.5, "longitude": -77.5}
    >>> _flat({"recorded_at": "t", "location": place, "exclusion_flags": 2})
    {'recorded_at': 't', 'valid': 'no', 'latitude': 8.5, 'longitude': -77.5}
    """
    flat: Object = {}
    for key, value in row.items():
        if key == "exclusion_flags":  # set by hand or by a rule, 0 for neither
            flat["valid"] = "no" if value else "yes"
        elif key in {"source", "subject"} and isinstance(value, dict):
            flat[key] = value.get("id")
        elif key != "location":
            flat[key] = value
    place = row["location"]
    return flat | {axis: place.get(axis) for axis in ("latitude", "longitude")}


def _from_pieces(text: str, name: str) -> Features:
    """Read one feature a line, or save what stands before a break."""
    start = _FEATURES.search(text)
    head = text[: start.start()] if start else ""
    if start and '"Feature"' not in head:
        features = list(_before_break(text, start.end()))
        return Features(features, [len(features) + 1], {"description": head[:1000]})
    rows, broken = [], []
    lines = [line.strip("\x1e \t\r") for line in re.split(r"[\n\x1e]", text)]
    for number, line in enumerate(filter(None, lines), start=1):
        try:
            rows.append(json.loads(line))
        except ValueError:
            broken.append(number)
    found = _from_rows(rows)
    if not found.items:
        raise InputError(
            f"{name} is not whole: not one feature could be read.",
            hint="Export it again.",
        )
    return Features(found.items, broken, origin=found.origin)


def _before_break(text: str, at: int) -> Iterator[Object]:
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
