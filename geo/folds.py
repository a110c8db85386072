"""Movement by groups of tracks, so that each group can be foretold from the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.corridors.brownian import Occurrence, brownian_bridge
from geo.analysis.corridors.validation import Entered
from geo.grid import Grid
from geo.kernels.draws import mixed
from geo.partials import Settings, clean_and_cut
from geo.visits import trace_paths

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

GROUPS = 20
"""Tracks fall into so many groups, by where and when they begin; a fold is some of
them."""

MOST_WAYS = 60
"""The ways of so many tracks are kept, drawn at random: lines are slow to compare."""


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """Where the tracks of one group moved: cells without movement are left out.

    Parameters
    ----------
    cell
        Numbers of cells, sorted.
    occurrence, support
        As of `geo.analysis.corridors.brownian.Occurrence`, in these cells.
    """

    cell: Ints
    occurrence: Ints
    support: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The tracks of a region, or of a part of it, by groups.

    Parameters
    ----------
    moved
        Where those of each group moved.
    keys
        A number of each track, at random and for good, that falls to it by where and
        when it began; sorted. Its remainder is the group.
    entered
        The cells that each entered; tracks are numbered as in `keys`.
    trips
        Of each trip: `track` (its number), `x0_m`, `y0_m`, `x1_m`, `y1_m` (first and
        last fix), and `way`, the positions of its fixes, of MOST_WAYS tracks at most,
        else None. Sorted by track.
    """

    moved: tuple[Moved, ...]
    keys: Words
    entered: Entered
    trips: pd.DataFrame

    @property
    def group(self) -> Ints:
        """The group of each track."""
        return (self.keys % np.uint64(GROUPS)).astype(np.int64)


def group_part(fixes: pd.DataFrame, settings: Settings) -> Groups:
    """Clean a part, and say where the tracks of each group moved.

    Parameters
    ----------
    fixes
        Its fixes as the store holds them.
    settings
        How they are cleaned and cut.
    """
    _, trips = clean_and_cut(fixes, settings)
    trips = trips.reset_index(drop=True)
    name, first, number = np.unique(
        trips["track"].to_numpy(np.int64), return_index=True, return_inverse=True
    )
    keys = track_keys(trips.iloc[first])
    group = (keys % np.uint64(GROUPS)).astype(np.int64)[number]
    moved = tuple(
        _compact(
            brownian_bridge(
                trips[group == one],
                settings.grid,
                variance=settings.variance,
                max_bridge_h=settings.max_gap_h,
            )
        )
        for one in range(GROUPS)
    )
    paths = trace_paths(trips, settings.grid)
    place = np.searchsorted(name, paths["track"].to_numpy(np.int64))
    order = np.argsort(keys, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return Groups(
        moved=moved,
        keys=keys[order],
        entered=_sorted_pairs(rank[place], paths["cell"].to_numpy(np.int64)),
        trips=_ends(trips.assign(track=rank[number]), drawn=_drawn(keys[order])),
    )


def track_keys(first: pd.DataFrame) -> Words:
    """Return a number of each track from its first fix, as if drawn at random.

    What the store calls a track hangs on its secret key, and another store with the
    same files has another. These numbers are the same in every store.

    Parameters
    ----------
    first
        The first fix of each track: `time`, `lon`, `lat`.

    Examples
    --------
    >>> time = pd.to_datetime(["2024-06-01T06:00Z", "2024-06-01T06:01Z"])
    >>> first = pd.DataFrame({"time": time, "lon": -77.5, "lat": 8.0})
    >>> (track_keys(first) % 5).tolist(), (track_keys(first[1:]) % 5).tolist()
    ([0, 2], [2])
    """
    time = first["time"].dt.tz_convert(None).to_numpy().astype("datetime64[ms]")
    words = [
        time.astype(np.int64),
        *(np.rint(first[name].to_numpy() * 1e7).astype(np.int64) for name in _PLACE),
    ]
    keys = np.zeros(len(first), np.uint64)
    for word in words:
        keys = mixed(keys ^ word.view(np.uint64))
    return keys


_PLACE = ("lon", "lat")


def join_groups(parts: Sequence[Groups]) -> Groups:
    """Put the groups of all parts together; their order does not matter.

    Raises
    ------
    ValueError
        If there is no part.
    """
    if not parts:
        raise ValueError("there are no parts to join")
    keys = np.concatenate([part.keys for part in parts])
    begin = np.cumsum([0, *(len(part.keys) for part in parts)])
    order = np.argsort(keys, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    track = [
        rank[part.entered.track + n] for part, n in zip(parts, begin, strict=False)
    ]
    trips = [
        part.trips.assign(track=rank[part.trips["track"].to_numpy() + n])
        for part, n in zip(parts, begin, strict=False)
    ]
    joined = pd.concat(trips).sort_values(
        ["track", "x0_m", "y0_m", "x1_m", "y1_m"], ignore_index=True
    )
    drawn = _drawn(keys[order])[joined["track"].to_numpy()]
    joined["way"] = joined["way"].where(drawn, None)
    return Groups(
        moved=tuple(_added([part.moved[n] for part in parts]) for n in range(GROUPS)),
        keys=keys[order],
        entered=_sorted_pairs(
            np.concatenate(track), np.concatenate([part.entered.cell for part in parts])
        ),
        trips=joined,
    )


def movement_of(groups: Sequence[Moved], weights: Ints, grid: Grid) -> Occurrence:
    """Return the movement of groups, each counted so many times.

    Whole numbers: the groups with the weights 1 and 0 give what their tracks would.
    """
    size = grid.rows * grid.columns
    occurrence, support = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for moved, weight in zip(groups, weights.tolist(), strict=True):
        if weight:
            occurrence[moved.cell] += weight * moved.occurrence
            support[moved.cell] += weight * moved.support
    shape = grid.shape
    return Occurrence(
        grid,
        occurrence.reshape(shape),
        support.reshape(shape),
        np.zeros(shape, np.int64),
    )


def chosen(entered: Entered, tracks: NDArray[np.bool_]) -> Entered:
    """Return some of the tracks, numbered anew in their order.

    Examples
    --------
    >>> three = Entered(np.array([0, 1, 2, 2]), np.array([7, 8, 7, 9]))
    >>> last = chosen(three, np.array([False, False, True]))
    >>> last.track.tolist(), last.cell.tolist()
    ([0, 0], [7, 9])
    """
    number = np.cumsum(tracks) - 1
    kept = tracks[entered.track]
    return Entered(number[entered.track[kept]], entered.cell[kept])


def _sorted_pairs(track: Ints, cell: Ints) -> Entered:
    order = np.lexsort((cell, track))
    return Entered(track[order].astype(np.int64), cell[order])


def _compact(occurrence: Occurrence) -> Moved:
    """Return an occurrence without the cells where nothing moved."""
    moved, support = occurrence.occurrence.ravel(), occurrence.support.ravel()
    cell = np.flatnonzero((moved != 0) | (support != 0))
    return Moved(cell, moved[cell], support[cell])


def _added(parts: Sequence[Moved]) -> Moved:
    """Return the sum of the movement of one group in several parts."""
    cell, place = np.unique(
        np.concatenate([part.cell for part in parts]), return_inverse=True
    )
    sums = []
    for name in ("occurrence", "support"):
        total = np.zeros(cell.size, np.int64)
        np.add.at(total, place, np.concatenate([getattr(part, name) for part in parts]))
        sums.append(total)
    return Moved(cell, *sums)


def _drawn(keys: Words) -> NDArray[np.bool_]:
    """Return which tracks are among MOST_WAYS that are drawn at random."""
    lot = mixed(keys)
    few: NDArray[np.bool_] = lot <= np.sort(lot)[:MOST_WAYS].max(initial=0)
    return few


def _ends(trips: pd.DataFrame, *, drawn: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the first and last fix of each trip, and the ways of drawn tracks."""
    columns = ["x0_m", "y0_m", "x1_m", "y1_m"]
    begins = np.flatnonzero(np.diff(trips["trip"].to_numpy(), prepend=-1) != 0)
    ends = np.append(begins[1:], len(trips)) - 1
    places = trips[["x_m", "y_m"]].to_numpy(np.float64)
    table = pd.DataFrame(
        np.hstack([places[begins], places[ends[: len(begins)]]]), columns=columns
    )
    table.insert(0, "track", trips["track"].to_numpy(np.int64)[begins])
    table["way"] = pd.Series(
        [
            places[b : e + 1] if drawn[track] else None
            for b, e, track in zip(begins, ends, table["track"], strict=False)
        ],
        dtype=object,
    )
    return table.sort_values(["track", *columns], ignore_index=True)
