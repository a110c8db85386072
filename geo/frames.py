"""Columns of frames in and out of arrays, and rows picked on all processors."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.kernels.rows import pick, runs_of, sealed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Item = TypeVar("Item")
Result = TypeVar("Result")

SHARE = 100_000
"""So many rows are worked on at a time by each processor."""

_LARGE_PAGE = 2 * 2**20
_ANY_SIZE = 2**40


def on_processors(
    task: Callable[[Item], Result], items: Sequence[Item]
) -> list[Result]:
    """Return what the task makes of each item, in their order.

    The items are shared among the processors; tasks of compiled loops let go of the
    interpreter. Whoever asks works too, so that a task may share out items of its own:
    nobody waits for a thread that never comes.

    Raises
    ------
    Exception
        The first error of a task, in the order of the items. Items that have not begun
        are left.

    Examples
    --------
    >>> on_processors(len, ["a", "", "bcd"])
    [1, 0, 3]
    """
    count = min(len(items), os.cpu_count() or 1)
    if count < 2:
        return [task(item) for item in items]
    done: dict[int, Result] = {}
    failed: dict[int, BaseException] = {}
    turn = iter(range(len(items)))

    def work() -> None:
        for at in turn:  # each number goes to one of the threads
            if failed:
                return
            try:
                done[at] = task(items[at])
            except BaseException as error:  # noqa: BLE001  (raised below)
                failed[at] = error

    helpers = [_helpers().submit(work) for _ in range(count - 1)]
    work()
    wait([helper for helper in helpers if not helper.cancel()])
    if failed:
        raise failed[min(failed)]
    return [done[at] for at in range(len(items))]


@cache
def _helpers() -> ThreadPoolExecutor:
    """Return the threads that help: to start new ones takes as long as many a task."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="helper")


if hasattr(os, "register_at_fork"):  # threads do not come along
    os.register_at_fork(after_in_child=_helpers.cache_clear)


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
    if str(time.dtype) == "datetime64[ms, UTC]":
        return sealed(time.array.view(np.int64), np.int64)
    stamps = np.asarray(time.dt.tz_convert(None), "datetime64[ms]")
    return sealed(stamps.view(np.int64), np.int64)


def moments(ms: Ints) -> pd.Series:
    """Return milliseconds since 1970 as times in UTC, without a copy.

    Examples
    --------
    >>> str(moments(np.array([60_000]))[0])
    '1970-01-01 00:01:00+00:00'
    """
    return pd.Series(ms, dtype="datetime64[ms, UTC]", copy=False)


def room(count: int, size: int) -> Ints:
    """Return room for so many columns of eight bytes, in one piece of memory.

    To hand out a fresh page of 4 kB takes the system as long as to write it five times
    over. NumPy asks for pages of 2 MB where they fit; so much memory begins and ends
    where one does. Pages that nobody writes to are never there.

    Examples
    --------
    >>> room(3, 10).shape
    (3, 10)
    """
    wanted = 8 * count * size
    if wanted < _LARGE_PAGE:
        return np.empty((count, size), np.int64)
    whole = -(-wanted // _LARGE_PAGE) * _LARGE_PAGE
    memory = np.empty(whole + _LARGE_PAGE, np.uint8)
    start = -memory.ctypes.data % _LARGE_PAGE
    return memory[start : start + wanted].view(np.int64).reshape(count, size)


@cache
def _endless(value: float) -> pd.Series:
    return pd.Series(np.broadcast_to(np.float64(value), _ANY_SIZE), copy=False)


def same(value: float, size: int) -> pd.Series:
    """Return a column that has one value in all its rows, and takes no memory.

    pandas copies a column that has kin before it writes to it; here they all have.

    Examples
    --------
    >>> column = same(20.0, 3)
    >>> column.iloc[0] = 1.0
    >>> column.tolist(), same(20.0, 2).tolist()
    ([1.0, 20.0, 20.0], [20.0, 20.0])
    """
    return _endless(np.nan if np.isnan(value) else value).iloc[:size]  # one NaN


def one_or_all(column: Any) -> Floats:
    """Return a column of numbers for a kernel; an array of one if it is `same`.

    Examples
    --------
    >>> one_or_all(same(20.0, 1_000_000)), one_or_all(pd.Series([1.0, 2.0]))
    (array([20.]), array([1., 2.]))
    """
    values = np.asarray(column)
    if values.strides == (0,) and values.size:
        values = values[:1]
    return sealed(values, np.float64)


def picked(
    columns: Mapping[str, Any],
    kept: NDArray[np.bool_],
    *,
    cuts: Sequence[slice] | None = None,
    more: Mapping[str, type | float] | None = None,
    fill: Callable[[int, Mapping[str, NDArray[Any]]], None] | None = None,
) -> pd.DataFrame:
    """Return the rows that are kept of columns, numbered from 0.

    Parameters
    ----------
    columns
        Series or arrays of one length, by name.
    kept : (n,) bool array
    cuts
        The shares that rows are worked on in; by default of SHARE.
    more
        Further columns: int or float; or a number that all rows have.
    fill
        What writes them: called for each share with its number and its columns.

    Examples
    --------
    >>> picked({"a": np.arange(3), "b": pd.Series(list("xyz"))}, np.arange(3) != 1)
       a  b
    0  0  x
    1  2  z
    """
    kept = sealed(kept, np.bool_)
    cuts = shares(kept.size) if cuts is None else cuts
    counts = [int(np.count_nonzero(kept[cut])) for cut in cuts]
    ends = np.cumsum(counts, dtype=np.int64).tolist()
    total = ends[-1] if ends else 0
    numbers = {name: _as_whole_numbers(column) for name, column in columns.items()}
    whole = {name: column for name, column in numbers.items() if column is not None}
    kinds = {name: columns[name].dtype for name in whole}
    given = more or {}
    kinds |= {n: np.dtype(kind) for n, kind in given.items() if isinstance(kind, type)}
    out = dict(zip(kinds, room(len(kinds), total), strict=True))

    def pick_share(at: int) -> None:
        to = slice(ends[at] - counts[at], ends[at])
        runs = runs_of(kept[cuts[at]])
        for name, column in whole.items():
            pick(column[cuts[at]], runs, out[name][to])
        if fill:
            fill(at, {name: _bare(out[name][to], kind) for name, kind in kinds.items()})

    on_processors(pick_share, range(len(cuts)))
    done = {name: _as_before(column, kinds[name]) for name, column in out.items()}
    done |= {n: same(v, total) for n, v in given.items() if not isinstance(v, type)}
    rows = None
    for name, column in columns.items():
        if name in done:
            continue
        if _is_same(column):
            done[name] = same(float(np.asarray(column)[0]), total)
            continue
        rows = np.flatnonzero(kept) if rows is None else rows
        done[name] = column.take(rows).reset_index(drop=True)
    return pd.DataFrame({name: done[name] for name in [*columns, *given]}, copy=False)


def _is_same(column: Any) -> bool:
    """Return whether a column is one that `same` made."""
    if column.dtype != np.float64 or not len(column):
        return False
    return np.asarray(column).strides == (0,)


def _as_whole_numbers(column: Any) -> Ints | None:
    """Return the eight bytes of each value as a whole number, None if they are not."""
    kind = column.dtype
    if isinstance(kind, pd.DatetimeTZDtype):
        return sealed(column.dt.tz_convert(None).to_numpy().view(np.int64), np.int64)
    if not (isinstance(kind, np.dtype) and kind.kind in "iufM" and kind.itemsize == 8):
        return None
    if _is_same(column):
        return None
    return sealed(np.asarray(column).view(np.int64), np.int64)


def _bare(numbers: Ints, kind: Any) -> NDArray[Any]:
    """Return the values whose bytes these are, of times the whole numbers."""
    return numbers if isinstance(kind, pd.DatetimeTZDtype) else numbers.view(kind)


def _as_before(numbers: Ints, kind: Any) -> Any:
    """Return the values whose bytes these are."""
    if not isinstance(kind, pd.DatetimeTZDtype):
        return numbers.view(kind)
    utc = pd.Series(numbers, dtype=f"datetime64[{kind.unit}, UTC]", copy=False)
    return utc if str(kind.tz) == "UTC" else utc.dt.tz_convert(kind.tz)
