"""Tell whoever is listening how far the work has come; silence by default."""

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import TypeVar

Item = TypeVar("Item")


def silent(step: str, done: int, total: int) -> None:
    """Report nothing."""


reporter: ContextVar[Callable[[str, int, int], None]] = ContextVar(
    "reporter", default=silent
)
"""Gets the name of the step, the items done, and the items in all.

The command line sets it to a bar on stderr, a service to a job record, and
tests to a list.
"""


def watch(items: Sequence[Item], step: str) -> Iterator[Item]:
    """Yield the items, reporting after each.

    Examples
    --------
    >>> token = reporter.set(lambda step, done, total: print(step, done, "of", total))
    >>> list(watch(["a", "b"], "reading"))
    reading 1 of 2
    reading 2 of 2
    ['a', 'b']
    >>> reporter.reset(token)
    """
    report = reporter.get()
    for done, item in enumerate(items, start=1):
        yield item
        report(step, done, len(items))
