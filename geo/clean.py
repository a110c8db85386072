"""Turn away fixes that cannot be true, each with its reason."""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.kernels.tracks import SPIKE, TOO_FAST, Points, sift_tracks
from geo.plane import plane_of
from geo.schema import FIXES, REJECTS, Sifted, check_fixes

log = logging.getLogger(__name__)

Codes = NDArray[np.int8]
Floats = NDArray[np.float64]

KEPT = ""
REASONS = (
    KEPT,
    "no time",
    "no position",
    "outside the region",
    "poor accuracy",
    "duplicate",
    "impossible speed",
    "spike",
)
"""What the codes of this module stand for."""

ERRORS_IN_ACCURACY = 1.515
"""Radius that holds 68.27 % of a circular normal distribution, in standard errors
per axis: sqrt(-2 ln(1 - 0.6827))."""

PASSENGERS = ("source", "line")
"""Columns that come from the store, and say where a row stood."""

SHARE = 100_000
"""So many fixes are sifted at a time by each processor."""


def clean_fixes(
    fixes: pd.DataFrame,
    *,
    crs: str,
    bounds: tuple[float, float, float, float],
    max_speed_kmh: float = 35.0,
    location_error_m: float = 20.0,
    max_accuracy_m: float | None = None,
) -> Sifted:
    """Turn away fixes that cannot be true, and measure the others in metres.

    A row is rejected for the first of these reasons that applies:

    - "outside the region": it lies outside `bounds` ("no position" if it has none).
    - "poor accuracy": its `accuracy_m` is more than `max_accuracy_m`, where given.
    - "duplicate": another row of its track has the same time, and a better accuracy,
      or the same and a smaller longitude, then latitude.
    - "impossible speed": it does not belong to the longest sequence of the track's
      fixes in which each can be reached from the one before; that is, lies no further
      away than `max_speed_kmh` allows, plus three times the standard errors of both.
    - "spike": it lies more than 500 m and three standard errors away from the fix
      before and the fix after, straight there and straight back, faster than
      1.5 km/h and more than twice as fast as the track moved before and after.

    Parameters
    ----------
    fixes
        Columns of schema.FIXES, in any order of rows. Of others, `source` and `line`
        are kept, and tell the rejects where they stood.
    crs
        CRS of `x_m` and `y_m`, in metres.
    bounds
        West, south, east and north of the region, in degrees, all inclusive.
    max_speed_kmh
        Fastest believable movement.
    location_error_m
        Standard error per axis of a fix that brings no accuracy of its own.
    max_accuracy_m
        Largest `accuracy_m` that is accepted; a fix without any always is.

    Returns
    -------
    Sifted
        The fixes sorted by track, then time, with new columns `x_m`, `y_m` and
        `error_m` (standard error per axis, `accuracy_m` / 1.515). Kept and rejected
        rows together are the rows of `fixes`. Cleaning what was kept rejects nothing.

    Raises
    ------
    SchemaError
        If a column is missing or of another type.
    CRSError
        If `crs` is unknown, or not projected in metres.
    ValueError
        If `bounds` enclose nothing, or a speed or an error is not positive.

    Notes
    -----
    The longest sequence is found by dynamic programming over the 40 fixes before
    each, and the ends of 8 further sequences however long ago, so that a wrong first
    fix or a wrong stretch does not take the right ones with it (after Custers et al.
    2021, "Maximum physically consistent trajectories"; among sequences of one length,
    the one with the shorter way). What is wrong for longer than a journey there would
    take looks like that journey, and stays. Spikes are those of Bjørneraas et al.
    2010, J. Wildl. Manage. 74:1361. Tracks are judged apart, so that tables that
    share no track can be cleaned apart.

    Examples
    --------
    The device first reports where it was last switched off, 100 km to the north.

    >>> minutes = pd.to_timedelta([0, 1, 2, 3], unit="min")
    >>> fixes = pd.DataFrame(
    ...     {
    ...         "track": 1,
    ...         "time": pd.Timestamp("2024-06-01T06Z").as_unit("ms") + minutes,
    ...         "lon": -77.5,
    ...         "lat": [9.0, 8.1, 8.1005, 8.101],
    ...     }
    ... )
    >>> fixes["time"] = fixes["time"].astype("datetime64[ms, UTC]")
    >>> laea = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
    >>> sifted = clean_fixes(fixes, crs=laea, bounds=(-79, 7, -76, 10))
    >>> sifted.counts()
    {'impossible speed': 1}
    >>> sifted.fixes[["lat", "y_m", "error_m"]].round(1).to_numpy()[0].tolist()
    [8.1, 11059.6, 20.0]
    """
    if not (max_speed_kmh > 0 and location_error_m > 0):
        raise ValueError(
            f"the highest speed is {max_speed_kmh} and the error {location_error_m}; "
            "both must be positive"
        )
    plane = plane_of(crs)
    table = _sorted(fixes)
    code = _judge_rows(table, bounds, max_accuracy_m)
    code[_duplicates(table, code)] = REASONS.index("duplicate")

    rows = np.flatnonzero(code == 0)
    error = _errors(table["accuracy_m"].to_numpy()[rows], location_error_m)
    time = table["time"].dt.tz_convert(None).to_numpy().astype(np.int64)[rows]
    track, lon, lat = (table[name].to_numpy()[rows] for name in ("track", "lon", "lat"))
    speed = max_speed_kmh / 3600  # metres per millisecond

    def sift(share: slice) -> tuple[Floats, Floats, Codes]:
        x, y = plane.metres(lon[share], lat[share])
        points = Points(time[share], x, y, error[share])
        return x, y, sift_tracks(track[share], points, speed)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # the loops let go of the GIL
        parts = list(pool.map(sift, _shares(track)))
    x, y, verdict = (np.concatenate(part) for part in zip(*parts, strict=True))
    code[rows[verdict == TOO_FAST]] = REASONS.index("impossible speed")
    code[rows[verdict == SPIKE]] = REASONS.index("spike")

    kept = verdict == 0
    measured = table.take(rows[kept]).reset_index(drop=True)
    measured["x_m"], measured["y_m"] = x[kept], y[kept]
    measured["error_m"] = error[kept]
    log.info("clean: kept %d of %d fixes", len(measured), len(table))
    return Sifted(measured, _rejects(table, code))


def _sorted(fixes: pd.DataFrame) -> pd.DataFrame:
    """Return the columns we keep, sorted by track, then time."""
    check_fixes(fixes.head(0))
    track = fixes["track"].to_numpy()
    time = fixes["time"].dt.tz_convert(None).to_numpy().astype(np.int64)
    back = (track[1:] == track[:-1]) & (time[1:] < time[:-1])
    if (back | (track[1:] < track[:-1])).any():
        fixes = fixes.take(np.lexsort((time, track)))
    names = [*FIXES, *(name for name in PASSENGERS if name in fixes)]
    unknown = np.full(len(fixes), np.nan)
    return pd.DataFrame(
        {name: fixes.get(name, unknown) for name in names},
        index=fixes.index,
        copy=False,
    )


def _judge_rows(
    table: pd.DataFrame,
    bounds: tuple[float, float, float, float],
    max_accuracy_m: float | None,
) -> Codes:
    """Return the codes of what is wrong with rows by themselves."""
    west, south, east, north = bounds
    if not (west < east and south < north):
        raise ValueError(f"bounds are {bounds}; expected west, south, east, north")
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    code = np.zeros(len(table), np.int8)
    if max_accuracy_m is not None:
        poor = table["accuracy_m"].to_numpy() > max_accuracy_m
        code[poor] = REASONS.index("poor accuracy")
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    if not inside.all():
        code[~inside] = REASONS.index("outside the region")
        code[np.isnan(lon) | np.isnan(lat)] = REASONS.index("no position")
    code[table["time"].isna().to_numpy()] = REASONS.index("no time")
    return code


def _duplicates(table: pd.DataFrame, code: Codes) -> NDArray[np.int64]:
    """Return the rows whose track and time another, better row has."""
    rows = np.flatnonzero(code == 0)
    track = table["track"].to_numpy()[rows]
    time = table["time"].dt.tz_convert(None).to_numpy()[rows]
    again = (track[1:] == track[:-1]) & (time[1:] == time[:-1])
    if not again.any():
        return rows[:0]
    begins = np.concatenate([[True], ~again])
    shared = np.flatnonzero(~(begins & np.append(begins[1:], True)))
    twins = table.take(rows[shared])
    twins = twins.assign(moment=np.cumsum(begins[shared]), row=rows[shared])
    twins["accuracy_m"] = twins["accuracy_m"].where(twins["accuracy_m"] > 0)
    ties = [name for name in ("elevation_m", *PASSENGERS) if name in twins]
    twins = twins.sort_values(["moment", "accuracy_m", "lon", "lat", *ties])
    worse: NDArray[np.int64] = twins.loc[twins.duplicated("moment"), "row"].to_numpy()
    return worse


def _shares(track: NDArray[np.int64]) -> list[slice]:
    """Cut rows into shares of about SHARE, none of which parts a track."""
    begins = np.flatnonzero(np.diff(track)) + 1
    near = np.searchsorted(begins, np.arange(SHARE, track.size, SHARE))
    cuts = sorted({0, *begins[near[near < begins.size]].tolist(), track.size})
    return [slice(*cut) for cut in pairwise(cuts)] or [slice(0, 0)]


def _errors(accuracy_m: Floats, location_error_m: float) -> Floats:
    """Return the standard error per axis of each fix, in metres."""
    known = (accuracy_m > 0) & np.isfinite(accuracy_m)
    error: Floats = np.where(known, accuracy_m / ERRORS_IN_ACCURACY, location_error_m)
    return error


def _rejects(table: pd.DataFrame, code: Codes) -> pd.DataFrame:
    """Return where the rejected rows stood, and why they were rejected."""
    places = [name for name in PASSENGERS if name in table]
    rejected = table[places].take(np.flatnonzero(code))
    rejects = pd.DataFrame(
        {
            "file": rejected.get("source", ""),
            "line": rejected.get("line", 0),
            "column": "",
            "reason": pd.array(REASONS, dtype="str").take(code[code > 0]),
        },
        index=rejected.index,
    ).astype(dict(REJECTS))
    return rejects.sort_values(["file", "line", "reason"], ignore_index=True)
