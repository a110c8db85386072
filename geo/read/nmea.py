"""NMEA 0183, the sentences that GPS receivers speak, read in whole columns."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.errors import InputError
from geo.read.cells import as_numbers
from geo.read.found import Found, says_simulated
from geo.read.sniff import decode, read_bytes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SENTENCE = re.compile(
    rb"\$([A-Z]{2}(GGA|RMC|ZDA),[^*$\r\n]{0,250})(?:\*([0-9A-Fa-f]{2})(?![0-9A-Fa-f]))?(?=([\r\n]?))"
)
_KINDS = (b"GGA", b"RMC", b"ZDA")
_GGA, _RMC, _ZDA = range(3)
_LEAST = (14, 9, 4)
"""Commas that a sentence of each kind has at least."""

_MOST = 13
"""Commas that are added, so that every field is there."""

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_NO_DAY = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class _Sentences:
    """The sentences of a log that matter.

    Parameters
    ----------
    good : (n,) bool array
        Whether each is whole, in the order of the log.
    kind : (m,) int64 array
        Kind of each good sentence.
    cells
        Arrow lists of the fields of the good ones, by kind.
    place : (m,) int64 array
        Where a good sentence stands in the lists laid end to end.
    """

    good: Bools
    kind: Ints
    cells: list[Any]
    place: Ints

    def column(self, *places: int) -> Any:
        """Return a field of each good sentence, at its place by kind; -1 for "" ."""
        parts = [
            pc.list_element(lists, place) if place >= 0 else pa.repeat("", len(lists))
            for lists, place in zip(self.cells, places, strict=True)
        ]
        return pa.concat_arrays(parts).take(pa.array(self.place))


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
    timed = np.flatnonzero(np.isfinite(clock))
    if not timed.size:
        raise InputError(
            f"{path.name} is an NMEA log without one whole GGA or RMC sentence.",
            hint="Copy it from the device again.",
        )
    first = np.r_[True, np.diff(clock[timed]) != 0]
    row = np.cumsum(first) - 1
    start = timed[first]
    day = _days(said, timed, row, clock[start])
    table, fixes, simulated = _table(said, timed, row)
    dated = day != _NO_DAY
    ms = np.where(dated, day, 0) * _DAY_MS + clock[start].astype(np.int64)
    stamps = pa.array(ms, pa.int64(), mask=~dated).cast(pa.timestamp("ms", tz="UTC"))
    table = table.append_column("time", stamps).filter(pa.array(fixes))
    # Records are the times and the broken sentences, in the order of the file.
    where = np.flatnonzero(said.good)[start[fixes]]
    places = np.concatenate([where, np.flatnonzero(~said.good)])
    number = np.empty(places.size, dtype=np.int64)
    number[np.argsort(places, kind="stable")] = np.arange(1, places.size + 1)
    notes = ["read as NMEA"]
    if not dated.any():
        notes.append("no RMC or ZDA sentence tells the date")
    return Found(
        table=table,
        line=number[: where.size],
        broken=number[where.size :],
        notes=tuple(notes),
        simulated=simulated or says_simulated(path.name),
    )


def _sentences(text: bytes) -> _Sentences:
    """Cut the log into sentences, check their sums, and cut them into fields."""
    parts = _SENTENCE.findall(text)
    bodies = [part[0] for part in parts]
    kind = np.array([_KINDS.index(part[1]) for part in parts], dtype=np.int64)
    told = np.array(
        [int(part[2], 16) if part[2] else -1 for part in parts], dtype=np.int64
    )
    # Old receivers write no sum; then the line has to be there whole.
    ended = np.array([bool(part[3]) for part in parts], dtype=bool)
    good: Bools = np.where(told < 0, ended, told == _sums(bodies))
    texts = pa.array((body.decode("utf-8", "replace") for body in bodies), pa.string())
    commas = np.asarray(pc.count_substring(texts, ","))
    good &= commas >= np.array(_LEAST)[kind]
    texts = texts.filter(pa.array(good))
    kind = kind[good]
    # Fields that only some receivers write are there for all, if empty.
    padded = pc.binary_join_element_wise(texts, "," * _MOST, "")
    order = [np.flatnonzero(kind == which) for which in range(len(_KINDS))]
    cells = [pc.split_pattern(padded.take(pa.array(at)), ",") for at in order]
    place = np.empty(kind.size, dtype=np.int64)
    place[np.concatenate(order)] = np.arange(kind.size)
    return _Sentences(good, kind, cells, place)


def _sums(bodies: list[bytes]) -> Ints:
    """Return the exclusive or of the bytes of each sentence; none is empty."""
    if not bodies:
        return np.array([], dtype=np.int64)
    data = np.frombuffer(b"".join(bodies), dtype=np.uint8)
    length = np.array([len(body) for body in bodies], dtype=np.int64)
    sums: Ints = np.bitwise_xor.reduceat(data, np.cumsum(length) - length)
    return sums.astype(np.int64)


def _clock(said: _Sentences) -> Floats:
    """Return the time of day of each sentence in milliseconds, NaN if it has none."""
    value = as_numbers(said.column(1, 1, 1))
    hours, rest = np.divmod(value, 10_000)
    minutes, seconds = np.divmod(rest, 100)
    sane = (value >= 0) & (hours < 24) & (minutes < 60) & (seconds < 61)
    ms = np.rint(((hours * 60 + minutes) * 60 + seconds) * 1000)
    out: Floats = np.where(sane, ms, np.nan)
    return out


def _days(said: _Sentences, timed: Ints, row: Ints, clock: Floats) -> Ints:
    """Return the day of each row since 1970, _NO_DAY if no sentence tells any.

    A clock that jumps back by more than an hour has passed midnight; less is a
    sentence out of turn.
    """
    told = np.full(clock.size, _NO_DAY, dtype=np.int64)
    days = _told_days(said)[timed]
    known = np.flatnonzero(days != _NO_DAY)[::-1]  # the first of a row stands
    told[row[known]] = days[known]
    nights = np.cumsum(np.r_[0, np.diff(clock) < -_HOUR_MS])
    dated = np.flatnonzero(told != _NO_DAY)
    if not dated.size:
        return told
    last = np.searchsorted(dated, np.arange(clock.size), side="right") - 1
    source = dated[np.maximum(last, 0)]  # before the first date, counted back from it
    out: Ints = told[source] + nights - nights[source]
    return out


def _told_days(said: _Sentences) -> Ints:
    """Return the days that RMC and ZDA sentences tell, _NO_DAY where they do not."""
    columns = [said.column(-1, 9, 2), said.column(-1, -1, 3), said.column(-1, -1, 4)]
    encoded = pc.dictionary_encode(pc.binary_join_element_wise(*columns, ""))
    days = [_day(text) for text in encoded.dictionary.to_pylist()]
    out: Ints = np.array(days, dtype=np.int64)[encoded.indices.to_numpy()]
    return out


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


def _table(said: _Sentences, timed: Ints, row: Ints) -> tuple[Any, Bools, bool]:
    """Return what is known of each row besides its time, and which rows are fixes."""
    kind = said.kind[timed]
    size = int(row[-1]) + 1
    source = np.full(size, -1, dtype=np.int64)
    for which in (_RMC, _GGA):  # GGA knows more; of two of a kind the first stands
        mine = np.flatnonzero(kind == which)[::-1]
        source[row[mine]] = timed[mine]
    fixes = source >= 0
    source[~fixes] = timed[0]
    take = pa.array(source)
    state, mode = said.column(6, 2, -1), said.column(-1, 12, -1)
    void = np.where(said.kind == _GGA, _among(state, "", "0"), ~_among(state, "A"))
    void &= said.kind != _ZDA
    guess = _among(state, "6", "7") | _among(mode, "E", "M")
    lost, guessed = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    lost[row[void[timed]]] = True
    guessed[row[guess[timed]]] = True
    lat = _degrees(said.column(2, 3, -1), said.column(3, 4, -1), "NS")[source]
    lon = _degrees(said.column(4, 5, -1), said.column(5, 6, -1), "EW")[source]
    columns = {
        "lat": np.where(lost, np.nan, lat),
        "lon": np.where(lost, np.nan, lon),
        "elevation": as_numbers(said.column(9, -1, -1).take(take)),
        "hdop": as_numbers(said.column(8, -1, -1).take(take)),
    }
    table = pa.table(columns)
    if guessed.any():
        table = table.append_column("valid", pa.array(np.where(guessed, "no", "yes")))
    return table, fixes, bool((_among(state, "8") | _among(mode, "S")).any())


def _among(column: Any, *words: str) -> Bools:
    found: Bools = np.asarray(pc.is_in(column, value_set=pa.array(words)))
    return found


def _degrees(number: Any, side: Any, letters: str) -> Floats:
    """Return degrees and minutes such as 0830.00,N as degrees, NaN if they are none."""
    value = as_numbers(number)
    degrees, minutes = np.divmod(value, 100)
    known = (value >= 0) & (minutes < 60) & _among(side, *letters)
    sign = np.where(_among(side, letters[1]), -1.0, 1.0)
    out: Floats = np.where(known, sign * (degrees + minutes / 60), np.nan)
    return out
