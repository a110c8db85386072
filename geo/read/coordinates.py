"""Latitudes and longitudes as people write them, and in other reference systems."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError as UnknownCRS
from pyproj.exceptions import ProjError

from geo.errors import CRSError
from geo.read.cells import as_numbers, as_text

Floats = NDArray[np.float64]

_MARK = r"\s*(?P<{0}>[NSEWOnsewo]?)\s*"
_D, _M, _S = r"(?P<d>\d{1,3})", r"(?P<m>\d{1,2})", r"(?P<s>\d{1,2})"
_TAIL = r"(?:[.,]\d+)?)"
_DEG = r"(?:\s*(?:[°º˚:]|deg|d)\s*|\s+)"
_MIN = r"(?:\s*(?:[':]|min|m)\s*|\s+)"
_MIN_END = r"\s*(?:'|min|m)?"
_SEC_END = r"\s*(?:\"|''|s)?"
# Minus, primes and curly quotes, as spreadsheets and telephones put them.
_SIGNS = (
    ("\u2212", "-"),
    ("[\u2032\u2019\u00b4\u02b9`]", "'"),
    ("[\u2033\u201d\u201c\u02ba]", '"'),
)
_SIGN = r"(?P<sign>[+-]?)\s*"

# Degrees alone, degrees and minutes, degrees, minutes and seconds; only the last
# may have decimals, so that 8.451.200 is none of them.
_ANGLES = tuple(
    "^" + _MARK.format("before") + _SIGN + body + _MARK.format("after") + "$"
    for body in (
        _D[:-1] + _TAIL + r"\s*[°º˚]?",
        _D + _DEG + _M[:-1] + _TAIL + _MIN_END,
        _D + _DEG + _M + _MIN + _S[:-1] + _TAIL + _SEC_END,
    )
)

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_DECIMAL = r"[+-]?\d{1,3}\.\d+"
_PAIR = (
    rf"^(?P<lat>{_NUMBER})\s*[, ;]\s*(?P<lon>{_NUMBER})"
    rf"(?:\s*[, ]\s*(?P<alt>{_NUMBER}))?(?:\s*[, ]\s*(?P<acc>{_NUMBER}))?$"
)
_WKT = (
    r"(?i)^(?:SRID=4326;)?\s*POINT(?:\s*ZM?|\s*M)?\s*\(\s*"
    rf"(?P<lon>{_NUMBER})\s+(?P<lat>{_NUMBER})(?:\s+(?P<alt>{_NUMBER}))?(?P<acc>)"
    r"(?:\s+[^)]*)?\)$"
)

SWAPPED_SHARE = 0.9

# Where the study region lies in the systems that are in use there, in kilometres:
# least and largest easting, least and largest northing. No two overlap.
_SYSTEMS = (
    ("EPSG:32617", "UTM 17N", 741, 1054, 752, 1088),
    ("EPSG:32618", "UTM 18N", 79, 391, 751, 1086),
    ("EPSG:9377", "MAGNA-SIRGAS Origen Nacional", 4358, 4672, 2310, 2647),
    ("EPSG:3115", "MAGNA-SIRGAS Colombia West", 809, 1120, 1243, 1576),
    ("EPSG:3116", "MAGNA-SIRGAS Colombia Bogota", 477, 790, 1244, 1580),
    ("EPSG:5469", "Panama Lambert", 631, 943, 116, 451),
)


def as_degrees(column: Any, *, axis: str) -> Floats:
    r"""Return a column of latitudes or longitudes in decimal degrees.

    Takes decimal points and commas, degrees and minutes, degrees, minutes and
    seconds, with a sign or with N, S, E, W or O (oeste, west) before or after.

    Parameters
    ----------
    column
        Arrow column of text or numbers.
    axis
        "lat" or "lon": a letter of the other axis makes the cell unreadable.

    Returns
    -------
    (n,) float array
        NaN where a cell is not an angle.

    Examples
    --------
    >>> cells = ["77°40'12\"O", "W 77 40.2", "-77,67", "8°30'N", "77.400.120", ""]
    >>> as_degrees(pa.array(cells), axis="lon")
    array([-77.67, -77.67, -77.67,    nan,    nan,    nan])
    """
    degrees = as_numbers(column)
    if not pa.types.is_string(getattr(column, "type", None)):
        return degrees
    left = np.isnan(degrees)
    if not left.any():
        return degrees
    text = as_text(column)
    left &= np.asarray(pc.is_valid(text))
    where = np.flatnonzero(left)
    if where.size:
        degrees[where] = _angles(text.take(pa.array(where)), axis=axis)
    return degrees


def _angles(text: Any, *, axis: str) -> Floats:
    """Return angles written with degree signs or letters, NaN where it is none."""
    for variants, sign in _SIGNS:
        text = pc.replace_substring_regex(text, variants, sign)
    out = np.full(len(text), np.nan)
    for pattern in _ANGLES:
        parts = pc.extract_regex(text, pattern=pattern)
        fits = np.asarray(pc.is_valid(parts)) & np.isnan(out)
        if fits.any():
            angle = _angle(parts.filter(pa.array(fits)), axis=axis)
            out[fits] = angle
    return out


def _angle(parts: Any, *, axis: str) -> Floats:
    names = {part.name for part in parts.type}
    value = np.zeros(len(parts))
    good = np.ones(len(parts), dtype=bool)
    for name, unit in (("d", 1), ("m", 60), ("s", 3600)):
        if name in names:
            number = as_numbers(parts.field(name))
            good &= (number < 60) | (name == "d")
            value += number / unit
    before = pc.utf8_upper(parts.field("before")).to_numpy(zero_copy_only=False)
    after = pc.utf8_upper(parts.field("after")).to_numpy(zero_copy_only=False)
    letter = np.where(before == "", after, before).astype("U1")
    negative = parts.field("sign").to_numpy(zero_copy_only=False) == "-"
    positive_side, negative_side = ("N", "S") if axis == "lat" else ("E", "WO")
    west = np.isin(letter, list(negative_side))
    good &= west | (letter == "") | ((letter == positive_side) & ~negative)
    good &= (before == "") | (after == "")
    return np.where(good, np.where(west | negative, -value, value), np.nan)


def split_points(column: Any, *, role: str) -> tuple[Floats, Floats, Floats, Floats]:
    """Return lat, lon, elevation and accuracy of points written in one cell.

    Parameters
    ----------
    column
        Arrow column of text.
    role
        "geopoint": ``lat lon alt acc`` as KoboToolbox and ODK write it, or
        ``lat, lon``. "wkt": ``POINT (lon lat)``.

    Examples
    --------
    >>> lat, lon, alt, acc = split_points(
    ...     pa.array(["8.4 -77.6 12.5 4", "8.4, -77.6", "x"]), role="geopoint"
    ... )
    >>> lat, acc
    (array([8.4, 8.4, nan]), array([ 4., nan, nan]))
    """
    text = as_text(column)
    parts = pc.extract_regex(text, pattern=_WKT if role == "wkt" else _PAIR)
    lat, lon, alt, acc = (
        as_numbers(parts.field(name)) for name in ("lat", "lon", "alt", "acc")
    )
    missing = np.asarray(pc.is_null(parts))
    for numbers in (lat, lon, alt, acc):
        numbers[missing] = np.nan
    return lat, lon, alt, acc


def is_point_text(text: str) -> bool:
    """Return whether a cell looks like a KoboToolbox point: lat lon alt accuracy.

    Examples
    --------
    >>> is_point_text("8.4 -77.6 12.5 4.0"), is_point_text("8.4 -77.6")
    (True, False)
    """
    return bool(re.fullmatch(rf"{_NUMBER} {_NUMBER} {_NUMBER} {_NUMBER}", text.strip()))


def point_role(text: str) -> str:
    """Return how a cell writes a whole point: "geopoint", "wkt", or "" for neither.

    Two numbers with a comma between count only with decimals, as few other pairs
    have them.

    Examples
    --------
    >>> [point_role(text) for text in ("8.4, -77.6", "POINT (-77.6 8.4)", "8, 77")]
    ['geopoint', 'wkt', '']
    """
    text = text.strip()
    if is_point_text(text) or re.fullmatch(rf"{_DECIMAL}\s*[,;]\s*{_DECIMAL}", text):
        return "geopoint"
    return "wkt" if re.match(_WKT, text) else ""


def known_crs(crs: str, *, name: str) -> CRS:
    """Return a CRS by its code or text.

    Raises
    ------
    CRSError
        If pyproj does not know it.
    """
    try:
        return CRS.from_user_input(crs)
    except (UnknownCRS, TypeError) as error:
        raise CRSError(
            f"The CRS of {name} is given as {crs[:60]!r}, which is not known.",
            hint="Use an EPSG code, such as EPSG:32618.",
        ) from error


def crs_hint(x: Floats, y: Floats) -> str:
    """Say which CRS points that are not in degrees are likely to be in.

    Parameters
    ----------
    x, y : (n,) float arrays
        Easting and northing in metres; NaN is left out.

    Returns
    -------
    str
        A hint that names one system if most points would lie in the study region
        by it alone, and else an example.

    Examples
    --------
    >>> crs_hint(np.array([224_000.0]), np.array([885_000.0]))
    'They look like UTM 18N; if so, say --crs EPSG:32618.'
    >>> crs_hint(np.array([1e9]), np.array([1e9]))
    'Say what they are, for example --crs EPSG:32618 (UTM 18N).'
    """
    known = np.isfinite(x) & np.isfinite(y)
    for option, east, north in (
        ("", x[known], y[known]),
        (" --swap", y[known], x[known]),
    ):
        for code, name, *km in _SYSTEMS:
            low_x, high_x, low_y, high_y = (1000 * value for value in km)
            inside = (east >= low_x) & (east <= high_x)
            inside &= (north >= low_y) & (north <= high_y)
            if inside.size and float(inside.mean()) > 0.5:
                swapped = ", northing and easting swapped" if option else ""
                return (
                    f"They look like {name}{swapped}; if so, say --crs {code}{option}."
                )
    return "Say what they are, for example --crs EPSG:32618 (UTM 18N)."


def to_wgs84(x: Floats, y: Floats, *, crs: CRS) -> tuple[Floats, Floats]:
    """Return longitude and latitude of points in another CRS.

    Parameters
    ----------
    x, y : (n,) float arrays
        Easting and northing, or longitude and latitude, in the units of `crs`.

    Returns
    -------
    lon, lat : (n,) float arrays
        Degrees; NaN where the point has no place on the globe.
    """
    if crs.equals(CRS.from_epsg(4326), ignore_axis_order=True):
        return x, y
    transformer = Transformer.from_crs(crs, 4326, always_xy=True)
    try:
        lon, lat = transformer.transform(x, y)
    except ProjError as error:
        raise CRSError(f"Cannot convert from {crs.name} to degrees.") from error
    bad = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(bad, np.nan, lon), np.where(bad, np.nan, lat)


def looks_swapped(
    lat: Floats, lon: Floats, bounds: tuple[float, float, float, float]
) -> bool:
    """Return whether latitude and longitude have changed places.

    Parameters
    ----------
    lat, lon : (n,) float arrays
        Degrees; NaN is left out.
    bounds
        West, south, east and north of the region, in degrees.

    Returns
    -------
    bool
        True if more than 90 % of the points lie in the region only after swapping.

    Examples
    --------
    >>> lat, lon = np.array([-77.5, -77.6]), np.array([8.0, 8.1])
    >>> looks_swapped(lat, lon, (-78.5, 7.0, -76.5, 9.5))
    True
    >>> looks_swapped(lon, lat, (-78.5, 7.0, -76.5, 9.5))
    False
    """
    known = np.isfinite(lat) & np.isfinite(lon)
    if not known.any():
        return False
    west, south, east, north = bounds

    def inside(x: Floats, y: Floats) -> NDArray[np.bool_]:
        within: NDArray[np.bool_] = (
            (x >= west) & (x <= east) & (y >= south) & (y <= north)
        )
        return within

    only_swapped = inside(lat, lon) & ~inside(lon, lat)
    return float(only_swapped[known].mean()) > SWAPPED_SHARE
