"""Motion variances from left-out fixes."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from geo.kernels.variances import fit_windows

BOUNDS = (0.01, 1000.0)
ERROR = 8.0


def fitted(walk, *, trip=None, shape=(31, 11, 7), before=-1.0, cut=()):
    """Variances of the bridges between consecutive fixes, but those numbered `cut`."""
    time, x, y = walk
    n = len(time)
    first = np.delete(np.arange(n - 1), np.array(cut, dtype=int))
    variance = np.full(len(first), before)
    track = np.zeros(n, np.int64)
    trip = track if trip is None else trip
    error = np.full(n, ERROR)
    fixes = (track, trip, time, x, y, error, first, first + 1)
    fit_windows(*fixes, shape, BOUNDS, variance)
    return variance


def likeliest(walk):
    """Minus the log-likelihood at its best, up to a constant, and the variance."""
    time, x, y = walk

    def misfit(log_variance):
        total = 0.0
        for i in range(1, len(time) - 1, 2):
            length = time[i + 1] - time[i - 1]
            a = (time[i] - time[i - 1]) / length
            s2 = length * a * (1 - a) * math.exp(log_variance)
            s2 += ERROR**2 * ((1 - a) ** 2 + a**2 + 1)
            off = [v[i] - v[i - 1] - a * (v[i + 1] - v[i - 1]) for v in (x, y)]
            total += math.log(s2) + (off[0] ** 2 + off[1] ** 2) / (2 * s2)
        return total

    bounds = tuple(map(math.log, BOUNDS))
    best = minimize_scalar(misfit, bounds=bounds, method="bounded")
    return best.fun, math.exp(best.x)


def kranstauber(walk):
    """The paper, step by step: fixes are numbered from 1, margins included."""
    n, window, margin = len(walk[0]), 31, 11
    given = [[] for _ in range(n - 1)]
    for w in range(n - window + 1):
        part = walk[:, w : w + window]
        misfit, variance = likeliest(part)
        best, values = 2 * misfit + math.log(window), [variance] * (window - 1)
        for b in range(margin, window - margin + 2, 2):
            one, early = likeliest(part[:, :b])
            other, late = likeliest(part[:, b - 1 :])
            bic = 2 * (one + other) + 2 * math.log(window)
            if bic < best:
                best = bic
                values = [early] * (b - 1) + [late] * (window - b)
        start = 0 if w == 0 else margin - 1
        stop = window - 1 if w == n - window else window - margin
        for k in range(start, stop):
            given[w + k].append(values[k])
    return np.array([np.mean(values) for values in given])


def straying(*variances, steps, seed):
    rng = np.random.default_rng(seed)
    pause = rng.integers(100, 600, steps * len(variances)).astype(float)
    spread = np.sqrt(np.repeat(variances, steps) * pause)
    moved = np.hstack([np.zeros((2, 1)), rng.normal(0, 1, (2, len(pause))) * spread])
    x, y = moved.cumsum(axis=1) + rng.normal(0, ERROR, moved.shape)
    return np.array([np.append(0.0, pause.cumsum()), x, y])


@pytest.mark.parametrize(
    ("variances", "steps"), [((30.0,), 45), ((2.0, 300.0), 30), ((200.0, 5.0), 24)]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_windows_agree_with_the_paper_step_by_step(variances, steps, seed):
    walk = straying(*variances, steps=steps, seed=seed)

    assert fitted(walk) == pytest.approx(kranstauber(walk), rel=0.03)


def test_a_walker_who_starts_to_stray_breaks_the_windows():
    variance = fitted(straying(2.0, 300.0, steps=100, seed=5))

    assert np.median(variance[:85]) == pytest.approx(2.0, rel=0.4)
    assert np.median(variance[115:]) == pytest.approx(300.0, rel=0.4)
    assert variance[96] < 30 < variance[104]


def test_each_trip_has_its_own_windows():
    walk = straying(2.0, 300.0, steps=40, seed=6)
    trip = (np.arange(81) > 40).astype(np.int64)

    # The bridge over the silence between the two belongs to neither.
    both = fitted(walk, trip=trip, cut=[40])

    apart = [fitted(walk[:, :41]), fitted(walk[:, 41:])]
    assert both.tolist() == np.concatenate(apart).tolist()


def test_a_trip_shorter_than_a_window_keeps_what_it_has():
    walk = straying(10.0, steps=40, seed=7)

    assert (fitted(walk[:, :30]) == -1.0).all()
    assert (fitted(walk[:, :31]) > 0.0).all()


def test_the_variance_stays_within_its_bounds():
    still = np.array([np.arange(40) * 300.0, np.zeros(40), np.zeros(40)])
    leaps = np.random.default_rng(9).normal(0, 1e6, (2, 40))

    assert fitted(still) == pytest.approx(0.01)
    assert fitted(np.vstack([still[:1], leaps])) == pytest.approx(1000.0)


def test_pairs_of_bridges_that_do_not_meet_tell_nothing():
    """Every second bridge is a stop's: no fix is left between two that meet."""
    walk = straying(10.0, steps=80, seed=4)

    assert (fitted(walk, cut=list(range(1, 80, 2))) == -1.0).all()


def test_time_reversed_the_variances_are_reversed():
    walk = straying(4.0, 200.0, 20.0, steps=30, seed=8)
    back = walk[:, ::-1].copy()
    back[0] = walk[0, -1] - back[0]

    assert fitted(back)[::-1] == pytest.approx(fitted(walk), rel=1e-6)
