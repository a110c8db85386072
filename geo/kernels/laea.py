"""Compiled Lambert azimuthal equal-area projection, to the last bit that of PROJ."""

# mypy: disable-error-code="untyped-decorator"

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WGS84_AXIS_M = 6378137.0
WGS84_FLATTENING = 1.0 / 298.257223563


class Centre(NamedTuple):
    """Where an oblique projection of the ellipsoid touches it, and what follows."""

    lon: float
    eccentricity: float
    one_es: float
    q_pole: float
    sin_b: float
    cos_b: float
    x_factor: float
    y_factor: float
    axis_m: float


@njit(cache=True)
def _authalic(sin_phi: float, eccentricity: float, one_es: float) -> float:
    """Return q of Snyder 1987, equation 3-12."""
    con = eccentricity * sin_phi
    return float(
        one_es
        * (
            sin_phi / (1.0 - con * con)
            - (0.5 / eccentricity) * math.log((1.0 - con) / (1.0 + con))
        )
    )


def centred(lon: float, lat: float) -> Centre:
    """Return the centre of a projection of WGS 84.

    Parameters
    ----------
    lon, lat
        Degrees; not at a pole, nor on the equator.
    """
    es = 2.0 * WGS84_FLATTENING - WGS84_FLATTENING * WGS84_FLATTENING
    eccentricity, one_es = math.sqrt(es), 1.0 - es
    phi = math.radians(lat)
    sin_phi = math.sin(phi)
    q_pole = _authalic(1.0, eccentricity, one_es)
    sin_b = _authalic(sin_phi, eccentricity, one_es) / q_pole
    cos_b = math.sqrt(1.0 - sin_b * sin_b)
    radius = math.sqrt(0.5 * q_pole)
    squeeze = math.cos(phi) / (math.sqrt(1.0 - es * sin_phi * sin_phi) * radius * cos_b)
    return Centre(
        math.radians(lon),
        eccentricity,
        one_es,
        q_pole,
        sin_b,
        cos_b,
        radius * squeeze,
        radius / squeeze,
        WGS84_AXIS_M,
    )


@njit(cache=True, nogil=True)
def project(lon: Floats, lat: Floats, centre: Centre) -> tuple[Floats, Floats]:
    """Return metres east and north of the centre (Snyder 1987, equations 24-17 ff.).

    The order of the operations is that of PROJ. Degrees less than half a turn from
    the centre, and not opposite to it.
    """
    x, y = np.empty_like(lon), np.empty_like(lat)
    radian = math.pi / 180.0
    for i in range(lon.size):
        lam = lon[i] * radian - centre.lon
        q = _authalic(math.sin(lat[i] * radian), centre.eccentricity, centre.one_es)
        sin_b = q / centre.q_pole
        cos_b = math.sqrt(max(0.0, 1.0 - sin_b * sin_b))
        cos_lam = math.cos(lam)
        stretch = 1.0 + centre.sin_b * sin_b + centre.cos_b * cos_b * cos_lam
        stretch = math.sqrt(2.0 / stretch)
        north = centre.cos_b * sin_b - centre.sin_b * cos_b * cos_lam
        y[i] = centre.y_factor * stretch * north * centre.axis_m
        x[i] = centre.x_factor * stretch * cos_b * math.sin(lam) * centre.axis_m
    return x, y
