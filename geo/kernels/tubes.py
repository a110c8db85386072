"""Compiled loop that finds where a ridge lies when other tracks are drawn.

Numbers of times that a track is drawn are a function of the track and the draw, and
of nothing else: neither the order of the tracks nor the number of threads matters.
"""

# mypy: disable-error-code="untyped-decorator"

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels.draws import uniform

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Profiles(NamedTuple):
    """Votes, and where they fall on profiles across lines.

    `track`, `vote` and `place` have a row for each cell that a track enters: the
    vote, and the place of the cell in `bin` and `right`: the bin of a profile it
    falls into, and how many 64ths of it into the next one. Profile p has the bins
    from ``p * width`` on; those of one line lie side by side, `first` and `last` say
    from which profile to which.
    """

    track: Ints
    vote: Ints
    place: Ints
    bin: Ints
    right: Ints
    first: Ints
    last: Ints


@njit(cache=True, nogil=True)
def times_drawn(track: int, draw: int) -> int:
    """Return how often a track is drawn: Poisson of mean 1, by its inverse."""
    chance = uniform(track, draw, 0)
    term, upto, times = math.exp(-1.0), math.exp(-1.0), 0
    while chance >= upto and times < 16:
        times += 1
        term /= times
        upto += term
    return times


@njit(cache=True, nogil=True)
def _gather(profiles: Profiles, draw: int, votes: Ints) -> None:
    """Add up the votes of the tracks, each as often as it is drawn."""
    votes[:] = 0
    times = 0
    for i in range(profiles.track.size):
        if i == 0 or profiles.track[i] != profiles.track[i - 1]:
            times = 1 if draw < 0 else times_drawn(profiles.track[i], draw)
        if times:
            k = profiles.place[i]
            vote, right = times * profiles.vote[i], profiles.right[k]
            votes[profiles.bin[k]] += vote * (64 - right)
            votes[profiles.bin[k] + 1] += vote * right


@njit(cache=True, nogil=True)
def _across(votes: Ints, kernel: Floats, width: int, smooth: Floats) -> None:
    """Smooth each profile by itself."""
    half = kernel.size // 2
    smooth[:] = 0.0
    for p in range(votes.size // width):
        # The bins innermost, so that several are done at once.
        for k in range(-half, half + 1):
            share = kernel[k + half]
            for j in range(p * width + max(0, -k), (p + 1) * width - max(0, k)):
                smooth[j] += share * votes[j + k]


@njit(cache=True, nogil=True)
def _along(
    smooth: Floats, kernel: Floats, profiles: Profiles, p: int, height: Floats
) -> None:
    """Fill in the heights of a profile, smoothed with those beside it on its line."""
    half, width = kernel.size // 2, height.size
    height[:] = 0.0
    first, last = profiles.first[p], profiles.last[p]
    for k in range(max(first, p - half), min(last, p + half) + 1):
        share = kernel[k - p + half]
        for j in range(width):
            height[j] += share * smooth[k * width + j]


@njit(cache=True, nogil=True)
def _top(height: Floats, middle: int, most: float, sharpest: float) -> float:
    """Return how far from the middle the nearest sharp top lies; NaN without one."""
    best = np.nan
    for j in range(1, height.size - 1):
        left, here, right = height[j - 1], height[j], height[j + 1]
        bend = left - 2.0 * here + right
        if here >= left and here > right and -bend > sharpest * here:
            off = j - middle + 0.5 * (left - right) / bend
            if abs(off) <= most and not abs(off) >= abs(best):
                best = off
    return best


@njit(cache=True, nogil=True)
def draw_ridges(
    profiles: Profiles,
    kernel: Floats,
    width: int,
    most: float,
    sharpest: float,
    begin: int,
    offsets: Floats,
) -> None:
    """Fill in where each profile has its ridge, a row for each draw from `begin` on.

    Draw -1 takes every track once. Offsets are in bins from the middle one; NaN where
    no top lies within `most` of it.
    """
    count = profiles.first.size
    votes, smooth = np.zeros(count * width, np.int64), np.zeros(count * width)
    height = np.zeros(width)
    for row in range(offsets.shape[0]):
        _gather(profiles, begin + row, votes)
        _across(votes, kernel, width, smooth)
        for p in range(count):
            _along(smooth, kernel, profiles, p, height)
            offsets[row, p] = _top(height, width // 2 - 1, most, sharpest)
