"""Turn away fixes that cannot be true, each with its reason."""

import logging
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.frames import SHARE, columns_of, milliseconds, on_processors, picked
from geo.kernels.chains import sift_tracks
from geo.kernels.rows import are_sorted, sealed
from geo.kernels.tracks import Points
from geo.kernels.verdicts import KEPT, Limits, Rows, judge_rows, mark_twins
from geo.plane import plane_of
from geo.schema import FIXES, REJECTS, Sifted, check_fixes

log = logging.getLogger(__name__)

Codes = NDArray[np.int8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

REASONS = (
    "",
    "no time",
    "no position",
    "outside the region",
    "poor accuracy",
    "duplicate",
    "impossible speed",
    "spike",
)
"""What the verdicts of the kernels stand for."""

ERRORS_IN_ACCURACY = 1.515
"""Radius that holds 68.27 % of a circular normal distribution, in standard errors
per axis: sqrt(-2 ln(1 - 0.6827))."""

PASSENGERS = ("source", "line")
"""Columns that come from the store, and say where a row stood."""

MS_AN_HOUR = 3_600_000


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
    west, south, east, north = bounds
    if not (west < east and south < north):
        raise ValueError(f"bounds are {bounds}; expected west, south, east, north")
    plane = plane_of(crs)
    table = _sorted(fixes)
    rows = _rows(table)
    most = np.inf if max_accuracy_m is None else float(max_accuracy_m)
    limits = Limits(float(west), float(south), float(east), float(north), most)
    x_m, y_m, error_m = (np.empty(len(table)) for _ in range(3))
    verdict = np.zeros(len(table), np.int8)

    def judge(share: slice) -> None:
        some = Rows._make(column[share] for column in rows)
        said = verdict[share]
        judge_rows(some, limits, said)
        mark_twins(some, said)
        x, y = plane.metres(some.lon, some.lat, out=(x_m[share], y_m[share]))
        error_m[share] = _errors(some.accuracy, location_error_m)
        points = Points(some.time, x, y, error_m[share])
        sift_tracks(some.track, points, max_speed_kmh / MS_AN_HOUR * 1000, said)

    on_processors(judge, _shares(rows.track))
    measured = {"x_m": x_m, "y_m": y_m, "error_m": error_m}
    kept = picked(columns_of(table) | measured, verdict == KEPT)
    log.info("clean: kept %d of %d fixes", len(kept), len(table))
    return Sifted(kept, _rejects(table, rows, verdict))


def _sorted(fixes: pd.DataFrame) -> pd.DataFrame:
    """Return the columns we keep, sorted by track, then time."""
    check_fixes(fixes.head(0))
    track, time = sealed(fixes["track"], np.int64), milliseconds(fixes["time"])
    if not are_sorted(track, time):
        fixes = fixes.take(np.lexsort((time, track)))
    names = [*FIXES, *(name for name in PASSENGERS if name in fixes)]
    unknown = np.full(len(fixes), np.nan)
    return pd.DataFrame(
        {name: fixes.get(name, unknown) for name in names},
        index=fixes.index,
        copy=False,
    )


def _rows(table: pd.DataFrame) -> Rows:
    """Return the columns of sorted fixes as the kernels take them."""
    none = np.zeros(len(table), np.int64)
    source = none
    if "source" in table:
        source = pd.factorize(table["source"], sort=True)[0]
    return Rows(
        track=sealed(table["track"], np.int64),
        time=milliseconds(table["time"]),
        lon=sealed(table["lon"], np.float64),
        lat=sealed(table["lat"], np.float64),
        elevation=sealed(table["elevation_m"], np.float64),
        accuracy=sealed(table["accuracy_m"], np.float64),
        source=sealed(source, np.int64),
        line=sealed(table.get("line", none), np.int64),
    )


def _shares(track: Ints) -> list[slice]:
    """Cut rows into shares of about SHARE, none of which parts a track."""
    near = track[np.arange(SHARE, track.size, SHARE)]
    cuts = sorted({0, *np.searchsorted(track, near, "right").tolist(), track.size})
    return [slice(*cut) for cut in pairwise(cuts)]


def _errors(accuracy_m: Floats, location_error_m: float) -> Floats:
    """Return the standard error per axis of each fix, in metres."""
    known = (accuracy_m > 0) & np.isfinite(accuracy_m)
    error: Floats = np.where(known, accuracy_m / ERRORS_IN_ACCURACY, location_error_m)
    return error


def _rejects(table: pd.DataFrame, rows: Rows, verdict: Codes) -> pd.DataFrame:
    """Return where the rejected rows stood, and why they were rejected."""
    out = np.flatnonzero(verdict)
    by_name = np.argsort(np.argsort(REASONS))  # the place of each among the others
    out = out[np.lexsort((by_name[verdict[out]], rows.line[out], rows.source[out]))]
    none = pd.array([""], dtype="str").take(np.zeros(out.size, np.int64))
    source = table["source"].array.take(out) if "source" in table else none
    reason = pd.array(REASONS, dtype="str").take(verdict[out])
    columns = {"file": source, "line": rows.line[out], "column": none, "reason": reason}
    return pd.DataFrame(columns).astype(dict(REJECTS))
