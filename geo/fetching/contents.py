"""Look at what was fetched, and keep of it what lies in the region."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from geo.errors import InputError
from geo.fetching.sources import KINDS, Bounds, Piece
from geo.read.raster import MAX_PIXELS, Tile, copy_part, opened
from geo.read.relief import MAX_COVER_PIXELS

TAGS = ("name", "waterway", "width", "boat", "motorboat", "ship", "intermittent")
"""Tags of a waterway that are kept."""

MOST_WAYS = 1_000_000

_OFF_DEG = 0.01  # a tile may lie this far from where it is expected
_KINDS = frozenset(KINDS.split("|"))


def keep_raster(
    raw: Path, target: Path, *, piece: Piece, layer: str, bounds: Bounds
) -> None:
    """Write the part of a GeoTIFF that lies in some bounds.

    Parameters
    ----------
    raw, target
        The file that was fetched, and the one to write.
    piece
        What it should be.
    layer
        "relief" or "cover".
    bounds
        West, south, east and north, in degrees.

    Raises
    ------
    InputError
        If it is no GeoTIFF in degrees, is cut, or lies elsewhere.
    """
    kinds, most = ("iuf", MAX_PIXELS) if layer == "relief" else ("iu", MAX_COVER_PIXELS)
    with opened([raw], "", layer=layer, kinds=kinds, most=most) as tiles:
        [tile] = tiles
        _check_place(tile, piece)
        copy_part(tile, bounds, target)


def _check_place(tile: Tile, piece: Piece) -> None:
    """Refuse a raster that does not cover what it should."""
    edges = tuple(tile.file.bounds)
    off = max(abs(a - b) for a, b in zip(edges, piece.bounds, strict=True))
    if not (tile.file.crs.is_geographic and off < _OFF_DEG):
        raise InputError(
            f"{tile.label} covers {[round(edge, 3) for edge in edges]}; expected "
            f"{list(piece.bounds)}, in degrees.",
            hint="It is not what was asked for; look at the address.",
        )


class _Spot(msgspec.Struct):
    lat: float
    lon: float


class _Way(msgspec.Struct):
    """An element of an answer of Overpass."""

    type: str = ""
    id: int = 0
    tags: dict[str, str] = {}
    geometry: list[_Spot | None] = []


class _Answer(msgspec.Struct):
    elements: list[_Way]
    osm3s: dict[str, Any] = {}
    remark: str = ""


class _Shape(msgspec.Struct):
    type: str
    coordinates: Any = None


class _Feature(msgspec.Struct):
    geometry: _Shape | None = None
    properties: dict[str, Any] | None = None
    id: Any = 0


class _Collection(msgspec.Struct):
    features: list[_Feature]


def keep_ways(raw: Path, target: Path, *, bounds: Bounds) -> str:
    """Write the waterways of an answer of Overpass, or of an extract, as GeoJSON.

    Parameters
    ----------
    raw, target
        The file that was fetched, and the one to write.
    bounds
        West, south, east and north, in degrees; ways that reach into them are kept.

    Returns
    -------
    str
        When the data was current, as the answer says; empty where it does not.

    Raises
    ------
    InputError
        If it is something else, the answer broke off, or no waterway is in it.
    """
    data = raw.read_bytes()
    try:
        dated, ways = "", list[tuple[dict[str, str], Any]]()
        if b'"FeatureCollection"' in data[:2000]:
            collection = msgspec.json.decode(data, type=_Collection)
            ways = list(_ways_of_features(collection))
        else:
            answer = msgspec.json.decode(data, type=_Answer)
            _check_answer(answer)
            dated = str(answer.osm3s.get("timestamp_osm_base", ""))
            ways = list(_ways_of_answer(answer))
    except (msgspec.DecodeError, RecursionError, TypeError, ValueError) as error:
        raise InputError(
            "The waterways came as something else than lines of OpenStreetMap.",
            hint="Look at the address, or try again later.",
        ) from error
    kept = [way for way in ways if _reaches(way[1], bounds)]
    if not 0 < len(kept) <= MOST_WAYS:
        raise InputError(
            f"The answer holds {len(kept):,} waterways of the study area; expected 1 "
            f"to {MOST_WAYS:,}.",
            hint="Check [region] bounds.",
        )
    lines = sorted(_as_feature(tags, line) for tags, line in kept)
    with target.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type": "FeatureCollection", "features": [\n')
        file.write(",\n".join(lines))
        file.write("\n]}\n")
    return dated


def _check_answer(answer: _Answer) -> None:
    """Refuse an answer that the server broke off: it says so in its last words."""
    if answer.remark:
        raise InputError(
            "The server gave up before it had all waterways.",
            hint="Try again later, or fetch from another address.",
        )


def _ways_of_answer(answer: _Answer) -> Iterator[tuple[dict[str, str], Any]]:
    """Yield the tags and the line of each waterway of an answer."""
    for way in answer.elements:
        line = np.array([(p.lon, p.lat) for p in way.geometry if p is not None])
        if way.type == "way" and way.tags.get("waterway") in _KINDS and len(line) > 1:
            yield way.tags, line


def _ways_of_features(found: _Collection) -> Iterator[tuple[dict[str, str], Any]]:
    """Yield the tags and the lines of each waterway of an extract."""
    for feature in found.features:
        shape, tags = feature.geometry, feature.properties or {}
        if shape is None or tags.get("waterway") not in _KINDS:
            continue
        named = {key: str(value) for key, value in tags.items() if value is not None}
        parts = [shape.coordinates] if shape.type == "LineString" else []
        if shape.type == "MultiLineString":
            parts = shape.coordinates
        for part in parts:
            line = np.array([point[:2] for point in part], np.float64)
            if len(line) > 1:
                yield named, line


def _reaches(line: Any, bounds: Bounds) -> bool:
    """Return whether a line of numbers reaches into some bounds."""
    west, south, east, north = bounds
    if not np.isfinite(line).all():
        return False
    (left, low), (right, high) = line.min(axis=0), line.max(axis=0)
    return bool(left <= east and right >= west and low <= north and high >= south)


def _as_feature(tags: dict[str, str], line: Any) -> str:
    """Return one waterway as a line of GeoJSON."""
    kept = {key: tags[key][:200] for key in TAGS if key in tags}
    shape = {"type": "LineString", "coordinates": np.round(line, 6).tolist()}
    told = {"type": "Feature", "properties": kept, "geometry": shape}
    return json.dumps(told, ensure_ascii=False)
