"""Workbooks of Excel and LibreOffice: the sheet that holds positions."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from geo.errors import InputError, SchemaError
from geo.read.columns import are_hashtags, find_roles, plain
from geo.read.found import Found, remarks_say_simulated, says_simulated

MAX_FILE_BYTES = 2**27
"""Largest workbook, in bytes."""

MAX_CELLS = 10_000_000
"""Most cells of a sheet."""

MAX_MEMORY_BYTES = 2**31
"""Most memory that unpacking a workbook may take."""

MAX_LINE_BYTES = 2**26

HEADER_ROWS = 10
"""The header is looked for in so many rows from the top."""

_PROGRAM = Path(__file__).with_name("workbook.py")
_POINTS = ({"lat", "lon"}, {"north", "east"}, {"geopoint"}, {"wkt"})
_TIMES = ({"time"}, {"day", "clock"})

Json = Any


@dataclass(slots=True)
class _Sheet:
    """A sheet as far as it was read; its rows are dropped once they are no use."""

    number: int
    name: str
    rows: list[list[Json]] | None = field(default_factory=list)
    header: int = 0
    score: int = -1  # not known yet


def read_workbook(path: Path, *, columns: Mapping[str, str]) -> Found:
    """Read the sheet of a workbook that has columns of positions.

    Parameters
    ----------
    path
        xlsx, xlsm, xlsb, xls or ods. Hidden sheets are left out.
    columns
        Columns that the user named; they help to tell the header, which may stand
        in any of the first ten rows.

    Returns
    -------
    Found
        Numbers as numbers, dates as Arrow timestamps without a zone, and mixed
        columns as text. Of a formula, the value that was stored with it.

    Raises
    ------
    InputError
        If it is damaged, protected by a password, or too large.
    SchemaError
        If no sheet has columns of positions.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise _too_large(path.name)
    with _messages(path) as messages:
        best, sheets = _best(messages, columns, path.name)
    if best is None or best.rows is None:
        raise InputError(f"{path.name} is a workbook without rows.")
    if best.score < 2:
        raise SchemaError(
            f"{path.name} has no sheet with columns for latitude and longitude in its "
            f"first {HEADER_ROWS} rows.",
            hint="Name them with --columns lat=NAME,lon=NAME.",
        )
    header = [_text(cell) or "" for cell in best.rows[best.header]]
    rows = [row for row in best.rows[best.header + 1 :] if row]
    tags = tuple(_text(cell) or "" for cell in rows[0]) if rows else ()
    tags = tags[: len(header)] if are_hashtags(tags) else ()
    table = _table(header, rows[1:] if tags else rows)
    if not table.num_rows:
        raise InputError(f"{path.name} has a header, but no rows.")
    first = 2 if tags else 1
    return Found(
        table=table,
        line=np.arange(first, first + table.num_rows, dtype=np.int64),
        broken=np.array([], dtype=np.int64),
        notes=_notes(best, sheets, tagged=bool(tags)),
        simulated=says_simulated(" ".join([path.name, best.name]))
        or remarks_say_simulated(table),
        tags=tags,
    )


def _notes(best: _Sheet, sheets: Sequence[_Sheet], *, tagged: bool) -> tuple[str, ...]:
    """Say which sheet was taken; by its number, for its name may be a person's."""
    notes = [f"read as a workbook: sheet {best.number} of {len(sheets)}"]
    others = sum(sheet.score >= 2 for sheet in sheets) - 1
    if others:
        notes.append(
            f"{others} more sheets have positions and were left out: save each as a "
            "file of its own"
        )
    if best.header:
        notes.append(f"{best.header} rows above the header were left out")
    if tagged:
        notes.append("the row of HXL hashtags was used for the roles of the columns")
    return tuple(notes)


@contextmanager
def _messages(path: Path) -> Iterator[Iterator[Json]]:
    """Run the program that takes a workbook apart, and hand over what it says."""
    places = [place for place in sys.path if place and Path(place).is_absolute()]
    program = [sys.executable, "-P", str(_PROGRAM)]
    program += [str(path.resolve()), str(MAX_MEMORY_BYTES)]
    try:
        process = subprocess.Popen(  # noqa: S603  (no shell; the path is an argument)
            program,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        )
    except (OSError, TypeError) as error:
        raise InputError(
            f"{path.name} is a workbook, and no Python could be started to read it.",
            hint="Save the sheet as CSV.",
        ) from error
    with process:
        try:
            yield _said(process.stdout, path.name)
        finally:
            process.kill()


def _said(lines: Any, name: str) -> Iterator[Json]:
    """Yield the messages up to the last one.

    Raises
    ------
    InputError
        If there is no last one, or the program says that it cannot read the file.
    """
    while line := lines.readline(MAX_LINE_BYTES):
        if not line.endswith(b"\n"):
            break
        message = json.loads(line)
        if isinstance(message, dict):
            if "end" in message:
                return
            if "error" in message:
                raise _unreadable(message["error"], name)
        yield message
    raise InputError(
        f"{name} cannot be unpacked: it is damaged, or needs more than "
        f"{MAX_MEMORY_BYTES / 2**20:,.0f} MB.",
        hint="Open it in a spreadsheet and save the sheet as CSV.",
    )


def _unreadable(word: str, name: str) -> InputError:
    if word == "password":
        return InputError(
            f"{name} is protected by a password.",
            hint="Open it and save it without one.",
        )
    return InputError(
        f"{name} is no whole workbook of Excel or LibreOffice.",
        hint="Open it in a spreadsheet and save the sheet as CSV.",
    )


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name} is larger than {MAX_FILE_BYTES / 2**20:,.0f} MB or {MAX_CELLS:,} "
        "cells.",
        hint="Save the sheet as CSV.",
    )


def _best(
    messages: Iterable[Json], columns: Mapping[str, str], name: str
) -> tuple[_Sheet | None, list[_Sheet]]:
    """Return the first of the sheets that suit best, and all of them.

    The rows of one sheet are held at a time, and of the best one before it.
    """
    best: _Sheet | None = None
    sheets: list[_Sheet] = []
    cells = 0
    for message in messages:
        if isinstance(message, dict):
            best = _better(best, sheets, columns)
            sheets.append(_Sheet(len(sheets) + 1, str(message["sheet"])))
            cells = 0
        elif (rows := sheets[-1].rows) is not None:
            rows.append(message)
            cells += len(message)
            if cells > MAX_CELLS:
                raise _too_large(name)
            if len(rows) == HEADER_ROWS:
                best = _better(best, sheets, columns)
    return _better(best, sheets, columns), sheets


def _better(
    best: _Sheet | None, sheets: Sequence[_Sheet], columns: Mapping[str, str]
) -> _Sheet | None:
    """Return the better of two sheets, and drop the rows of the other."""
    if not sheets or sheets[-1].score >= 0:
        return best
    last = sheets[-1]
    rows = [*(last.rows or [])[:HEADER_ROWS], []]
    top = [_score(row, columns, rows[at + 1]) for at, row in enumerate(rows[:-1])]
    last.score = max(top, default=0)
    last.header = top.index(last.score) if top else 0
    if best is not None and best.score >= last.score:
        last.rows = None
        return best
    if best is not None:
        best.rows = None
    return last


def _score(
    row: Sequence[Json], columns: Mapping[str, str], under: Sequence[Json]
) -> int:
    """Return 3 for a header with positions and times, 2 for positions alone."""
    filled = [cell for cell in row if cell is not None]
    if len(filled) < 2 or not all(isinstance(cell, str) for cell in filled):
        return 0
    names = [cell or "" for cell in row]
    keys = {plain(name) for name in names}
    named = {role: name for role, name in columns.items() if plain(name) in keys}
    tags = [_text(cell) or "" for cell in under][: len(names)]
    tags = tags if are_hashtags(tags) else []
    roles = find_roles(names, columns=named, tags=tags).index.keys()
    if not any(wanted <= roles for wanted in _POINTS):
        return int(bool(filled))
    return 3 if any(wanted <= roles for wanted in _TIMES) else 2


def _table(header: list[str], rows: list[list[Json]]) -> Any:
    """Return rows of cells as columns; those without a name and cells are dropped."""
    width = max([len(header), *map(len, rows)])
    names, columns = [], []
    for at in range(width):
        cells = [row[at] if at < len(row) else None for row in rows]
        name = header[at] if at < len(header) else ""
        if name or any(cell is not None for cell in cells):
            names.append(name)
            columns.append(_column(cells))
    return pa.Table.from_arrays(columns, names=names)


def _column(cells: Sequence[Json]) -> Any:
    """Return cells as numbers, dates or times if all are, and else as text."""
    kinds = {_kind(cell) for cell in cells if cell is not None}
    if kinds == {"n"}:
        return pa.array([None if c is None else float(c) for c in cells], pa.float64())
    if kinds == {"d"}:
        days = [None if c is None else date.fromisoformat(c["d"]) for c in cells]
        return pa.array(days, pa.date32())
    if kinds and kinds <= {"d", "t"}:
        stamps = [
            None if c is None else datetime.fromisoformat(c.get("t") or c["d"])
            for c in cells
        ]
        return pa.array(stamps, pa.timestamp("ms"))
    return pa.array([_text(cell) for cell in cells], pa.string())


def _kind(cell: Json) -> str:
    """Return "n" for a number, the key of a date or time, "s" for anything else."""
    if isinstance(cell, dict):
        return str(next(iter(cell)))
    number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return "n" if number else "s"


def _text(cell: Json) -> str | None:
    """Return a cell as a person would type it."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, dict):
        return str(next(iter(cell.values())))
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).lower()
