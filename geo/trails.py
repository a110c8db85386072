"""Trails: where each track was when, thinned to what a network needs to know."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.grid import Grid
from geo.kernels.trails import thin_trail
from geo.visits import path_of

SPACING = 0.5
"""Rows on the move lie at least so many cells apart."""

PER_CELL = 10
"""Places are kept in tenths of a cell."""

TRAILS = {
    "track": "int64",
    "second": "int64",
    "east": "int32",
    "south": "int32",
    "begins": "bool",
    "rests": "bool",
}
"""Columns of a table of trails."""


def make_trails(fixes: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Return where each track was when, with no more rows than needed.

    Parameters
    ----------
    fixes
        Cleaned fixes with columns `track`, `time`, `x_m`, `y_m`, `trip` and `stop`,
        sorted by track, then time.
    grid
        Gives the measure: rows on the move lie half a cell apart or more.

    Returns
    -------
    DataFrame
        Columns `track`, `second` (whole seconds since 1970, UTC), `east` and `south`
        (tenths of a cell from the north-western corner of the grid, which may lie
        off it), `begins` (first row of a trip) and `rests` (at rest up to the next
        row); sorted as the fixes are. The first and last fixes of trips and stops are
        kept, and those beside silences of more than an hour.

    Raises
    ------
    SchemaError
        If a column is missing, a position is not a number, or the rows are not
        sorted.

    Examples
    --------
    A step of a tenth of a cell is left out.

    >>> minutes = pd.to_timedelta([0, 2, 20], unit="min")
    >>> fixes = pd.DataFrame(
    ...     {
    ...         "track": 7,
    ...         "time": pd.Timestamp("2024-06-01T06:00Z") + minutes,
    ...         "x_m": [500.0, 600.0, 1500.0],
    ...         "y_m": 500.0,
    ...         "trip": 0,
    ...         "stop": -1,
    ...     }
    ... )
    >>> grid = Grid("EPSG:32618", 0, 1000, 1000, rows=1, columns=3)
    >>> make_trails(fixes, grid)[["east", "south", "begins"]].values.tolist()
    [[5, 5, True], [15, 5, False]]
    """
    path = path_of(fixes, grid)
    keep = np.zeros(len(fixes), dtype=bool)
    thin_trail(path, SPACING, keep)
    row = np.flatnonzero(keep)
    track, trip, stop = path.track[row], path.trip[row], path.stop[row]
    begins = np.ones(row.size, dtype=bool)
    begins[1:] = (trip[1:] != trip[:-1]) | (track[1:] != track[:-1])
    rests = np.zeros(row.size, dtype=bool)
    rests[:-1] = (stop[:-1] >= 0) & (stop[:-1] == stop[1:]) & ~begins[1:]
    columns = {
        "track": track,
        "second": path.time[row] // 1000,
        "east": np.rint(path.u[row] * PER_CELL),
        "south": np.rint(path.v[row] * PER_CELL),
        "begins": begins,
        "rests": rests,
    }
    return pd.DataFrame(
        {name: columns[name].astype(kind) for name, kind in TRAILS.items()}
    )


def join_trails(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of trails end to end."""
    if not tables:
        return pd.DataFrame({name: np.zeros(0, kind) for name, kind in TRAILS.items()})
    return pd.concat(tables, ignore_index=True)


def pack_trails(trails: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Return trails as arrays of small numbers: steps from row to row.

    Examples
    --------
    >>> one = {"track": 7, "second": 99, "east": 5, "south": 6}
    >>> trails = pd.DataFrame([one | {"begins": True, "rests": False}]).astype(TRAILS)
    >>> trails_in(pack_trails(trails)).equals(trails)
    True
    """
    track, second = (trails[name].to_numpy(np.int64) for name in ("track", "second"))
    first = np.flatnonzero(trails["begins"])
    new = np.diff(track[first], prepend=track[:1] + 1 if first.size else 0) != 0
    since = np.diff(second, prepend=second[:1])
    since[first] = 0
    return {
        "trail.track": track[first][new],
        "trail.trips": np.diff(np.flatnonzero(new), append=first.size),
        "trail.rows": np.diff(first, append=track.size),
        "trail.start": second[first],
        "trail.since": since,
        "trail.rests": trails["rests"].to_numpy(np.int8),
        **{
            f"trail.{name}": np.diff(trails[name].to_numpy(np.int64), prepend=0)
            for name in ("east", "south")
        },
    }


def trails_in(arrays: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """Return the trails that `pack_trails` made arrays of."""
    rows = arrays["trail.rows"].astype(np.int64)
    first = np.cumsum(rows) - rows
    begins = np.zeros(rows.sum(), dtype=bool)
    begins[first] = True
    elapsed = np.cumsum(arrays["trail.since"].astype(np.int64))
    start = arrays["trail.start"].astype(np.int64) - elapsed[first]
    columns = {
        "track": np.repeat(
            np.repeat(arrays["trail.track"], arrays["trail.trips"]), rows
        ),
        "second": np.repeat(start, rows) + elapsed,
        "east": np.cumsum(arrays["trail.east"].astype(np.int64)),
        "south": np.cumsum(arrays["trail.south"].astype(np.int64)),
        "begins": begins,
        "rests": arrays["trail.rests"],
    }
    return pd.DataFrame(
        {name: columns[name].astype(kind) for name, kind in TRAILS.items()}
    )
