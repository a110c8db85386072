"""PLT, the track file of OziExplorer, which GeoLife also uses."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.errors import CRSError, InputError
from geo.read.cells import as_numbers
from geo.read.found import Found, says_simulated
from geo.read.sniff import decode, read_bytes

HEADER_LINES = 6
FIELDS = 5
"""Latitude, longitude, mark of a break, altitude, day; what follows is a comment."""

M_PER_FOOT = 0.3048
NO_ALTITUDE = -777.0

_EPOCH_DAYS = 25_569  # days from 1899-12-30 to 1970-01-01
_DAY_S = 86_400
_LATEST_DAY = 80_000.0  # in the year 2119


def read_plt(path: Path) -> Found:
    """Read the points of a PLT file.

    Parameters
    ----------
    path
        Of GeoLife or OziExplorer, in WGS 84. The time is that of the day number, to
        the second: the text beside it is in the language of whoever wrote it.

    Returns
    -------
    Found
        A nameless track: what stands for a name is mostly that of a program.
        Records with too few fields, or that are no numbers, are broken.

    Raises
    ------
    InputError
        If it breaks off in its header, or has no points.
    CRSError
        If it is in another datum.
    """
    text, _ = decode(read_bytes(path), name=path.name)
    lines = text.decode("utf-8", errors="replace").splitlines()
    geolife = lines[0].lstrip().lower().startswith("geolife")
    if len(lines) < HEADER_LINES:
        raise InputError(
            f"{path.name} is not whole: it breaks off in its header.",
            hint="Copy it again.",
        )
    _check_datum(lines[1], path.name)
    records = [line for line in lines[HEADER_LINES:] if line.strip()]
    if not records:
        raise InputError(f"{path.name} holds no points.")
    values, whole = _numbers(records)
    lat, lon, _, feet, day = values[:, whole]
    number = np.arange(1, len(records) + 1, dtype=np.int64)
    unknown = ~np.isfinite(feet) | (feet == NO_ALTITUDE)
    notes = ["read as PLT of GeoLife" if geolife else "read as PLT of OziExplorer"]
    if not geolife:
        notes.append("its times are taken for UTC, a guess")
    if not whole[-1] and not text.endswith(b"\n"):
        notes.append("the file breaks off: the points before the break were kept")
    return Found(
        table=pa.table(
            {
                "time": _stamps(day),
                "lat": lat,
                "lon": lon,
                "elevation": np.where(unknown, np.nan, feet * M_PER_FOOT),
            }
        ),
        line=number[whole],
        broken=number[~whole],
        notes=tuple(notes),
        simulated=says_simulated(" ".join([path.name, *lines[:HEADER_LINES]])),
    )


def _check_datum(line: str, name: str) -> None:
    if re.sub(r"[^A-Z0-9]", "", line.upper()) not in {"WGS84", ""}:
        raise CRSError(
            f"{name} is in the datum {line.strip()[:40]!r}; expected WGS 84.",
            hint="Export it again in WGS 84.",
        )


def _numbers(records: list[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the fields as numbers, a row a field, and which records are whole."""
    cut = [record.split(",", FIELDS) for record in records]
    # What breaks off is shorter than the first; its last number may be half of one.
    commas = np.array([record.count(",") for record in records])
    cells = [fields if len(fields) >= FIELDS else [""] * FIELDS for fields in cut]
    values = np.array(
        [
            as_numbers(pa.array([fields[at] for fields in cells], pa.string()))
            for at in range(FIELDS)
        ]
    )
    full = commas >= max(FIELDS - 1, commas[0])
    whole: NDArray[np.bool_] = full & np.isfinite(values[:2]).all(axis=0)
    return values, whole


def _stamps(day: NDArray[np.float64]) -> Any:
    """Return days since 1899-12-30 as whole seconds of UTC.

    The day is written to 0.9 or 0.09 seconds at worst; devices log whole ones. Day 0
    means that there is no time.
    """
    known = np.isfinite(day) & (day > 0) & (day < _LATEST_DAY)
    seconds = np.rint((np.where(known, day, 0.0) - _EPOCH_DAYS) * _DAY_S)
    stamps = pa.array(seconds.astype(np.int64), pa.int64(), mask=~known)
    return stamps.cast(pa.timestamp("s", tz="UTC"))
