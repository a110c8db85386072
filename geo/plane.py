"""Degrees -> metres in the CRS of a region."""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyproj
from numpy.typing import NDArray

from geo.errors import CRSError
from geo.kernels.laea import REACH_DEG, Centre, centred, project
from geo.kernels.rows import sealed

Floats = NDArray[np.float64]

# What PROJ does for an oblique equal-area CRS on WGS 84, and nothing besides.
_EQUAL_AREA = re.compile(
    "proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad step proj=laea "
    r"lat_0=(\S+) lon_0=(\S+) x_0=0 y_0=0 ellps=WGS84"
)

AGREEMENT_M = 1e-5
"""How near our own projection must come to PROJ's."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The way from longitude and latitude to metres.

    PROJ knows it for every CRS. For the equal-area one that a new region has, a loop
    of our own is twenty times as fast, and rounds alike on every processor; it is used
    as far as it reaches from the centre, which each point decides for itself.
    """

    transformer: pyproj.Transformer
    centre: Centre | None = None

    def metres(
        self, lon: Floats, lat: Floats, *, out: tuple[Floats, Floats] | None = None
    ) -> tuple[Floats, Floats]:
        """Return x and y of points given in degrees, without NaN.

        Parameters
        ----------
        lon, lat : (n,) float64 arrays
            WGS 84 degrees.
        out
            Where to write x and y; by default into new arrays.

        Examples
        --------
        >>> plane = plane_of("+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m")
        >>> [axis.round(1).tolist() for axis in plane.metres(
        ...     np.array([-77.5, -77.0]), np.array([8.1, 8.0])
        ... )]
        [[0.0, 55121.5], [11059.6, 33.3]]
        """
        x, y = out or (np.empty(lon.size), np.empty(lon.size))
        if self.centre is None:
            x[:], y[:] = self.transformer.transform(lon, lat)
            return x, y
        lon, lat = sealed(lon, np.float64), sealed(lat, np.float64)
        if project(lon, lat, self.centre, x, y):
            far = np.abs(lon - self.centre.lon) > REACH_DEG
            far |= (np.abs(lat - self.centre.lat) > REACH_DEG) | (np.abs(lat) > 90.0)
            x[far], y[far] = self.transformer.transform(lon[far], lat[far])
        return x, y

    def covers(self, bounds: tuple[float, float, float, float]) -> bool:
        """Return whether our own projection serves for all points within bounds.

        Parameters
        ----------
        bounds
            West, south, east and north, in degrees.
        """
        if self.centre is None:
            return False
        west, south, east, north = bounds
        lon, lat = self.centre.lon, self.centre.lat
        far = max(lon - west, east - lon, lat - south, north - lat)
        return far <= REACH_DEG and south >= -90.0 and north <= 90.0


@lru_cache(maxsize=8)
def plane_of(crs: str) -> Plane:
    """Return what makes metres of longitudes and latitudes.

    Parameters
    ----------
    crs
        A projected CRS in metres, as an EPSG code or a PROJ string.

    Raises
    ------
    CRSError
        If it is unknown, or not projected in metres.
    """
    try:
        target = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise CRSError(
            f"{crs!r} is not a coordinate reference system.",
            hint="Give an EPSG code or a PROJ string.",
        ) from error
    units = {axis.unit_conversion_factor for axis in target.axis_info}
    if not target.is_projected or units != {1.0}:
        raise CRSError(
            f"{target.name!r} does not measure in metres.",
            hint="Give a projected CRS, such as a UTM zone or an equal-area one.",
        )
    transformer = pyproj.Transformer.from_crs("EPSG:4326", target, always_xy=True)
    return Plane(transformer, _own_centre(transformer))


def _own_centre(transformer: pyproj.Transformer) -> Centre | None:
    """Return the centre of our own projection, if it is what PROJ does."""
    match = _EQUAL_AREA.fullmatch(transformer.definition)
    if match is None:
        return None
    lat_0, lon_0 = float(match[1]), float(match[2])
    if not (0.0 < abs(lat_0) < 90.0 and abs(lon_0) <= 180.0):
        return None
    centre = centred(lon_0, lat_0)
    # A later PROJ may mean another thing by these words; a sample would show it.
    side = np.linspace(-0.99, 0.99, 37)
    lon = np.tile(np.clip(lon_0 + REACH_DEG * side, -180.0, 180.0), side.size)
    lat = np.repeat(np.clip(lat_0 + REACH_DEG * side, -89.0, 89.0), side.size)
    ours = np.array(Plane(transformer, centre).metres(lon, lat))
    off = np.abs(ours - transformer.transform(lon, lat)).max()
    return centre if off <= AGREEMENT_M else None
