"""Compiled loops over the paths of tracks: who enters which outline, or which cell."""

# mypy: disable-error-code="untyped-decorator"

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Marks = NDArray[np.bool_]


@njit(cache=True, nogil=True)
def enter_outlines(
    track: Ints,
    cell: NDArray[np.int32],
    east: NDArray[np.int16],
    north: NDArray[np.int16],
    begin: Ints,
    outline: Ints,
    sums: Ints,
    rows: Ints,
) -> int:
    """Write a row for each track and outline that it enters; return how many.

    A row is the outline, and the sums there of `east` and `north`. Rows of a track
    lie side by side in `track`. The outlines around cell c are
    ``outline[begin[c] : begin[c + 1]]``. `sums` has a row of three zeros for each
    outline: cells entered, east, north; it is left as it was.
    """
    count = 0
    for i in range(track.size):
        if i and track[i] != track[i - 1]:
            count = _flush(sums, rows, count)
        for k in range(begin[cell[i]], begin[cell[i] + 1]):
            here = sums[outline[k]]
            here[0] += 1
            here[1] += east[i]
            here[2] += north[i]
    return _flush(sums, rows, count)


@njit(cache=True, nogil=True)
def count_entered(
    track: Ints,
    cell: NDArray[np.int32],
    within: NDArray[np.int32],
    last: NDArray[np.int32],
    tracks: Ints,
) -> None:
    """Fill in how many tracks enter each cell of a coarser grid.

    Cell c of the fine grid lies in its cell ``within[c]``. Rows of a track lie side
    by side in `track`. `tracks` has a place for each coarser cell and begins with
    zeros; `last` is as long and begins with -1.
    """
    number = 0
    for i in range(track.size):
        if i and track[i] != track[i - 1]:
            number += 1
        here = within[cell[i]]
        if last[here] != number:
            last[here] = number
            tracks[here] += 1


@njit(cache=True, nogil=True)
def count_within(track: Ints, cell: NDArray[np.int32], inside: Marks) -> int:
    """Return how many tracks enter any of the cells that are marked `inside`.

    Rows of a track lie side by side in `track`.
    """
    count = 0
    entered = False
    for i in range(track.size):
        if i and track[i] != track[i - 1]:
            entered = False
        if not entered and inside[cell[i]]:
            entered = True
            count += 1
    return count


@njit(cache=True, nogil=True)
def lay_votes(
    track: Ints,
    cell: NDArray[np.int32],
    place: Ints,
    vote: int,
    votes: NDArray[np.int64],
    tracks: NDArray[np.int64],
) -> None:
    """Share the vote of each track evenly among those of its cells that count.

    Rows of a track lie side by side in `track`; cell c counts as number ``place[c]``,
    or not at all if that is below 0. `votes` and `tracks` have a row for each fold, to
    which tracks belong by their number, and begin with zeros.
    """
    folds = votes.shape[0]
    begin = 0
    while begin < track.size:
        end, number = begin, 0
        while end < track.size and track[end] == track[begin]:
            number += place[cell[end]] >= 0
            end += 1
        if number:
            fold = track[begin] % folds
            share = np.int64(np.rint(vote / number))
            for i in range(begin, end):
                here = place[cell[i]]
                if here >= 0:
                    votes[fold, here] += share
                    tracks[fold, here] += 1
        begin = end


@njit(cache=True, nogil=True)
def _flush(sums: Ints, rows: Ints, count: int) -> int:
    """Write the sums of one track after so many rows, and clear them."""
    for number in range(sums.shape[0]):
        if sums[number, 0]:
            rows[count, 0] = number
            rows[count, 1], rows[count, 2] = sums[number, 1], sums[number, 2]
            sums[number] = 0
            count += 1
    return count


@njit(cache=True, nogil=True)
def follow_lines(
    begin: Ints,
    cell: NDArray[np.int32],
    part: NDArray[np.int32],
    east: NDArray[np.int16],
    north: NDArray[np.int16],
    line: NDArray[np.int32],
    ways: Ints,
    sums: Ints,
    rows: Ints,
) -> int:
    """Write a row for each track and line that it is on; return how many.

    A row is the line, the place of the first row of the track, the least `part`, the
    sum of the steps' shares along the line (whole thousandths, rounded down) and the
    number of steps with any. Track t has the rows from ``begin[t]`` up to
    ``begin[t + 1]``. Cell c lies on ``line[c]``, or on none if that is below 0, where
    the line goes ``ways[c]``. `sums` has a row of four zeros for each line, and is left
    as it was. Returns -1 if there is no room in `rows`.
    """
    count = 0
    for t in range(begin.size - 1):
        for i in range(begin[t], begin[t + 1]):
            if line[cell[i]] < 0:
                continue
            here, way = sums[line[cell[i]]], ways[cell[i]]
            if not here[0] or part[i] < here[1]:
                here[1] = part[i]
            here[0] += 1
            here[2] += (east[i] * way[0] + north[i] * way[1]) // 1000
            here[3] += east[i] != 0 or north[i] != 0
        for number in range(sums.shape[0]):
            if sums[number, 0]:
                if count == rows.shape[0]:
                    return -1
                rows[count, 0], rows[count, 1] = number, begin[t]
                for k in range(1, sums.shape[1]):  # quicker to compile than a slice
                    rows[count, k + 1] = sums[number, k]
                sums[number] = 0
                count += 1
    return count


@njit(cache=True, nogil=True)
def count_near(
    begin: Ints,
    cell: NDArray[np.int32],
    first: Ints,
    place: Ints,
    tracks: Ints,
) -> None:
    """Fill in how many tracks enter a cell of each place.

    Track t has the rows from ``begin[t]`` up to ``begin[t + 1]``. The places near cell
    c are ``place[first[c] : first[c + 1]]``. `tracks` has a zero for each place.
    """
    last = np.full(tracks.size, -1, np.int64)
    for t in range(begin.size - 1):
        for i in range(begin[t], begin[t + 1]):
            for k in range(first[cell[i]], first[cell[i] + 1]):
                if last[place[k]] != t:
                    last[place[k]] = t
                    tracks[place[k]] += 1
