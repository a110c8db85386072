"""Run a task over parts: here, or on any executor. Nothing else knows of threads."""

import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.progress import watch

Part = TypeVar("Part")
Result = TypeVar("Result")
One = TypeVar("One")
Other = TypeVar("Other")

MOST_THREADS = 4
"""Each holds a part in memory."""


PIECES = 8
"""What is cut for several threads is cut into so many pieces, however many run."""


@contextmanager
def workers(executor: Executor | None = None) -> Iterator[Executor | None]:
    """Give the executor, or a thread for each processor while the block runs.

    The compiled kernels, Arrow and GEOS let other threads run, so threads pay, and
    they need neither a second Python nor copies of what they share.

    Yields
    ------
    Executor or None
        None on a machine with one processor.
    """
    count = min(MOST_THREADS, os.cpu_count() or 1)
    if executor or count == 1:
        yield executor
        return
    pool = ThreadPoolExecutor(count)
    # Threads share one list of warnings that are set aside, and the last to put its own
    # back may put back another's.
    with warnings.catch_warnings():
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def map_parts(
    task: Callable[[Part], Result],
    parts: Sequence[Part],
    *,
    executor: Executor | None = None,
    step: str = "",
) -> list[Result]:
    """Return what the task makes of each part, in the order of the parts.

    Parameters
    ----------
    task
        Called once a part. On a pool of processes it has to be picklable: a function
        of a module, or an object of a class of one.
    parts
        What to call it with.
    executor
        Where to run: a thread or process pool, or anything else that keeps to
        `concurrent.futures.Executor` (Dask, MPI and Ray have one). By default here,
        one part after the other. It is not shut down.
    step
        What to call the work when telling how far it has come.

    Returns
    -------
    list
        One result a part. It does not depend on the executor, as long as the task
        depends on nothing but its part.

    Raises
    ------
    Exception
        The first error of a task, in the order of the parts, as it was raised. Parts
        that have not begun are cancelled, then and on Ctrl-C.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> map_parts(len, ["a", "", "bcd"])
    [1, 0, 3]
    >>> with ThreadPoolExecutor(2) as pool:
    ...     map_parts(len, ["a", "", "bcd"], executor=pool)
    [1, 0, 3]
    """
    if executor is None:
        return [task(part) for part in watch(parts, step)]
    pending = [executor.submit(task, part) for part in parts]
    try:
        return [future.result() for future in watch(pending, step)]
    finally:
        for future in pending:
            future.cancel()


def at_once(one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
    """Return what two tasks come to that need nothing of each other.

    Neither may load a module that warns when it is loaded: whoever sets a warning aside
    may lose that to the other.

    Raises
    ------
    Exception
        The error of a task, the first one's before the other's.

    Examples
    --------
    >>> at_once(lambda: 1 + 1, lambda: "two")
    (2, 'two')
    """
    with workers() as pool:
        if pool is None:
            return one(), other()
        first, second = pool.submit(one), pool.submit(other)
        return first.result(), second.result()


def cut_evenly(begin: NDArray[np.int64]) -> list[slice]:
    """Cut things that have rows, such as tracks, into pieces of about as many rows.

    Parameters
    ----------
    begin
        With which row each begins, and how many rows there are.

    Returns
    -------
    list of slice
        From which thing to which; at most PIECES, none empty, all of them together.

    Examples
    --------
    >>> cut_evenly(np.arange(0, 100, 3))[:2]
    [slice(0, 5, None), slice(5, 9, None)]
    >>> cut_evenly(np.array([0, 10, 20])), cut_evenly(np.array([0]))
    ([slice(0, 1, None), slice(1, 2, None)], [])
    """
    ends = np.arange(PIECES + 1) * (begin[-1] / PIECES)
    cuts = np.unique(np.searchsorted(begin, ends))
    return [slice(int(a), int(b)) for a, b in pairwise(cuts)]


def in_turn(task: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
    """Yield what the task makes of each part, in their order, a few of them ahead.

    For what threads do quickly and whoever asks does not want to hold all at once.

    Raises
    ------
    Exception
        The first error of a task, in the order of the parts.

    Examples
    --------
    >>> list(in_turn(len, ["a", "", "bcd"])), list(in_turn(len, []))
    ([1, 0, 3], [])
    """
    with workers() as pool:
        if pool is None:
            yield from map(task, parts)
            return
        pending = deque[Future[Result]]()
        for part in parts:
            pending.append(pool.submit(task, part))
            if len(pending) > MOST_THREADS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
