"""GPX, read in one pass by our own parser, safe against hostile XML."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geo.errors import InputError
from geo.read.found import Found, is_idle_name, says_simulated
from geo.read.markup import Gatherer, read_markup
from geo.read.sniff import read_bytes

_POINTS = {"trkpt": "trk", "rtept": "rte", "wpt": "wpt"}
_MARKS = {*_POINTS, "trk", "rte"}
_FIELDS = {"ele", "time", "hdop", "accuracy", "hacc"}
_TEXTS = _FIELDS | {"name", "desc", "keywords", "cmt"}


@dataclass(slots=True)
class _Collected:
    """What the parser has seen so far."""

    rows: dict[str, list[tuple[str, str, str, str, str, str, int]]] = field(
        default_factory=lambda: {"trk": [], "rte": [], "wpt": []}
    )
    names: dict[int, str] = field(default_factory=dict)
    piece: int = 0
    about: list[str] = field(default_factory=list)


def read_gpx(path: Path, *, marks: bool = False) -> Found:
    """Read the points of a GPX file, version 1.0 or 1.1.

    Parameters
    ----------
    path
        Elements are known by their local names, whatever their namespace. The
        points of tracks are taken; without any, those of routes, and else waypoints.
    marks
        Take the waypoints, whatever else there is.

    Returns
    -------
    Found
        A table of text; times without an offset are UTC, as the format prescribes.
        If the file breaks off, the points before the break, and one broken record.

    Raises
    ------
    InputError
        If the file declares a document type or entities, is no XML, or holds no
        point.
    """
    data = read_bytes(path)
    reader, failure = read_markup(data, _Reader, name=path.name, what="GPX")
    seen = reader.seen
    kinds = ("wpt",) if marks else ("trk", "rte", "wpt")
    kind = next((kind for kind in kinds if seen.rows[kind]), "")
    if not kind:
        if failure:
            raise InputError(
                f"{path.name} is not whole: it breaks off before its first point.",
                hint="Copy it from the device again.",
            )
        what = "waypoints" if marks else "points"
        raise InputError(f"{path.name} holds no {what}.")
    rows = seen.rows[kind]
    notes = ["read as GPX"]
    if failure:
        notes.append("the file breaks off: the points before the break were kept")
    left = {other: len(seen.rows[other]) for other in seen.rows if other != kind}
    called = {"trk": "track points", "rte": "route points", "wpt": "waypoints"}
    notes += [
        f"{count} {called[other]} were left out: "
        + ("only waypoints are points" if marks else f"the file has {called[kind]}")
        for other, count in left.items()
        if count
    ]
    table = _table(rows, seen.names)
    return Found(
        table=table,
        line=np.arange(1, len(rows) + 1, dtype=np.int64),
        broken=np.array([len(rows) + 1] if failure else [], dtype=np.int64),
        group=np.array([row[-1] for row in rows], dtype=np.int64),
        notes=tuple(notes),
        time_zone="UTC",
        simulated=says_simulated(" ".join([path.name, *seen.about])),
    )


def _table(rows: list[Any], names: dict[int, str]) -> Any:
    lat, lon, time, ele, hdop, accuracy, piece = zip(*rows, strict=True)
    owner = {n: name for n, name in names.items() if name and not is_idle_name(name)}
    columns: dict[str, list[str | None]] = {
        "track": [owner.get(number) for number in piece],
        "time": list(time),
        "lat": list(lat),
        "lon": list(lon),
        "ele": list(ele),
    }
    if any(accuracy):
        columns["accuracy"] = list(accuracy)
    if any(hdop):
        columns["hdop"] = list(hdop)
    return pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()})


class _Reader(Gatherer):
    """Handlers of expat that gather points."""

    def __init__(self) -> None:
        super().__init__(texts=_TEXTS, marks=_MARKS)
        self.seen = _Collected()
        self._point: dict[str, str] | None = None

    def enter(self, name: str, attributes: dict[str, str]) -> None:
        """Begin a point, a track or a route."""
        if name in _POINTS:
            get = attributes.get
            self._point = {"lat": get("lat", ""), "lon": get("lon", "")}
        else:
            self.seen.piece += 1

    def leave(self, name: str) -> None:
        """Keep a point."""
        if self._point is None or name not in _POINTS:
            return
        get = self._point.get
        piece = self.seen.piece if name != "wpt" else 0
        self.seen.rows[_POINTS[name]].append(
            (
                get("lat", ""),
                get("lon", ""),
                get("time", ""),
                get("ele", ""),
                get("hdop", ""),
                get("accuracy", get("hacc", "")),
                piece,
            )
        )
        self._point = None

    def keep(self, name: str, text: str) -> None:
        """Keep what is said of a point, a track or the file."""
        if self._point is not None:
            if name in _FIELDS:
                self._point.setdefault(name, text)
        elif self.path and self.path[-1] in {"trk", "rte"}:
            if name == "name":
                self.seen.names.setdefault(self.seen.piece, text)
            else:
                self.seen.about.append(text)
        else:
            self.seen.about.append(text)
