"""Compiled loops that judge fixes by themselves, and beside others of their moment."""

# mypy: disable-error-code="untyped-decorator"

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

KEPT, NO_TIME, NO_POSITION, OUTSIDE, INEXACT, DUPLICATE, TOO_FAST, SPIKE = range(8)
"""What may be said of a fix."""

NO_MOMENT = np.iinfo(np.int64).min
"""How a missing time stands among milliseconds."""


class Rows(NamedTuple):
    """Fixes as columns, sorted by track and time; `source` as places in a sorted list.

    Milliseconds, degrees and metres.
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
    """What a fix may be: degrees, inclusive, and the largest accuracy in metres."""

    west: float
    south: float
    east: float
    north: float
    accuracy: float


@njit(cache=True, nogil=True)
def judge_rows(rows: Rows, limits: Limits, verdict: Codes) -> None:
    """Say what is wrong with each row by itself; `verdict` comes as zeros."""
    for i in range(rows.time.size):
        lon, lat = rows.lon[i], rows.lat[i]
        inside = (lon >= limits.west) & (lon <= limits.east)
        inside &= (lat >= limits.south) & (lat <= limits.north)
        exact = not rows.accuracy[i] > limits.accuracy  # as what is unknown
        if inside & exact & (rows.time[i] != NO_MOMENT):
            continue
        if rows.time[i] == NO_MOMENT:
            verdict[i] = NO_TIME
        elif np.isnan(lon) or np.isnan(lat):
            verdict[i] = NO_POSITION
        else:
            verdict[i] = INEXACT if inside else OUTSIDE


@njit(cache=True, nogil=True)
def _order(a: float, b: float) -> int:
    """Return -1, 0 or 1 as `a` comes before, beside or after `b`; NaN comes last."""
    if np.isnan(a) or np.isnan(b):
        return int(np.isnan(a)) - int(np.isnan(b))
    return int(a > b) - int(a < b)


@njit(cache=True, nogil=True)
def _is_better(rows: Rows, i: int, j: int) -> bool:
    """Whether of two rows of one moment the later one is to be kept."""
    own, other = rows.accuracy[i], rows.accuracy[j]
    order = _order(own if own > 0.0 else np.nan, other if other > 0.0 else np.nan)
    if order == 0:
        order = _order(rows.lon[i], rows.lon[j])
    if order == 0:
        order = _order(rows.lat[i], rows.lat[j])
    if order == 0:
        order = _order(rows.elevation[i], rows.elevation[j])
    if order == 0:
        order = rows.source[i] - rows.source[j]
    if order == 0:
        order = rows.line[i] - rows.line[j]
    return bool(order < 0)


@njit(cache=True, nogil=True)
def mark_twins(rows: Rows, verdict: Codes) -> None:
    """Keep one of the rows of a track and moment: the first by all their columns."""
    track, time, best = rows.track, rows.time, -1
    for i in range(time.size):
        if verdict[i] != KEPT:
            continue
        if best < 0 or time[i] != time[best] or track[i] != track[best]:
            best = i
        elif _is_better(rows, i, best):
            verdict[best] = DUPLICATE
            best = i
        else:
            verdict[i] = DUPLICATE
