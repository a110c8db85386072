"""TCX, the training log of sports watches, read in one pass."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from geo.errors import InputError
from geo.read.found import Found, says_simulated
from geo.read.markup import Gatherer, read_markup
from geo.read.sniff import read_bytes

_FIELDS = {
    "Time": "time",
    "LatitudeDegrees": "lat",
    "LongitudeDegrees": "lon",
    "AltitudeMeters": "ele",
}
_COLUMNS = ("time", "lat", "lon", "ele")
_TEXTS = {*_FIELDS, "UnitId", "Notes"}
_MARKS = {"Trackpoint", "Activity", "Course"}


def read_tcx(path: Path) -> Found:
    """Read the track points of the activities of a TCX file.

    Parameters
    ----------
    path
        Elements are known by their local names. The unit number of the device names
        the track; without one, an activity is a piece without a name. Points
        without a position, as a watch writes them indoors, and courses, which are
        plans, are left out.

    Returns
    -------
    Found
        A table of text. If the file breaks off, the points before the break, and
        one broken record.

    Raises
    ------
    InputError
        If the file declares a document type or entities, is no XML, or holds no
        point with a position.
    """
    seen, failure = read_markup(read_bytes(path), _Reader, name=path.name, what="TCX")
    if not seen.rows:
        if failure:
            raise InputError(
                f"{path.name} is not whole: it breaks off before its first point.",
                hint="Copy it from the device again.",
            )
        raise InputError(
            f"{path.name} holds no recorded points with a position.",
            hint="Courses and indoor activities cannot be used.",
        )
    notes = ["read as TCX"]
    if failure:
        notes.append("the file breaks off: the points before the break were kept")
    if seen.placeless:
        notes.append(f"{seen.placeless} points without a position were left out")
    if seen.planned:
        notes.append(f"{seen.planned} points of courses were left out")
    piece = [row[-1] for row in seen.rows]
    table = {
        name: pa.array([row[at] for row in seen.rows], pa.string())
        for at, name in enumerate(_COLUMNS)
    }
    if seen.units:
        table["track"] = pa.array([seen.units.get(n) for n in piece], pa.string())
    return Found(
        table=pa.table(table),
        line=np.arange(1, len(seen.rows) + 1, dtype=np.int64),
        broken=np.array([len(seen.rows) + 1] if failure else [], dtype=np.int64),
        group=np.array(piece, dtype=np.int64),
        notes=tuple(notes),
        simulated=seen.simulated or says_simulated(path.name),
    )


class _Reader(Gatherer):
    """Handlers of expat that gather the points of activities."""

    def __init__(self) -> None:
        super().__init__(texts=_TEXTS, marks=_MARKS)
        self.rows: list[tuple[str, str, str, str, int]] = []
        self.units: dict[int, str] = {}
        self.placeless = 0
        self.planned = 0
        self.simulated = False
        self._piece = 0
        self._in_course = False
        self._point: dict[str, str] | None = None

    def enter(self, name: str, _attributes: dict[str, str]) -> None:
        """Begin a point, an activity or a course."""
        if name == "Trackpoint":
            self._point = {}
        else:
            self._piece += 1
            self._in_course = name == "Course"

    def leave(self, name: str) -> None:
        """Keep a point."""
        if name == "Trackpoint" and self._point is not None:
            self._close(self._point)
            self._point = None

    def keep(self, name: str, text: str) -> None:
        """Keep what is said of a point, a device or an activity."""
        if name == "Notes":
            self.simulated |= says_simulated(text)
        elif name == "UnitId":
            # The creator of an activity, not the author of the file; 0 is no number.
            if "Activity" in self.path and text.strip("0"):
                self.units[self._piece] = text
        elif self._point is not None:
            self._point.setdefault(_FIELDS[name], text)

    def _close(self, point: dict[str, str]) -> None:
        time, lat, lon, ele = (point.get(name, "") for name in _COLUMNS)
        if self._in_course:
            self.planned += 1
        elif not (lat or lon):
            self.placeless += 1
        else:
            self.rows.append((time, lat, lon, ele, self._piece))
