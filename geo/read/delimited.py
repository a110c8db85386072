"""CSV and its kin: any separator, encoding and header, read a column at a time."""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from geo.errors import InputError, SchemaError
from geo.read.columns import are_hashtags, plain
from geo.read.found import Found, remarks_say_simulated, says_simulated
from geo.read.sniff import decode, read_bytes
from geo.read.words import SYNONYMS

MAX_LINE_BYTES = 8 * 2**20
"""Longest record, in bytes."""

MAX_COLUMNS = 2000
SAMPLE_BYTES = 2**17
SAMPLE_ROWS = 50

_DATA = re.compile(r"^[+-]?\d+[.,]\d+|\d[-/.]\d{1,2}[-/.]\d|\d:\d\d|^\d{6,}$|\d\s*°")
_SEPARATORS = {",": "','", ";": "';'", "\t": "TAB", "|": "'|'"}
_WORDS = frozenset(
    word.rstrip("?") for words in SYNONYMS.values() for word in words.split()
)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the text is cut into records and fields."""

    separator: str
    quoted: bool
    plain: bool  # without any quotation marks
    header: list[str]
    start: int  # where the records begin, in bytes
    tags: tuple[str, ...]  # of HXL, if they are the first record


def read_delimited(path: Path, *, columns: Mapping[str, str]) -> Found:
    """Read a table of text.

    Parameters
    ----------
    path
        CSV, TSV or text with ``;`` or ``|``, in UTF-8, UTF-16 or Windows-1252. A
        line ``sep=;`` may come first. The header has to name the columns.
    columns
        Columns that the user named; they help to tell the header.

    Returns
    -------
    Found
        All columns as text. Records with too few or too many fields are broken.

    Raises
    ------
    InputError
        If it is no text, too large, has no records or an endless one.
    SchemaError
        If it has no header.
    """
    data, encoding = decode(read_bytes(path), name=path.name)
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    if not data.strip():
        raise InputError(f"{path.name} is empty.", hint="Export it again.")
    layout = _layout(data, columns, path.name)
    table, line, broken = _table(data, layout, path.name)
    if not line.size and not broken.size:
        raise InputError(f"{path.name} has a header, but no rows.")
    notes = [f"read as {encoding}, separator {_SEPARATORS[layout.separator]}"]
    if not layout.quoted:
        notes.append("a quotation mark is never closed: they were taken as they stand")
    if layout.tags:
        notes.append("the row of HXL hashtags was used for the roles of the columns")
    return Found(
        table,
        line,
        broken,
        notes=tuple(notes),
        simulated=says_simulated(path.name) or remarks_say_simulated(table),
        tags=layout.tags,
    )


def _layout(data: bytes, columns: Mapping[str, str], name: str) -> _Layout:
    """Find the separator and the header."""
    start, hint = 0, ""
    first, _, _ = data[:64].partition(b"\n")
    if first.strip().strip(b'"').lower().startswith(b"sep="):
        hint = first.strip(b'\r\n"')[4:5].decode("ascii", errors="replace")
        start = len(first) + 1
    marks = data.count(b'"')
    quoted = marks % 2 == 0
    sample = data[start : start + SAMPLE_BYTES].decode("utf-8", errors="replace")
    wanted = {plain(column) for column in columns.values()} | _WORDS
    choices = [hint] if hint in _SEPARATORS else list(_SEPARATORS)
    layouts = []
    for rank, separator in enumerate(choices):
        records = _records(sample, separator, quoted=quoted, name=name)
        if records:
            header = records[0][0]
            known = sum(plain(field) in wanted for field in header)
            widths = Counter(len(record) for record, _ in records[1:])
            steady = bool(widths) and widths.most_common(1)[0][0] == len(header)
            layouts.append(((known, steady, len(header), -rank), separator, records))
    if not layouts:
        raise InputError(f"{name} is empty.", hint="Export it again.")
    _, separator, records = max(layouts, key=lambda layout: layout[0])
    header, lines = records[0]
    _check_header(header, name)
    header = _fitted(header, [record for record, _ in records[1:]])
    bodies = [record for record, _ in records[1:2]]
    tags = tuple(bodies[0]) if bodies and are_hashtags(bodies[0]) else ()
    start += _offset_of_line(data[start:], lines)
    return _Layout(separator, quoted, marks == 0, header, start, tags)


def _records(
    sample: str, separator: str, *, quoted: bool, name: str
) -> list[tuple[list[str], int]]:
    """Return the first filled records, each with the lines read up to its end."""
    lines = io.StringIO(sample, newline="")
    if quoted:
        reader = csv.reader(lines, delimiter=separator)
    else:
        reader = csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    records: list[tuple[list[str], int]] = []
    try:
        for record in reader:
            if any(field.strip() for field in record):
                records.append((record, reader.line_num))
            if len(records) > SAMPLE_ROWS:
                break
    except csv.Error as error:
        if not records:
            raise InputError(
                f"{name} is not a table of text: {error}.",
                hint="Save it as CSV in UTF-8.",
            ) from error
    return records


def _check_header(header: list[str], name: str) -> None:
    """Refuse a header that is none."""
    if len(header) > MAX_COLUMNS:
        raise InputError(
            f"{name} has {len(header):,} columns; expected at most {MAX_COLUMNS:,}."
        )
    if len(header) < 2:
        raise InputError(
            f"{name} is not a table: no line has two columns.",
            hint="Separate the columns with commas, semicolons or tabs.",
        )
    filled = [field.strip() for field in header if field.strip()]
    # What is listed as the columns in a message must never be somebody's data.
    data = any(_DATA.search(field) for field in filled)
    if data or 2 * sum(map(_is_number, filled)) >= len(filled):
        raise SchemaError(
            f"{name} has no header: its first line holds numbers or times.",
            hint="Add a first line such as: track,time,lat,lon",
        )


def _is_number(field: str) -> bool:
    return field.replace(",", ".").lstrip("+-").replace(".", "", 1).isdigit()


def _fitted(header: list[str], records: list[list[str]]) -> list[str]:
    """Mend a header that is a separator too long or too short."""
    widths = Counter(len(record) for record in records)
    if not widths:
        return header
    usual = widths.most_common(1)[0][0]
    spare = all(not record[-1].strip() for record in records if len(record) == usual)
    if usual == len(header) + 1 and spare:
        return [*header, ""]
    if usual == len(header) - 1 and not header[-1].strip():
        return header[:-1]
    return header


def _offset_of_line(data: bytes, lines: int) -> int:
    """Return where the line after the first `lines` begins."""
    at = 0
    for _ in range(lines):
        end = data.find(b"\n", at)
        if end < 0:
            return len(data)
        at = end + 1
    return at


def _table(data: bytes, layout: _Layout, name: str) -> tuple[Any, Any, Any]:
    """Return the records as text, their numbers, and the numbers of broken ones."""
    keys = [f"c{at}" for at in range(len(layout.header))]
    broken: list[int] = []

    def skip(row: Any) -> str:
        broken.append(row.number)
        return "skip"

    body = memoryview(data)[layout.start :]
    if not bytes(body[:4096]).strip() and not bytes(body).strip():
        table = pa.table({key: pa.array([], pa.string()) for key in keys})
    else:
        table = _parsed(body, layout, keys, skip, name)
    number = np.arange(1, len(table) + len(broken) + 1, dtype=np.int64)
    lost = np.array(broken, dtype=np.int64)
    kept = np.setdiff1d(number, lost, assume_unique=True)
    if layout.tags and len(table):
        table, kept = table.slice(1), kept[1:]
    return table.rename_columns(layout.header), kept, lost


def _parsed(body: Any, layout: _Layout, keys: list[str], skip: Any, name: str) -> Any:
    """Return the records as text; what is plain is cut on all processors.

    Only one after the other can records be numbered, and those be skipped that have
    too few or too many fields.
    """
    if layout.plain:
        try:
            return _cut(body, layout, keys, None)
        except pa.ArrowInvalid:
            pass  # then with care, which says what is wrong
    try:
        return _cut(body, layout, keys, skip)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{name} cannot be cut into rows; a row may be longer than "
            f"{MAX_LINE_BYTES // 2**20} MB.",
            hint="Open it in a spreadsheet and save it as CSV again.",
        ) from error


def _cut(body: Any, layout: _Layout, keys: list[str], skip: Any) -> Any:
    return pa_csv.read_csv(
        pa.BufferReader(body),
        read_options=pa_csv.ReadOptions(
            use_threads=skip is None, block_size=MAX_LINE_BYTES, column_names=keys
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=layout.separator,
            quote_char='"' if layout.quoted else False,
            newlines_in_values=layout.quoted and not layout.plain,
            invalid_row_handler=skip,
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(keys, pa.string()),
            strings_can_be_null=False,
        ),
    )
