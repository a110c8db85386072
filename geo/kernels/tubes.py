"""Compiled loops that find where a ridge lies when other tracks are drawn.

Numbers of times that a track is drawn are a function of the track and the draw, and
of nothing else: neither the order of the tracks nor the number of threads matters.
Several draws are made side by side, so that one instruction serves several.
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

BLOCK = 50
"""So many draws are made side by side."""


class Entries(NamedTuple):
    """Who enters each place, and with which vote.

    Those of place p are the rows from ``start[p]`` up to ``start[p + 1]``: `who`
    counts the tracks that enter any place, from 0.
    """

    start: Ints
    who: NDArray[np.uint32]
    vote: NDArray[np.uint32]


class Profiles(NamedTuple):
    """Where places fall on profiles across lines.

    `bin` is the bin of a profile into which each place falls, `right` how many 64ths
    of it fall into the next one. Profile p has the bins from ``p * width`` on; those
    of one line lie side by side, `first` and `last` say from which profile to which.
    """

    width: int
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
def count_entries(
    begin: Ints, cell: NDArray[np.int32], slot: NDArray[np.int32], start: Ints
) -> int:
    """Fill in with which row the entries of each place begin; return how many enter.

    Track t has the rows from ``begin[t]`` up to ``begin[t + 1]`` of `cell`. Cell c is
    place ``slot[c]``, or none if that is below 0. `start` has one more than places.
    """
    start[:] = 0
    number = 0
    for t in range(begin.size - 1):
        near = False
        for i in range(begin[t], begin[t + 1]):
            place = slot[cell[i]]
            if place >= 0:
                start[place + 1] += 1
                near = True
        number += near
    for place in range(start.size - 1):
        start[place + 1] += start[place]
    return number


@njit(cache=True, nogil=True)
def sort_entries(
    begin: Ints,
    cell: NDArray[np.int32],
    slot: NDArray[np.int32],
    whole: int,
    free: Ints,
    entries: Entries,
    tracks: Ints,
) -> None:
    """Fill in the entries of each place, and which track each of those who enter is.

    A track has one vote of so many `whole` units, shared out over its cells. `free`
    is a copy of the start of the entries.
    """
    number = 0
    for t in range(begin.size - 1):
        near = False
        for i in range(begin[t], begin[t + 1]):
            place = slot[cell[i]]
            if place >= 0:
                entries.who[free[place]] = number
                entries.vote[free[place]] = whole // (begin[t + 1] - begin[t])
                free[place] += 1
                near = True
        if near:
            tracks[number] = t
            number += 1


@njit(cache=True, nogil=True)
def _draw(seeds: Ints, first: int, times: NDArray[np.uint8]) -> None:
    """Fill in how often each track is drawn, from draw `first` on; -1 is once each."""
    for n in range(seeds.size):
        for d in range(BLOCK):
            times[n, d] = 1 if first + d < 0 else times_drawn(seeds[n], first + d)


@njit(cache=True, nogil=True)
def _gather(
    entries: Entries, profiles: Profiles, times: NDArray[np.uint8], votes: Ints
) -> None:
    """Add up the votes in each bin, those of a track as often as it is drawn."""
    votes[:] = 0
    drawn = np.zeros(BLOCK, np.uint64)
    for place in range(profiles.bin.size):
        drawn[:] = 0
        for i in range(entries.start[place], entries.start[place + 1]):
            # Written so that it becomes instructions on several draws at once.
            here, vote = times[entries.who[i]], entries.vote[i]
            for d in range(here.size):
                drawn[d] += np.uint64(here[d]) * vote
        left, right = votes[profiles.bin[place]], votes[profiles.bin[place] + 1]
        share = profiles.right[place]
        for d in range(BLOCK):
            left[d] += np.int64(drawn[d]) * (64 - share)
            right[d] += np.int64(drawn[d]) * share


@njit(cache=True, nogil=True)
def _across(votes: Ints, kernel: Floats, width: int, smooth: Floats) -> None:
    """Smooth each profile by itself."""
    half = kernel.size // 2
    smooth[:] = 0.0
    for p in range(votes.shape[0] // width):
        for j in range(width):
            into = smooth[p * width + j]
            for k in range(max(-half, -j), min(half, width - 1 - j) + 1):
                share, here = kernel[k + half], votes[p * width + j + k]
                for d in range(BLOCK):
                    into[d] += share * here[d]


@njit(cache=True, nogil=True)
def _along(
    smooth: Floats, kernel: Floats, profiles: Profiles, p: int, height: Floats
) -> None:
    """Fill in the heights of a profile, smoothed with those beside it on its line."""
    half, width = kernel.size // 2, height.shape[0]
    height[:] = 0.0
    first, last = profiles.first[p], profiles.last[p]
    for k in range(max(first, p - half), min(last, p + half) + 1):
        share = kernel[k - p + half]
        for j in range(width):
            into, here = height[j], smooth[k * width + j]
            for d in range(BLOCK):
                into[d] += share * here[d]


@njit(cache=True, nogil=True)
def _top(height: Floats, draw: int, middle: int, most: float, sharpest: float) -> float:
    """Return how far from the middle the nearest sharp top lies; NaN without one."""
    best = np.nan
    for j in range(1, height.shape[0] - 1):
        left, here, right = height[j - 1, draw], height[j, draw], height[j + 1, draw]
        bend = left - 2.0 * here + right
        if here >= left and here > right and -bend > sharpest * here:
            off = j - middle + 0.5 * (left - right) / bend
            if abs(off) <= most and not abs(off) >= abs(best):
                best = off
    return best


@njit(cache=True, nogil=True)
def draw_ridges(
    entries: Entries,
    seeds: Ints,
    profiles: Profiles,
    kernel: Floats,
    most: float,
    sharpest: float,
    begin: int,
    offsets: Floats,
) -> None:
    """Fill in where each profile has its ridge, a row for each draw from `begin` on.

    Draw -1 takes every track once. Offsets are in bins from the middle one; NaN where
    no top lies within `most` of it. There are at most BLOCK rows.
    """
    count, width = profiles.first.size, profiles.width
    times = np.zeros((seeds.size, BLOCK), np.uint8)
    votes = np.zeros((count * width, BLOCK), np.int64)
    smooth = np.zeros((count * width, BLOCK))
    height = np.zeros((width, BLOCK))
    _draw(seeds, begin, times)
    _gather(entries, profiles, times, votes)
    _across(votes, kernel, width, smooth)
    for p in range(count):
        _along(smooth, kernel, profiles, p, height)
        for row in range(offsets.shape[0]):
            offsets[row, p] = _top(height, row, width // 2 - 1, most, sharpest)
