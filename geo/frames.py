"""Columns of frames in and out of arrays, and rows picked on all processors."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.kernels.rows import pick, sealed

Ints = NDArray[np.int64]
Item = TypeVar("Item")
Result = TypeVar("Result")

SHARE = 100_000
"""So many rows are worked on at a time by each processor."""


def on_processors(
    task: Callable[[Item], Result], items: Sequence[Item]
) -> list[Result]:
    """Return what the task makes of each item, in their order.

    The items are shared among the processors; tasks of compiled loops let go of the
    interpreter. What is small is not worth a thread.

    Examples
    --------
    >>> on_processors(len, ["a", "", "bcd"])
    [1, 0, 3]
    """
    count = min(len(items), os.cpu_count() or 1)
    if count < 2:
        return [task(item) for item in items]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(task, items))


def shares(size: int) -> list[slice]:
    """Cut rows into shares of SHARE.

    Examples
    --------
    >>> shares(250_000)
    [slice(0, 100000, None), slice(100000, 200000, None), slice(200000, 250000, None)]
    """
    return [slice(*cut) for cut in pairwise([*range(0, size, SHARE), size])]


def columns_of(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of a frame by name."""
    return {str(name): frame[name] for name in frame}


def milliseconds(time: pd.Series) -> Ints:
    """Return times with a zone as milliseconds since 1970 UTC, only to be read.

    Examples
    --------
    >>> milliseconds(pd.Series(pd.to_datetime(["1970-01-01T00:01Z"])))
    array([60000])
    """
    stamps = np.asarray(time.dt.tz_convert(None), "datetime64[ms]")
    return sealed(stamps.view(np.int64), np.int64)


def moments(ms: Ints) -> pd.Series:
    """Return milliseconds since 1970 as times in UTC.

    Examples
    --------
    >>> str(moments(np.array([60_000]))[0])
    '1970-01-01 00:01:00+00:00'
    """
    return pd.Series(ms.view("datetime64[ms]"), copy=False).dt.tz_localize("UTC")


def picked(columns: Mapping[str, Any], kept: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the rows that are kept of columns, numbered from 0.

    Parameters
    ----------
    columns
        Series or arrays of one length, by name.
    kept : (n,) bool array

    Examples
    --------
    >>> picked({"a": np.arange(3), "b": pd.Series(list("xyz"))}, np.arange(3) != 1)
       a  b
    0  0  x
    1  2  z
    """
    kept = sealed(kept, np.bool_)
    cuts = shares(kept.size)
    counts = [int(np.count_nonzero(kept[cut])) for cut in cuts]
    ends = np.cumsum(counts, dtype=np.int64).tolist()
    total = ends[-1] if ends else 0
    numbers = {name: _as_whole_numbers(column) for name, column in columns.items()}
    whole = {name: column for name, column in numbers.items() if column is not None}
    out = {name: np.empty(total, np.int64) for name in whole}

    def pick_share(at: int) -> None:
        to = slice(ends[at] - counts[at], ends[at])
        for name, column in out.items():
            pick(whole[name][cuts[at]], kept[cuts[at]], column[to])

    on_processors(pick_share, range(len(cuts)))
    rows = np.flatnonzero(kept) if len(out) < len(columns) else None
    return pd.DataFrame(
        {
            name: _as_before(out[name], column.dtype)
            if name in out
            else column.take(rows).reset_index(drop=True)
            for name, column in columns.items()
        },
        copy=False,
    )


def _as_whole_numbers(column: Any) -> Ints | None:
    """Return the eight bytes of each value as a whole number, None if they are not."""
    kind = column.dtype
    if isinstance(kind, pd.DatetimeTZDtype):
        return sealed(column.dt.tz_convert(None).to_numpy().view(np.int64), np.int64)
    if not (isinstance(kind, np.dtype) and kind.kind in "iufM" and kind.itemsize == 8):
        return None
    return sealed(np.asarray(column).view(np.int64), np.int64)


def _as_before(numbers: Ints, kind: Any) -> Any:
    """Return the values whose bytes these are."""
    if not isinstance(kind, pd.DatetimeTZDtype):
        return numbers.view(kind)
    moments: pd.Series = pd.Series(numbers.view(f"datetime64[{kind.unit}]"), copy=False)
    return moments.dt.tz_localize("UTC").dt.tz_convert(kind.tz)
