"""Asking for memory before it is needed."""

import numpy as np
from numba import njit

from geo.kernels.prefetch import prefetch


@njit
def ask(values, place):
    prefetch(values, place)
    return values.sum()


def test_asking_for_memory_changes_no_value():
    values = np.arange(4.0)

    assert ask(values, 2) == 6.0
    assert values.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_place_off_the_array_may_be_asked_for():
    values = np.arange(4.0)

    assert ask(values, -(2**40)) == ask(values, 2**40) == 6.0


def test_the_processor_is_asked():
    ask(np.arange(4.0), 0)
    (made,) = ask.inspect_llvm().values()

    assert "llvm.prefetch" in made
