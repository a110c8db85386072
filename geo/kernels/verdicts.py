"""Compiled loops that judge fixes by themselves, and beside others of their moment."""

# mypy: disable-error-code="untyped-decorator"

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

KEPT, NO_TIME, NO_POSITION, OUTSIDE, INEXACT, DUPLICATE, TOO_FAST, SPIKE = range(8)
TOO_RECENT, IN_NO_TRIP = 8, 9
"""What may be said of a fix. Those in no trip are clean, but too few."""

NO_MOMENT = np.iinfo(np.int64).min
"""How a missing time stands among milliseconds."""


class Rows(NamedTuple):
    """Fixes as columns, sorted by track and time; `source` as places in a sorted list.

    Milliseconds, degrees and metres. What is one for all may be an array of one.
    """

    track: Ints
    time: Ints
    lon: Floats
    lat: Floats
    elevation: Floats
    accuracy: Floats
    source: Ints
    line: Ints


class Limits(NamedTuple):
    """What a fix may be by itself: degrees, inclusive, and metres.

    `until` is the first moment that is too recent, in milliseconds.
    """

    west: float
    south: float
    east: float
    north: float
    accuracy: float
    until: int


@njit(cache=True, nogil=True)
def at(values: Any, i: int) -> Any:
    """Return the i-th value, or the one that all have."""
    return values[i if values.size > 1 else 0]


@njit(cache=True, nogil=True)
def judge(rows: Rows, limits: Limits, i: int) -> int:
    """Say what is wrong with a row by itself."""
    lon, lat, time = rows.lon[i], rows.lat[i], rows.time[i]
    inside = (lon >= limits.west) & (lon <= limits.east)
    inside &= (lat >= limits.south) & (lat <= limits.north)
    exact = not at(rows.accuracy, i) > limits.accuracy  # as what is unknown
    if inside & exact & (time != NO_MOMENT) & (time < limits.until):
        return KEPT
    if time == NO_MOMENT:
        return NO_TIME
    if time >= limits.until:
        return TOO_RECENT
    if np.isnan(lon) or np.isnan(lat):
        return NO_POSITION
    return INEXACT if inside else OUTSIDE


@njit(cache=True, nogil=True)
def _order(a: float, b: float) -> int:
    """Return -1, 0 or 1 as `a` comes before, beside or after `b`; NaN comes last."""
    if np.isnan(a) or np.isnan(b):
        return int(np.isnan(a)) - int(np.isnan(b))
    return int(a > b) - int(a < b)


@njit(cache=True, nogil=True)
def is_better(rows: Rows, i: int, j: int) -> bool:
    """Whether of two rows of one moment the later one is to be kept."""
    own, other = at(rows.accuracy, i), at(rows.accuracy, j)
    order = _order(own if own > 0.0 else np.nan, other if other > 0.0 else np.nan)
    if order == 0:
        order = _order(rows.lon[i], rows.lon[j])
    if order == 0:
        order = _order(rows.lat[i], rows.lat[j])
    if order == 0:
        order = _order(at(rows.elevation, i), at(rows.elevation, j))
    if order == 0:
        order = at(rows.source, i) - at(rows.source, j)
    if order == 0:
        order = at(rows.line, i) - at(rows.line, j)
    return bool(order < 0)
