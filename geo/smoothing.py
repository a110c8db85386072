"""Smooth trips: where a device was, given all its fixes and their errors."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import SchemaError
from geo.kernels.smoothing import Series, smooth_tracks

Floats = NDArray[np.float64]

Q_LADDER = np.sqrt(2.0 ** np.arange(-20, 1))
"""Spectral densities of the acceleration that a track may have, in m²/s³: from 2⁻¹⁰,
about 0.001, to 1, in steps of √2."""

USUAL_Q = 2.0**-5
"""That of tracks with too few fixes to tell their own: people on foot who turn, and
stop now and then."""

FEWEST = 10
"""Fewest fixes with one before them in their trip that tell a track's own."""

MOVED = ("x_m", "y_m", "error_m")
"""Columns that change; what they held goes to columns with `raw_` before the name."""


def smooth_fixes(fixes: pd.DataFrame) -> pd.DataFrame:
    """Return the fixes where their trips most likely passed.

    A device is taken to keep its velocity, but for random pushes (constant-velocity
    model): a Kalman filter goes through each trip, weighs each fix by its error, and
    a smoother comes back. So all fixes of a trip have a say in where each of them
    was, in proportion to what they know; after a long silence that is little. A fix
    far from where all the others put it counts for less, however exact it claims to
    be, but is moved and not dropped.

    Parameters
    ----------
    fixes
        Cleaned and split: columns `track`, `time`, `trip`, `x_m`, `y_m` and `error_m`
        (standard error per axis), in any order of rows.

    Returns
    -------
    DataFrame
        The same rows and columns. `x_m` and `y_m` are moved, `error_m` is the
        standard error of the new position; `raw_x_m`, `raw_y_m` and `raw_error_m`
        hold what they were. `lon` and `lat`, where there are any, stay as measured.

    Raises
    ------
    SchemaError
        If a column is missing, or the fixes are smooth already.
    ValueError
        If a position, an error or a time is not a number, or an error not above zero.

    Notes
    -----
    Kalman filter and smoother of Rauch, Tung and Striebel 1965 (AIAA J. 3:1445). In
    ``t`` seconds a velocity wanders by ``q t`` m²/s² per axis, and the position with
    it, by ``q t³ / 3`` m². Each track has its own ``q``: twice the likeliest one, for
    one value for walks and stops together is too sure of the walks. The likelihood is
    that of the filter with the tails of Huber 1964; ``q`` is chosen from `Q_LADDER`, so
    that its last digits, and with them the result, are the same on all processors.
    Tracks with less than `FEWEST` fixes to tell it have `USUAL_Q`.

    A fix that lies further from where the others put it than 99 % of such fixes would
    (a squared distance of 9.21 in units of the variance) gets its variance multiplied
    by what it exceeds that by; four rounds forth and back find these weights.

    Errors are taken to be independent. Those of a receiver that stands still under
    trees drift for minutes together: then the smoothed errors are too small. Neighbours
    share their fixes, so their new errors are not independent of each other. Two µs a
    fix.

    Examples
    --------
    A walk with a fix a minute, one of which lies 90 m beside it and says 20.

    >>> minutes = np.arange(15)
    >>> start = pd.Timestamp("2024-06-01T06Z")
    >>> fixes = pd.DataFrame(
    ...     {
    ...         "track": 5,
    ...         "time": start + pd.to_timedelta(minutes, unit="min"),
    ...         "trip": 0,
    ...         "x_m": 60.0 * minutes,
    ...         "y_m": np.where(minutes == 7, 90.0, 0.0),
    ...         "error_m": 20.0,
    ...     }
    ... )
    >>> smooth = smooth_fixes(fixes)
    >>> smooth.loc[7, ["raw_y_m", "y_m", "error_m"]].astype(float).round(1).tolist()
    [90.0, 25.4, 12.6]
    """
    _check(fixes)
    stamp = fixes["time"].dt.tz_convert(None).to_numpy("datetime64[ms]")
    x, y, error = (fixes[name].to_numpy(np.float64) for name in MOVED)
    trip, track = (fixes[name].to_numpy(np.int64) for name in ("trip", "track"))
    order = np.lexsort((error, y, x, stamp, trip, track))
    time, x, y, error = (a[order] for a in (stamp.astype(np.int64), x, y, error))
    trip, track = trip[order], track[order]

    begins = np.ones(len(fixes), bool)
    begins[1:] = (trip[1:] != trip[:-1]) | (track[1:] != track[:-1])
    piece = np.cumsum(begins) - 1
    # Measured from where each trip begins, so that no digits are lost.
    from_x, from_y = x[begins][piece], y[begins][piece]
    series = Series(
        trip=piece,
        wait=np.diff(time, prepend=time[:1]) / 1000,
        x=x - from_x,
        y=y - from_y,
        variance=error**2,
        weight=np.ones(len(fixes)),
    )
    smooth_tracks(track, series, Q_LADDER, FEWEST, USUAL_Q)

    smooth = fixes.assign(**{f"raw_{name}": fixes[name] for name in MOVED})
    found = (series.x + from_x, series.y + from_y, np.sqrt(series.variance))
    for name, values in zip(MOVED, found, strict=True):
        column = np.empty(len(fixes))
        column[order] = values
        smooth[name] = column
    return smooth


def _check(fixes: pd.DataFrame) -> None:
    """Say what is wrong with the fixes."""
    for name in ("track", "time", "trip", *MOVED):
        if name not in fixes:
            raise SchemaError(
                f"The fixes have no column {name!r}.",
                hint="Clean them, and cut them into trips, before smoothing them.",
            )
    if "raw_x_m" in fixes:
        raise SchemaError(
            "The fixes are smooth already: they have a column 'raw_x_m'.",
            hint="Smooth the fixes that were cleaned and split.",
        )
    for name in MOVED:
        if not np.isfinite(fixes[name]).all():
            raise ValueError(f"{name} holds a value that is not a finite number")
    if not (fixes["error_m"] > 0).all():
        raise ValueError("error_m holds a value that is not above zero")
    if fixes["time"].isna().any():
        raise ValueError("time holds a value that is no time")
