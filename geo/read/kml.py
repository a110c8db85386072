"""KML, read in one pass: tracks with times, and placemarks with a time each."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geo.errors import InputError
from geo.read.cells import as_numbers
from geo.read.columns import find_roles, plain
from geo.read.found import (
    Found,
    Points,
    is_idle_name,
    remarks_say_simulated,
    says_simulated,
)
from geo.read.markup import read_markup
from geo.read.placemarks import MAX_COLUMNS, Placemarks, Row
from geo.read.sniff import read_bytes

MAX_CELLS = 10_000_000
"""Most cells of extended data; all the points of a placemark share what it says."""


def read_kml(path: Path, *, marks: bool = False) -> Found:
    """Read the points of a KML file.

    Parameters
    ----------
    path
        Elements are known by their local names. The points of gx:Track are taken;
        without any, those of placemarks: a Point with its TimeStamp or the begin of
        its TimeSpan, of a LineString the ends with its TimeSpan. Extended data are
        columns.
    marks
        Take the points of placemarks, with or without a time, whatever else there is.

    Returns
    -------
    Found
        A row a point. If the file breaks off, the points before the break, and one
        broken record.

    Raises
    ------
    InputError
        If the file declares a document type or entities, is no XML, holds no point,
        or has too many columns.
    """
    reader, failure = read_markup(
        read_bytes(path), Placemarks, name=path.name, what="KML"
    )
    if failure:
        reader.finish()
    rows, notes = (reader.points, []) if marks else _chosen(reader)
    if not rows:
        if failure:
            raise InputError(
                f"{path.name} is not whole: it breaks off before its first point.",
                hint="Copy it from the device again.",
            )
        if reader.bare and not marks:
            raise InputError(
                f"{path.name} holds lines without times.",
                hint="Only recorded tracks can be used, with a date and a time each.",
            )
        raise InputError(f"{path.name} holds no points.")
    if failure:
        notes.append("the file breaks off: the points before the break were kept")
    table = _table(rows, reader.data, path.name)
    notes += _shared_names(rows, table.column_names)
    x, y, z = (
        as_numbers(pa.array([row[at] for row in rows], pa.string())) for at in (3, 4, 5)
    )
    if not z[np.isfinite(z)].any():  # on the ground, whatever its height
        z = np.full_like(z, np.nan)
    return Found(
        table=table,
        line=np.arange(1, len(rows) + 1, dtype=np.int64),
        broken=np.array([len(rows) + 1] if failure else [], dtype=np.int64),
        points=Points(x, y, z),
        group=np.array([row[6] for row in rows], dtype=np.int64),
        notes=("read as KML", *notes),
        simulated=reader.simulated
        or says_simulated(path.name)
        or remarks_say_simulated(table),
    )


def _chosen(reader: Placemarks) -> tuple[list[Row], list[str]]:
    """Return the rows of the best kind, and what was left out."""
    tracks, points, lines = reader.tracks, reader.points, reader.lines
    timed = [row for row in points if row[2]]
    notes = []
    if tracks:
        rows, left = tracks, (len(points), "points of placemarks")
    elif timed or lines:
        rows = timed + lines
        left = (len(points) - len(timed), "placemarks without a time")
    else:
        rows, left = points, (0, "")
    if left[0]:
        notes.append(f"{left[0]} {left[1]} were left out")
    if tracks and lines:
        notes.append("lines of placemarks were left out: the file has tracks")
    if reader.bare:
        notes.append(
            f"{reader.bare} points of lines that have no time of their own were left "
            "out"
        )
    if reader.areas:
        notes.append(f"{reader.areas} areas were left out")
    if reader.spans and not tracks:
        notes.append("of spans of time the begin was taken")
    return rows, notes


def _table(rows: list[Row], extended: list[dict[str, str]], name: str) -> Any:
    """Return what is known of each point besides its position."""
    owner = {row[0] for row in rows}
    owner = {text for text in owner if text and not is_idle_name(text)}
    columns: dict[str, list[str | None]] = {}
    if owner:
        columns["track"] = [row[0] if row[0] in owner else None for row in rows]
    if any(row[2] for row in rows):
        columns["timestamp"] = [row[2] or None for row in rows]
    columns["placemark"] = [row[1] or None for row in rows]
    used = sorted({number for row in rows for number in row[7:9]})
    keys = dict.fromkeys(key for number in used for key in extended[number])
    if len(keys) > MAX_COLUMNS or len(keys) * len(rows) > MAX_CELLS:
        raise InputError(
            f"{name} has {len(keys):,} columns for {len(rows):,} points; expected at "
            f"most {MAX_COLUMNS} columns and {MAX_CELLS:,} cells.",
            hint="Export it with fewer fields.",
        )
    table = pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()})
    taken = {plain(column) for column in columns}
    for key in keys:
        if plain(key) not in taken:
            # What a point says goes before what its placemark says.
            cells = (
                extended[row[8]].get(key) or extended[row[7]].get(key) for row in rows
            )
            table = table.append_column(key, pa.array(cells, pa.string()))
    return table


def _shared_names(rows: list[Row], columns: list[str]) -> list[str]:
    """Say so if the names of placemarks may be those of devices."""
    names = {row[1] for row in rows} - {""}
    named = "track" in find_roles(columns, columns={}).index
    if named or not 1 < len(names) < len(rows):
        return []
    say = "they are those of tracks if you say --columns track=placemark"
    return [f"placemarks share {len(names):,} names: {say}"]
