"""A table of any origin -> rows with their roles understood."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.errors import CRSError, InputError, SchemaError
from geo.read.cells import as_numbers, as_text, has_decimal_commas
from geo.read.columns import Roles, find_roles, is_patrol, listed, plain
from geo.read.coordinates import (
    as_degrees,
    crs_hint,
    is_point_text,
    known_crs,
    point_role,
    split_points,
    to_wgs84,
)
from geo.read.found import Found
from geo.read.owners import recorded_of, tracks_of
from geo.read.sifting import Rows
from geo.read.times import MISSING, Times, are_dates, read_times

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

UERE_M = 10.0
"""User-equivalent range error that turns HDOP into metres."""

M_PER_HDOP = 1.515 * UERE_M / 2**0.5
"""Radius of 68 % per unit of HDOP: 1.515 times the standard error per axis, whose
square is (UERE HDOP)² / 2 (Fleming et al. 2020, bioRxiv 2020.06.12.130195)."""

# What databases put after a date whose time stands in a column of its own.
_MIDNIGHT = r"(?i)[T ](?:00?:00(?::00)?(?:\.0+)?|12:00(?::00)?\s*a\.?m\.?)$"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says about a file."""

    columns: Mapping[str, str]
    time_zone: str = ""
    swap: bool = False
    crs: str = ""
    points: bool = False


def understand(found: Found, *, name: str, options: Options) -> tuple[Rows, list[str]]:
    """Find position, time and track of each row of a table.

    Parameters
    ----------
    found
        The table.
    name
        Of the file, for messages.
    options
        What the user says about it.

    Returns
    -------
    rows
        Not yet judged.
    notes
        What was understood and what was guessed.

    Raises
    ------
    SchemaError
        If no column holds the position, or the time of fixes.
    CRSError
        If the positions are not in degrees, and no CRS is known.
    """
    roles = find_roles(
        found.table.column_names, columns=options.columns, tags=found.tags
    )
    patrol = is_patrol(found.table.column_names)
    notes = ["its columns are those of patrols of SMART"] if patrol else []
    # Incidents are no fixes of one device: nobody walks from one to the next.
    incidents = "incident" in roles.index and "track" not in roles.index
    points = options.points or incidents
    place, roles = _position(found, roles, options, name, notes)
    times = _times(found, roles, options, name, notes, points=points)
    accuracy = _accuracy(found, roles, place, notes)
    elevation = _optional(found, roles, "elevation")
    elevation = _or_else(elevation, place.elevation)
    owners = recorded_of if points else tracks_of
    track, said = owners(found, roles, named="track" in options.columns)
    notes += said
    notes += [
        f"column {roles.name(role)!r} taken for {role}: a guess"
        for role in ("track", "time", "lat", "lon", "elevation", "accuracy")
        if role in roles.guesses
        and role in roles.index
        and not (points and role == "track")
    ]
    names = {role: roles.name(role) for role in roles.index}
    rows = Rows(
        track=track,
        group=np.zeros(found.line.size, np.int64)
        if found.group is None
        else found.group,
        times=times,
        lon=place.lon,
        lat=place.lat,
        elevation_m=elevation,
        accuracy_m=accuracy,
        line=found.line,
        doubtful=_doubtful(found, roles),
        broken=found.broken,
        columns=names,
        points=points,
    )
    return rows, notes


@dataclass(frozen=True, slots=True)
class _Place:
    lon: Floats
    lat: Floats
    elevation: Floats
    accuracy: Floats


def _position(
    found: Found, roles: Roles, options: Options, name: str, notes: list[str]
) -> tuple[_Place, Roles]:
    """Return where each row lies, in WGS 84 degrees."""
    nothing = np.broadcast_to(np.nan, found.line.size)
    named = {"lat", "lon"} & set(options.columns)
    if found.points is not None and not named:
        points = found.points
        x, y = points.x, points.y
        lon, lat = _placed(x, y, options, crs=points.crs or options.crs, name=name)
        index = {r: at for r, at in roles.index.items() if r not in {"lat", "lon"}}
        return _Place(lon, lat, points.z, nothing), replace(roles, index=index)
    roles, in_metres = _axes(found, roles, options)
    if "lat" in roles.index and "lon" in roles.index:
        columns = [found.table.column(roles.index[axis]) for axis in ("lon", "lat")]
        flat = [as_text(c) if pa.types.is_string(c.type) else c for c in columns]
        x = as_degrees(flat[0], axis="lat" if options.swap else "lon")
        y = as_degrees(flat[1], axis="lon" if options.swap else "lat")
        if any(has_decimal_commas(column) for column in flat):
            notes.append("decimal comma")
        crs = options.crs if in_metres or named else ""
        lon, lat = _placed(x, y, options, crs=crs, name=name)
        return _filled(found, roles, _Place(lon, lat, nothing, nothing), notes), roles
    return _point_cells(found, roles, options, name, notes)


def _filled(found: Found, roles: Roles, place: _Place, notes: list[str]) -> _Place:
    """Take the point of a row from its one cell where its two are blank."""
    at = roles.index.get("geopoint", -1)
    if at < 0:
        return place
    blank = np.isnan(place.lon) & np.isnan(place.lat)
    if not blank.any():
        return place
    lat, lon, alt, acc = split_points(found.table.column(at), role="geopoint")
    use = blank & np.isfinite(lat) & np.isfinite(lon)
    if not use.any():
        return place
    notes.append(
        f"{int(use.sum()):,} positions were read from column "
        f"{roles.name('geopoint')!r}: latitude and longitude are blank there"
    )
    return _Place(
        np.where(use, lon, place.lon),
        np.where(use, lat, place.lat),
        np.where(use, alt, np.nan),
        np.where(use, acc, np.nan),
    )


def _axes(found: Found, roles: Roles, options: Options) -> tuple[Roles, bool]:
    """Choose between latitude and longitude, and northing and easting."""
    index = dict(roles.index)
    north, east = index.pop("north", -1), index.pop("east", -1)
    have = "lat" in index and "lon" in index
    metric = bool(options.crs) and not {"lat", "lon"} & set(options.columns)
    guesses = roles.guesses
    use = north >= 0 and ((metric and not have) or not {"lat", "lon"} & set(index))
    if use and not _has_point_text(found, index):
        index |= {"lat": north, "lon": east}
        guesses |= frozenset(() if options.crs else ("lat", "lon"))
    return Roles(index, roles.names, guesses), use


def _has_point_text(found: Found, index: Mapping[str, int]) -> bool:
    """Return whether a column for whole points really holds some."""
    at = index.get("geopoint", -1)
    return at >= 0 and is_point_text(_first_text(found.table.column(at)))


def _placed(
    x: Floats, y: Floats, options: Options, *, crs: str, name: str
) -> tuple[Floats, Floats]:
    """Return longitude and latitude, swapped and converted as the user says."""
    if options.swap:
        x, y = y, x
    degrees = _are_degrees(x, y)
    if crs:
        system = known_crs(crs, name=name)
        if system.is_geographic or not (degrees and crs == options.crs):
            return to_wgs84(x, y, crs=system)
        return x, y
    if not degrees:
        raise CRSError(
            f"The coordinates in {name} are not degrees.",
            hint=crs_hint(x, y),
        )
    return x, y


def _are_degrees(x: Floats, y: Floats) -> bool:
    """Return whether most points could be degrees (a few may be errors)."""
    if all(axis.size and axis.min() >= -1000 and axis.max() <= 1000 for axis in (x, y)):
        return True  # as nearly always, and sooner known; not with a NaN
    known = np.isfinite(x) & np.isfinite(y)
    far = (np.abs(x[known]) > 1000) & (np.abs(y[known]) > 1000)
    return not known.any() or float(far.mean()) < 0.5


def _point_cells(
    found: Found, roles: Roles, options: Options, name: str, notes: list[str]
) -> tuple[_Place, Roles]:
    """Return positions that stand in one cell: a KoboToolbox point, or WKT."""
    for role, at in _point_columns(found, roles):
        lat, lon, alt, acc = split_points(found.table.column(at), role=role)
        if np.isnan(lat).all():
            continue
        label = Roles({role: at}, roles.names).name(role)
        notes.append(f"positions were read from column {label!r}")
        index = {r: i for r, i in roles.index.items() if r not in {"lat", "lon"}}
        index |= {"lat": at, "lon": at}
        crs = options.crs if role == "wkt" else ""
        lon, lat = _placed(lon, lat, options, crs=crs, name=name)
        return _Place(lon, lat, alt, acc), replace(roles, index=index)
    raise _no_position(found, roles, name)


def _point_columns(found: Found, roles: Roles) -> list[tuple[str, int]]:
    """Return the columns that may hold whole points, best first."""
    likely = [(r, roles.index[r]) for r in ("geopoint", "wkt") if r in roles.index]
    by_content = [
        (point_role(_first_text(found.table.column(at))), at)
        for at in range(found.table.num_columns)
    ]
    return likely + [(role, at) for role, at in by_content if role]


def _first_text(column: Any) -> str:
    """Return the first filled cell of a text column, "" if there is none."""
    head = column.slice(0, 1000)
    if not (pa.types.is_string(head.type) or pa.types.is_large_string(head.type)):
        return ""
    filled = pc.drop_null(as_text(head))
    return str(filled[0].as_py()) if len(filled) else ""


def _no_position(found: Found, roles: Roles, name: str) -> SchemaError:
    lost = [axis for axis in ("lat", "lon") if axis not in roles.index]
    words = {"lat": "latitude", "lon": "longitude"}
    what = " and ".join(words[axis] for axis in lost)
    keys = [plain(column) for column in roles.names]
    spare = {"lat": ("y", "norte", "northing"), "lon": ("x", "este", "easting")}
    hints = []
    for axis in lost:
        near = [roles.names[keys.index(key)] for key in spare[axis] if key in keys]
        hints.append(f"{axis}={near[0] if near else 'NAME'}")
    return SchemaError(
        f"{name} has no column for {what}; its columns are: "
        f"{listed(found.table.column_names)}.",
        hint=f"Name it with --columns {','.join(hints)}.",
    )


def _times(
    found: Found,
    roles: Roles,
    options: Options,
    name: str,
    notes: list[str],
    *,
    points: bool,
) -> Times:
    """Return when each row was, in UTC; of points no more than the month matters."""
    column, label = _time_column(found, roles)
    if column is None and points:
        notes.append("no column for time: the points have no date")
        size = found.line.size
        return Times(np.zeros(size, np.int64), np.full(size, MISSING, np.int8))
    if column is None:
        raise SchemaError(
            f"{name} has no column for time; its columns are: "
            f"{listed(found.table.column_names)}.",
            hint="Name it with --columns time=NAME; or, if each row is somebody seen "
            "or counted at a place, and no fix of a device, read it with --points.",
        )
    zone = found.time_zone or options.time_zone or ("UTC" if points else "")
    keys = {plain(column) for column in found.table.column_names}
    movebank = {"event_id", "location_long"} <= keys
    if movebank or {"utc", "gmt"} & set(plain(label).split("_")):
        zone = "UTC"
    times = read_times(column, time_zone=zone)
    notes += times.notes
    if are_dates(column) and not points:
        notes.append("times are dates without a time of day: taken for 00:00, a guess")
    return times


def _time_column(found: Found, roles: Roles) -> tuple[Any, str]:
    index = roles.index
    if {"day", "clock"} <= set(index):
        day, clock = (found.table.column(index[role]) for role in ("day", "clock"))
        day, clock = as_text(day), as_text(clock)
        day = pc.replace_substring_regex(day, _MIDNIGHT, "")
        head = _first_text(clock)
        if 3 <= len(head) < 17 and head.replace(".", "").find(":") in {1, 2}:
            joined = pc.binary_join_element_wise(day, clock, " ")
            return joined, f"{roles.name('day')} {roles.name('clock')}"
    at = index.get("time", -1)
    return (found.table.column(at), roles.name("time")) if at >= 0 else (None, "")


def _optional(found: Found, roles: Roles, role: str) -> Floats | None:
    """Return a column of numbers that may be missing."""
    at = roles.index.get(role, -1)
    return as_numbers(found.table.column(at)) if at >= 0 else None


def _or_else(numbers: Floats | None, others: Floats) -> Floats:
    """Return numbers, and others where they are unknown."""
    if numbers is None:
        return others
    out: Floats = np.where(np.isnan(numbers), others, numbers)
    return out


def _accuracy(found: Found, roles: Roles, place: _Place, notes: list[str]) -> Floats:
    """Return the radius of 68 % of the errors, in metres."""
    accuracy = _optional(found, roles, "accuracy")
    hdop = _optional(found, roles, "hdop")
    accuracy = _above_zero(_or_else(accuracy, place.accuracy))
    if hdop is not None:
        worked_out = _above_zero(hdop * M_PER_HDOP)
        if (np.isnan(accuracy) & ~np.isnan(worked_out)).any():
            notes.append(f"accuracy worked out from HDOP: {UERE_M:g} m range error")
        accuracy = _or_else(accuracy, worked_out)
    return accuracy


def _above_zero(accuracy: Floats) -> Floats:
    """Return NaN for what is zero: then the device does not know."""
    if not (accuracy > 0).any():
        return np.broadcast_to(np.nan, accuracy.shape)
    out: Floats = np.where(np.isfinite(accuracy) & (accuracy > 0), accuracy, np.nan)
    return out


def _doubtful(found: Found, roles: Roles) -> NDArray[np.bool_]:
    """Return which rows the file itself calls invalid."""
    at = roles.index.get("valid", -1)
    if at < 0:
        return np.zeros(found.line.size, dtype=bool)
    words = pc.utf8_lower(pc.fill_null(as_text(found.table.column(at)), ""))
    invalid = pc.is_in(words, value_set=pa.array(["false", "0", "no", "f", "n"]))
    return np.asarray(invalid)


def refuse_if_useless(counts: Mapping[str, int], *, good: int, name: str) -> None:
    """Say what to do when not one row has a usable time.

    Raises
    ------
    InputError
        If nothing is good, mostly for want of a time or of its offset.
    """
    total = sum(counts.values())
    if good or not total:
        return
    if 2 * counts.get("naive time", 0) > total:
        raise InputError(
            f"The times in {name} have no offset from UTC.",
            hint="Say where they were taken, for example --tz America/Panama.",
        )
    if 2 * counts.get("no time", 0) > total:
        raise InputError(
            f"{name} has no time that could be understood.",
            hint="Only recorded tracks can be used, with a date and a time each.",
        )
