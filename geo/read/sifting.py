"""Rows of any file -> fixes, and rejects with one reason each."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.read.times import MISSING, NAIVE, OK, Times
from geo.schema import POINTS, REASONS, UNDATED, Sifted, no_fixes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_YEAR_2000_MS = 946_684_800_000
_NULL_ISLAND_DEG = 0.01  # about one kilometre around 0, 0


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file, understood but not yet judged.

    Parameters
    ----------
    track : Arrow text
        What the file calls the device or group; null where it does not say.
    group : (n,) int64 array
        Which nameless piece of the file a row without a track belongs to.
    times
        When.
    lon, lat, elevation_m, accuracy_m : (n,) float arrays
        WGS 84 degrees, and metres; NaN where unknown.
    line : (n,) int64 array
        Number of the record in the file, from 1.
    doubtful : (n,) bool array
        Whether the device, or whoever checked, calls the fix invalid.
    broken : (m,) int64 array
        Records that could not be read at all.
    columns
        The file's own names of the columns, by role.
    points
        Whether the rows are points that belong to no track. Their `track` is then
        who or what each of them records.
    """

    track: Any
    group: Ints
    times: Times
    lon: Floats
    lat: Floats
    elevation_m: Floats
    accuracy_m: Floats
    line: Ints
    doubtful: NDArray[np.bool_]
    broken: Ints
    columns: Mapping[str, str] = field(default_factory=dict)
    points: bool = False


def hashed(text: str, *, key: bytes) -> int:
    """Return the keyed hash that stands for the name of a track.

    Parameters
    ----------
    text
        Name of a device or group.
    key
        Secret of the store, at most 64 bytes; without it no name can be tried out.

    Examples
    --------
    >>> hashed("A7", key=b"k") == hashed("A7", key=b"k") != hashed("A7", key=b"j")
    True
    """
    digest = blake2b(text.encode("utf-8"), key=key, digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def sift(
    rows: Rows, *, file: str, key: bytes, now: datetime | None = None
) -> tuple[Sifted, tuple[str, ...]]:
    """Judge the rows, name their tracks and sort them.

    Parameters
    ----------
    rows
        What a reader understood.
    file
        Name for the rejects.
    key
        Secret that the names of tracks are hashed with.
    now
        The present; times more than a day after it are in the future.

    Returns
    -------
    sifted
        Fixes with a column `line`, sorted by track, time, lon, lat, accuracy and
        elevation, so that the order of the rows does not matter; or points, sorted
        by all their columns; and rejects.
    notes
        What was guessed about tracks without a name.
    """
    reason = _reasons(rows, now or datetime.now(UTC))
    good = np.flatnonzero(reason == 0)
    if rows.points:
        rejects = _rejects(rows, reason, file)
        points, notes = _points(rows, good, key)
        return Sifted(no_fixes(), rejects, points=points), notes
    track, notes = _tracks(rows, good, key)
    order = _order(track, rows, good)
    track, at = track[order], good[order]
    del good, order  # each is as large as a column
    stamps = rows.times.ms[at].astype("datetime64[ms]")
    parts = {
        "track": track,
        "time": pd.DatetimeIndex(stamps).tz_localize("UTC"),
        "lon": rows.lon[at],
        "lat": rows.lat[at],
        "elevation_m": rows.elevation_m[at],
        "accuracy_m": rows.accuracy_m[at],
        "line": rows.line[at],
    }
    fixes = pd.DataFrame(parts, copy=False)
    return Sifted(fixes, _rejects(rows, reason, file)), notes


_CODES = ("", *REASONS)
_CODE = {name: number for number, name in enumerate(_CODES)}


def _reasons(rows: Rows, now: datetime) -> NDArray[np.int8]:
    """Return for each row the number of the first reason against it, 0 for none."""
    latest = int((now + timedelta(days=1)).timestamp() * 1000)
    lat, lon, ms = rows.lat, rows.lon, rows.times.ms
    known = np.isfinite(lat) & np.isfinite(lon)
    tests = (
        ("poor accuracy", rows.doubtful),
        ("no position", ~known),
        ("off the globe", (np.abs(lat) > 90) | (np.abs(lon) > 180)),
        (
            "zero position",
            (np.abs(lat) < _NULL_ISLAND_DEG) & (np.abs(lon) < _NULL_ISLAND_DEG),
        ),
        ("no time", (rows.times.state == MISSING) & (not rows.points)),
        ("naive time", rows.times.state == NAIVE),
        ("before 2000", (rows.times.state == OK) & (ms < _YEAR_2000_MS)),
        ("in the future", ms > latest),
    )
    reason = np.zeros(lat.shape, dtype=np.int8)
    for name, against in reversed(tests):
        reason[against] = _CODE[name]
    return reason


def _rejects(rows: Rows, reason: NDArray[np.int8], file: str) -> pd.DataFrame:
    """Return the rejected rows in the order of the file."""
    bad = np.flatnonzero(reason)
    names = np.array(_CODES, dtype=object)[reason[bad]]
    places = {"no position", "off the globe", "zero position"}
    column_of = {
        name: rows.columns.get("lat" if name in places else "time", "")
        for name in REASONS
    }
    column_of |= {"poor accuracy": rows.columns.get("valid", ""), "unreadable": ""}
    # Where only the longitude is at fault, say so.
    lat, lon = rows.lat[bad], rows.lon[bad]
    by_lon = (np.isfinite(lat) & ~np.isfinite(lon)) | (
        (np.abs(lat) <= 90) & (np.abs(lon) > 180)
    )
    by_lon &= np.isin(names.astype(str), ["no position", "off the globe"])
    columns = np.array([column_of[str(name)] for name in names], dtype=object)
    columns[by_lon] = rows.columns.get("lon", "")
    line = np.concatenate([rows.line[bad], rows.broken]).astype(np.int64)
    broken = rows.broken.size
    table = pd.DataFrame(
        {
            "file": pd.Series([file] * line.size, dtype="str"),
            "line": line,
            "column": pd.Series([*columns, *[""] * broken], dtype="str"),
            "reason": pd.Series([*names, *["unreadable"] * broken], dtype="str"),
        }
    )
    return table.sort_values("line", kind="stable", ignore_index=True)


def _points(rows: Rows, good: Ints, key: bytes) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the good rows as points, and what is to be said of them.

    A row without a name of its own is known by its place and time and by how many
    rows before it have the same: so a later export of one list names them alike.
    """
    dated = rows.times.state[good] == OK
    ms = np.where(dated, rows.times.ms[good], 0)
    month = ms.view("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    names = rows.track.take(pa.array(good)).to_pylist()
    texts, seen = [], Counter[str]()
    for name, at, stamp in zip(names, good, ms, strict=True):
        text = f"point:{name}"
        if name is None:
            text = f"at:{rows.lat[at]:.5f}:{rows.lon[at]:.5f}:{stamp}"
            seen[text] += 1
            text = f"{text}:{seen[text]}"
        texts.append(unicodedata.normalize("NFC", text))
    points = pd.DataFrame(
        {
            "point": np.array([hashed(text, key=key) for text in texts], np.int64),
            "month": np.where(dated, month + 12 * 1970, UNDATED),
            "lon": rows.lon[good],
            "lat": rows.lat[good],
        }
    ).astype(dict(POINTS))
    lacking = int((~dated).sum())
    note = f"{lacking:,} of {good.size:,} points have no date"
    return points.sort_values(list(POINTS), ignore_index=True), (
        (note,) if lacking else ()
    )


def _tracks(rows: Rows, good: Ints, key: bytes) -> tuple[Ints, tuple[str, ...]]:
    """Return the hashed track of each good row."""
    names = (
        rows.track.take(pa.array(good)) if good.size < len(rows.track) else rows.track
    )
    encoded = pc.dictionary_encode(names)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    nameless = np.asarray(pc.is_null(names))
    uniform = pc.utf8_normalize(encoded.dictionary, form="NFC").to_pylist()
    hashes = np.array([hashed(name, key=key) for name in uniform], dtype=np.int64)
    out = np.zeros(good.size, dtype=np.int64)
    out[~nameless] = hashes[codes[~nameless].astype(np.int64)]
    if not nameless.any():
        return out, ()
    out[nameless], count = _nameless(rows, good[nameless], key)
    pieces = np.unique(rows.group[good[nameless]]).size
    return out, (_nameless_note(pieces, count, whole=bool(nameless.all())),)


def _nameless_note(pieces: int, count: int, *, whole: bool) -> str:
    if pieces == 1:
        what = "the file does" if whole else "some rows do"
        return f"{what} not name a device or group: taken for one track, a guess"
    if count == 1:
        return (
            f"{pieces} pieces without a name follow each other in time: taken for "
            "one track, a guess"
        )
    return (
        f"{pieces} pieces without a name overlap in time: taken for a track each, a "
        "guess"
    )


def _nameless(rows: Rows, at: Ints, key: bytes) -> tuple[Ints, int]:
    """Name the pieces without a name after the first fix of each.

    One device cannot log twice at once, and it cuts its log into pieces whenever it
    is switched off. Pieces that do not overlap in time are therefore one track:
    taking them for several would let one person pass for a crowd.
    """
    order = np.lexsort((rows.lat[at], rows.lon[at], rows.times.ms[at], rows.group[at]))
    group, ms = rows.group[at][order], rows.times.ms[at][order]
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    last = np.r_[first[1:], group.size] - 1
    by_start = np.lexsort((ms[last], ms[first]))
    begins, ends = ms[first][by_start], ms[last][by_start]
    apart = bool((begins[1:] >= np.maximum.accumulate(ends)[:-1]).all())
    piece = np.searchsorted(first, np.arange(group.size), side="right") - 1
    if apart:
        oldest = order[np.lexsort((rows.lat[at][order], rows.lon[at][order], ms))[:1]]
        names, piece = [_name_of(rows, at[oldest[0]])], np.zeros_like(piece)
    else:
        names = [_name_of(rows, at[order[start]]) for start in first]
    hashes = np.array([hashed(name, key=key) for name in names], dtype=np.int64)
    out = np.zeros(at.size, dtype=np.int64)
    out[order] = hashes[piece]
    return out, len(names)


def _name_of(rows: Rows, row: int) -> str:
    """Return a name that a longer export of the same log gives as well."""
    stamp = np.datetime64(int(rows.times.ms[row]), "ms")
    return f"start:{stamp}Z:{rows.lat[row]:.5f}:{rows.lon[row]:.5f}"


def _order(track: Ints, rows: Rows, good: Ints) -> Ints:
    """Return the order of the good rows by track, time and the other columns."""
    order = _by_track(track)
    sorted_track, time = track[order], rows.times.ms[good[order]]
    same = sorted_track[1:] == sorted_track[:-1]
    if bool((same & (time[1:] < time[:-1])).any()):
        again = np.lexsort((time, sorted_track))
        order, time = order[again], time[again]
    tied = same & (time[1:] == time[:-1])
    if tied.any():
        # Only rows of one track and time need the slow comparison.
        among = np.flatnonzero(np.r_[tied, False] | np.r_[False, tied])
        at = order[among]
        others = (rows.elevation_m, rows.accuracy_m, rows.lat, rows.lon)
        keys = [other[good[at]] for other in others]
        order[among] = at[np.lexsort((*keys, time[among], sorted_track[among]))]
    return order


def _by_track(track: Ints) -> Ints:
    """Return the order by track of rows that else stay as they are.

    Files mostly hold one track after the other: whole runs of rows are sorted.
    """
    if not track.size:
        return np.empty(0, np.int64)
    first = np.flatnonzero(np.r_[True, track[1:] != track[:-1]])
    size = np.diff(np.r_[first, track.size])
    by = np.argsort(track[first], kind="stable")
    first, size = first[by], size[by]
    ahead: Ints = np.arange(track.size) + np.repeat(first - size.cumsum() + size, size)
    return ahead
