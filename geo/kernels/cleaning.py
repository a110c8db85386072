"""Compiled loops that clean whole tracks, and cut them into trips."""

# mypy: disable-error-code="untyped-decorator"

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels.chains import Track, room_for, sift_track
from geo.kernels.laea import Centre, project
from geo.kernels.verdicts import (
    DUPLICATE,
    IN_NO_TRIP,
    KEPT,
    NO_MOMENT,
    Limits,
    Rows,
    at,
    is_better,
    judge,
)

Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Room = tuple[Track, Floats, Floats]  # with the degrees of its fixes

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
    """Metres of each row; or, if these are empty, the centre to measure them from."""

    x: Floats
    y: Floats
    centre: Centre


class Tally(NamedTuple):
    """How many fixes and tracks are clean, and how many trips they make."""

    fixes: int
    tracks: int
    trips: int


@njit(cache=True, nogil=True)
def _longest_run(track: Ints) -> int:
    longest = begins = 0
    for i in range(1, track.size + 1):
        if i == track.size or track[i] != track[begins]:
            longest, begins = max(longest, i - begins), i
    return longest


@njit(cache=True, nogil=True)
def _take(
    rows: Rows, limits: Limits, share: tuple[int, int], room: Room, verdict: Codes
) -> int:
    """Put those rows of a track into its room that are right by themselves.

    Of rows of one moment only the first by all their columns. Returns how many.
    """
    track, lon, lat = room
    varies = rows.accuracy.size > 1
    exact = not at(rows.accuracy, share[0]) > limits.accuracy  # as what is unknown
    n, last = 0, NO_MOMENT
    for i in range(share[0], share[1]):
        time, x, y = rows.time[i], rows.lon[i], rows.lat[i]
        if varies:
            exact = not rows.accuracy[i] > limits.accuracy
        right = exact & (x >= limits.west) & (x <= limits.east) & (y >= limits.south)
        right &= (y <= limits.north) & (time > last) & (time < limits.until)
        if not right:  # seldom
            verdict[i] = judge(rows, limits, i)
            if verdict[i] != KEPT:
                continue
            verdict[i] = DUPLICATE  # of the row before it, unless it is better
            if not is_better(rows, i, track.row[n - 1]):
                continue
            n -= 1
            verdict[i], verdict[track.row[n]] = KEPT, DUPLICATE
        track.row[n], track.time[n], lon[n], lat[n] = i, time, x, y
        last = time
        n += 1
    return n


@njit(cache=True, nogil=True)
def error_of(accuracy: float, otherwise: float) -> float:
    """Return the standard error per axis of a fix, in metres."""
    known = accuracy > 0.0 and accuracy < np.inf
    return accuracy / ERRORS_IN_ACCURACY if known else otherwise


@njit(cache=True, nogil=True)
def _measure(rows: Rows, place: Place, rule: Rule, n: int, room: Room) -> None:
    """Write metres and errors of the `n` rows in a room."""
    track, lon, lat = room
    if place.x.size:
        for k in range(n):
            track.x[k], track.y[k] = place.x[track.row[k]], place.y[track.row[k]]
    else:
        project(lon[:n], lat[:n], place.centre, track.x[:n], track.y[:n])
    if rows.accuracy.size > 1:
        for k in range(n):
            track.error[k] = error_of(rows.accuracy[track.row[k]], rule.error)
    else:
        track.error[:n] = error_of(at(rows.accuracy, 0), rule.error)


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
    size = _longest_run(rows.track)
    track = room_for(size)
    room = (track, np.empty(size), np.empty(size))
    fixes = tracks = trips = begin = 0
    while begin < rows.track.size:
        end = begin + 1
        while end < rows.track.size and rows.track[end] == rows.track[begin]:
            end += 1
        n = _take(rows, limits, (begin, end), room, verdict)
        if n > 0:
            _measure(rows, place, rule, n, room)
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
