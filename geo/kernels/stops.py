"""The compiled loop that finds stops."""

# mypy: disable-error-code="untyped-decorator"

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels.tracks import LONG_SILENCE_MS, Points, distance

Ints = NDArray[np.int64]


class StopRule(NamedTuple):
    """What makes a stop, and what makes one of two."""

    radius_m: float
    min_ms: float
    merge_m: float
    merge_ms: float
    strays: int


@njit(cache=True, nogil=True)
def _centroid(points: Points, first: int, end: int) -> tuple[float, float]:
    """Return the mean position of rows first..end-1, weighted by 1 / error²."""
    east = north = total = 0.0
    for i in range(first, end):
        weight = 1.0 / (points.error[i] * points.error[i])
        east += weight * points.x[i]
        north += weight * points.y[i]
        total += weight
    return east / total, north / total


@njit(cache=True, nogil=True)
def _stay_end(points: Points, rule: StopRule, anchor: int, last: int) -> int:
    """Return the first row after `anchor`, up to `last`, that is away from it.

    Strays are not away: rows before one that is back, after less than a stop's time.
    """
    inside = anchor
    for j in range(anchor + 1, last):
        late = points.time[j] - points.time[inside] >= rule.min_ms
        if j > inside + 1 and late:
            break
        error = max(points.error[anchor], points.error[j])
        if distance(points, anchor, j) <= max(rule.radius_m, 3.0 * error):
            inside = j
        elif j > inside + rule.strays:
            break
    return inside + 1


@njit(cache=True, nogil=True)
def _is_one_stop(
    points: Points, rule: StopRule, earlier: tuple[int, int], later: tuple[int, int]
) -> bool:
    """Whether two stops, as first row and end, are near in time and place."""
    if points.time[later[0]] - points.time[earlier[1] - 1] >= rule.merge_ms:
        return False
    x0, y0 = _centroid(points, earlier[0], earlier[1])
    x1, y1 = _centroid(points, later[0], later[1])
    return bool(math.hypot(x1 - x0, y1 - y0) < rule.merge_m)


@njit(cache=True, nogil=True)
def mark_stops(trip: Ints, points: Points, rule: StopRule) -> Ints:
    """Return the number of the stop of each fix, -1 where there is none.

    Stay points of Li et al. 2008; a stop near the one before is the same.
    """
    time = points.time
    stop = np.full(trip.size, -1, np.int64)
    number, latest = -1, (-1, -1)
    i = last = min(0, trip.size)  # a plain 0 would be a type, compiled for itself
    while i < trip.size:
        if i == last:  # a new trip
            latest = (-1, -1)
            while last < trip.size and trip[last] == trip[i]:
                last += 1
        j = _stay_end(points, rule, i, last)
        left = time[j - 1]
        if j < last and time[j] - left <= LONG_SILENCE_MS:
            left = time[j]
        if j - i < 2 or left - time[i] < rule.min_ms:
            i += 1
            continue
        if latest[0] >= 0 and _is_one_stop(points, rule, latest, (i, j)):
            i = latest[0]
        else:
            number += 1
        stop[i:j] = number
        latest = (i, j)
        i = j
    return stop
