"""Compiled loops that tell from left-out fixes how much walkers stray."""

# mypy: disable-error-code="untyped-decorator"

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_LEVELS = 32  # variances tried in windows; between them a parabola is laid


@njit(cache=True, nogil=True)
def _left_out(
    j: int,
    time_s: Floats,
    x: Floats,
    y: Floats,
    error: Floats,
    first: Ints,
    last: Ints,
) -> tuple[float, float, float]:
    """Compare the fix between bridges j and j + 1 with a bridge between their ends.

    Returns by how much a unit of motion variance spreads it there, the variance that
    the errors add, and its squared distance; zeros where the bridges do not meet.
    """
    a, b, c = first[j], last[j], last[j + 1]
    if b != first[j + 1] or not time_s[a] < time_s[b] < time_s[c]:
        return 0.0, 0.0, 0.0
    length = time_s[c] - time_s[a]
    part = (time_s[b] - time_s[a]) / length
    dx = x[b] - x[a] - part * (x[c] - x[a])
    dy = y[b] - y[a] - part * (y[c] - y[a])
    known = ((1.0 - part) * error[a]) ** 2 + (part * error[c]) ** 2 + error[b] ** 2
    return length * part * (1.0 - part), known, dx * dx + dy * dy


@njit(cache=True, nogil=True)
def _misfit(
    log_variance: float, spread: Floats, known: Floats, square: Floats
) -> float:
    """Minus the log-likelihood of a motion variance, up to a constant."""
    variance = math.exp(log_variance)
    total = 0.0
    for k in range(spread.size):
        s2 = spread[k] * variance + known[k]
        total += math.log(s2) + square[k] / (2.0 * s2)
    return total


@njit(cache=True, nogil=True)
def _best_variance(
    spread: Floats, known: Floats, square: Floats, lowest: float, highest: float
) -> float:
    """Return the likeliest motion variance: golden section on its logarithm."""
    low, high = math.log(lowest), math.log(highest)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left = _misfit(left, spread, known, square)
    at_right = _misfit(right, spread, known, square)
    for _ in range(32):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = _misfit(left, spread, known, square)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = _misfit(right, spread, known, square)
    return math.exp((low + high) / 2.0)


@njit(cache=True, nogil=True)
def fit_variances(
    track: Ints,
    time_s: Floats,
    x: Floats,
    y: Floats,
    error: Floats,
    first: Ints,
    last: Ints,
    fewest: int,
    lowest: float,
    highest: float,
    variance: Floats,
) -> None:
    """Replace `variance` of each bridge by the likeliest one of its track.

    Every second fix is left out and compared with the bridge between its two
    neighbours; tracks with less than `fewest` such fixes keep what they have.
    """
    spread, known = np.empty(first.size), np.empty(first.size)
    square = np.empty(first.size)
    begin = 0
    while begin < first.size:
        end, count = begin, 0
        while end < first.size and track[first[end]] == track[first[begin]]:
            end += 1
        j = begin
        while j + 1 < end:
            out = _left_out(j, time_s, x, y, error, first, last)
            if out[0] <= 0.0:
                j += 1
                continue
            spread[count], known[count], square[count] = out
            count += 1
            j += 2
        if count >= fewest:
            variance[begin:end] = _best_variance(
                spread[:count], known[:count], square[:count], lowest, highest
            )
        begin = end


@njit(cache=True, nogil=True)
def _curve(out: tuple[float, float, float], levels: Floats, curve: Floats) -> int:
    """Fill in what one left-out fix says of each level; return 1 if it says anything.

    It is minus the log-likelihood of the level, up to a constant.
    """
    spread, known, square = out
    if spread <= 0.0:
        curve[:] = 0.0
        return 0
    for level in range(levels.size):
        s2 = spread * levels[level] + known
        curve[level] = math.log(s2) + square / (2.0 * s2)
    return 1


@njit(cache=True, nogil=True)
def _lowest(upto: Floats, begin: int, end: int) -> tuple[float, float]:
    """Return which level suits best what was left out from `begin` to `end`.

    And its misfit, both by a parabola through the lowest of the even steps.
    """
    k, lowest = 0, math.inf
    for level in range(_LEVELS):
        misfit = upto[end, level] - upto[begin, level]
        if misfit < lowest:
            k, lowest = level, misfit
    if k in (0, _LEVELS - 1):
        return float(k), lowest
    below = upto[end, k - 1] - upto[begin, k - 1]
    above = upto[end, k + 1] - upto[begin, k + 1]
    bend = below - 2.0 * lowest + above
    if bend <= 0.0:
        return float(k), lowest
    tilt = below - above
    return k + 0.5 * tilt / bend, lowest - 0.125 * tilt * tilt / bend


@njit(cache=True, nogil=True)
def _split(
    upto: Floats, count: Ints, window: int, margin: int, fewest: int
) -> tuple[int, float, float]:
    """Return the bridge at which a window breaks, and the levels before and after.

    `upto` holds running sums over left-out fixes, a column a level, `count` how many
    they are. Without a break that the Bayesian information criterion finds worth its
    parameter the levels are the same; -1 where there are too few left-out fixes.
    """
    half = (window - 1) // 2
    if count[half] < fewest:
        return -1, 0.0, 0.0
    level, misfit = _lowest(upto, 0, half)
    found, before, after = 0, level, level
    best = 2.0 * misfit + math.log(window)
    for at in range(margin // 2, (window - margin) // 2 + 1):
        enough = margin // 2
        if count[at] < enough or count[half] - count[at] < enough:
            continue
        early, one = _lowest(upto, 0, at)
        late, other = _lowest(upto, at, half)
        bic = 2.0 * (one + other) + 2.0 * math.log(window)
        if bic < best:
            found, before, after, best = 2 * at, early, late, bic
    return found, before, after


@njit(cache=True, nogil=True)
def _slide(
    begin: int,
    end: int,
    fixes: tuple[Floats, Floats, Floats, Floats],
    first: Ints,
    last: Ints,
    shape: tuple[int, int, int],
    levels: Floats,
    variance: Floats,
) -> None:
    """Replace the variances of one trip by means over the windows upon it."""
    window, margin, fewest = shape
    time_s, x, y, error = fixes
    size, half = window - 1, (window - 1) // 2
    total, windows = np.zeros(end - begin), np.zeros(end - begin, np.int64)
    curves, met = np.zeros((size, _LEVELS)), np.zeros(size, np.int64)
    upto, count = np.zeros((half + 1, _LEVELS)), np.zeros(half + 1, np.int64)
    log_step = math.log(levels[1] / levels[0])
    for j in range(begin, end - 1):
        out = _left_out(j, time_s, x, y, error, first, last)
        met[j % size] = _curve(out, levels, curves[j % size])
        start = j + 2 - size
        if start < begin:
            continue
        for k in range(half):
            row = (start + 2 * k) % size
            count[k + 1] = count[k] + met[row]
            for level in range(_LEVELS):
                upto[k + 1, level] = upto[k, level] + curves[row, level]
        at, before, after = _split(upto, count, window, margin, fewest)
        if at < 0:
            continue
        before = levels[0] * math.exp(before * log_step)
        after = levels[0] * math.exp(after * log_step)
        # The outermost windows also speak for what no other window reaches.
        low = begin if start == begin else start + margin - 1
        high = end if start + size == end else start + size - margin + 1
        for bridge in range(low, high):
            total[bridge - begin] += before if bridge < start + at else after
            windows[bridge - begin] += 1
    for bridge in range(begin, end):
        if windows[bridge - begin] > 0:
            variance[bridge] = total[bridge - begin] / windows[bridge - begin]


@njit(cache=True, nogil=True)
def fit_windows(
    track: Ints,
    trip: Ints,
    time_s: Floats,
    x: Floats,
    y: Floats,
    error: Floats,
    first: Ints,
    last: Ints,
    shape: tuple[int, int, int],
    bounds: tuple[float, float],
    variance: Floats,
) -> None:
    """Replace `variance` of each bridge by the mean over windows along its trip.

    `shape` holds the fixes of a window, the fixes before and after which it may
    break, and the fewest left-out fixes from which anything is told. Trips shorter
    than a window keep what they have.
    """
    window = shape[0]
    step = math.log(bounds[1] / bounds[0]) / (_LEVELS - 1)
    levels = np.empty(_LEVELS)
    for level in range(_LEVELS):
        levels[level] = bounds[0] * math.exp(step * level)
    fixes = (time_s, x, y, error)
    begin = 0
    while begin < first.size:
        end = begin
        while (
            end < first.size
            and track[first[end]] == track[first[begin]]
            and trip[first[end]] == trip[first[begin]]
        ):
            end += 1
        if end - begin >= window - 1:
            _slide(begin, end, fixes, first, last, shape, levels, variance)
        begin = end
