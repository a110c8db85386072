"""Several files as one: what each holds, laid end to end."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from geo.read.sifting import Rows
from geo.read.times import Times

MOST_LISTED = 20
"""Most files whose records a note tells apart."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the files.

    Parameters
    ----------
    rows
        What it holds.
    number
        Of the file, from 1.
    notes
        What was understood or guessed about it.
    simulated
        Whether it calls itself simulated.
    person
        Who wrote it, if files of one name are one person's; empty if nobody knows.
    """

    rows: Rows
    number: int = 1
    notes: tuple[str, ...] = ()
    simulated: bool = False
    person: str = ""


def bundled(parts: Sequence[Part]) -> Rows:
    """Return the rows of several files as those of one.

    Parameters
    ----------
    parts
        At least one, all of fixes or all of points. Their records are numbered on,
        and so are their nameless pieces: whether these are one track or several is
        then judged for all together.

    Examples
    --------
    >>> from geo.read.times import read_times
    >>> one, x, no = np.array([1, 2]), np.zeros(2), np.zeros(2, bool)
    >>> times = read_times(pa.array(["2023-05-01T12:00Z"] * 2))
    >>> rows = Rows(pa.nulls(2, pa.string()), one, times, x, x, x, x, one, no, one[:0])
    >>> both = bundled([Part(rows), Part(rows)])
    >>> both.line.tolist(), both.group.tolist()
    ([1, 2, 3, 4], [1, 2, 4, 5])
    """
    if len(parts) == 1:
        return parts[0].rows
    shift, line, broken, group, first = 0, [], [], [], 0
    shared: dict[str, int] = {}
    for part in parts:
        rows = part.rows
        line.append(rows.line + shift)
        broken.append(rows.broken + shift)
        shift += records_of(rows)
        if part.person:
            number = shared.setdefault(part.person, first)
            group.append(np.full(rows.group.size, number, dtype=np.int64))
        else:
            group.append(rows.group + first)
        first += 1 + int(rows.group.max(initial=0))
    every = [part.rows for part in parts]
    names = every[0].columns
    same = all(rows.columns == names for rows in every)
    return Rows(
        track=pa.concat_arrays([_flat(rows.track) for rows in every]),
        group=np.concatenate(group),
        times=Times(
            np.concatenate([rows.times.ms for rows in every]),
            np.concatenate([rows.times.state for rows in every]),
        ),
        lon=np.concatenate([rows.lon for rows in every]),
        lat=np.concatenate([rows.lat for rows in every]),
        elevation_m=np.concatenate([rows.elevation_m for rows in every]),
        accuracy_m=np.concatenate([rows.accuracy_m for rows in every]),
        line=np.concatenate(line),
        doubtful=np.concatenate([rows.doubtful for rows in every]),
        broken=np.concatenate(broken),
        columns=names if same else {},
        points=every[0].points,
    )


def _flat(track: pa.Array) -> pa.Array:
    if isinstance(track, pa.ChunkedArray):
        track = pa.concat_arrays([*track.chunks, pa.array([], track.type)])
    return track.cast(pa.string())


def records_of(rows: Rows) -> int:
    """Return how many records a file has, broken ones among them."""
    return int(max(rows.line.max(initial=0), rows.broken.max(initial=0)))


def notes_of(parts: Sequence[Part]) -> list[str]:
    """Return what is to be said of each file, and once what is true of all.

    Examples
    --------
    >>> none = np.array([], dtype=np.int64)
    >>> rows = Rows(None, none, None, none, none, none, none, np.arange(3), none, none)
    >>> two = Part(rows, 2, ("read as GPX", "a guess"))
    >>> notes_of([Part(rows, 1, ("read as GPX",)), two])
    ['read as GPX', 'file 2: a guess', 'records of the files: 1 to 2, 3 to 4']
    """
    said: dict[str, list[int]] = {}
    for part in parts:
        for note in part.notes:
            said.setdefault(note, []).append(part.number)
    general = [note for note, files in said.items() if len(files) == len(parts)]
    special = [
        f"{_files(files)}: {note}"
        for note, files in said.items()
        if len(files) < len(parts)
    ]
    ends = np.cumsum([records_of(part.rows) for part in parts]).tolist()
    spans = [f"{a + 1:,} to {b:,}" for a, b in zip([0, *ends], ends, strict=False)]
    more = f" and {len(spans) - MOST_LISTED} more" if len(spans) > MOST_LISTED else ""
    listed = ", ".join(spans[:MOST_LISTED]) + more
    return [*general, *special, f"records of the files: {listed}"]


def _files(numbers: Sequence[int]) -> str:
    some = ", ".join(map(str, numbers[:MOST_LISTED]))
    more = len(numbers) - MOST_LISTED
    return f"file{'s' if len(numbers) > 1 else ''} {some}" + (
        f" and {more} more" if more > 0 else ""
    )
