"""A feature collection of points, which is what most GeoJSON is, read at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LINE_TIMES = ("coordTimes", "times", "timestamps")
"""Properties that hold a time for each point of a line."""

_OF_LINES = {*LINE_TIMES, "coordinateProperties"}
_TOP = ("crs", "name", "title", "description", "simulated")
_ODD = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


class _Point(msgspec.Struct, gc=False):
    type: Literal["Point"]
    coordinates: Annotated[list[float], msgspec.Meta(min_length=2, max_length=3)]


class _Feature(msgspec.Struct, gc=False):
    type: Literal["Feature"]
    geometry: _Point | None
    properties: dict[str, Any] | None
    id: str | int | float | bool | msgspec.UnsetType | None = msgspec.UNSET


class _Collection(msgspec.Struct):
    type: Literal["FeatureCollection"]
    features: list[_Feature]
    crs: Any = None
    name: Any = None
    title: Any = None
    description: Any = None
    simulated: Any = None


_DECODER = msgspec.json.Decoder(_Collection)


@dataclass(frozen=True, slots=True)
class PointSet:
    """Points and what is said of them.

    Parameters
    ----------
    table
        Arrow table of text, a row a point.
    xyz : (n, 3) float array
        Coordinates; NaN where there is none.
    top
        What stands around the features.
    """

    table: Any
    xyz: Floats
    top: dict[str, Any]


def read_points(text: bytes) -> PointSet | None:
    """Read a whole collection of points; None if it is anything else.

    Parameters
    ----------
    text
        In UTF-8. What has lines or areas, breaks off, or has numbers beyond the
        range of the machine is left to others.

    Examples
    --------
    >>> text = b'{"type": "FeatureCollection", "features": [{"type": "Feature", '
    >>> text += b'"properties": {"n": 7}, "geometry": {"type": "Point", '
    >>> text += b'"coordinates": [-77.5, 8.5]}}]}'
    >>> read_points(text).xyz, read_points(text[:-1])
    (array([[-77.5,   8.5,   nan]]), None)
    """
    try:
        whole = _DECODER.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    features = whole.features
    rows = [_row(feature) for feature in features]
    sets = dict.fromkeys(map(tuple, rows))  # of names; mostly there is one
    keys = list(dict.fromkeys(chain.from_iterable(sets)))
    if not features or _OF_LINES & set(keys):
        return None
    top = {key: getattr(whole, key) for key in _TOP}
    return PointSet(text_table(rows, keys), _coordinates(features), top)


def _row(feature: _Feature) -> dict[str, Any]:
    """Return the properties of a feature; its number is one of them."""
    row = feature.properties or {}
    if feature.id is not msgspec.UNSET:
        row.setdefault("id", feature.id)
    return row


def _coordinates(features: Sequence[_Feature]) -> Floats:
    nowhere = [np.nan, np.nan]
    places = [f.geometry.coordinates if f.geometry else nowhere for f in features]
    size = np.fromiter(map(len, places), dtype=np.int64, count=len(places))
    flat = np.fromiter(chain.from_iterable(places), dtype=np.float64)
    start = np.cumsum(size) - size
    xyz = np.full((len(places), 3), np.nan)
    xyz[:, 0], xyz[:, 1] = flat[start], flat[start + 1]
    high = size > 2
    xyz[high, 2] = flat[start[high] + 2]
    return xyz


def text_table(rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> Any:
    """Return objects as a table of text; a cell that holds an object is null.

    Parameters
    ----------
    rows
        Properties by name.
    keys
        The columns. Without any there is one without a name, so that the rows count.

    Examples
    --------
    >>> text_table([{"a": 7.0, "b": []}, {"a": None}], ["a", "b"]).to_pylist()
    [{'a': '7.0', 'b': None}, {'a': None, 'b': None}]
    """
    if not keys:
        return pa.table({"": pa.nulls(len(rows), pa.string())})
    columns = [_text([row.get(key) for row in rows]) for key in keys]
    return pa.Table.from_arrays(columns, names=[_legible(key) for key in keys])


def _text(values: list[Any]) -> Any:
    """Return values of JSON as Arrow text."""
    if set(map(type, values)) <= {str, type(None)}:
        cells = values
    else:
        cells = [
            written(value) if (written := _WRITTEN.get(type(value))) else None
            for value in values
        ]
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError:  # half of a pair of surrogates, written as \ud800
        return pa.array((cell and _legible(cell) for cell in cells), pa.string())


def _number(value: float) -> str:
    text = repr(value)
    return _ODD.get(text, text)


# How each type of JSON is written; an object or a list is no cell.
_WRITTEN: dict[type, Callable[[Any], str]] = {
    str: str,
    float: _number,
    int: repr,
    bool: lambda value: "true" if value else "false",
}


def _legible(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
