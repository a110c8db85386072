"""Count what passed through each cell, month by month."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import SchemaError
from geo.grid import Grid
from geo.kernels.tracks import (
    EAST,
    FIXES,
    LENGTH,
    MS,
    SOUTH,
    STOP_MS,
    STOPPED,
    Entries,
    Path,
    walk_cells,
)
from geo.schema import ALL_MONTHS, VISITS

Ints = NDArray[np.int64]


def count_visits(fixes: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Count tracks, fixes, minutes and stops in every cell, by month and altogether.

    A track has visited a cell where it has a fix, or where the straight line between
    two fixes of one trip, at most an hour apart and not of one stop, passes through
    more than a corner. The time between two such fixes belongs to the cells along
    the line, in proportion to the length in each; over a longer silence, or within a
    stop, half of it belongs to the cell of either fix.

    Parameters
    ----------
    fixes
        Cleaned fixes with columns `track`, `time`, `x_m`, `y_m`, `trip` and `stop`,
        sorted by track, then time.
    grid
        The cells, in the CRS of `x_m` and `y_m`. What lies outside is not counted.

    Returns
    -------
    DataFrame
        Columns of schema.VISITS, sorted by cell, then month. Each cell has a row for
        every month (UTC) in which it was visited, and one for ALL_MONTHS, in which a
        track counts once however many months it was there.

    Raises
    ------
    SchemaError
        If a column is missing, a position is not a number, or the rows are not
        sorted.

    Notes
    -----
    Times are whole milliseconds, rounded to minutes once for each track, cell and
    month, and all columns are sums over tracks of whole numbers. So tables that
    share no track can be counted apart and added with `add_visits`, in any order, to
    the last bit. Each track adds to `east` and `north` a vector of length 1000 that
    points from where its ways in the cell began to where they ended, whatever the
    distance; nothing if it did not move there. Time after the last fix of a stop
    counts as movement.

    Examples
    --------
    One track crosses three cells of a kilometre in half an hour.

    >>> fixes = pd.DataFrame(
    ...     {
    ...         "track": 7,
    ...         "time": pd.to_datetime(["2024-06-01T06:00Z", "2024-06-01T06:30Z"]),
    ...         "x_m": [500.0, 2500.0],
    ...         "y_m": 500.0,
    ...         "trip": 0,
    ...         "stop": -1,
    ...     }
    ... )
    >>> grid = Grid("EPSG:32618", 0, 1000, 1000, rows=1, columns=3)
    >>> visits = count_visits(fixes, grid)
    >>> visits[visits["month"] == ALL_MONTHS][["cell", "fixes", "minutes", "east"]]
       cell  fixes  minutes  east
    0     0      1        8  1000
    2     1      0       15  1000
    4     2      1        8  1000
    """
    path = path_of(fixes, grid)
    together = path._replace(month=np.full(len(fixes), ALL_MONTHS, np.int64))
    return add_visits([_visits_of(path, grid), _visits_of(together, grid)])


def add_visits(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add tables of visits that share no track.

    Parameters
    ----------
    tables
        Tables with the columns of schema.VISITS, in any order of rows.

    Returns
    -------
    DataFrame
        One row for each cell and month, sorted by them.

    Examples
    --------
    >>> one = pd.DataFrame({name: [5] for name in VISITS})
    >>> add_visits([one, one])["tracks"].tolist()
    [10]
    >>> len(add_visits([]))
    0
    """
    columns = {
        name: np.concatenate(
            [
                np.zeros(0, np.int64),
                *(table[name].to_numpy(np.int64) for table in tables),
            ]
        )
        for name in VISITS
    }
    # Months run from -1 to 12 * 9999, which 20 bits hold.
    key = (columns["cell"] << 20) + columns["month"] + 1
    order = np.argsort(key)
    key = key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    sums = {
        name: np.add.reduceat(columns[name][order], starts) if key.size else key
        for name in VISITS
    }
    sums["cell"], sums["month"] = key[starts] >> 20, (key[starts] & 0xFFFFF) - 1
    return pd.DataFrame(
        {name: sums[name].astype(kind) for name, kind in VISITS.items()}
    )


def trace_paths(fixes: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Return which cells the observed path of each track enters, and which way.

    Parameters
    ----------
    fixes, grid
        As `count_visits` takes them; lines are followed by the same rule.

    Returns
    -------
    DataFrame
        Columns `track`, `cell`, `east`, `north`, all int64; one row for each track
        and cell, sorted by them. `east` and `north` are the mean over the track's
        way in the cell of its unit vector of direction, in thousandths: of length
        1000 for a straight way, near 0 for one there and back, 0 without movement.

    Raises
    ------
    SchemaError
        If a column is missing, a position is not a number, or the rows are not
        sorted.

    Examples
    --------
    >>> fixes = pd.DataFrame(
    ...     {
    ...         "track": 7,
    ...         "time": pd.to_datetime(["2024-06-01T06:00Z", "2024-06-01T06:30Z"]),
    ...         "x_m": [500.0, 500.0],
    ...         "y_m": [1500.0, 900.0],
    ...         "trip": 0,
    ...         "stop": -1,
    ...     }
    ... )
    >>> trace_paths(fixes, Grid("EPSG:32618", 0, 2000, 1000, rows=2, columns=1))
       track  cell  east  north
    0      7     0     0  -1000
    1      7     1     0  -1000
    """
    path = path_of(fixes, grid)
    together = path._replace(month=np.full(len(fixes), ALL_MONTHS, np.int64))
    origin, cell, _, ways = _walk(together, grid)
    track = path.track[origin]
    # Tracks come sorted, so that their running number sorts as they do.
    number = np.cumsum(np.diff(track, prepend=track[:1]) != 0)
    order = np.argsort(number * (grid.rows * grid.columns) + cell)
    east, north = _thousandths(ways, ways[:, LENGTH])
    columns = {"track": track, "cell": cell, "east": east, "north": north}
    return pd.DataFrame({name: values[order] for name, values in columns.items()})


def path_of(fixes: pd.DataFrame, grid: Grid) -> Path:
    """Return the fixes as plain columns, with places in cells of the grid.

    The kernels are compiled for arrays that are contiguous and writable; others
    would be compiled anew.
    """
    missing = {"track", "trip", "stop", "time", "x_m", "y_m"} - set(fixes.columns)
    if missing:
        raise SchemaError(
            f"The fixes have no column {min(missing)!r}.",
            hint="Clean them, and cut them into trips and stops, before counting.",
        )
    whole = {
        name: np.require(fixes[name], np.int64, ["C", "W"])
        for name in ("track", "trip", "stop")
    }
    time = fixes["time"].dt.tz_convert(None).to_numpy().astype("datetime64[ms]")
    # The sides of cells must fall as in Grid.cell_of.
    u = (fixes["x_m"].to_numpy(np.float64) - grid.west) / grid.cell_m
    v = (grid.north - fixes["y_m"].to_numpy(np.float64)) / grid.cell_m
    if not (np.isfinite(u).all() and np.isfinite(v).all()):
        raise SchemaError("The fixes have a position that is not a number.")
    same = whole["track"][1:] == whole["track"][:-1]
    if (np.diff(time)[same] < np.timedelta64(0)).any() or (
        whole["track"][1:] < whole["track"][:-1]
    ).any():
        # A track in two pieces would count as two.
        raise SchemaError("Fixes must be sorted by track, then time.")
    month = time.astype("datetime64[M]").astype(np.int64) + 12 * 1970
    return Path(month=month, time=time.astype(np.int64), u=u, v=v, **whole)


def _walk(path: Path, grid: Grid) -> tuple[Ints, Ints, Ints, NDArray[np.float64]]:
    """Return origin, cell, counts and ways of the entries of a path."""
    # At most a cell for each fix, and for each side crossed.
    sides = np.abs(np.diff(np.floor(path.u))) + np.abs(np.diff(np.floor(path.v)))
    most = path.u.size + int(sides[path.trip[1:] == path.trip[:-1]].sum())
    entries = Entries(
        origin=np.empty(most, np.int64),
        cell=np.empty(most, np.int64),
        counts=np.zeros((most, 4), np.int64),
        ways=np.zeros((most, 3)),
        slot=np.full(grid.rows * grid.columns, -1, np.int32),
        state=np.zeros(2, np.int64),
    )
    n = walk_cells(path, entries, grid.shape)
    return entries.origin[:n], entries.cell[:n], entries.counts[:n], entries.ways[:n]


def _visits_of(path: Path, grid: Grid) -> pd.DataFrame:
    """Return a table of visits with a row for each track, month and cell."""
    origin, cell, counts, ways = _walk(path, grid)
    east, north = _thousandths(ways, np.hypot(ways[:, EAST], ways[:, SOUTH]))
    return pd.DataFrame(
        {
            "cell": cell,
            "month": path.month[origin],
            "tracks": np.ones_like(cell),
            "fixes": counts[:, FIXES],
            "minutes": (counts[:, MS] + 30_000) // 60_000,
            "stop_tracks": counts[:, STOPPED],
            "stop_minutes": (counts[:, STOP_MS] + 30_000) // 60_000,
            "east": east,
            "north": north,
        },
    )


def _thousandths(
    ways: NDArray[np.float64], length: NDArray[np.float64]
) -> tuple[Ints, Ints]:
    """Return east and north of each way over its length, in whole thousandths."""
    scale = np.divide(1000.0, length, out=np.zeros_like(length), where=length > 0)
    east = np.rint(ways[:, EAST] * scale).astype(np.int64)
    return east, np.rint(-ways[:, SOUTH] * scale).astype(np.int64)
