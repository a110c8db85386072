"""Compiled loops that tell which step of a track crossed a line for the last time."""

# mypy: disable-error-code="untyped-decorator"

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_OPEN = 15
"""So many steps of a chain may go round an end of the line or not."""


class Steps(NamedTuple):
    """Steps of tracks that may cross a line, those of a chain one after the other.

    A step comes out on the left of the line `least` times more often than on its
    right, or once more than that, with the chance `more`. The fixes at its two ends
    lie, with the chances `flip_from` and `flip_to`, on the other side of the line
    than it seems; `turn_from` and `turn_to` are -1 where they seem left, 1 where they
    seem right. Where one step ends and the next begins, these are the same.
    """

    least: Ints
    more: Floats
    flip_from: Floats
    turn_from: Ints
    flip_to: Floats
    turn_to: Ints


@njit(cache=True, nogil=True)
def _at_least(steps: Steps, begin: int, end: int) -> Floats:
    """Return the chance that, before each step, so many steps made one more."""
    before = np.zeros((end - begin + 1, MOST_OPEN + 2))
    exact = np.zeros(MOST_OPEN + 2)
    exact[0] = 1.0
    for k in range(begin, end + 1):
        upto = 0.0
        for j in range(MOST_OPEN + 1, -1, -1):
            upto += exact[j]
            before[k - begin, j] = min(upto, 1.0)
        if k < end and steps.more[k] > 0.0:
            for j in range(MOST_OPEN + 1, 0, -1):
                exact[j] += steps.more[k] * (exact[j - 1] - exact[j])
            exact[0] *= 1.0 - steps.more[k]
    return before


@njit(cache=True, nogil=True)
def _back_over(
    steps: Steps,
    k: int,
    after: Floats,
    start: int,
    needed: int,
    before: Floats,
) -> tuple[float, Floats]:
    """Go back over one step: the chance that it was the last, and what is left.

    `after` holds, by how the fix at its end lies and by how many later steps made one
    more, the chance that no later step crossed. `start` says how the fix at its
    beginning lies, or -1 where that is open.
    """
    left = np.zeros(after.shape)
    last = 0.0
    for here in range(2):
        for there in range(2):
            chance = steps.flip_from[k] if there else 1.0 - steps.flip_from[k]
            if start >= 0:
                chance = 1.0 if there == start else 0.0
            gone = here * steps.turn_to[k] - there * steps.turn_from[k]
            for one in range(2):
                way = chance * (steps.more[k] if one else 1.0 - steps.more[k])
                if way <= 0.0:
                    continue
                for j in range(MOST_OPEN + 1):
                    if after[here, j] <= 0.0:
                        continue
                    if steps.least[k] + one + gone > 0:
                        lack = max(needed - one - j, 0)
                        if lack < before.size:
                            last += way * after[here, j] * before[lack]
                    else:
                        left[there, j + one] += way * after[here, j]
    return last, left


@njit(cache=True, nogil=True)
def last_crossings(chain: Ints, steps: Steps, chances: Floats) -> None:
    """Fill in the chance that a step brought its chain to the left for good.

    That is: all steps of the chain together come out on the left more often than on
    the right, and this is the last one that does. `chain` holds where each chain
    begins, and the number of all steps.
    """
    for number in range(chain.size - 1):
        begin, end = chain[number], chain[number + 1]
        before = _at_least(steps, begin, end)
        total = 0
        for k in range(begin, end):
            total += steps.least[k]
        for first in range(2):
            likely = steps.flip_from[begin] if first else 1.0 - steps.flip_from[begin]
            for final in range(2):
                flip = steps.flip_to[end - 1]
                weight = likely * (flip if final else 1.0 - flip)
                if weight <= 0.0:
                    continue
                needed = 1 - total - final * steps.turn_to[end - 1]
                needed += first * steps.turn_from[begin]
                after = np.zeros((2, MOST_OPEN + 2))
                after[final, 0] = 1.0
                for k in range(end - 1, begin - 1, -1):
                    start = first if k == begin else -1
                    last, after = _back_over(
                        steps, k, after, start, needed, before[k - begin]
                    )
                    chances[k] += weight * last
