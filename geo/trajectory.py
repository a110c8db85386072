"""Cut tracks into trips and stops."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import SchemaError
from geo.frames import columns_of, picked
from geo.kernels.rows import cut_trips, sealed
from geo.kernels.stops import StopRule, mark_stops
from geo.kernels.tracks import LONG_SILENCE_MS, Points

MERGE_M = 100.0
"""Stops nearer to each other than this, in metres, may be one."""

MERGE_MINUTES = 10.0
"""They are one if not more than this lies between them."""


def number_trips(
    track: NDArray[np.integer],
    time: NDArray[np.datetime64],
    *,
    max_gap: np.timedelta64,
) -> NDArray[np.int64]:
    """Give every fix the number of the trip it belongs to.

    A trip ends where the track changes, or where two neighbouring fixes of one
    track lie further apart in time than `max_gap`.

    Parameters
    ----------
    track : (n,) int array
        Code of the track each fix belongs to.
    time : (n,) datetime64 array
        UTC time of each fix. Rows must be sorted by `track`, then `time`.
    max_gap : timedelta64
        Longest silence that one trip may contain. A gap of exactly `max_gap`
        does not end the trip.

    Returns
    -------
    (n,) int64 array
        Trip number of each fix, from 0 upwards without holes.

    Raises
    ------
    ValueError
        If the rows are not sorted by track and time, or the lengths differ.

    Notes
    -----
    One pass over the arrays, O(n) time. Trips never span tracks, so tables that
    share no track can be numbered apart and their results put end to end.

    Examples
    --------
    Two tracks; the first falls silent for nine hours.

    >>> track = np.array([0, 0, 0, 1])
    >>> time = np.array(
    ...     ["2024-06-01T06", "2024-06-01T07", "2024-06-01T16", "2024-06-01T08"],
    ...     dtype="datetime64[s]",
    ... )
    >>> number_trips(track, time, max_gap=np.timedelta64(6, "h"))
    array([0, 0, 1, 2])
    """
    return _cut(track, time, max_gap, fewest=1)[0]


def split_trips(
    fixes: pd.DataFrame, *, max_gap_h: float = 6.0, min_fixes: int = 3
) -> pd.DataFrame:
    """Return the fixes with the number of their trip, without those of short trips.

    Parameters
    ----------
    fixes
        Fixes with columns `track` and `time`, sorted by them.
    max_gap_h
        Longest silence that one trip may contain, in hours.
    min_fixes
        Fewest fixes of a trip; the rows of shorter ones are left out.

    Returns
    -------
    DataFrame
        The rows that remain, numbered from 0, with an int64 column `trip` that
        counts from 0 without holes.

    Raises
    ------
    ValueError
        If the rows are not sorted by track and time.

    Examples
    --------
    The second of two trips has a fix too few.

    >>> times = ["2024-06-01T06Z", "2024-06-01T07Z", "2024-06-01T14Z"]
    >>> fixes = pd.DataFrame({"track": 1, "time": pd.to_datetime(times)})
    >>> split_trips(fixes, max_gap_h=6, min_fixes=2)
       track                      time  trip
    0      1 2024-06-01 06:00:00+00:00     0
    1      1 2024-06-01 07:00:00+00:00     0
    """
    time = fixes["time"].dt.tz_convert(None).to_numpy()
    max_gap = np.timedelta64(round(max_gap_h * 3_600_000), "ms")
    trip, kept = _cut(fixes["track"].to_numpy(), time, max_gap, fewest=min_fixes)
    if kept.all():
        return fixes.reset_index(drop=True).assign(trip=trip)
    return picked(columns_of(fixes) | {"trip": trip}, kept)


def _cut(
    track: NDArray[np.integer],
    time: NDArray[np.datetime64],
    max_gap: np.timedelta64,
    *,
    fewest: int,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the trips of at least so many fixes, and which rows are in one."""
    if len(track) != len(time):
        raise ValueError(f"{len(track)} track codes but {len(time)} times")
    trip, kept = np.empty(len(track), np.int64), np.empty(len(track), bool)
    # A whole number of the units of time is more than a gap if it is more than as
    # many whole units as the gap has.
    gap = int(max_gap // np.ones(1, time.dtype.str.replace("M", "m"))[0])
    moments = sealed(time, time.dtype).view(np.int64)
    if not cut_trips(sealed(track, np.int64), moments, gap, fewest, trip, kept):
        raise ValueError("fixes must be sorted by track, then time")
    return trip, kept


def number_stops(
    fixes: pd.DataFrame,
    *,
    radius_m: float = 100.0,
    min_minutes: float = 20.0,
    strays: int = 0,
) -> NDArray[np.int64]:
    """Give every fix the number of the stop it belongs to, or -1.

    A stop begins with a fix, its anchor, and lasts while the fixes that follow in
    the trip lie within `radius_m` of it, or within three standard errors where that
    is more (Li et al. 2008). It needs two fixes, and `min_minutes` from the anchor to
    the first fix away from it, or to its last fix if more than an hour of silence
    follows. A silence within the stop does not end it. A stop less than 100 m and
    10 min away from the one before continues it.

    Parameters
    ----------
    fixes
        Cleaned fixes with columns `time`, `x_m`, `y_m`, `error_m` and `trip`, sorted
        by track, then time.
    radius_m
        How far a stop may spread from its anchor, in metres.
    min_minutes
        Shortest stop.
    strays
        So many fixes in a row may lie away from a stop without ending it, if the next
        one is back, less than `min_minutes` after the last that was there. They belong
        to the stop. 1 mends stops that the errors of a device under trees break.

    Returns
    -------
    (n,) int64 array
        Number of the stop of each fix, from 0 upwards without holes; -1 on the move.

    Raises
    ------
    SchemaError
        If a column is missing.

    Notes
    -----
    A stop never spans trips, so tables that share no trip can be numbered apart.

    Examples
    --------
    Half an hour in one place, then off.

    >>> minutes = pd.to_timedelta([0, 15, 30, 40], unit="min")
    >>> fixes = pd.DataFrame(
    ...     {
    ...         "time": pd.Timestamp("2024-06-01T06Z") + minutes,
    ...         "x_m": [0.0, 60.0, -40.0, 900.0],
    ...         "y_m": 0.0,
    ...         "error_m": 20.0,
    ...         "trip": 0,
    ...     }
    ... )
    >>> number_stops(fixes)
    array([ 0,  0,  0, -1])
    """
    _need(fixes, "time", "x_m", "y_m", "error_m", "trip")
    # Contiguous and writable, or the kernel would be compiled anew.
    x, y, error = (
        np.require(fixes[name], np.float64, ["C", "W"])
        for name in ("x_m", "y_m", "error_m")
    )
    rule = StopRule(
        float(radius_m),
        min_minutes * 60_000.0,
        MERGE_M,
        MERGE_MINUTES * 60_000.0,
        int(strays),
    )
    trip = np.require(fixes["trip"], np.int64, ["C", "W"])
    points = Points(_milliseconds(fixes), x, y, error)
    stops: NDArray[np.int64] = mark_stops(trip, points, rule)
    return stops


def find_stops(fixes: pd.DataFrame) -> pd.DataFrame:
    """Return a row for every stop.

    Parameters
    ----------
    fixes
        Fixes with the columns that `number_stops` needs, and `track` and `stop`.

    Returns
    -------
    DataFrame
        Columns `stop`, `track`, `trip`, `start`, `end` (the first fix away from the
        stop; its last fix if the trip ends there, or more than an hour of silence
        follows), `minutes` between them, `x_m`, `y_m` (the mean position, weighted by
        1 / error²) and `fixes`; sorted by `stop`.

    Raises
    ------
    SchemaError
        If a column is missing.

    Examples
    --------
    An exact fix weighs as much as four with twice the error.

    >>> times = ["2024-06-01T06:00Z", "2024-06-01T06:30Z", "2024-06-01T06:45Z"]
    >>> fixes = pd.DataFrame(
    ...     {
    ...         "track": 5,
    ...         "time": pd.to_datetime(times),
    ...         "x_m": [0.0, 50.0, 800.0],
    ...         "y_m": 0.0,
    ...         "error_m": [10.0, 20.0, 20.0],
    ...         "trip": 0,
    ...         "stop": [0, 0, -1],
    ...     }
    ... )
    >>> find_stops(fixes)[["stop", "minutes", "x_m", "fixes"]]
       stop  minutes   x_m  fixes
    0     0     45.0  10.0      2
    """
    _need(fixes, "track", "time", "x_m", "y_m", "error_m", "trip", "stop")
    within = fixes[fixes["stop"] >= 0]
    weight = within["error_m"] ** -2.0
    sums = (
        pd.DataFrame(
            {
                "stop": within["stop"],
                "weight": weight,
                "x_m": within["x_m"] * weight,
                "y_m": within["y_m"] * weight,
            }
        )
        .groupby("stop")
        .sum()
    )
    ends = fixes["time"].where(_last_known(fixes), fixes["time"].shift(-1))
    stops = (
        within.assign(end=ends)
        .groupby("stop")
        .agg(
            track=("track", "first"),
            trip=("trip", "first"),
            start=("time", "first"),
            end=("end", "last"),
            fixes=("stop", "size"),
        )
    )
    stops["minutes"] = (stops["end"] - stops["start"]).dt.total_seconds() / 60
    stops["x_m"] = sums["x_m"] / sums["weight"]
    stops["y_m"] = sums["y_m"] / sums["weight"]
    columns = ["stop", "track", "trip", "start", "end", "minutes", "x_m", "y_m"]
    return stops.reset_index()[[*columns, "fixes"]]


def moved_m(fixes: pd.DataFrame) -> NDArray[np.float64]:
    """Return how far each fix lies from the one before it, in metres.

    0 for the first fix of a trip, and between fixes of one stop, where the distance
    is the error of the device and not a way.

    Parameters
    ----------
    fixes
        Fixes with columns `x_m`, `y_m`, `trip` and `stop`, sorted by track and time.

    Raises
    ------
    SchemaError
        If a column is missing.

    Examples
    --------
    >>> fixes = pd.DataFrame(
    ...     {"x_m": [0.0, 9.0, 9.0], "y_m": [0, 0, 90], "trip": 0, "stop": [0, 0, -1]}
    ... )
    >>> moved_m(fixes)
    array([ 0.,  0., 90.])
    """
    _need(fixes, "x_m", "y_m", "trip", "stop")
    trip, stop = fixes["trip"].to_numpy(), fixes["stop"].to_numpy()
    moved = np.zeros(len(fixes))
    moved[1:] = np.hypot(np.diff(fixes["x_m"]), np.diff(fixes["y_m"]))
    still = (stop[1:] >= 0) & (stop[1:] == stop[:-1])
    moved[1:][still | (trip[1:] != trip[:-1])] = 0.0
    return moved


def _milliseconds(fixes: pd.DataFrame) -> NDArray[np.int64]:
    time: pd.Series = fixes["time"].dt.tz_convert(None)
    return np.asarray(time, "datetime64[ms]").astype(np.int64)


def _need(fixes: pd.DataFrame, *columns: str) -> None:
    for name in columns:
        if name not in fixes:
            raise SchemaError(
                f"The fixes have no column {name!r}.",
                hint="Clean them, and cut them into trips, before looking for stops.",
            )


def _last_known(fixes: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether nothing is known of the time after each fix."""
    trip = fixes["trip"].to_numpy()
    silent = np.ones(len(fixes), bool)
    silent[:-1] = np.diff(_milliseconds(fixes)) > LONG_SILENCE_MS
    silent[:-1] |= trip[1:] != trip[:-1]
    return silent
