"""Location histories that people export from their Google account or telephone."""

import json
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.errors import InputError
from geo.read.found import Found, Points, says_simulated

MAX_BYTES = 2**32
"""Largest history, in bytes; it is read piece by piece."""

CHUNK = 2**22
MAX_OBJECT = 2**26
"""Longest record, in characters."""

_ROWS = 2**16  # so many times are held as text at once
_WRAP = 2.0**32
_LISTS = ("locations", "semanticSegments", "rawSignals", "timelineObjects")
_LIST = re.compile(rf'"({"|".join(_LISTS)})"\s*:\s*\[|^\s*(\[)')
_NEXT = re.compile(r'\]\s*,\s*"(\w+)"\s*:\s*\[')
_GAP = re.compile(r"[\s,]*")
_DEGREES = r"\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*"
_POINT = re.compile(rf"(?:geo:)?{_DEGREES},{_DEGREES}")

Json = Any
Floats = NDArray[np.float64]


@dataclass(slots=True)
class _Collected:
    """What was read so far, in columns; degrees times 10 million."""

    lat: "array[float]" = field(default_factory=lambda: array("d"))
    lon: "array[float]" = field(default_factory=lambda: array("d"))
    ele: "array[float]" = field(default_factory=lambda: array("d"))
    accuracy: "array[float]" = field(default_factory=lambda: array("d"))
    texts: list[str | None] = field(default_factory=list)
    times: list[Any] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)
    visits: int = 0
    ends: int = 0
    timeless: int = 0

    def add(
        self, time: Json, lat: float, lon: float, *, ele: Json, accuracy: Json
    ) -> None:
        """Add one position."""
        self.lat.append(lat)
        self.lon.append(lon)
        self.ele.append(_number(ele))
        self.accuracy.append(_number(accuracy))
        text = str(time) if isinstance(time, str | int) else ""
        self.texts.append(text if text.isascii() else None)
        if len(self.texts) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        """Put the times away where they take less room."""
        self.times.append(pa.array(self.texts, pa.string()))
        self.texts = []


def read_google(path: Path) -> Found:
    """Read a location history: Records.json, the months of an account, or a Timeline.

    Parameters
    ----------
    path
        An object with the list `locations` or `timelineObjects` (an account),
        `semanticSegments` or `rawSignals` (a telephone), or, from an iPhone, a list
        of segments. It is never held in memory whole.

    Returns
    -------
    Found
        A row for each location, point of a path with a time, raw signal, and place
        that was visited, at the time of arrival; of a way without such points, its
        ends. One account is one track, for it is one
        person, whatever devices it has. If the file breaks off, what stands before
        that, and one broken record.

    Raises
    ------
    InputError
        If it is too large, nested too deeply, or holds no position.
    """
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            f"{path.name} is larger than {MAX_BYTES / 2**20:,.0f} MB.",
            hint="Export fewer years at once.",
        )
    seen, whole = _Collected(), False
    try:
        for kind, item in _items(path):
            if kind == "end":
                whole = True
            elif isinstance(item, dict):
                _keep(kind, item, seen)
    except RecursionError as error:
        raise InputError(f"{path.name} is nested too deeply.") from error
    if not seen.lat:
        raise InputError(
            f"{path.name} holds no positions of a location history.",
            hint="Export it again.",
        )
    return _found(seen, whole=whole, name=path.name)


def _items(path: Path) -> Iterator[tuple[str, Json]]:
    """Yield the items of the lists at the top, each with the name of its list.

    Last comes ``("end", None)``, unless the file breaks off.
    """
    decoder = json.JSONDecoder()
    with path.open(encoding=_encoding(path), errors="replace") as file:
        text = file.read(CHUNK)
        match = _LIST.search(text)
        while match:
            name, at = match[1] or _LISTS[1], match.end()
            while not text.startswith("]", at := _end_of(_GAP, text, at)):
                try:
                    item, at = decoder.raw_decode(text, at)
                except ValueError:
                    more = file.read(CHUNK)
                    if not more or len(text) - at > MAX_OBJECT:
                        return
                    text, at = text[at:] + more, 0
                    continue
                yield name, item
            text = text[at:] + file.read(CHUNK)
            match = _NEXT.match(text)
            match = match if match and match[1] in _LISTS else None
    yield "end", None


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        marked = file.read(2) in {b"\xff\xfe", b"\xfe\xff"}
    return "utf-16" if marked else "utf-8-sig"


def _keep(kind: str, item: dict[str, Json], seen: _Collected) -> None:
    """Keep the positions of one item."""
    if kind == "locations":
        _keep_location(item, seen)
    elif kind == "rawSignals":
        signal = item.get("position")
        if isinstance(signal, dict):
            lat, lon = _point(signal.get("LatLng", signal.get("latLng")))
            time, ele = signal.get("timestamp"), signal.get("altitudeMeters")
            accuracy = signal.get("accuracyMeters")
            seen.add(time, lat, lon, ele=ele, accuracy=accuracy)
    elif kind == "timelineObjects":
        _keep_object(item, seen)
    else:
        _keep_segment(item, seen)


def _keep_location(item: dict[str, Json], seen: _Collected) -> None:
    lat, lon = _number(item.get("latitudeE7")), _number(item.get("longitudeE7"))
    time = item.get("timestamp", item.get("timestampMs"))
    ele, accuracy = item.get("altitude"), item.get("accuracy")
    seen.add(time, lat, lon, ele=ele, accuracy=accuracy)
    if "deviceTag" in item and len(seen.devices) < 1000:
        seen.devices.add(str(item["deviceTag"]))


def _keep_segment(item: dict[str, Json], seen: _Collected) -> None:
    """Keep the points of a path, or the place of a visit."""
    start = item.get("startTime")
    path = item.get("timelinePath")
    for step in path if isinstance(path, list) else []:
        if isinstance(step, dict):
            minutes = step.get("durationMinutesOffsetFromStartTime")
            time = step["time"] if "time" in step else _later(start, minutes)
            seen.add(time, *_point(step.get("point")), ele=None, accuracy=None)
    place = _inner(item, "visit", "topCandidate", "placeLocation")
    place = place.get("latLng") if isinstance(place, dict) else place
    if isinstance(place, str):
        seen.add(start, *_point(place), ele=None, accuracy=None)
        seen.visits += 1


def _keep_object(item: dict[str, Json], seen: _Collected) -> None:
    """Keep the points of a way, or the place of a visit, of an account's month."""
    way, visit = item.get("activitySegment"), item.get("placeVisit")
    for part in (way, visit):
        if isinstance(part, dict):
            _keep_steps(part, seen)
    if isinstance(visit, dict):
        seen.visits += _keep_end(visit, "location", "start", seen)
    if isinstance(way, dict) and not _inner(way, "simplifiedRawPath", "points"):
        for end in ("start", "end"):
            seen.ends += _keep_end(way, f"{end}Location", end, seen)


def _keep_steps(part: dict[str, Json], seen: _Collected) -> None:
    """Keep the points of a path that have a time, and count the others."""
    steps = _inner(part, "simplifiedRawPath", "points")
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict):
            lat, lon = _number(step.get("latE7")), _number(step.get("lngE7"))
            time = step.get("timestamp", step.get("timestampMs"))
            accuracy = step.get("accuracyMeters")
            seen.add(time, lat, lon, ele=None, accuracy=accuracy)
    bare = _inner(part, "waypointPath", "waypoints")
    seen.timeless += len(bare) if isinstance(bare, list) else 0


def _keep_end(part: dict[str, Json], place: str, end: str, seen: _Collected) -> int:
    """Keep where a way or a visit begins or ends, and return whether it says."""
    where = part.get(place)
    if not isinstance(where, dict) or "latitudeE7" not in where:
        return 0
    lat, lon = _number(where["latitudeE7"]), _number(where.get("longitudeE7"))
    named = (f"{end}Timestamp", f"{end}TimestampMs")
    times = (_inner(part, "duration", name) for name in named)
    time = next((time for time in times if time is not None), None)
    seen.add(time, lat, lon, ele=None, accuracy=None)
    return 1


def _inner(part: Json, *keys: str) -> Json:
    """Return what lies inside objects, None if it is not there."""
    for key in keys:
        part = part.get(key) if isinstance(part, dict) else None
    return part


def _later(start: Json, minutes: Json) -> str | None:
    """Return a time some minutes after another.

    Examples
    --------
    >>> _later("2023-05-01T07:50:00-05:00", "12"), _later(None, "12")
    ('2023-05-01T08:02:00-05:00', None)
    """
    try:
        moment = datetime.fromisoformat(start) + timedelta(minutes=float(minutes))
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.isoformat()


def _point(text: Json) -> tuple[float, float]:
    """Return latitude and longitude times 10 million.

    Examples
    --------
    >>> _point("8.45°, -77.28°"), _point("geo:8.45,-77.28"), _point("8.45")
    ((84500000.0, -772800000.0), (84500000.0, -772800000.0), (nan, nan))
    """
    match = _POINT.fullmatch(text.strip()) if isinstance(text, str) else None
    if not match:
        return float("nan"), float("nan")
    lat, lon = (round(float(part) * 1e7, 3) for part in match.groups())
    return lat, lon


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _unwrapped(e7: Floats, *, limit: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return degrees, and which were written as 32 bits without a sign.

    Examples
    --------
    >>> degrees, mended = _unwrapped(np.array([3_522_167_296.0, 84.5e6]), limit=180)
    >>> degrees.round(4).tolist(), mended.tolist()
    ([-77.28, 8.45], [True, False])
    """
    other = e7 - np.sign(e7) * _WRAP
    wrapped = (np.abs(e7) > limit * 1e7) & (np.abs(other) <= limit * 1e7)
    return np.where(wrapped, other, e7) / 1e7, wrapped


def _found(seen: _Collected, *, whole: bool, name: str) -> Found:
    seen.flush()
    lat, south = _unwrapped(np.array(seen.lat), limit=90)
    lon, west = _unwrapped(np.array(seen.lon), limit=180)
    mended = int((south | west).sum())
    notes = ["read as a location history of Google"]
    if not whole:
        notes.append("the file breaks off: what stands before the break was kept")
    if mended:
        notes.append(f"{mended:,} positions had overflowed 32 bits: repaired")
    if seen.visits:
        notes.append(
            f"{seen.visits:,} positions are places that were visited, at the time of "
            "arrival"
        )
    if seen.ends:
        notes.append(f"{seen.ends:,} positions are ends of ways without further points")
    if seen.timeless:
        notes.append(f"{seen.timeless:,} points of ways without a time were left out")
    if len(seen.devices) > 1:
        notes.append("several devices of one account were taken for one track, a guess")
    accuracy = np.array(seen.accuracy)
    table = {"time": pa.chunked_array(seen.times, pa.string())}
    if np.isfinite(accuracy).any():
        table["accuracy"] = pa.chunked_array([pa.array(accuracy)])
    return Found(
        table=pa.table(table),
        line=np.arange(1, lat.size + 1, dtype=np.int64),
        broken=np.array([] if whole else [lat.size + 1], dtype=np.int64),
        points=Points(lon, lat, np.array(seen.ele)),
        notes=tuple(notes),
        simulated=says_simulated(name),
    )
