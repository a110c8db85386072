"""Compiled loops that smooth tracks: a Kalman filter forth, and a smoother back.

Only sums, products, quotients and square roots are taken of positions, so that all
processors give the same bits.
"""

# mypy: disable-error-code="untyped-decorator"

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class State(NamedTuple):
    """Position and velocity along both axes, and the covariance that both share."""

    x: float
    vx: float
    y: float
    vy: float
    place: float  # variance of the position, m²
    both: float  # covariance of position and velocity
    pace: float  # variance of the velocity, m²/s²


class Series(NamedTuple):
    """Fixes as columns: trip, seconds since the fix before, metres, squared metres."""

    trip: Ints
    wait: Floats
    x: Floats
    y: Floats
    variance: Floats
    weight: Floats


GATE = 9.21
"""99 % of a chi-square distribution with 2 degrees of freedom."""

_START_PACE = (
    25.0  # m²/s²: before the second fix nothing is known, up to a boat's speed
)
_TURNS = 4  # forth and back: by then weights hardly change


@njit(cache=True, nogil=True)
def _store(state: State, states: Floats, i: int) -> None:
    for k, value in enumerate(state):
        states[i, k] = value


@njit(cache=True, nogil=True)
def _stored(states: Floats, i: int) -> State:
    s = states[i]
    return State(s[0], s[1], s[2], s[3], s[4], s[5], s[6])


@njit(cache=True, nogil=True)
def _begin(fixes: Series, i: int) -> State:
    """Return what the first fix of a trip says."""
    variance = fixes.variance[i] / fixes.weight[i]
    return State(fixes.x[i], 0.0, fixes.y[i], 0.0, variance, 0.0, _START_PACE)


@njit(cache=True, nogil=True)
def _predicted(state: State, wait: float, q: float) -> State:
    """Return the state some seconds later, unseen."""
    half = q * wait * wait / 2.0
    drift = wait * (2.0 * state.both + wait * state.pace)
    return State(
        state.x + wait * state.vx,
        state.vx,
        state.y + wait * state.vy,
        state.vy,
        state.place + drift + half * wait * 2.0 / 3.0,
        state.both + wait * state.pace + half,
        state.pace + q * wait,
    )


@njit(cache=True, nogil=True)
def _updated(state: State, fixes: Series, i: int) -> State:
    """Return the state after fix `i` was seen."""
    variance = fixes.variance[i] / fixes.weight[i]
    total = state.place + variance
    gain, push, rest = state.place / total, state.both / total, variance / total
    east, north = fixes.x[i] - state.x, fixes.y[i] - state.y
    return State(
        state.x + gain * east,
        state.vx + push * east,
        state.y + gain * north,
        state.vy + push * north,
        state.place * rest,
        state.both * rest,
        state.pace - push * state.both,
    )


@njit(cache=True, nogil=True)
def _square(state: State, fixes: Series, i: int) -> float:
    """Return how far fix `i` lies from where it is expected, in squared errors."""
    east, north = fixes.x[i] - state.x, fixes.y[i] - state.y
    return float((east * east + north * north) / (state.place + fixes.variance[i]))


@njit(cache=True, nogil=True)
def _misfit(fixes: Series, q: float) -> float:
    """Minus the log-likelihood of `q`, up to a constant, with Huber's tails.

    Changes the weights.
    """
    fixes.weight[0] = 1.0
    total, state = 0.0, _begin(fixes, 0)
    for i in range(1, fixes.x.size):
        fixes.weight[i] = 1.0
        if fixes.trip[i] != fixes.trip[i - 1]:
            state = _begin(fixes, i)
            continue
        state = _predicted(state, fixes.wait[i], q)
        square = _square(state, fixes, i)
        total += math.log(state.place + fixes.variance[i])
        if square <= GATE:
            total += square / 2.0
        else:
            total += math.sqrt(GATE * square) - GATE / 2.0
            fixes.weight[i] = math.sqrt(GATE / square)
        state = _updated(state, fixes, i)
    return total


@njit(cache=True, nogil=True)
def likeliest(fixes: Series, ladder: Floats) -> float:
    """Return the likeliest rung of a ladder of values of q.

    Every fourth rung is tried, then those beside the best.
    """
    best, least = 0, math.inf
    for k in range(0, ladder.size, 4):
        misfit = _misfit(fixes, ladder[k])
        if misfit < least:
            best, least = k, misfit
    for step in (2, 1):
        middle = best
        for k in (middle - step, middle + step):
            if 0 <= k < ladder.size:
                misfit = _misfit(fixes, ladder[k])
                if misfit < least:
                    best, least = k, misfit
    return float(ladder[min(best + 2, ladder.size - 1)])


@njit(cache=True, nogil=True)
def _back(before: State, later: State, wait: float, q: float) -> State:
    """Return the smoothed state from the filtered one, and the smoothed one after it.

    Rauch, Tung and Striebel 1965.
    """
    ahead = _predicted(before, wait, q)
    a, b, c = before.place + wait * before.both, before.both, before.pace
    d = before.both + wait * before.pace
    det = ahead.place * ahead.pace - ahead.both * ahead.both
    if det <= 0.0:
        return before
    g00 = (a * ahead.pace - b * ahead.both) / det
    g01 = (b * ahead.place - a * ahead.both) / det
    g10 = (d * ahead.pace - c * ahead.both) / det
    g11 = (c * ahead.place - d * ahead.both) / det
    dx, dvx = later.x - ahead.x, later.vx - ahead.vx
    dy, dvy = later.y - ahead.y, later.vy - ahead.vy
    p = later.place - ahead.place
    r = later.both - ahead.both
    s = later.pace - ahead.pace
    return State(
        before.x + g00 * dx + g01 * dvx,
        before.vx + g10 * dx + g11 * dvx,
        before.y + g00 * dy + g01 * dvy,
        before.vy + g10 * dy + g11 * dvy,
        before.place + g00 * (g00 * p + g01 * r) + g01 * (g00 * r + g01 * s),
        before.both + g10 * (g00 * p + g01 * r) + g11 * (g00 * r + g01 * s),
        before.pace + g10 * (g10 * p + g11 * r) + g11 * (g10 * r + g11 * s),
    )


@njit(cache=True, nogil=True)
def _weight(fixes: Series, i: int, smoothed: State) -> float:
    """Return Huber's weight of fix `i`, given where all the others put it."""
    own, place = fixes.variance[i], smoothed.place
    rest = own - fixes.weight[i] * place
    if rest <= 1e-9 * own:
        return 1.0  # the others say nothing
    east, north = fixes.x[i] - smoothed.x, fixes.y[i] - smoothed.y
    square = (east * east + north * north) * own / (rest * (rest + place))
    return GATE / square if square > GATE else 1.0


@njit(cache=True, nogil=True)
def _smooth(trip: Series, q: float, forth: Floats) -> None:
    """Replace positions and variances of one trip by the smoothed ones."""
    size = trip.x.size
    x, y, variance = trip.x.copy(), trip.y.copy(), trip.variance.copy()
    for turn in range(_TURNS):
        state = _begin(trip, 0)
        for i in range(size):
            if i > 0:
                state = _predicted(state, trip.wait[i], q)
                if turn == 0:
                    square = _square(state, trip, i)
                    trip.weight[i] = math.sqrt(GATE / square) if square > GATE else 1.0
                state = _updated(state, trip, i)
            _store(state, forth, i)
        for i in range(size - 1, -1, -1):
            if i < size - 1:
                before = _stored(forth, i)
                state = _back(before, state, trip.wait[i + 1], q)
            x[i], y[i], variance[i] = state.x, state.y, state.place
            trip.weight[i] = _weight(trip, i, state)
    for i in range(size):  # slices would take seconds to compile
        trip.x[i], trip.y[i], trip.variance[i] = x[i], y[i], variance[i]


@njit(cache=True, nogil=True)
def _part(whole: Series, first: int, end: int) -> Series:
    """Return the rows from `first` to before `end`."""
    return Series(
        whole.trip[first:end],
        whole.wait[first:end],
        whole.x[first:end],
        whole.y[first:end],
        whole.variance[first:end],
        whole.weight[first:end],
    )


@njit(cache=True, nogil=True)
def smooth_tracks(
    track: Ints, fixes: Series, ladder: Floats, fewest: int, usual: float
) -> None:
    """Replace positions and variances by the smoothed ones; weights by those given.

    Each track has its own q, the likeliest rung of the ladder; `usual` where fewer
    than `fewest` fixes follow another of their trip.
    """
    forth = np.empty((track.size, 7))
    first = 0
    while first < track.size:
        end, followers = first + 1, 0
        while end < track.size and track[end] == track[first]:
            followers += fixes.trip[end] == fixes.trip[end - 1]
            end += 1
        q = usual
        if followers >= fewest:
            q = likeliest(_part(fixes, first, end), ladder)
        begin = first
        for i in range(first + 1, end + 1):
            if i == end or fixes.trip[i] != fixes.trip[begin]:
                _smooth(_part(fixes, begin, i), q, forth)
                begin = i
        first = end
