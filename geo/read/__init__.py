"""Read GPS files: find out what a file is, and call its reader."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from geo.errors import InputError, printable
from geo.read.archive import unpacked
from geo.read.bundle import Part, bundled, notes_of
from geo.read.coordinates import looks_swapped
from geo.read.delimited import read_delimited
from geo.read.excel import read_workbook
from geo.read.fit import read_fit
from geo.read.found import Found, remarks_say_simulated, says_simulated
from geo.read.geojson import read_geojson
from geo.read.google import read_google
from geo.read.gps import read_gpx
from geo.read.guard import SETTINGS as _SETTINGS  # noqa: F401  (before GDAL starts)
from geo.read.kml import read_kml
from geo.read.nmea import read_nmea
from geo.read.parquet import read_parquet
from geo.read.plt import read_plt
from geo.read.sifting import sift
from geo.read.sniff import NAMES, SUFFIXES, kind_of
from geo.read.table import Options, refuse_if_useless, understand
from geo.read.tcx import read_tcx
from geo.read.times import known_zone
from geo.read.vector import read_vector
from geo.read.weeks import judge_weeks
from geo.schema import Sifted

__all__ = ["looks_swapped", "read_fixes"]

_WORKBOOKS = {"xlsx", "xls", "ods"}
# Formats whose fields have a fixed meaning: nobody has to name them.
_FIXED = {"fit", "google", "gpx", "tcx", "nmea", "plt"}

# Logs of one device: whatever they hold is a fix.
_LOGS = {"fit", "google", "nmea", "plt", "tcx"}
# Formats that hold tracks and, beside them, marks of places.
_MARKED: Mapping[str, Callable[..., Found]] = {"gpx": read_gpx, "kml": read_kml}

_READERS: Mapping[str, Callable[[Path], Found]] = {
    "gpx": read_gpx,
    "kml": read_kml,
    "tcx": read_tcx,
    "fit": read_fit,
    "nmea": read_nmea,
    "plt": read_plt,
    "json": read_geojson,
    "google": read_google,
    "parquet": read_parquet,
    "gpkg": read_vector,
    "shp": read_vector,
    "fgb": read_vector,
}
# What is looked for in an archive.
_PACKED = set().union(
    *(SUFFIXES[name] for name in {"delimited", "zip", *_WORKBOOKS, *_READERS})
)


def read_fixes(
    path: Path,
    *,
    key: bytes,
    columns: Mapping[str, str] | None = None,
    time_zone: str = "",
    swap: bool = False,
    crs: str = "",
    now: datetime | None = None,
    campaign: tuple[datetime, datetime] | None = None,
    rollover: bool = False,
    points: bool = False,
) -> Sifted:
    r"""Read the fixes of one file, whatever it is called.

    Parameters
    ----------
    path
        CSV and its kin, workbooks (xlsx, xlsb, xls, ods), GPX, KML, TCX, FIT, NMEA,
        PLT, location histories of Google, GeoJSON (also one feature a line),
        GeoPackage, Shapefile, FlatGeobuf or Parquet, or a zip archive of these, whose
        files are read as one. What it is, its content says.
    key
        Secret that names of tracks are hashed with; it stays in the store.
    columns
        Names of columns by role (track, time, lon, lat, elevation, accuracy), where
        they cannot be guessed. GPX and its kin have no use for them.
    time_zone
        IANA name of the zone of times without an offset, ``"America/Panama"``.
        Where it is empty such rows are rejected.
    swap
        Whether latitude and longitude have changed places in the file.
    crs
        CRS of the coordinates, if they are not degrees and the file does not say.
    now
        The present; times more than a day after it are rejected.
    campaign
        When the region's fixes were taken: the first moment, and the first after it.
        None asks nothing of the times.
    rollover
        Whether to move times that are 1024 or 2048 weeks off into the campaign.
    points
        Whether the rows are points that belong to no track: people or incidents
        that somebody saw at a place. They need no time. Lists of incidents are known
        for what they are without it.

    Returns
    -------
    Sifted
        Fixes with the columns of schema.FIXES and `line`, the number of the record
        in the file, from 1; sorted by track, then time. Or points, with the columns
        of schema.POINTS. The order of the rows in the file does not matter.

    Raises
    ------
    InputError
        If the file is missing, empty, of a kind that is not read, or holds no row
        with a usable time; or if more than half of the times are 1024 or 2048 weeks
        off the campaign, and `rollover` is False.
    SchemaError
        If a column is missing; the message lists those that are there.
    CRSError
        If the coordinates are not degrees and nothing says what they are.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "walk.csv"
    >>> _ = file.write_text("id;hora;lat;lon\nA;2023-05-01T12:00Z;8,5;-77,5\n")
    >>> sifted = read_fixes(file, key=b"secret")
    >>> sifted.fixes[["lon", "lat"]].to_numpy().tolist()
    [[-77.5, 8.5]]
    >>> sifted.notes[0]
    "read as UTF-8, separator ';', decimal comma"
    """
    known_zone(time_zone)
    options = Options(
        columns or {}, time_zone=time_zone, swap=swap, crs=crs, points=points
    )
    kind = kind_of(path)
    if kind.name == "zip":
        parts, notes = _parts_of_archive(path, options)
    else:
        parts = [_part(path, kind.name, options)]
        notes = [*parts[0].notes]
    rows = bundled(parts)
    if campaign:
        rows, moved = judge_weeks(
            rows, campaign=campaign, rollover=rollover, name=path.name
        )
        notes = [*notes, *moved]
    sifted, more = sift(rows, file=printable(path.name), key=key, now=now)
    good = len(sifted.fixes) + len(sifted.points)
    refuse_if_useless(sifted.counts(), good=good, name=path.name)
    return replace(
        sifted,
        notes=_sentences((*kind.notes, *notes, *more)),
        simulated=any(part.simulated for part in parts),
    )


def read_table(
    table: Any,
    *,
    key: bytes,
    columns: Mapping[str, str] | None = None,
    time_zone: str = "",
    crs: str = "",
    now: datetime | None = None,
) -> Sifted:
    """Read the fixes of a table that is in memory, as `read_fixes` those of a file.

    Parameters
    ----------
    table
        Arrow table; `pa.Table.from_pandas` makes one of a frame. Each column may have
        any type that a file could give it.
    key, columns, time_zone, crs, now
        As for `read_fixes`.

    Raises
    ------
    InputError
        If the table is empty, or holds no row with a usable time.
    SchemaError
        If a column is missing; the message lists those that are there.
    CRSError
        If the coordinates are not degrees and nothing says what they are.

    Examples
    --------
    >>> import pyarrow as pa
    >>> walk = {"id": ["A"], "time": ["2023-05-01T12Z"], "lat": [8.5], "lon": [-77.5]}
    >>> read_table(pa.table(walk), key=b"secret").fixes[["lon", "lat"]].to_numpy()
    array([[-77.5,   8.5]])
    """
    known_zone(time_zone)
    if not table.num_rows:
        raise InputError("The table has no rows.")
    line = np.arange(1, table.num_rows + 1, dtype=np.int64)
    found = Found(table=table, line=line, broken=line[:0])
    options = Options(columns or {}, time_zone=time_zone, crs=crs)
    rows, notes = understand(found, name="the table", options=options)
    sifted, more = sift(rows, file="", key=key, now=now)
    good = len(sifted.fixes) + len(sifted.points)
    refuse_if_useless(sifted.counts(), good=good, name="the table")
    simulated = remarks_say_simulated(table)
    return replace(sifted, notes=_sentences((*notes, *more)), simulated=simulated)


def _part(path: Path, kind: str, options: Options, *, number: int = 1) -> Part:
    """Return what a file holds, understood but not yet judged."""
    found = _found(path, kind, options)
    options = replace(options, columns={}) if kind in _FIXED else options
    rows, notes = understand(found, name=path.name, options=options)
    return Part(
        rows,
        number=number,
        notes=_sentences((*found.notes, *notes)),
        simulated=found.simulated,
        person=kind if kind == "google" else "",
    )


def _found(path: Path, kind: str, options: Options) -> Found:
    """Return what a file holds, as its reader finds it."""
    if options.points and kind in _LOGS:
        raise InputError(
            f"{path.name} is the log of a device ({NAMES[kind]}); it holds no points.",
            hint="Read it without --points, or put it into the folder of fixes.",
        )
    if options.points and kind in _MARKED:
        return _MARKED[kind](path, marks=True)
    if kind == "delimited":
        return read_delimited(path, columns=options.columns)
    if kind in _WORKBOOKS:
        return read_workbook(path, columns=options.columns)
    if kind in _READERS:
        return _READERS[kind](path)
    if kind == "zip":
        raise InputError(
            f"{path.name} is a zip archive in a zip archive.",
            hint="Unpack it, and give what is in it.",
        )
    raise InputError(f"{path.name} is a picture; it holds no fixes.")


def _parts_of_archive(path: Path, options: Options) -> tuple[list[Part], list[str]]:
    """Return what the files of positions in an archive hold, and notes on them.

    A file that cannot be used is left out with a note, unless none can.
    """
    parts: list[Part] = []
    left: list[InputError] = []
    notes: list[str] = []
    with unpacked(path, suffixes=_PACKED) as files:
        for number, file in enumerate(files, start=1):
            try:
                kind = kind_of(file.path).name
                part = _part(file.path, kind, options, number=number)
            except InputError as error:
                left.append(error)
                notes.append(f"file {number} was left out: {error}")
                continue
            said = part.simulated or any(map(says_simulated, file.names))
            parts.append(replace(part, simulated=said))
    if not parts:
        raise left[0]
    if len({part.rows.points for part in parts}) > 1:
        raise InputError(
            f"{path.name} holds fixes of devices and points that belong to no track.",
            hint="Unpack it, and give its files one by one.",
        )
    if len(files) == 1:
        what = f"it was unpacked from a zip archive, as {NAMES[kind]}"
        return parts, [*parts[0].notes, what]
    how = f"{len(parts)} of {len(files)} files of a zip archive were read as one, in "
    return parts, [*notes_of(parts), *notes, f"{how}the order of their names"]


def _sentences(notes: Sequence[str]) -> tuple[str, ...]:
    """Join what belongs together, and drop what was said already."""
    unique = list(dict.fromkeys(notes))
    if "decimal comma" in unique and len(unique) > 1:
        unique.remove("decimal comma")
        at = next((n for n, note in enumerate(unique) if note.startswith("read ")), 0)
        unique[at] += ", decimal comma"
    return tuple(unique)
