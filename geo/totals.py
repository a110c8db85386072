"""Partials of all parts, added up; the order of the parts does not matter."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.analysis.brownian import Occurrence
from geo.grid import Grid
from geo.partials import Arrays, unpack
from geo.visits import add_visits


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over parts.

    Parameters
    ----------
    visits
        Sum of the partials' visits.
    crossings
        Sum of their crossings: target, direction, month, tracks.
    paths
        Their paths, end to end, with the `part` (month) they come from.
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
    movement: Mapping[str, Occurrence]
    monthly: pd.DataFrame
    kept: int
    rejected: Mapping[str, int]

    @property
    def tracks(self) -> int:
        """How many tracks there are in all."""
        return int(self.monthly["tracks"].sum())


def add_up(
    packed: Sequence[Arrays], grid: Grid, *, seasons: Mapping[str, Sequence[int]]
) -> Totals:
    """Add the partials of all parts.

    Memory holds one dense surface for the whole and for each season, and the paths;
    the parts themselves are added one at a time.

    Parameters
    ----------
    packed
        What `geo.partials.pack` made of each part.
    grid
        The fine grid.
    seasons
        Months (1 to 12) of each named season. A track belongs to the season in which
        it began.
    """
    nowhere = np.zeros(grid.shape, dtype=np.int64)
    movement = {
        name: Occurrence(
            grid=grid, occurrence=nowhere, support=nowhere, bridged=nowhere
        )
        for name in ("all", *seasons)
    }
    visits, crossings, paths, monthly = [], [], [], []
    kept, rejected = 0, Counter[str]()
    for arrays in packed:
        partial = unpack(arrays, grid)
        for season, total in movement.items():
            if season == "all" or partial.month % 12 + 1 in seasons[season]:
                movement[season] = total + partial.occurrence
        visits.append(partial.visits)
        crossings.append(partial.crossings)
        paths.append(partial.paths.assign(part=partial.month))
        monthly.append((partial.month, partial.tracks))
        kept += partial.kept
        rejected.update(partial.rejected)
    return Totals(
        visits=add_visits(visits),
        crossings=_add_crossings(crossings),
        paths=_join_paths(paths),
        movement=movement,
        monthly=pd.DataFrame(
            sorted(monthly), columns=["month", "tracks"], dtype="int64"
        ),
        kept=kept,
        rejected=dict(rejected),
    )


def _add_crossings(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Sum the tracks of each target, direction and month."""
    by = ["target", "direction", "month"]
    if not tables:
        return pd.DataFrame({name: [] for name in [*by, "tracks"]})
    whole = pd.concat(tables, ignore_index=True)
    return whole.groupby(by, sort=True)["tracks"].sum().reset_index()


def _join_paths(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the paths end to end, in an order that does not depend on the parts'."""
    columns = ["track", "cell", "east", "north", "part"]
    if not tables:
        return pd.DataFrame({name: np.zeros(0, np.int64) for name in columns})
    whole = pd.concat(tables, ignore_index=True)
    return whole.sort_values(["track", "cell"], ignore_index=True)[columns]
