"""Turn away fixes that cannot be true, each with its reason."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.kernels.cleaning import Rule
from geo.kernels.verdicts import Limits
from geo.schema import Sifted
from geo.sieve import Turned, judged_fixes

MS_AN_HOUR = 3_600_000
_NEVER = np.iinfo(np.int64).max


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
    judged = judged_fixes(
        fixes,
        crs=crs,
        bounds=bounds,
        limits=_limits(bounds, max_accuracy_m, _NEVER),
        rule=_rule(max_speed_kmh, location_error_m),
    )
    return Sifted(judged.kept(trips=False), judged.turned().rejects())


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What is left of fixes that were cleaned and cut at once.

    Parameters
    ----------
    trips
        As `geo.trajectory.split_trips` returns them.
    kept, tracks
        How many fixes are clean, in a trip or not, and of how many tracks.
    turned
        The rows that are not clean.
    """

    trips: pd.DataFrame
    kept: int
    tracks: int
    turned: Turned


def clean_trips(
    fixes: pd.DataFrame,
    *,
    crs: str,
    bounds: tuple[float, float, float, float],
    max_speed_kmh: float = 35.0,
    location_error_m: float = 20.0,
    max_accuracy_m: float | None = None,
    max_gap_h: float = 6.0,
    min_fixes: int = 3,
    until_ms: int | None = None,
) -> Cleaned:
    """Clean fixes and cut them into trips at once.

    The trips are those that `geo.trajectory.split_trips` makes of what `clean_fixes`
    keeps, in half the time.

    Parameters
    ----------
    fixes, crs, bounds, max_speed_kmh, location_error_m, max_accuracy_m
        As for `clean_fixes`.
    max_gap_h, min_fixes
        As for `geo.trajectory.split_trips`.
    until_ms
        Fixes from this moment on are turned away as "too recent", and judge no other;
        milliseconds since 1970, UTC.

    Raises
    ------
    SchemaError, CRSError, ValueError
        As `clean_fixes` does.

    Examples
    --------
    The first of two trips has a fix too few, and nothing is wrong with it.

    >>> fixes = pd.DataFrame(
    ...     {
    ...         "track": 1,
    ...         "time": pd.to_datetime(
    ...             ["2024-06-01T06Z", "2024-06-01T14Z", "2024-06-01T15Z"]
    ...         ).astype("datetime64[ms, UTC]"),
    ...         "lon": -77.5,
    ...         "lat": 8.1,
    ...     }
    ... )
    >>> laea = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
    >>> cleaned = clean_trips(fixes, crs=laea, bounds=(-79, 7, -76, 10), min_fixes=2)
    >>> cleaned.kept, cleaned.trips["trip"].tolist(), cleaned.turned.counts()
    (3, [0, 0], {})
    """
    judged = judged_fixes(
        fixes,
        crs=crs,
        bounds=bounds,
        limits=_limits(
            bounds, max_accuracy_m, _NEVER if until_ms is None else until_ms
        ),
        rule=_rule(max_speed_kmh, location_error_m)._replace(
            gap=round(max_gap_h * MS_AN_HOUR), fewest=min_fixes
        ),
    )
    return Cleaned(
        judged.kept(trips=True),
        kept=sum(tally.fixes for tally in judged.tallies),
        tracks=sum(tally.tracks for tally in judged.tallies),
        turned=judged.turned(),
    )


def _limits(
    bounds: tuple[float, float, float, float], most: float | None, until_ms: int
) -> Limits:
    """Return what a fix may be by itself."""
    west, south, east, north = map(float, bounds)
    if not (west < east and south < north):
        raise ValueError(f"bounds are {bounds}; expected west, south, east, north")
    accuracy = np.inf if most is None else float(most)
    return Limits(west, south, east, north, accuracy, until_ms)


def _rule(max_speed_kmh: float, location_error_m: float) -> Rule:
    """Return what makes a chain; all of a track makes one trip."""
    if not (max_speed_kmh > 0 and location_error_m > 0):
        raise ValueError(
            f"the highest speed is {max_speed_kmh} and the error {location_error_m}; "
            "both must be positive"
        )
    speed = max_speed_kmh / MS_AN_HOUR * 1000
    return Rule(speed, float(location_error_m), gap=_NEVER, fewest=1)
