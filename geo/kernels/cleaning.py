"""Compiled loops that clean whole tracks, and cut them into trips."""

# mypy: disable-error-code="untyped-decorator"

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels.chains import Track, room_for, sift_track
from geo.kernels.verdicts import (
    DUPLICATE,
    IN_NO_TRIP,
    KEPT,
    Limits,
    Rows,
    at,
    is_better,
    judge,
)

Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

AT_ONCE = 16
"""So many rows are looked at at once: few are wrong."""

ERRORS_IN_ACCURACY = 1.515
"""Radius that holds 68.27 % of a circular normal distribution, in standard errors
per axis: sqrt(-2 ln(1 - 0.6827))."""


class Rule(NamedTuple):
    """What makes a chain and a trip.

    Metres per millisecond, the error in metres of a fix that brings none, the longest
    silence in milliseconds, and the fewest fixes.
    """

    speed: float
    error: float
    gap: int
    fewest: int


class Place(NamedTuple):
    """Metres of each row."""

    x: Floats
    y: Floats


Task = tuple[Rows, Place, Limits, Rule]


class Tally(NamedTuple):
    """How many fixes and tracks are clean, and how many trips they make."""

    fixes: int
    tracks: int
    trips: int


@njit(cache=True, nogil=True)
def error_of(accuracy: float, otherwise: float) -> float:
    """Return the standard error per axis of a fix, in metres."""
    known = accuracy > 0.0 and accuracy < np.inf
    return accuracy / ERRORS_IN_ACCURACY if known else otherwise


@njit(cache=True, nogil=True)
def _end_of(track: Ints, begin: int) -> int:
    """Return where the rows of a track end; sorted, so that most are passed over."""
    end, own = begin + 1, track[begin]
    while end + AT_ONCE <= track.size and track[end + AT_ONCE - 1] == own:
        end += AT_ONCE
    while end < track.size and track[end] == own:
        end += 1
    return end


@njit(cache=True, nogil=True)
def _longest_run(track: Ints) -> int:
    longest = begin = 0
    while begin < track.size:
        end = _end_of(track, begin)
        longest, begin = max(longest, end - begin), end
    return longest


@njit(cache=True, nogil=True)
def _are_right(rows: Rows, limits: Limits, i: int, end: int) -> bool:
    """Whether rows from the i-th on are right by themselves, each later than before.

    Without a branch, so that several rows are judged at once.
    """
    time, lon, lat, wrong = rows.time[i - 1 : end], rows.lon[i:end], rows.lat[i:end], 0
    for k in range(lon.size):
        right = (lon[k] >= limits.west) & (lon[k] <= limits.east)
        right &= (lat[k] >= limits.south) & (lat[k] <= limits.north)
        right &= (time[k + 1] > time[k]) & (time[k + 1] < limits.until)
        wrong += not right
    if rows.accuracy.size > 1:
        accuracy = rows.accuracy[i:end]
        for k in range(accuracy.size):
            wrong += accuracy[k] > limits.accuracy
    return wrong == 0


@njit(cache=True, nogil=True)
def _right_until(rows: Rows, limits: Limits, i: int, end: int) -> int:
    """Return up to where rows from the i-th on are right, and later and later."""
    if rows.accuracy.size == 1 and at(rows.accuracy, 0) > limits.accuracy:
        return i
    while i + AT_ONCE <= end and _are_right(rows, limits, i, i + AT_ONCE):
        i += AT_ONCE
    while i < end and _are_right(rows, limits, i, i + 1):
        i += 1
    return i


@njit(cache=True, nogil=True)
def _put(task: Task, begin: int, end: int, track: Track, n: int) -> int:
    """Put rows into the room of a track, behind `n` others; return how many it has."""
    rows, place, _, rule = task
    size = n + end - begin
    for k in range(end - begin):
        track.row[n + k] = begin + k
    track.time[n:size] = rows.time[begin:end]
    track.x[n:size], track.y[n:size] = place.x[begin:end], place.y[begin:end]
    if rows.accuracy.size > 1:
        for k in range(end - begin):
            track.error[n + k] = error_of(rows.accuracy[begin + k], rule.error)
    else:
        track.error[n:size] = error_of(at(rows.accuracy, 0), rule.error)
    return size


@njit(cache=True, nogil=True)
def _take(task: Task, begin: int, end: int, track: Track, verdict: Codes) -> int:
    """Put those rows of a track into its room that are right by themselves.

    Of rows of one moment only the first by all their columns. Returns how many.
    """
    rows, _, limits, _ = task
    n, i = 0, begin
    while i < end:
        verdict[i] = judge(rows, limits, i)
        if verdict[i] == KEPT and n > 0 and rows.time[i] == track.time[n - 1]:
            verdict[i] = DUPLICATE  # of the row before it, unless it is better
            if is_better(rows, i, track.row[n - 1]):
                n -= 1
                verdict[i], verdict[track.row[n]] = KEPT, DUPLICATE
        if verdict[i] == KEPT:
            n = _put(task, i, i + 1, track, n)
        right = _right_until(rows, limits, i + 1, end)
        n = _put(task, i + 1, right, track, n)
        i = right
    return n


@njit(cache=True, nogil=True)
def _cut(track: Track, n: int, rule: Rule, verdict: Codes) -> int:
    """Return how many trips `n` fixes make, and say which are in none."""
    time, trips, begins = track.time, 0, 0
    for k in range(1, n + 1):
        if k < n and time[k] - time[k - 1] <= rule.gap:
            continue
        if k - begins >= rule.fewest:
            trips += 1
        else:
            for lonely in range(begins, k):
                verdict[track.row[lonely]] = IN_NO_TRIP
        begins = k
    return trips


@njit(cache=True, nogil=True)
def clean_tracks(
    rows: Rows, limits: Limits, rule: Rule, place: Place, verdict: Codes
) -> Tally:
    """Say of each row whether it is clean and in a trip; `verdict` comes as zeros.

    One track after the other, so that its rows stay near the processor.
    """
    track, task = room_for(_longest_run(rows.track)), (rows, place, limits, rule)
    fixes = tracks = trips = begin = 0
    while begin < rows.track.size:
        end = _end_of(rows.track, begin)
        n = _take(task, begin, end, track, verdict)
        if n > 0:
            n = sift_track(track, n, rule.speed, verdict)
            trips += _cut(track, n, rule, verdict)
            fixes += n
            tracks += 1
        begin = end
    return Tally(fixes, tracks, trips)


@njit(cache=True, nogil=True)
def write_errors(accuracy: Floats, otherwise: float, error: Floats) -> None:
    """Write the standard error per axis of each fix, in metres."""
    for i in range(accuracy.size):
        error[i] = error_of(accuracy[i], otherwise)


@njit(cache=True, nogil=True)
def number(track: Ints, time: Ints, gap: int, first: int, trip: Ints) -> None:
    """Write the number of its trip to each fix; fixes in none are not among them."""
    for i in range(track.size):
        if i > 0 and (track[i] != track[i - 1] or time[i] - time[i - 1] > gap):
            first += 1
        trip[i] = first
