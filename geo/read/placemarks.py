"""The placemarks of a KML file, as a parser meets them."""

from dataclasses import dataclass, field
from itertools import zip_longest

from geo.read.found import says_simulated
from geo.read.markup import MAX_DEPTH, MAX_TEXT, RefusedError

MAX_COLUMNS = 200
"""Most columns of extended data."""

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
Row = tuple[str, str, str, str, str, str, int, int, int]


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


class Placemarks:
    """Handlers that gather what stands in placemarks; see `markup.Handlers`.

    Attributes
    ----------
    tracks, points, lines
        Rows of gx:Track, of points, and of the ends of lines.
    data
        Extended data, by the number in a row.
    bare, areas
        How many points of lines have no time of their own, and how many areas
        there are.
    spans
        Whether a point has a span of time.
    simulated
        Whether a name or a description says that the data are simulated.
    """

    def __init__(self) -> None:
        self.tracks: list[Row] = []
        self.points: list[Row] = []
        self.lines: list[Row] = []
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
