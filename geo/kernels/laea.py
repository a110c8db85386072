"""Compiled Lambert azimuthal equal-area projection, in plain arithmetic.

Sums, products, quotients and square roots are rounded alike by every processor, and
loops of them run over several points at once. So there is no sine and no logarithm in
the loop, but series that end where the rest is too small to count.
"""

# mypy: disable-error-code="untyped-decorator"

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Terms = tuple[float, ...]

WGS84_AXIS_M = 6378137.0
WGS84_FLATTENING = 1.0 / 298.257223563

REACH_DEG = 30.0
"""How far from the centre the series hold, per axis: what they leave out is less than
(pi / 6)**16 / 16! = 1.5e-18, a hundredth of the rounding of a number near 1."""

_SINE: Terms = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(8))
_COSINE: Terms = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(8))


class Centre(NamedTuple):
    """Where an oblique projection of the ellipsoid touches it, and what follows."""

    lon: float
    lat: float
    sin_lat: float
    cos_lat: float
    sin_b: float
    cos_b: float
    x_m: float
    y_m: float
    authalic: Terms


@njit(cache=True)
def _series(x: float, terms: Terms) -> float:
    """Return the sum of terms[k] * x**k, by halves: a processor can do both at once."""
    a, b, c, d, e, f, g, h = terms
    two = x * x
    low = (a + b * x) + two * (c + d * x)
    return float(low + two * two * ((e + f * x) + two * (g + h * x)))


@njit(cache=True)
def _sine(angle: float) -> float:
    return float(angle * _series(angle * angle, _SINE))


@njit(cache=True)
def _cosine(angle: float) -> float:
    return float(_series(angle * angle, _COSINE))


def centred(lon: float, lat: float) -> Centre:
    """Return the centre of a projection of WGS 84.

    Parameters
    ----------
    lon, lat
        Degrees; not at a pole, nor on the equator.

    Notes
    -----
    The sine of the authalic latitude is q / q at the pole (Snyder 1987, equation
    3-12), here as a series in the sine s of the latitude: q / (1 - e²) is
    s / (1 - e² s²) + artanh(e s) / e, the sum of (1 + 1 / (2k + 1)) e^2k s^(2k + 1).
    Its ninth term is less than 5e-18.
    """
    es = 2.0 * WGS84_FLATTENING - WGS84_FLATTENING * WGS84_FLATTENING
    e = math.sqrt(es)
    q_pole = (1.0 - es) * (1.0 / (1.0 - es) + math.atanh(e) / e)
    terms = tuple(
        (1.0 - es) * es**k * (1.0 + 1.0 / (2 * k + 1)) / q_pole for k in range(8)
    )
    phi = math.radians(lat)
    sin_phi, cos_phi = math.sin(phi), math.cos(phi)
    sin_b = sin_phi * _series.py_func(sin_phi * sin_phi, terms)  # as for the points
    cos_b = math.sqrt(1.0 - sin_b * sin_b)
    radius_m = WGS84_AXIS_M * math.sqrt(0.5 * q_pole)
    squeeze = WGS84_AXIS_M * cos_phi / math.sqrt(1.0 - es * sin_phi * sin_phi)
    squeeze /= radius_m * cos_b
    sides = (radius_m * squeeze, radius_m / squeeze)
    return Centre(lon, lat, sin_phi, cos_phi, sin_b, cos_b, *sides, terms)


@njit(cache=True, nogil=True, error_model="numpy")  # else no several points at once
def project(lon: Floats, lat: Floats, centre: Centre, x: Floats, y: Floats) -> int:
    """Write metres east and north of the centre; return how many points lie too far.

    Snyder 1987, equations 24-17 ff., with the angles from the centre instead of those
    from the equator. Degrees. What is written for points further than REACH_DEG from
    the centre on an axis, or beyond a pole, is nonsense.
    """
    radian, far = math.pi / 180.0, 0
    for i in range(lon.size):
        east, north = lon[i] - centre.lon, lat[i] - centre.lat
        far += (abs(east) > REACH_DEG) | (abs(north) > REACH_DEG) | (abs(lat[i]) > 90.0)
        lam, delta = east * radian, north * radian
        sin_phi = centre.sin_lat * _cosine(delta) + centre.cos_lat * _sine(delta)
        sin_b = sin_phi * _series(sin_phi * sin_phi, centre.authalic)
        cos_b = math.sqrt(max(0.0, 1.0 - sin_b * sin_b))
        ahead = cos_b * _cosine(lam)
        stretch = math.sqrt(2.0 / (1.0 + centre.sin_b * sin_b + centre.cos_b * ahead))
        x[i] = centre.x_m * (stretch * (cos_b * _sine(lam)))
        y[i] = centre.y_m * (stretch * (centre.cos_b * sin_b - centre.sin_b * ahead))
    return far
