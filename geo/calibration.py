"""Measure the errors of devices that lay still."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaincinv

from geo.errors import SchemaError
from geo.read.table import UERE_M

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How large errors are, beside what the devices, or we, took them for.

    Parameters
    ----------
    factor
        True errors in units of `error_m`; 1 where the errors are as they were taken
        for.
    low, high
        95 % confidence interval of `factor`.
    error_m
        Standard error per axis of a fix, in metres: the `location_error_m` of a
        region whose fixes bring no accuracy.
    correlation
        That of the errors of one fix and the next.
    fixes, places
        How many there were.
    """

    factor: float
    low: float
    high: float
    error_m: float
    correlation: float
    fixes: int
    places: int

    @property
    def uere_m(self) -> float:
        """Range error per unit of HDOP, in metres, where accuracies came from HDOP."""
        return UERE_M * self.factor

    @property
    def uere_interval_m(self) -> tuple[float, float]:
        """95 % confidence interval of `uere_m`."""
        return UERE_M * self.low, UERE_M * self.high


def calibrate_error(fixes: pd.DataFrame) -> Calibration:
    """Return how large the errors of devices are that lay still.

    Leave the devices where people will carry them, under the trees, for hours, each
    in one place; read their files, clean the fixes with a high `max_speed_kmh`, so
    that bad ones are not lost, and give them here.

    Parameters
    ----------
    fixes
        Cleaned: columns `track` (each lay in one place), `time`, `x_m`, `y_m` and
        `error_m`, in any order of rows.

    Returns
    -------
    Calibration
        With the range error (UERE) and its interval, and the standard error.

    Raises
    ------
    SchemaError
        If a column is missing.
    ValueError
        If no place has two fixes, all fixes of a place lie in one point, a value is not
        a number, or the errors change too slowly to tell how large they are.

    Notes
    -----
    The variance per axis of a fix is ``(UERE HDOP)² / 2`` (Fleming et al. 2020,
    bioRxiv 2020.06.12.130195), or ``(factor error_m)²``. The squared distances from the
    weighted mean of each place, in units of ``error_m²``, add up to ``factor²`` times a
    chi-square variable with two degrees of freedom a fix, less two a place.

    Errors of one fix and the next are often alike; their correlation ``r`` is measured,
    and taken to fade as its powers do. The mean then follows the errors, and takes
    ``2 (1 + r) / (1 - r)`` degrees a place; and the interval is as wide as of
    ``(1 - r²) / (1 + r²)`` times as many fixes.

    Examples
    --------
    >>> fixes = pd.DataFrame(
    ...     {
    ...         "track": 1,
    ...         "time": pd.to_datetime(["2024-06-01T06Z", "2024-06-01T07Z"]),
    ...         "x_m": [0.0, 40.0],
    ...         "y_m": [0.0, 30.0],
    ...         "error_m": 10.0,
    ...     }
    ... )
    >>> found = calibrate_error(fixes)
    >>> found.uere_m, found.error_m
    (25.0, 25.0)
    >>> [round(edge, 1) for edge in found.uere_interval_m]
    [13.0, 157.1]
    """
    table = _checked(fixes)
    track = table["track"].to_numpy()
    place = np.cumsum(np.concatenate([[0], track[1:] != track[:-1]]))
    error = table["error_m"].to_numpy()
    east, north = (
        _off_centre(table[name].to_numpy(), place, error) for name in ("x_m", "y_m")
    )
    square = float((east**2 + north**2).sum())
    if not square > 0:
        raise ValueError("all fixes of a place lie in one point; expected them apart")
    places = int(place[-1]) + 1
    likeness = _correlation(east, north, place)
    degrees = 2 * (len(table) - places * (1 + likeness) / (1 - likeness))
    told = degrees * (1 - likeness**2) / (1 + likeness**2)
    if not told >= 1:
        raise ValueError(
            f"the errors of {len(table)} fixes at {places} places change too slowly to "
            "measure them; expected a longer time"
        )
    factor = float(np.sqrt(square / degrees))
    low, high = factor * np.sqrt(told / (2 * gammaincinv(told / 2, [0.975, 0.025])))
    return Calibration(
        factor=factor,
        low=float(low),
        high=float(high),
        error_m=factor * float(np.sqrt((error**2).mean())),
        correlation=likeness,
        fixes=len(table),
        places=places,
    )


def _checked(fixes: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that count, sorted, of places with two fixes or more."""
    columns = ["track", "time", "x_m", "y_m", "error_m"]
    for name in columns:
        if name not in fixes:
            raise SchemaError(
                f"The fixes have no column {name!r}.",
                hint="Clean the fixes before measuring their errors.",
            )
    table = fixes[columns]
    for name in ("x_m", "y_m", "error_m"):
        if not np.isfinite(table[name]).all():
            raise ValueError(f"{name} holds a value that is not a finite number")
    if not (table["error_m"] > 0).all():
        raise ValueError("error_m holds a value that is not above zero")
    table = table[table.duplicated("track", keep=False)]
    if table.empty:
        raise ValueError("no track has two fixes; expected devices that lay still")
    return table.sort_values(columns, ignore_index=True)


def _off_centre(position: Floats, place: NDArray[np.int64], error: Floats) -> Floats:
    """Return how far positions lie from the weighted mean of their place, in errors."""
    start = position[np.searchsorted(place, place)]  # so that no digits are lost
    off, weight = position - start, error**-2.0
    mean = np.bincount(place, off * weight) / np.bincount(place, weight)
    away: Floats = (off - mean[place]) / error
    return away


def _correlation(east: Floats, north: Floats, place: NDArray[np.int64]) -> float:
    """Return how alike the errors of one fix and the next are, from 0 to 1.

    Taken from their own mean, errors look less alike than they are: Marriott and Pope
    1954, Biometrika 41:390.
    """
    together = place[1:] == place[:-1]
    product = (east[1:] * east[:-1] + north[1:] * north[:-1])[together].sum()
    squares = east[1:] ** 2 + east[:-1] ** 2 + north[1:] ** 2 + north[:-1] ** 2
    half = squares[together].sum() / 2
    likeness = float(product / half) if half > 0 else 0.0
    size = len(place) / (place[-1] + 1)
    if size > 10:
        likeness = (likeness + 1 / size) / (1 - 3 / size)
    return min(max(likeness, 0.0), 0.999)
