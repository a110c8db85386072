"""Brownian bridges: where tracks moved, also between their fixes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import SchemaError
from geo.grid import Grid, Surface
from geo.kernels import surfaces, variances

LONG_SILENCE_S = 3600.0
"""Movement in longer silences than this counts as bridged, not as observed."""

DEFAULT_VARIANCE = 20.0
"""Motion variance, in m²/s, of tracks with too few fixes to tell their own: people
on foot with a fix every few minutes."""

VARIANCE_BOUNDS = (0.01, 1000.0)
"""Lowest and highest motion variance that is believed, in m²/s."""

FEWEST_TRIPLES = 7
"""Fewest left-out fixes from which a track's motion variance is estimated."""

WINDOW, MARGIN = 31, 11
"""Fixes of a window that slides along a trip, and at its ends where it never breaks;
both odd (Kranstauber et al. 2012)."""

_NOISE = 3.0  # moves shorter than this many standard errors may be no moves at all


@dataclass(frozen=True, slots=True, eq=False)
class Occurrence:
    """Where tracks moved, one vote a track; occurrences of other tracks add up.

    Parameters
    ----------
    grid
        Where the cells lie.
    occurrence : (rows, columns) int64 array
        Movement in each cell; each track shares out exactly 2**40 units.
    support : (rows, columns) int64 array
        Distinct tracks whose bridges pass within two standard deviations of the
        cell.
    bridged : (rows, columns) int64 array
        The part of `occurrence` that lies in silences of more than an hour.
    """

    grid: Grid
    occurrence: NDArray[np.int64]
    support: NDArray[np.int64]
    bridged: NDArray[np.int64]

    @classmethod
    def nowhere(cls, grid: Grid) -> "Occurrence":
        """Return the occurrence of no tracks, from which a sum can start."""
        return cls(grid, *(np.zeros(grid.shape, np.int64) for _ in range(3)))

    @property
    def tracks(self) -> int:
        """How many tracks moved."""
        return int(self.occurrence.sum()) // surfaces.ONE_TRACK

    def __add__(self, other: "Occurrence") -> "Occurrence":
        """Return the occurrence of both; they must not share a track."""
        if self.grid != other.grid:
            raise ValueError("cannot add two occurrences: they lie on different grids")
        return Occurrence(
            self.grid,
            self.occurrence + other.occurrence,
            self.support + other.support,
            self.bridged + other.bridged,
        )


def brownian_bridge(
    fixes: pd.DataFrame,
    grid: Grid,
    *,
    variance: float | str = "track",
    weight: str = "distance",
    max_bridge_h: float = 6.0,
) -> Occurrence:
    """Return where tracks were likely to move, given their fixes and the errors.

    Between two fixes a walker is taken to drift at random but to arrive: a Gaussian
    moves from the one to the other, as wide as the error at the fixes and wider
    between them. Each track has one vote, whatever its length and however often it
    reported.

    Parameters
    ----------
    fixes
        Cleaned and split: `track`, `time`, `trip`, `x_m`, `y_m` in the CRS of the
        grid, `error_m` (standard error per axis), and `stop` if stops are known.
        Sorted by track, then time.
    grid
        Where the surface lies. Movement off the grid is left out of the vote.
    variance
        Motion variance in m²/s, the same for all; or ``"track"``, each track's own,
        by maximum likelihood (tracks with fewer than 7 triples of fixes get 20 m²/s);
        or ``"dynamic"``, which changes along a trip. Trips of fewer than 31 fixes
        then keep that of their track; joined moves count as one.
    weight
        ``"distance"``: a bridge weighs by its length beyond noise, so that neither
        waiting nor a fast logger outvotes walking. A move shorter than three
        standard errors is joined to the next, and nothing in a stop weighs.
        ``"time"``: a bridge weighs by its duration (Horne's own).
    max_bridge_h
        Longer silences are not bridged.

    Returns
    -------
    Occurrence
        Exact for any order of the parts that are added to it. A track that never
        moved on the grid has no vote.

    Raises
    ------
    SchemaError
        If a column is missing.
    ValueError
        If rows are not sorted, a position or an error is not a number or an error
        not above zero, or a parameter is out of its range.

    Notes
    -----
    Horne, Garton, Krone and Lewis 2007, Ecology 88:2354, equation 1: at the share
    ``a`` of a bridge of ``T`` seconds the variance per axis is ``T a (1-a) m +
    (1-a)² e0² + a² e1²``, with motion variance ``m`` and errors ``e0``, ``e1``. It is
    integrated over each cell. The motion variance makes every second fix likeliest,
    given its neighbours; the error of the fix left out is added to that of the bridge
    (on why errors matter there: Pozdnyakov et al. 2014, Ecology 95:247). Where moves
    are joined, ``T`` is the longest silence among them. One to two µs a fix.

    *Dynamic variance*: Kranstauber, Kays, LaPoint, Wikelski and Safi 2012, Journal of
    Animal Ecology 81:738. A window of 31 fixes slides along each trip; it breaks in
    two, not within 11 fixes of its ends, where the Bayesian information criterion
    says so; a bridge gets the mean of the variances that all windows give it but
    within their margins. At the ends of a trip, which the paper leaves out, the
    outermost windows count in full. Pairs of bridges with a stop between them tell
    nothing, and windows with fewer than 7 left-out fixes neither. One µs a fix more.

    Examples
    --------
    A walk of three kilometres in an hour, past the corners of four cells:

    >>> fixes = pd.DataFrame(
    ...     {
    ...         "track": 7,
    ...         "time": pd.to_datetime(["2024-06-01T06Z", "2024-06-01T07Z"]),
    ...         "trip": 0,
    ...         "x_m": [500.0, 3500.0],
    ...         "y_m": 500.0,
    ...         "error_m": 10.0,
    ...     }
    ... )
    >>> grid = Grid("EPSG:32618", 0, 1000, 1000, rows=1, columns=4)
    >>> found = brownian_bridge(fixes, grid, variance=1.0)
    >>> (100 * found.occurrence / 2**40).round(1)
    array([[16.7, 33.3, 33.3, 16.7]])
    >>> found.tracks, found.support
    (1, array([[1, 1, 1, 1]]))
    """
    if weight not in {"distance", "time"}:
        raise ValueError(f"weight is {weight!r}; expected 'distance' or 'time'")
    if variance not in {"track", "dynamic"} and not (
        isinstance(variance, int | float) and 0 < variance < np.inf
    ):
        raise ValueError(
            f"variance is {variance!r}; expected m²/s above zero, 'track' or 'dynamic'"
        )
    if not max_bridge_h > 0:
        raise ValueError(f"max_bridge_h is {max_bridge_h}; expected hours above zero")
    found = Occurrence.nowhere(grid)
    if len(fixes) < 2:
        return found
    columns = _columns(fixes, weight=weight)
    first, last, silence_s = _bridges(columns, weight=weight, max_bridge_h=max_bridge_h)
    motion = _variances(columns, first, last, variance)
    surfaces.spread_bridges(
        columns.track[first],
        _in_cells(
            columns,
            grid,
            ends=(first, last),
            motion_m2=motion * silence_s,
            weight=weight,
        ),
        silence_s > LONG_SILENCE_S,
        found.occurrence,
        found.support,
        found.bridged,
    )
    return found


def track_variances(fixes: pd.DataFrame) -> pd.Series:
    """Return the likeliest motion variance of each track, in m²/s, by `track`.

    It is that of `brownian_bridge` with ``variance="track"``; tracks that it knows
    too little of are left out: they have `DEFAULT_VARIANCE`.

    Parameters
    ----------
    fixes
        As for `brownian_bridge`, sorted by track, then time.

    Raises
    ------
    SchemaError, ValueError
        As `brownian_bridge` does.
    """
    if len(fixes) < 2:
        return pd.Series(dtype=np.float64)
    columns = _columns(fixes, weight="distance")
    first, last, _ = _bridges(columns, weight="distance", max_bridge_h=np.inf)
    motion = _variances(columns, first, last, "track")
    track = columns.track[first]
    start = np.flatnonzero(np.diff(track, prepend=track[:1] - 1))
    return pd.Series(motion[start], index=track[start])


def surface_of(occurrence: Occurrence) -> Surface:
    """Return the movement in percent of all movement per square kilometre.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 500, 500, rows=1, columns=2)
    >>> share = np.array([[2**40, 2**41]])
    >>> found = Occurrence(grid, share, share * 0 + 3, share * 0)
    >>> surface_of(found).values
    array([[133.33333333, 266.66666667]])
    """
    grid, total = occurrence.grid, int(occurrence.occurrence.sum())
    area_km2 = (grid.cell_m / 1000) ** 2
    values = occurrence.occurrence * (100 / (max(total, 1) * area_km2))
    return Surface(grid, values, "movement", "%/km²")


def support_of(occurrence: Occurrence) -> Surface:
    """Return the distinct tracks behind each cell of the movement."""
    values = occurrence.support.astype(np.float64)
    return Surface(occurrence.grid, values, "movement support", "tracks")


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a table of fixes as the kernels want them."""

    track: NDArray[np.int64]
    trip: NDArray[np.int64]
    stop: NDArray[np.int64]
    time_s: NDArray[np.float64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    error_m: NDArray[np.float64]


def _columns(fixes: pd.DataFrame, *, weight: str) -> _Columns:
    """Return the columns, or say what is wrong with them."""
    for name in ("track", "time", "trip", "x_m", "y_m", "error_m"):
        if name not in fixes:
            raise SchemaError(
                f"The table of fixes has no column {name!r}; its columns are: "
                f"{', '.join(map(str, fixes.columns))}.",
                hint="Clean the fixes and split them into trips first.",
            )
        if name.endswith("_m") and not np.isfinite(fixes[name]).all():
            raise ValueError(f"{name} holds a value that is not a finite number")
    if not (fixes["error_m"] > 0).all():
        raise ValueError("error_m holds a value that is not above zero")
    stay = np.full(len(fixes), -1, np.int64)
    if weight == "distance" and "stop" in fixes:
        stay = fixes["stop"].to_numpy(np.int64)
    track = fixes["track"].to_numpy(np.int64)
    time_s = fixes["time"].to_numpy("datetime64[ms]").astype(np.int64) / 1000
    same = track[1:] == track[:-1]
    if (track[1:] < track[:-1]).any() or (time_s[1:] < time_s[:-1])[same].any():
        raise ValueError("fixes must be sorted by track, then time")
    return _Columns(
        track=track,
        trip=fixes["trip"].to_numpy(np.int64),
        stop=stay,
        time_s=time_s,
        x_m=fixes["x_m"].to_numpy(np.float64),
        y_m=fixes["y_m"].to_numpy(np.float64),
        error_m=fixes["error_m"].to_numpy(np.float64),
    )


def _bridges(
    columns: _Columns, *, weight: str, max_bridge_h: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return where bridges begin and end, and their longest silence in seconds."""
    rows = len(columns.track)
    first, last = np.empty(rows, np.int64), np.empty(rows, np.int64)
    silence_s = np.empty(rows)
    count: int = surfaces.find_bridges(
        columns.track,
        columns.trip,
        columns.stop,
        columns.time_s,
        columns.x_m,
        columns.y_m,
        columns.error_m,
        _NOISE if weight == "distance" else 0.0,
        max_bridge_h * 3600,
        first,
        last,
        silence_s,
    )
    return first[:count], last[:count], silence_s[:count]


def _variances(
    columns: _Columns,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    variance: float | str,
) -> NDArray[np.float64]:
    """Return the motion variance of each bridge, in m²/s."""
    if not isinstance(variance, str):
        return np.full(len(first), float(variance))
    motion = np.full(len(first), DEFAULT_VARIANCE)
    fixes = (columns.time_s, columns.x_m, columns.y_m, columns.error_m, first, last)
    variances.fit_variances(
        columns.track, *fixes, FEWEST_TRIPLES, *VARIANCE_BOUNDS, motion
    )
    if variance == "dynamic":
        shape = (WINDOW, MARGIN, FEWEST_TRIPLES)
        variances.fit_windows(
            columns.track, columns.trip, *fixes, shape, VARIANCE_BOUNDS, motion
        )
    return motion


def _in_cells(
    columns: _Columns,
    grid: Grid,
    *,
    ends: tuple[NDArray[np.int64], NDArray[np.int64]],
    motion_m2: NDArray[np.float64],
    weight: str,
) -> NDArray[np.float64]:
    """Return the bridges as `spread_bridges` wants them, measured in cells."""
    first, last = ends
    east = (columns.x_m - grid.west) / grid.cell_m
    south = (grid.north - columns.y_m) / grid.cell_m
    noise = (columns.error_m / grid.cell_m) ** 2
    if weight == "time":
        vote = columns.time_s[last] - columns.time_s[first]
    else:
        # Errors alone lengthen a squared step by twice the variance of both ends.
        square = (east[last] - east[first]) ** 2 + (south[last] - south[first]) ** 2
        vote = np.sqrt(np.maximum(square - 2 * (noise[first] + noise[last]), 0))
    points = (east[first], south[first], east[last], south[last])
    motion = motion_m2 / grid.cell_m**2
    return np.column_stack([*points, noise[first], noise[last], motion, vote])
