"""Partials of all parts, added up; the order of the parts does not matter."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis.corridors.brownian import Occurrence
from geo.grid import Grid
from geo.packing import Arrays, paths_in, rejected_in, table_in
from geo.partials import MOVEMENT, PATHS, add_crossings
from geo.trails import join_trails, trails_in
from geo.visits import add_visits


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
    sums = {
        season: {name: np.zeros(size, np.int64) for name in MOVEMENT}
        for season in ("all", *seasons)
    }
    visits, crossings, paths, trails, monthly = [], [], {}, {}, []
    kept, rejected = 0, Counter[str]()
    for number, arrays in enumerate(packed):
        month = int(arrays["month"][0])
        votes[arrays["cell"]] += arrays["votes"]
        for season, total in sums.items():
            if season == "all" or month % 12 + 1 in seasons[season]:
                for name, values in total.items():
                    values[arrays["cell"]] += arrays[name]
        visits.append(table_in(arrays, "visits"))
        crossings.append(table_in(arrays, "crossings"))
        paths[month, number] = paths_in(arrays).assign(part=np.int32(month))
        trails[month, number] = trails_in(arrays)
        monthly.append((month, int(arrays["tracks"][0])))
        kept += int(arrays["kept"][0])
        rejected.update(rejected_in(arrays))
    return Totals(
        visits=add_visits(visits),
        crossings=add_crossings(crossings),
        paths=_join_paths([paths[key] for key in sorted(paths)]),
        trails=join_trails([trails[key] for key in sorted(trails)]),
        votes=votes.reshape(grid.shape),
        movement={
            season: Occurrence(
                grid,
                **{name: values.reshape(grid.shape) for name, values in total.items()},
            )
            for season, total in sums.items()
        },
        monthly=pd.DataFrame(
            sorted(monthly), columns=["month", "tracks"], dtype="int64"
        ),
        kept=kept,
        rejected=dict(rejected),
    )


def _join_paths(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put paths end to end."""
    if not tables:
        columns = PATHS | {"part": "int32"}
        return pd.DataFrame({n: np.zeros(0, kind) for n, kind in columns.items()})
    return pd.concat(tables, ignore_index=True)
