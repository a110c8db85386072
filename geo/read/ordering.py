"""The order of the rows of a file: by track, time and the other columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.frames import SHARE, on_processors, room, shares
from geo.kernels.intake import Read
from geo.kernels.ordering import (
    BACK,
    find_runs,
    follow_within,
    gather,
    move_runs,
    place_rows,
    place_runs,
    rows_of_runs,
    spread,
)
from geo.kernels.rows import sealed

Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Labels = NDArray[np.int32]

ROWS_A_RUN = 8
"""Runs that are shorter on average are no help: then each row is placed by itself."""


@dataclass(frozen=True, slots=True)
class Order:
    """Which row of a file comes where.

    Parameters
    ----------
    ends : (t,) int64 array
        Where the rows of each track end.
    rows : (n,) int64 array or None
        The row of each place; or None, where these are moved as they stand:
    runs, to : (r, 2) and (r,) int64 arrays
        Rows from one to before another, and the place of the first.
    """

    ends: Ints
    rows: Ints | None
    runs: Ints
    to: Ints


def ordered(label: Labels, rank: Ints, read: Read, fault: Codes) -> Order:
    """Return the order of the rows without a fault.

    Only tracks whose rows do not stand that way in the file are sorted, and only rows
    of one time by the other columns.

    Parameters
    ----------
    label : (n,) int32 array
        Of each row.
    rank : (m,) int64 array
        The place of each label's track among the tracks.
    read
        The columns of the rows.
    fault : (n,) int8 array
        0 for a row that is good.
    """
    label, rank = sealed(label, np.int32), sealed(rank, np.int64)
    fault = sealed(fault, np.int8)
    runs = np.empty((max(1, label.size // ROWS_A_RUN), 2), np.int64)
    found = find_runs(label, fault, runs)
    if found < 0:
        rows = np.empty(np.count_nonzero(fault == 0), np.int64)
        ends, follow = place_rows(label, rank, fault, read, rows)
        return Order(ends, _mended(rows, ends, follow, read), runs[:0], ends[:0])
    runs = runs[:found]
    to, ends, follow = _placed(runs, rank[label[runs[:, 0]]], rank, read)
    if not follow.any():
        return Order(ends, None, runs, to)
    rows = np.empty(int(ends.max(initial=0)), np.int64)
    rows_of_runs(runs, to, rows)
    return Order(ends, _mended(rows, ends, follow, read), runs, to)


def _placed(
    runs: Ints, track: Ints, rank: Ints, read: Read
) -> tuple[Ints, Ints, Codes]:
    """Return where runs come, where tracks end, and how the rows of each follow."""
    within = np.empty(len(runs), np.int8)

    def look(share: slice) -> None:
        follow_within(runs[share], read, within[share])

    on_processors(look, _shares(runs))
    return place_runs(runs, track, read, within, int(rank.max(initial=-1)) + 1)


def _shares(runs: Ints) -> list[slice]:
    """Cut runs into shares of about SHARE rows."""
    ends = np.cumsum(runs[:, 1] - runs[:, 0])
    rows = int(ends[-1]) if ends.size else 0
    cuts = np.searchsorted(ends, np.arange(SHARE, rows, SHARE)) + 1
    return [slice(*cut) for cut in pairwise(np.unique([0, *cuts, ends.size]).tolist())]


def _mended(rows: Ints, ends: Ints, follow: Codes, read: Read) -> Ints:
    """Sort the rows of those tracks that do not follow each other as they should."""
    if follow.any():
        sizes = np.diff(ends, prepend=0)
        track = np.repeat(np.arange(ends.size), sizes)
        back = np.flatnonzero(np.repeat(follow == BACK, sizes))
        at = rows[back]
        rows[back] = at[np.lexsort((read.ms[at], track[back]))]
        _settle_ties(rows, np.flatnonzero(np.repeat(follow > 0, sizes)), track, read)
    return rows


def _settle_ties(rows: Ints, where: Ints, track: Ints, read: Read) -> None:
    """Put rows of one track and time in the order of the other columns."""
    at = rows[where]
    time, track = read.ms[at], track[where]
    same = (track[1:] == track[:-1]) & (time[1:] == time[:-1])
    among = np.flatnonzero(np.r_[same, False] | np.r_[False, same])
    tied = at[among]
    others = (read.elevation, read.accuracy, read.lat, read.lon)
    keys = [other[tied] for other in others]
    by = np.lexsort((*keys, time[among], track[among]))
    rows[where[among]] = tied[by]


def arranged(
    order: Order, tracks: Ints, columns: Mapping[str, NDArray[Any]]
) -> tuple[Ints, dict[str, NDArray[Any]]]:
    """Return the track of each row in an order, and columns in it.

    Parameters
    ----------
    order
        Of the rows.
    tracks : (t,) int64 array
        Those that it has, one after the other.
    columns
        Of eight bytes a value, by name.
    """
    size = int(order.ends.max(initial=0))
    track, *rest = room(1 + len(columns), size)
    whole = [sealed(c, c.dtype).view(np.int64) for c in columns.values()]

    def move(share: slice) -> None:
        for values, out in zip(whole, rest, strict=True):
            if order.rows is None:
                move_runs(values, order.runs[share], order.to[share], out)
            else:
                gather(values, order.rows[share], out[share])

    several = _shares(order.runs) if order.rows is None else shares(size)
    jobs: list[Callable[[], None]] = [partial(spread, tracks, order.ends, track)]
    on_processors(lambda job: job(), jobs + [partial(move, share) for share in several])
    named = zip(columns.items(), rest, strict=True)
    return track, {name: out.view(column.dtype) for (name, column), out in named}
