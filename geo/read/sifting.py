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

from geo.frames import moments, on_processors, same, shares
from geo.kernels.intake import Read, Span, find_faults
from geo.kernels.rows import sealed
from geo.read.ordering import Order, arranged, ordered
from geo.read.times import MISSING, NAIVE, OK, Times
from geo.schema import POINTS, REASONS, UNDATED, Sifted, no_fixes, no_rejects

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

_YEAR_2000_MS = 946_684_800_000
_NEVER = -1  # the state of no time


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file, understood but not yet judged.

    Parameters
    ----------
    track : Arrow text, or a dictionary of texts
        What the file calls the device or group; null where it does not say.
    group : (n,) int64 array
        Which nameless piece of the file a row without a track belongs to.
    times
        When.
    lon, lat, elevation_m, accuracy_m : (n,) float arrays
        WGS 84 degrees, and metres; NaN where unknown. What is unknown of all rows may
        be one NaN, broadcast.
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
    rejects = _rejects(rows, reason, file)
    if rows.points:
        points, notes = _points(rows, np.flatnonzero(reason == 0), key)
        return Sifted(no_fixes(), rejects, points=points), notes
    labels, hashes, notes = _tracks(rows, reason, key)
    tracks, rank = np.unique(hashes, return_inverse=True)
    order = ordered(labels, rank, _read(rows), reason)
    return Sifted(_sorted(rows, order, tracks), rejects), notes


def _sorted(rows: Rows, order: Order, tracks: Ints) -> pd.DataFrame:
    """Return the rows in an order."""
    columns: dict[str, NDArray[Any]] = {
        "lon": rows.lon,
        "lat": rows.lat,
        "elevation_m": rows.elevation_m,
        "accuracy_m": rows.accuracy_m,
        "line": rows.line,
        "time": rows.times.ms,
    }
    one = {name: c[0] for name, c in columns.items() if c.strides == (0,) and c.size}
    varied = {name: column for name, column in columns.items() if name not in one}
    track, out = arranged(order, tracks, varied)
    done: dict[str, Any] = {"track": track, "time": moments(out.pop("time"))}
    for name in columns:
        if name in one:  # one value, or none that is known
            done[name] = same(one[name], track.size)
        elif name in out:
            done[name] = out[name]
    return pd.DataFrame(done, copy=False)


_CODES = ("", *REASONS)
_CODE = {name: number for number, name in enumerate(_CODES)}


_FAULTS = (
    "poor accuracy",
    "no position",
    "off the globe",
    "zero position",
    "no time",
    "naive time",
    "before 2000",
    "in the future",
)
"""What is looked for, the worst first."""


def _reasons(rows: Rows, now: datetime) -> NDArray[np.int8]:
    """Return for each row the number of the first reason against it, 0 for none."""
    latest = int((now + timedelta(days=1)).timestamp() * 1000)
    missing = _NEVER if rows.points else MISSING  # points need no time
    span = Span(_YEAR_2000_MS, latest, good=OK, missing=missing, naive=NAIVE)
    codes = tuple(_CODE[name] for name in _FAULTS)
    reason, read = np.empty(rows.lon.size, np.int8), _read(rows)

    def find(share: slice) -> None:
        some = Read._make(column[share] for column in read)
        find_faults(some, span, codes, reason[share])

    on_processors(find, shares(reason.size))
    return reason


def _read(rows: Rows) -> Read:
    """Return the columns of rows as the kernels take them."""
    lon, lat = sealed(rows.lon, np.float64), sealed(rows.lat, np.float64)
    # Where all rows have one value nothing hangs on it, nor on another column twice.
    elevation, accuracy = (
        lon if column.strides == (0,) else sealed(column, np.float64)
        for column in (rows.elevation_m, rows.accuracy_m)
    )
    return Read(
        lon=lon,
        lat=lat,
        elevation=elevation,
        accuracy=accuracy,
        ms=sealed(rows.times.ms, np.int64),
        state=sealed(rows.times.state, np.int8),
        doubtful=sealed(rows.doubtful, np.bool_),
    )


def _rejects(rows: Rows, reason: NDArray[np.int8], file: str) -> pd.DataFrame:
    """Return the rejected rows in the order of the file."""
    bad = np.flatnonzero(reason)
    if not bad.size and not rows.broken.size:
        return no_rejects()  # as mostly
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


def _tracks(
    rows: Rows, reason: Codes, key: bytes
) -> tuple[NDArray[np.int32], Ints, tuple[str, ...]]:
    """Return a label for each row, and the hashed track of each label."""
    encoded = pc.dictionary_encode(rows.track)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    indices = encoded.indices
    labels = (pc.fill_null(indices, -1) if indices.null_count else indices).to_numpy()
    labels = labels.astype(np.int32, copy=False)
    uniform = pc.utf8_normalize(encoded.dictionary, form="NFC").to_pylist()
    hashes = np.array([hashed(name, key=key) for name in uniform], dtype=np.int64)
    nameless = np.flatnonzero((labels < 0) & (reason == 0))
    if not nameless.size:
        return labels, hashes, ()
    own, count = _nameless(rows, nameless, key)
    further, place = np.unique(own, return_inverse=True)
    labels = labels.copy()
    labels[nameless] = hashes.size + place
    pieces = np.unique(rows.group[nameless]).size
    note = _nameless_note(
        pieces, count, whole=nameless.size == np.count_nonzero(reason == 0)
    )
    return labels, np.concatenate([hashes, further]), (note,)


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
