"""A table as it stands in a file, before anything in it is understood."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geo.read.cells import as_text
from geo.read.columns import plain

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_REMARKS = ("remark", "note", "nota", "observacion", "comment", "comentario", "desc")

# Names that devices give by themselves; they say nothing about whose log it is.
_IDLE_WORDS = (
    "active log current track trk tracklog trackme log gpx gps recorrido traza ruta "
    "route recording untitled unnamed new nuevo nueva sin nombre am pm dia day utc"
)


@dataclass(frozen=True, slots=True)
class Points:
    """Positions that came as geometry; z is NaN where there is none."""

    x: Floats
    y: Floats
    z: Floats
    crs: str = ""


def points_of(shapes: Any, crs: str) -> Points:
    """Return the coordinates of points; other shapes, and empty points, lie nowhere.

    Parameters
    ----------
    shapes : (n,) array of geometries
    crs
        Of the coordinates.
    """
    shapes = np.asarray(shapes, dtype=object)
    point = (shapely.get_type_id(shapes) == 0) & ~shapely.is_empty(shapes)
    x, y, z = (np.full(shapes.size, np.nan) for _ in "xyz")
    if point.all():
        x, y, z = shapely.get_x(shapes), shapely.get_y(shapes), shapely.get_z(shapes)
    else:
        only = shapes[point]
        x[point], y[point] = shapely.get_x(only), shapely.get_y(only)
        z[point] = shapely.get_z(only)
    return Points(x, y, z, crs)


@dataclass(frozen=True, slots=True)
class Found:
    """A table as it stands in a file.

    Parameters
    ----------
    table
        Arrow table, a row a record. Two columns may have one name.
    line : (n,) int64 array
        Number of the record of each row, from 1.
    broken : (m,) int64 array
        Records that could not be read.
    points
        Positions that came as geometry.
    group : (n,) int64 array
        Piece of the file that a row belongs to, where tracks have no name.
    notes
        What the reader understood.
    simulated
        Whether the file calls itself simulated.
    time_zone
        Zone that the format prescribes for times without an offset; empty if none.
    tags
        HXL hashtags that stood under the header; empty if none.
    """

    table: Any
    line: Ints
    broken: Ints
    points: Points | None = None
    group: Ints | None = None
    notes: tuple[str, ...] = ()
    simulated: bool = False
    time_zone: str = ""
    tags: tuple[str, ...] = ()


def is_idle_name(name: str) -> bool:
    """Return whether a track's name is one that a device makes up.

    Examples
    --------
    >>> is_idle_name("ACTIVE LOG 003"), is_idle_name("2023-05-01 08:12:07 Día")
    (True, True)
    >>> is_idle_name("Group 7 of A. R."), is_idle_name("E-0417")
    (False, False)
    """
    plain = name.lower().replace("í", "i")
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    text = [word for word in words if not word.isdigit()]
    clock = [w for w in text if w.replace("t", "").replace("z", "").isdigit()]
    return all(word in _IDLE_WORDS.split() or word in clock for word in text)


def says_simulated(text: str) -> bool:
    """Return whether a text says that the data are simulated.

    Examples
    --------
    >>> says_simulated("Datos SIMULADOS"), says_simulated("a simulation study")
    (True, False)
    """
    lower = text.lower()
    return "simulated" in lower or "simulado" in lower or "simulada" in lower


def remarks_say_simulated(table: Any) -> bool:
    """Return whether a column of remarks says that the data are simulated."""
    for at, name in enumerate(table.column_names):
        if plain(name).startswith(_REMARKS):
            text = pc.unique(as_text(table.column(at)))
            if pc.any(pc.match_substring_regex(text, "(?i)simulad|simulated")).as_py():
                return True
    return False
