"""KML, read in one pass: tracks with times, and placemarks with a time each."""

from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geo.errors import InputError
from geo.read.cells import as_numbers
from geo.read.columns import plain
from geo.read.found import (
    Found,
    Points,
    is_idle_name,
    remarks_say_simulated,
    says_simulated,
)
from geo.read.markup import MAX_DEPTH, MAX_TEXT, RefusedError, read_markup
from geo.read.sniff import read_bytes

MAX_COLUMNS = 200
"""Most columns of extended data."""

MAX_CELLS = 10_000_000
"""Most cells of extended data; all the points of a placemark share what it says."""

MAX_VALUE = 200
"""Longest extended data that are kept, in characters."""

_FIELDS = {"Data", "SimpleData", "SimpleArrayData"}
_TEXTS = {
    "name", "description", "when", "begin", "end",
    "coordinates", "coord", "value", "SimpleData",
}  # fmt: skip
_LONG = {"coordinates"}


@dataclass(slots=True)
class _Track:
    """A gx:Track: lists of one length, unless the file is damaged."""

    when: list[str] = field(default_factory=list)
    coord: list[str] = field(default_factory=list)
    arrays: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Mark:
    """A placemark."""

    group: int
    name: str = ""
    when: str = ""
    begin: str = ""
    end: str = ""
    data: dict[str, str] = field(default_factory=dict)
    points: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    tracks: tuple[_Track, ...] = ()
    areas: int = 0


# Name of the track, of the placemark, time, longitude, latitude, altitude, group, and
# number of the extended data of the placemark and of the point: a tuple of plain values
# costs Python's collector nothing.
_Row = tuple[str, str, str, str, str, str, int, int, int]


def read_kml(path: Path) -> Found:
    """Read the points of a KML file.

    Parameters
    ----------
    path
        Elements are known by their local names. The points of gx:Track are taken;
        without any, those of placemarks: a Point with its TimeStamp or the begin of
        its TimeSpan, of a LineString the ends with its TimeSpan. Extended data are
        columns.

    Returns
    -------
    Found
        A row a point. If the file breaks off, the points before the break, and one
        broken record.

    Raises
    ------
    InputError
        If the file declares a document type or entities, is no XML, holds no point,
        or has too many columns.
    """
    reader, failure = read_markup(read_bytes(path), _Reader, name=path.name, what="KML")
    if failure:
        reader.finish()
    rows, notes = _chosen(reader)
    if not rows:
        if failure:
            raise InputError(
                f"{path.name} is not whole: it breaks off before its first point.",
                hint="Copy it from the device again.",
            )
        if reader.bare:
            raise InputError(
                f"{path.name} holds lines without times.",
                hint="Only recorded tracks can be used, with a date and a time each.",
            )
        raise InputError(f"{path.name} holds no points.")
    if failure:
        notes.append("the file breaks off: the points before the break were kept")
    table = _table(rows, reader.data, path.name)
    x, y, z = (
        as_numbers(pa.array([row[at] for row in rows], pa.string())) for at in (3, 4, 5)
    )
    if not z[np.isfinite(z)].any():  # on the ground, whatever its height
        z = np.full_like(z, np.nan)
    return Found(
        table=table,
        line=np.arange(1, len(rows) + 1, dtype=np.int64),
        broken=np.array([len(rows) + 1] if failure else [], dtype=np.int64),
        points=Points(x, y, z),
        group=np.array([row[6] for row in rows], dtype=np.int64),
        notes=("read as KML", *notes),
        simulated=reader.simulated
        or says_simulated(path.name)
        or remarks_say_simulated(table),
    )


def _chosen(reader: "_Reader") -> tuple[list[_Row], list[str]]:
    """Return the rows of the best kind, and what was left out."""
    tracks, points, lines = reader.tracks, reader.points, reader.lines
    timed = [row for row in points if row[2]]
    notes = []
    if tracks:
        rows, left = tracks, (len(points), "points of placemarks")
    elif timed or lines:
        rows = timed + lines
        left = (len(points) - len(timed), "placemarks without a time")
    else:
        rows, left = points, (0, "")
    if left[0]:
        notes.append(f"{left[0]} {left[1]} were left out")
    if tracks and lines:
        notes.append("lines of placemarks were left out: the file has tracks")
    if reader.bare:
        notes.append(
            f"{reader.bare} points of lines that have no time of their own were left "
            "out"
        )
    if reader.areas:
        notes.append(f"{reader.areas} areas were left out")
    if reader.spans and not tracks:
        notes.append("of spans of time the begin was taken")
    return rows, notes


def _table(rows: list[_Row], extended: list[dict[str, str]], name: str) -> Any:
    """Return what is known of each point besides its position."""
    owner = {row[0] for row in rows}
    owner = {text for text in owner if text and not is_idle_name(text)}
    columns: dict[str, list[str | None]] = {}
    if owner:
        columns["track"] = [row[0] if row[0] in owner else None for row in rows]
    if any(row[2] for row in rows):
        columns["timestamp"] = [row[2] or None for row in rows]
    columns["placemark"] = [row[1] or None for row in rows]
    used = sorted({number for row in rows for number in row[7:9]})
    keys = dict.fromkeys(key for number in used for key in extended[number])
    if len(keys) > MAX_COLUMNS or len(keys) * len(rows) > MAX_CELLS:
        raise InputError(
            f"{name} has {len(keys):,} columns for {len(rows):,} points; expected at "
            f"most {MAX_COLUMNS} columns and {MAX_CELLS:,} cells.",
            hint="Export it with fewer fields.",
        )
    table = pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()})
    taken = {plain(column) for column in columns}
    for key in keys:
        if plain(key) not in taken:
            # What a point says goes before what its placemark says.
            cells = (
                extended[row[8]].get(key) or extended[row[7]].get(key) for row in rows
            )
            table = table.append_column(key, pa.array(cells, pa.string()))
    return table


def _position(text: str) -> tuple[str, str, str]:
    """Return longitude, latitude and altitude of "-77.5,8.5,12"."""
    parts = text.split(",")
    if len(parts) < 2:
        return "", "", ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def _positions(text: str) -> list[str]:
    """Return the tuples of a list; some programs put blanks after the commas."""
    parts = text.split()
    if "," in text and any(part.endswith(",") or part[0] == "," for part in parts):
        parts = [part.strip() for part in text.splitlines()]
        parts = ["".join(part.split()) for part in parts if part]
    return parts


class _Reader:
    """Handlers of expat. One call per element: kept short for speed."""

    def __init__(self) -> None:
        self.tracks: list[_Row] = []
        self.points: list[_Row] = []
        self.lines: list[_Row] = []
        self.data: list[dict[str, str]] = [{}]
        self.bare = 0
        self.areas = 0
        self.simulated = False
        self.spans = False
        self._count = 0
        self._folders = [0]
        self._names: dict[str, str] = {}
        self._path: list[str] = []
        self._wanted = ""
        self._text: list[str] = []
        self._length = 0
        self._key = ""
        self._mark: _Mark | None = None
        self._keepers = {
            "name": self._keep_name,
            "description": self._keep_description,
            "when": self._keep_when,
            "begin": self._keep_begin,
            "end": self._keep_end,
            "coord": self._keep_coord,
            "coordinates": self._keep_coordinates,
            "value": self._keep_value,
            "SimpleData": self._keep_value,
        }

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element."""
        name = self._names.get(tag, "")
        if not name:
            name = self._names.setdefault(tag, tag.rpartition(":")[2])
        path = self._path
        path.append(name)
        if len(path) > MAX_DEPTH:
            raise RefusedError
        if name in _TEXTS:
            self._wanted = name
            self._text = []
            self._length = 0
        if attributes and name in _FIELDS:
            self._key = attributes.get("name", "").strip()
        elif name == "Placemark":
            self._mark = _Mark(self._folders[-1])
        elif name == "Track" and self._mark is not None:
            self._mark.tracks += (_Track(),)
        elif name in {"Folder", "Document"}:
            self._count += 1
            self._folders.append(self._count)

    def text(self, data: str) -> None:
        """Keep the text of elements that matter."""
        if self._wanted and (self._length < MAX_TEXT or self._wanted in _LONG):
            self._text.append(data)
            self._length += len(data)

    def end(self, _tag: str) -> None:
        """Leave an element, and keep what it was."""
        name = self._path.pop()
        if name == self._wanted:
            self._wanted = ""
            self._keepers[name]("".join(self._text).strip())
        elif name == "Placemark" and self._mark is not None:
            self._close(self._mark, whole=True)
            self._mark = None
        elif name in {"Folder", "Document"}:
            self._folders.pop()

    def finish(self) -> None:
        """Keep what stands before the break of a file."""
        if self._mark is not None:
            self._close(self._mark, whole=False)

    def _keep_name(self, text: str) -> None:
        if self._mark is None:
            self.simulated |= says_simulated(text)
        elif self._path[-1] == "Placemark":
            self._mark.name = text

    def _keep_description(self, text: str) -> None:
        self.simulated |= says_simulated(text)

    def _keep_when(self, text: str) -> None:
        if self._mark is None:
            return
        if self._path[-1] == "Track":
            self._mark.tracks[-1].when.append(text)
        elif self._path[-2] == "Placemark":  # not the time of a view
            self._mark.when = text

    def _keep_begin(self, text: str) -> None:
        if self._mark is not None and self._path[-2] == "Placemark":
            self._mark.begin = text

    def _keep_end(self, text: str) -> None:
        if self._mark is not None and self._path[-2] == "Placemark":
            self._mark.end = text

    def _keep_coord(self, text: str) -> None:
        if self._mark is not None and self._path[-1] == "Track":
            self._mark.tracks[-1].coord.append(text)

    def _keep_coordinates(self, text: str) -> None:
        if self._mark is None:
            return
        holder = self._path[-1]
        if holder == "Point":
            self._mark.points += (text,)
        elif holder == "LineString":
            self._mark.lines += (text,)
        elif "outerBoundaryIs" in self._path:
            self._mark.areas += 1

    def _keep_value(self, text: str) -> None:
        mark = self._mark
        if mark is None or not self._key:
            return
        if self._path[-1] == "SimpleArrayData":
            if mark.tracks:
                values = mark.tracks[-1].arrays.setdefault(self._key, [])
                values.append(text[:MAX_VALUE])
        elif text and len(mark.data) <= MAX_COLUMNS:
            self.simulated |= len(text) > MAX_VALUE and says_simulated(text)
            mark.data.setdefault(self._key, text[:MAX_VALUE])

    def _close(self, mark: _Mark, *, whole: bool) -> None:
        """Turn a placemark into rows."""
        self._count += 1
        for track in mark.tracks:
            self._add_track(mark, track, whole=whole)
        if not whole:
            return
        self.areas += mark.areas
        when = mark.when or mark.begin or mark.end
        if mark.points and not mark.when and mark.begin and mark.end:
            self.spans = True
        data = self._number(mark.data)
        for text in mark.points:
            place = _position("".join(text.split()))
            self.points.append(("", mark.name, when, *place, mark.group, data, 0))
        for text in mark.lines:
            self._add_line(mark, _positions(text), data)

    def _number(self, data: dict[str, str]) -> int:
        """Return the number of some extended data."""
        if not data:
            return 0
        self.data.append(data)
        return len(self.data) - 1

    def _add_line(self, mark: _Mark, places: list[str], data: int) -> None:
        """Keep the ends of a line whose begin and end are known."""
        ends = [(0, mark.begin), (-1, mark.end)] if len(places) > 1 else []
        known = [(at, time) for at, time in ends if time]
        for at, time in known:
            place = _position(places[at])
            self.lines.append(("", mark.name, time, *place, mark.group, data, 0))
        self.bare += len(places) - len(known)

    def _add_track(self, mark: _Mark, track: _Track, *, whole: bool) -> None:
        """Keep the points of a gx:Track, each with its values of the arrays."""
        size = (max if whole else min)(len(track.when), len(track.coord))
        keys = list(track.arrays)[: MAX_COLUMNS + 1]
        values = zip_longest(*(track.arrays[key] for key in keys), fillvalue="")
        whens, coords = track.when + [""] * size, track.coord + [""] * size
        data = self._number(mark.data)
        for when, coord in zip(whens[:size], coords[:size], strict=True):
            lon, lat, ele, *_ = [*coord.split(), "", "", ""]
            own = 0
            if keys:
                cells = zip(keys, next(values, ()), strict=False)
                own = self._number({key: cell for key, cell in cells if cell})
            self.tracks.append(
                (mark.name, mark.name, when, lon, lat, ele, self._count, data, own)
            )
