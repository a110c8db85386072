"""Compiled loops that find the fixes of a track which can be true together."""

# mypy: disable-error-code="untyped-decorator"

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels.verdicts import SPIKE, TOO_FAST

Bools = NDArray[np.bool_]
Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]  # half as large, so that a track stays near the processor
Floats = NDArray[np.float64]

WINDOW, HEADS = 40, 8
"""How many earlier fixes are tried as the one before a fix, and the ends of how many
further chains, however long ago."""

LEG_M = 500.0
"""A spike is further than this from the fixes before and after it."""


class Track(NamedTuple):
    """The fixes of one track that are left, one after the other, and their rows.

    Of each also how far it lies from the one before, and whether it can be reached
    from there; and the longest chain that ends in it: how many fixes, how many metres,
    and which fix before. `heads` are the last fixes of some chains, `best` the places
    of fixes that were chosen.
    """

    row: Places
    time: Ints
    x: Floats
    y: Floats
    error: Floats
    leg: Floats
    near: Bools
    length: Places
    way: Floats
    parent: Places
    heads: Places
    best: Places


@njit(cache=True, nogil=True)
def _distance(track: Track, i: int, j: int) -> float:
    """Return how far two fixes lie apart, in metres."""
    dx, dy = track.x[i] - track.x[j], track.y[i] - track.y[j]
    return math.sqrt(dx * dx + dy * dy)  # twice as fast as hypot


@njit(cache=True, nogil=True)
def _reachable(dx: float, dy: float, ms: float, errors: float, speed: float) -> bool:
    """Whether one can come so far in so many milliseconds, but for three errors.

    Of numbers alone: to hand many arrays to a function takes long.
    """
    way = speed * ms + 3.0 * errors
    return bool(dx * dx + dy * dy <= way * way)


@njit(cache=True, nogil=True)
def _remember(track: Track, before: int, i: int) -> None:
    """Let fix `i` take the place of the chain it extends, or of the shortest one.

    It comes to the front, where the next fix mostly finds it at once.
    """
    heads, length, place = track.heads, track.length, 0
    for h in range(heads.size):
        if before >= 0 and heads[h] == before:
            place = h
            break
        taken = heads[place] >= 0
        if taken and (heads[h] < 0 or length[heads[h]] < length[heads[place]]):
            place = h
    heads[place] = heads[0]
    heads[0] = i


@njit(cache=True, nogil=True)
def _best_before(track: Track, i: int, speed: float, end: int) -> int:
    """Return which fix before the i-th should come before it.

    The one with the longest chain among those from which it can be reached, the
    latest if there are several; -1 if there is none. No chain is longer than that of
    `end`, so there the search is over.
    """
    x, y, time, error = track.x, track.y, track.time, track.error
    length, heads, near = track.length, track.heads, min(i, WINDOW)
    best, most, before = 0, length[end], -1
    for k in range(1, near + HEADS + 1):
        j = i - k if k <= near else heads[k - near - 1]
        if j < 0 or length[j] <= best:
            continue
        errors = error[i] + error[j]
        if _reachable(x[i] - x[j], y[i] - y[j], time[i] - time[j], errors, speed):
            best, before = length[j], j
            if best == most:
                break
    return before


@njit(cache=True, nogil=True)
def _go_back(track: Track, i: int, speed: float, end: int) -> int:
    """Find what comes before the i-th fix, and return the end of the longest chain."""
    length, way = track.length, track.way
    before = _best_before(track, i, speed, end)
    track.parent[i], length[i], way[i] = before, 1, 0.0
    if before >= 0:
        length[i] += length[before]
        way[i] = way[before] + _distance(track, i, before)
    _remember(track, before, i)
    shorter = length[i] == length[end] and way[i] < way[end]
    return i if shorter or length[i] > length[end] else end


@njit(cache=True, nogil=True)
def _look_back(track: Track, n: int, speed: float) -> int:
    """Measure the way to each of `n` fixes from the one before.

    Returns how many cannot be reached from there. Two loops of few arrays each, so that
    a processor can do several fixes at once.
    """
    x, y, time, error = track.x, track.y, track.time, track.error
    leg, near, far = track.leg, track.near, 0
    for i in range(1, n):
        dx, dy = x[i] - x[i - 1], y[i] - y[i - 1]
        leg[i] = math.sqrt(dx * dx + dy * dy)
    for i in range(1, n):
        dx, dy, errors = x[i] - x[i - 1], y[i] - y[i - 1], error[i] + error[i - 1]
        reachable = _reachable(dx, dy, time[i] - time[i - 1], errors, speed)
        near[i] = reachable
        far += not reachable
    return far


@njit(cache=True, nogil=True)
def _go_on(track: Track, first: int, n: int) -> int:
    """Let each fix from `first` on extend the chain of the one before, a longest one.

    That is the usual case. Returns the first fix that cannot be reached.
    """
    leg, near, way = track.leg, track.near, track.way
    length, parent = track.length, track.parent
    metres, end = way[first - 1], first
    while end < n and near[end]:
        metres += leg[end]
        way[end] = metres
        end += 1
    before = length[first - 1] - first + 1
    for i in range(first, end):
        length[i] = before + i
    for i in range(first, end):
        parent[i] = i - 1
    return end


@njit(cache=True, nogil=True)
def _longest_chain(track: Track, n: int, speed: float) -> int:
    """Find those of `n` fixes that make the longest chain of reachable ones.

    Of two chains of one length, the one with the shorter way. Their places go into
    `best`, and their number is returned.
    """
    if _look_back(track, n, speed) == 0:
        return n  # all of them
    length, heads = track.length, track.heads
    length[0], track.way[0], track.parent[0] = 1, 0.0, -1
    heads[:] = -1
    heads[0] = end = 0
    i = 1
    while i < n:
        if length[i - 1] == length[end]:
            beyond = _go_on(track, i, n)
            if beyond > i:
                _remember(track, i - 1, i)
                heads[0] = end = beyond - 1
                i = beyond
                continue
        end = _go_back(track, i, speed, end)
        i += 1
    size = int(length[end])
    for k in range(size - 1, -1, -1):
        track.best[k] = end
        end = track.parent[end]
    return size


@njit(cache=True, nogil=True)
def _speed(track: Track, i: int, j: int) -> float:
    return float(_distance(track, i, j) / (track.time[j] - track.time[i]))


@njit(cache=True, nogil=True)
def _is_spike(track: Track, n: int, b: int) -> bool:
    """Whether one of `n` fixes is an excursion out and straight back.

    Bjørneraas et al. 2010, with the legs of walkers. A walk out and back has its
    turning point too, but is no slower just before and after it.
    """
    a, c, x, y, error = b - 1, b + 1, track.x, track.y, track.error
    turn = (x[b] - x[a]) * (x[c] - x[b]) + (y[b] - y[a]) * (y[c] - y[b])
    there, back = _distance(track, a, b), _distance(track, b, c)
    if (
        turn >= -0.97 * there * back
        or there <= max(LEG_M, 3.0 * (error[a] + error[b]))
        or back <= max(LEG_M, 3.0 * (error[b] + error[c]))
    ):
        return False
    earlier, later = a > 0, c + 1 < n
    before = _speed(track, a - 1, a) if earlier else 0.0
    after = _speed(track, c, c + 1) if later else 0.0
    slow = 1.5 / 3600.0  # 1.5 km/h in metres per millisecond
    return bool(
        (earlier or later)
        and _speed(track, a, b) > max(slow, 2.0 * before)
        and _speed(track, b, c) > max(slow, 2.0 * after)
    )


@njit(cache=True, nogil=True)
def _far_turns(track: Track, n: int) -> int:
    """Return how many of `n` fixes lie between two long legs: no others are spikes."""
    x, y, far = track.x, track.y, LEG_M * LEG_M
    number = 0
    for b in range(1, n - 1):  # without a branch, so that several are done at once
        to_x, to_y = x[b] - x[b - 1], y[b] - y[b - 1]
        on_x, on_y = x[b + 1] - x[b], y[b + 1] - y[b]
        long = (to_x * to_x + to_y * to_y > far) & (on_x * on_x + on_y * on_y > far)
        number += long
    return number


@njit(cache=True, nogil=True)
def _without_spikes(track: Track, n: int) -> int:
    """Put the places of those of `n` fixes that are no spikes into `best`."""
    if _far_turns(track, n) == 0:
        return n  # as mostly
    left, is_far = 0, False
    for k in range(n):
        was_far = is_far
        is_far = k + 1 < n and _distance(track, k, k + 1) > LEG_M
        if not (was_far and is_far and _is_spike(track, n, k)):
            track.best[left] = k
            left += 1
    return left


@njit(cache=True, nogil=True)
def _close_ranks(track: Track, n: int, left: int, verdict: Codes, why: int) -> None:
    """Keep those of `n` fixes whose places are in `best`, and say why others go."""
    k = 0
    for place in range(n):
        if k == left or track.best[k] != place:
            verdict[track.row[place]] = why
            continue
        if k < place:
            track.row[k], track.time[k] = track.row[place], track.time[place]
            track.x[k], track.y[k] = track.x[place], track.y[place]
            track.error[k] = track.error[place]
        k += 1


@njit(cache=True, nogil=True)
def sift_track(track: Track, n: int, speed: float, verdict: Codes) -> int:
    """Sift `n` fixes until nothing more falls through; return how many are left.

    `speed` is in metres per millisecond. The fixes stand by time, no two have one.
    Those that fall through are TOO_FAST, or a SPIKE. Sifting what is left changes
    nothing.
    """
    spikes = True
    while spikes and n > 0:
        left = _longest_chain(track, n, speed)
        if left < n:
            _close_ranks(track, n, left, verdict, TOO_FAST)
        n, left = left, _without_spikes(track, left)
        spikes = left < n
        if spikes:
            _close_ranks(track, n, left, verdict, SPIKE)
            n = left
    return n


@njit(cache=True, nogil=True)
def room_for(size: int) -> Track:
    """Return room for a track of so many fixes.

    Each array by itself: rows of one that are unpacked have no known stride, and then
    no loop does several fixes at once.
    """
    return Track(
        row=np.empty(size, np.int32),
        time=np.empty(size, np.int64),
        x=np.empty(size, np.float64),
        y=np.empty(size, np.float64),
        error=np.empty(size, np.float64),
        leg=np.empty(size, np.float64),
        near=np.empty(size, np.bool_),
        length=np.empty(size, np.int32),
        way=np.empty(size, np.float64),
        parent=np.empty(size, np.int32),
        heads=np.empty(HEADS, np.int32),
        best=np.empty(size, np.int32),
    )
