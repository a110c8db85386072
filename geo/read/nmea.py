"""NMEA 0183, the sentences that GPS receivers speak, read in whole columns."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.errors import InputError
from geo.read.cells import as_numbers
from geo.read.found import Found, says_simulated
from geo.read.sniff import decode, read_bytes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SENTENCE = re.compile(
    rb"\$([A-Z]{2}(GGA|RMC|ZDA),[^*$\r\n]*)(?:\*([0-9A-Fa-f]{2})(?![0-9A-Fa-f]))?"
)
_KINDS = (b"GGA", b"RMC", b"ZDA")
_GGA, _RMC, _ZDA = range(3)
_LEAST = (14, 9, 4)
"""Commas that a sentence of each kind has at least."""

_DAY_MS = 86_400_000
_NO_DAY = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class _Sentences:
    """The sentences of a log that matter, in its order."""

    kind: Ints
    fields: list[list[str]]
    good: Bools


def read_nmea(path: Path) -> Found:
    """Read the fixes of an NMEA log.

    Parameters
    ----------
    path
        Text with GGA and RMC sentences of any talker, and ZDA for the date; other
        sentences and lines are passed over. Sentences of one time are one fix. GGA
        has no date: that of the last RMC or ZDA is carried on over midnight.

    Returns
    -------
    Found
        A row a time. Sentences with a wrong checksum, or without one that they
        should have, are broken records. Fixes that the receiver calls void have no
        position.

    Raises
    ------
    InputError
        If no sentence could be read.
    """
    text, _ = decode(read_bytes(path), name=path.name)
    said = _sentences(text)
    clock = _clock(said)
    usable = said.good & np.isfinite(clock)
    if not usable.any():
        raise InputError(
            f"{path.name} is an NMEA log without one whole GGA or RMC sentence.",
            hint="Copy it from the device again.",
        )
    at = np.flatnonzero(usable)
    first = np.r_[True, np.diff(clock[at]) != 0]
    row = np.cumsum(first) - 1
    day = _days(said, at, row, clock)
    table, fixes, simulated = _table(said, at, row)
    time = np.where(day == _NO_DAY, 0, day * _DAY_MS + clock[at][first].astype(int))
    # Records are the times and the broken sentences, in the order of the file.
    places = np.concatenate([at[first][fixes], np.flatnonzero(~said.good)])
    number = np.empty(places.size, dtype=np.int64)
    number[np.argsort(places, kind="stable")] = np.arange(1, places.size + 1)
    stamps = pa.array(time, pa.int64(), mask=day == _NO_DAY)
    stamps = stamps.cast(pa.timestamp("ms", tz="UTC"))
    table = table.append_column("time", stamps).filter(pa.array(fixes))
    notes = ["read as NMEA"]
    if (day == _NO_DAY).all():
        notes.append("no RMC or ZDA sentence tells the date")
    return Found(
        table=table,
        line=number[: table.num_rows],
        broken=np.sort(number[table.num_rows :]),
        notes=tuple(notes),
        simulated=simulated or says_simulated(path.name),
    )


def _sentences(text: bytes) -> _Sentences:
    """Cut the log into sentences, and check their sums."""
    matches = list(_SENTENCE.finditer(text))
    bodies = [match[1] for match in matches]
    kind = np.array([_KINDS.index(match[2]) for match in matches], dtype=np.int64)
    fields = [body.decode("utf-8", "replace").split(",") for body in bodies]
    told = np.array([int(m[3], 16) if m[3] else -1 for m in matches], dtype=np.int64)
    start = np.array([match.start(1) for match in matches], dtype=np.int64)
    end = np.array([match.end(1) for match in matches], dtype=np.int64)
    commas = np.array([len(parts) - 1 for parts in fields], dtype=np.int64)
    least = np.array(_LEAST)[kind] if kind.size else commas
    # Old receivers write no sum; then the line has to be there whole.
    ended = np.array([text[e : e + 1] in {b"\r", b"\n"} for e in end.tolist()], bool)
    good = np.where(told < 0, ended, told == _sums(text, start, end))
    return _Sentences(kind, fields, good & (commas >= least))


def _sums(text: bytes, start: Ints, end: Ints) -> Ints:
    """Return the exclusive or of the bytes of each sentence.

    Between the sentences stands at least the ``$``, so ends are never starts.
    """
    if not start.size:
        return start
    data = np.frombuffer(text + b"$", dtype=np.uint8)
    edges = np.stack([start, end], axis=1).ravel()
    sums: Ints = np.bitwise_xor.reduceat(data, edges)[::2].astype(np.int64)
    return sums


def _field(said: _Sentences, at: Ints, places: tuple[int, ...]) -> list[str]:
    """Return a field whose place depends on the kind of sentence, "" where it lacks."""
    out = []
    for n, kind in zip(at.tolist(), said.kind[at].tolist(), strict=True):
        parts, place = said.fields[n], places[kind]
        out.append(parts[place] if 0 <= place < len(parts) else "")
    return out


def _clock(said: _Sentences) -> Floats:
    """Return the time of day of each sentence in milliseconds, NaN if it has none."""
    every = np.arange(said.kind.size)
    value = as_numbers(pa.array(_field(said, every, (1, 1, 1)), pa.string()))
    hours, rest = np.divmod(value, 10_000)
    minutes, seconds = np.divmod(rest, 100)
    sane = (value >= 0) & (hours < 24) & (minutes < 60) & (seconds < 61)
    ms = np.rint(((hours * 60 + minutes) * 60 + seconds) * 1000)
    out: Floats = np.where(sane, ms, np.nan)
    return out


def _days(said: _Sentences, at: Ints, row: Ints, clock: Floats) -> Ints:
    """Return the day of each row since 1970, _NO_DAY if no sentence tells any.

    A clock that jumps back by more than half a day has passed midnight.
    """
    size = int(row[-1]) + 1
    told = np.full(size, _NO_DAY, dtype=np.int64)
    days = _told_days(said, at)
    known = np.flatnonzero(days != _NO_DAY)[::-1]  # the first of a row stands
    told[row[known]] = days[known]
    time = np.zeros(size)
    time[row] = clock[at]
    nights = np.cumsum(np.r_[0, np.diff(time) < -_DAY_MS / 2])
    dated = np.flatnonzero(told != _NO_DAY)
    if not dated.size:
        return told
    last = np.searchsorted(dated, np.arange(size), side="right") - 1
    source = dated[np.maximum(last, 0)]  # before the first date, counted back from it
    out: Ints = told[source] + nights - nights[source]
    return out


def _told_days(said: _Sentences, at: Ints) -> Ints:
    """Return the days that RMC and ZDA sentences tell, _NO_DAY where they do not."""
    parts = [
        _field(said, at, (-1, rmc, zda)) for rmc, zda in ((9, 2), (-1, 3), (-1, 4))
    ]
    texts = ["".join(cells) for cells in zip(*parts, strict=True)]
    known = {text: _day(text) for text in set(texts)}
    days: Ints = np.array([known[text] for text in texts], dtype=np.int64)
    return days


def _day(text: str) -> int:
    """Return a date such as 010523 or 01052023 as days since 1970."""
    if len(text) not in {6, 8} or not (text.isascii() and text.isdigit()):
        return _NO_DAY
    day, month, year = int(text[:2]), int(text[2:4]), int(text[4:])
    if len(text) == 6:
        year += 2000 if year < 80 else 1900
    try:
        return date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return _NO_DAY


def _table(said: _Sentences, at: Ints, row: Ints) -> tuple[Any, Bools, bool]:
    """Return what is known of each row besides its time, and which rows are fixes."""
    kind = said.kind[at]
    size = int(row[-1]) + 1
    source = np.full(size, -1, dtype=np.int64)
    for which in (_RMC, _GGA):  # GGA knows more; of two of a kind the first stands
        mine = np.flatnonzero(kind == which)[::-1]
        source[row[mine]] = at[mine]
    fixes = source >= 0
    source[~fixes] = at[0]
    state = np.array(_field(said, at, (6, 2, -1)), dtype=object)
    mode = np.array(_field(said, at, (-1, 12, -1)), dtype=object)
    void = np.where(kind == _GGA, np.isin(state, ["", "0"]), state != "A")
    void &= kind != _ZDA
    lost = np.zeros(size, dtype=bool)
    lost[row[void]] = True
    guessed = np.zeros(size, dtype=bool)
    guessed[row[np.isin(state, ["6", "7"]) | np.isin(mode, ["E", "M"])]] = True
    lat = np.where(lost, np.nan, _degrees(said, source, (2, 3), "NS"))
    lon = np.where(lost, np.nan, _degrees(said, source, (4, 5), "EW"))
    columns = {"lat": lat, "lon": lon}
    for name, place in (("elevation", 9), ("hdop", 8)):
        cells = _field(said, source, (place, -1, -1))
        columns[name] = as_numbers(pa.array(cells, pa.string()))
    table = pa.table(columns)
    if guessed.any():
        table = table.append_column("valid", pa.array(np.where(guessed, "no", "yes")))
    simulated = bool((np.isin(state, ["8"]) | np.isin(mode, ["S"])).any())
    return table, fixes, simulated


def _degrees(
    said: _Sentences, source: Ints, places: tuple[int, int], letters: str
) -> Floats:
    """Return degrees and minutes such as 0830.00,N as degrees, NaN if they are none."""
    number, side = (_field(said, source, (place, place + 1, -1)) for place in places)
    value = as_numbers(pa.array(number, pa.string()))
    degrees, minutes = np.divmod(value, 100)
    letter = np.array(side, dtype=object)
    known = (value >= 0) & (minutes < 60) & np.isin(letter, list(letters))
    sign = np.where(letter == letters[1], -1.0, 1.0)
    out: Floats = np.where(known, sign * (degrees + minutes / 60), np.nan)
    return out
