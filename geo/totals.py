"""Partials of all parts, added up; the order of the parts does not matter."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.corridors.brownian import Occurrence
from geo.crowd import join_crowds, no_crowd
from geo.engine import cut_evenly, map_parts, workers
from geo.frames import on_processors
from geo.grid import Grid
from geo.kernels.draws import mark_rows, mixed
from geo.packing import TABLES, Arrays, rejected_in, tables_in
from geo.partials import MOVEMENT, PATHS, add_crossings
from geo.trails import join_trails, trails_in
from geo.visits import add_visits

_MONTHLY = {"month": "int64", "tracks": "int64"}
_PACKED = ("track", "length", *(f"path.{name}" for name in PATHS if name != "track"))
"""What of a packed partial tells its paths."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over parts.

    Parameters
    ----------
    visits
        Sum of the partials' visits.
    crossings
        Sum of their crossings, of `geo.analysis.crossings.counts.count_crossings`.
    paths
        Their paths, end to end, with the `part` (month) they come from; sorted by
        part, then track, then cell.
    trails
        Their trails, end to end; sorted by part, then track, then time.
    votes
        Sum of their votes, on the fine grid.
    movement
        Occurrence of all tracks ("all") and of those of each season.
    monthly
        Tracks that began in each month: month, tracks.
    kept
        Fixes that passed the cleaning.
    rejected
        Rows that the cleaning turned away, by reason.
    crowd
        The tracks that have a trip, as `geo.crowd.CROWD` says.
    """

    visits: pd.DataFrame
    crossings: pd.DataFrame
    paths: pd.DataFrame
    trails: pd.DataFrame
    votes: NDArray[np.int64]
    movement: Mapping[str, Occurrence]
    monthly: pd.DataFrame
    kept: int
    rejected: Mapping[str, int]
    crowd: pd.DataFrame = field(default_factory=no_crowd)

    @property
    def tracks(self) -> int:
        """How many tracks there are in all."""
        return int(self.monthly["tracks"].sum())


def add_up(
    packed: Iterable[Arrays], grid: Grid, *, seasons: Mapping[str, Sequence[int]]
) -> Totals:
    """Add the partials of all parts.

    Memory holds the dense surfaces of the whole and of each season, the paths, 20
    bytes for each track and cell, and the trails, 26 bytes a row; the parts themselves
    are taken one at a time.

    Parameters
    ----------
    packed
        What `geo.packing.pack` made of each part.
    grid
        The fine grid.
    seasons
        Months (1 to 12) of each named season. A track belongs to the season in which
        it began.
    """
    size = grid.rows * grid.columns
    votes = np.zeros(size, np.int64)
    # Months that lie in the same seasons are added once for all of these.
    sums: dict[tuple[str, ...], Arrays] = {}
    tables, paths, trails, monthly = [], {}, {}, []
    kept, rejected = 0, Counter[str]()
    for number, arrays in enumerate(packed):
        month = int(arrays["month"][0])
        votes[arrays["cell"]] += arrays["votes"]
        here = tuple(name for name, of in seasons.items() if month % 12 + 1 in of)
        if here not in sums:
            sums[here] = {name: np.zeros(size, np.int64) for name in MOVEMENT}
        for name, values in sums[here].items():
            values[arrays["cell"]] += arrays[name]
        # Copies, as what is unpacked together is kept or goes together.
        tables.append(
            {
                name: values.copy()
                for name, values in arrays.items()
                if name.partition(".")[0] in TABLES
            }
        )
        paths[month, number] = {name: arrays[name].copy() for name in _PACKED}
        trails[month, number] = trails_in(arrays)
        monthly.append((month, int(arrays["tracks"][0])))
        kept += int(arrays["kept"][0])
        rejected.update(rejected_in(arrays))
    return Totals(
        visits=add_visits(tables_in(tables, "visits")),
        crossings=add_crossings(tables_in(tables, "crossings")),
        paths=_join_paths({key: paths[key] for key in sorted(paths)}),
        trails=join_trails([trails[key] for key in sorted(trails)]),
        votes=votes.reshape(grid.shape),
        movement={"all": _moved(list(sums.values()), grid)}
        | {
            season: _moved([sums[here] for here in sums if season in here], grid)
            for season in seasons
        },
        monthly=pd.DataFrame(sorted(monthly), columns=list(_MONTHLY)).astype(_MONTHLY),
        kept=kept,
        rejected=dict(rejected),
        crowd=join_crowds(tables_in(tables, "crowd")),
    )


def _moved(parts: Sequence[Arrays], grid: Grid) -> Occurrence:
    """Return the movement of several groups of months together."""
    none = np.zeros(grid.shape, np.int64)
    return Occurrence(
        grid,
        **{
            name: sum((part[name].reshape(grid.shape) for part in parts), none)
            for name in MOVEMENT
        },
    )


def _join_paths(packed: Mapping[tuple[int, int], Arrays]) -> pd.DataFrame:
    """Put paths end to end, as they are packed by month."""
    if not packed:
        kinds = PATHS | {"part": "int32"}
        return pd.DataFrame({name: np.zeros(0, kind) for name, kind in kinds.items()})
    whole = {name: [part[name] for part in packed.values()] for name in _PACKED}
    length = np.concatenate(whole["length"], dtype=np.int64)
    months = np.array([month for month, _ in packed], np.int32)
    columns = {
        "track": np.repeat(np.concatenate(whole["track"], dtype=np.int64), length),
        **{
            name: np.concatenate(whole[f"path.{name}"], dtype=kind)
            for name, kind in PATHS.items()
            if name != "track"
        },
        "part": np.repeat(months, [part["path.cell"].size for part in packed.values()]),
    }
    return pd.DataFrame(columns, copy=False)


def rows_of(paths: pd.DataFrame, chosen: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the rows of paths that are chosen, their columns on all processors.

    Examples
    --------
    >>> paths = pd.DataFrame({"track": [7, 7, 8], "cell": [1, 2, 3]})
    >>> rows_of(paths, paths["cell"].to_numpy() > 1).values.tolist()
    [[7, 2], [8, 3]]
    """
    rows = np.flatnonzero(chosen)
    columns = on_processors(lambda name: paths[name].to_numpy().take(rows), [*paths])
    return pd.DataFrame(dict(zip(paths, columns, strict=True)), copy=False)


def mark_tracks(paths: pd.DataFrame) -> pd.DataFrame:
    """Return paths with a number in place of each track that its path alone decides.

    Parameters
    ----------
    paths
        As in `Totals`; the rows of each track side by side.

    Examples
    --------
    >>> columns = {"cell": [3, 4, 3], "east": 0, "north": 9, "part": 24276}
    >>> one, other = (
    ...     mark_tracks(pd.DataFrame({"track": named, **columns}))["track"].tolist()
    ...     for named in ([7, 7, 8], [-5, -5, 2])
    ... )
    >>> one == other, one[0] == one[1], one[1] == one[2]
    (True, True, False)
    """
    begin = begins_of(paths)
    return paths.assign(track=np.repeat(marks_of(paths, begin), np.diff(begin)))


def begins_of(paths: pd.DataFrame) -> NDArray[np.int64]:
    """Return with which row of paths each track begins, and how many rows there are.

    Examples
    --------
    >>> paths = pd.DataFrame({"track": [7, 7, 8], "part": 24276})
    >>> begins_of(paths).tolist(), begins_of(paths[:0]).tolist()
    ([0, 2, 3], [0])
    """
    part, track = paths["part"].to_numpy(), paths["track"].to_numpy()
    new = (part[1:] != part[:-1]) | (track[1:] != track[:-1])
    first = np.zeros(min(1, track.size), np.int64)
    return np.concatenate([first, np.flatnonzero(new) + 1, [track.size]])


def marks_of(paths: pd.DataFrame, begin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a number for each track that its path alone decides.

    What the store calls a track hangs on its secret key. Where tracks are drawn by lot,
    the lot must not: another store with the same files has another key, and has to make
    the same map.

    Parameters
    ----------
    paths
        As in `Totals`; the rows of each track side by side.
    begin
        Of `begins_of`.
    """
    columns = [
        np.require(paths[name], kind, ["C"])
        for name, kind in (PATHS | {"part": "int32"}).items()
        if name != "track"
    ]
    cell, east, north, part = columns
    sums = np.zeros(begin.size - 1, np.uint64)

    def mark(piece: slice) -> None:
        rows = begin[piece.start : piece.stop + 1]
        mark_rows(rows, part, cell, east, north, sums[piece])

    with workers() as pool:
        map_parts(mark, cut_evenly(begin), executor=pool)
    # Of those whose paths are alike it does not matter which is which.
    again = pd.Series(sums).groupby(sums, sort=False).cumcount().to_numpy()
    return mixed(sums + again.astype(np.uint64)).view(np.int64)
