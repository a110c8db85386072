"""Which step of a track crossed a line for the last time, where that is uncertain."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.kernels.sides import Steps, last_crossings


def chances_of(least, more, flips, seen):
    """Chances of the steps of one chain; flips and sides are those of its fixes."""
    turn = np.where(np.array(seen) > 0, -1, 1).astype(np.int64)
    flip = np.array(flips, float)
    steps = Steps(
        least=np.array(least, np.int64),
        more=np.array(more, float),
        flip_from=flip[:-1].copy(),
        turn_from=turn[:-1].copy(),
        flip_to=flip[1:].copy(),
        turn_to=turn[1:].copy(),
    )
    found = np.zeros(len(least))
    last_crossings(np.array([0, len(least)]), steps, found)
    return found


def by_trying_all(least, more, flips, seen):
    """The same, by listing what may have happened with its chance."""
    found = np.zeros(len(least))
    n = len(least)
    for turned in product((0, 1), repeat=n + 1):
        for ups in product((0, 1), repeat=n):
            chance = 1.0
            for bit, p in zip((*turned, *ups), (*flips, *more), strict=True):
                chance *= p if bit else 1 - p
            side = [s + t * (1 - 2 * s) for s, t in zip(seen, turned, strict=True)]
            shift = [b - a for a, b in zip(seen, side, strict=True)]
            net = [
                least[k] + ups[k] + shift[k + 1] - shift[k] for k in range(len(least))
            ]
            if sum(net) > 0:
                found[max(k for k in range(n) if net[k] > 0)] += chance
    return found


def test_where_all_is_sure_the_last_step_over_has_all():
    assert chances_of([1, 0, -1, 1], [0] * 4, [0] * 5, [0, 1, 1, 0, 1]).tolist() == [
        *(0.0, 0.0, 0.0, 1.0)
    ]


def test_there_and_back_is_nothing():
    assert chances_of([1, -1], [0, 0], [0, 0, 0], [0, 1, 0]).tolist() == [0.0, 0.0]


def test_a_fix_on_the_line_shares_the_crossing_between_its_steps():
    assert chances_of([1, 0], [0, 0], [0, 0.5, 0], [0, 1, 1]).tolist() == [0.5, 0.5]


def test_the_first_and_the_last_fix_decide_whether():
    sure = chances_of([1], [0], [0.2, 0.3], [0, 1])
    assert sure.tolist() == pytest.approx([0.8 * 0.7])
    same = chances_of([0], [0], [0.2, 0.3], [0, 0])
    assert same.tolist() == pytest.approx([0.8 * 0.3])


def test_more_open_steps_than_there_is_room_for_do_no_harm():
    found = chances_of([0] * 15, [0.5] * 15, [0] * 16, [0] * 16)
    assert found.sum() == pytest.approx(1 - 2**-15)


chance = st.sampled_from([0.0, 0.1, 0.5, 0.8])
chain = st.integers(1, 4).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-1, 1), min_size=n, max_size=n),
        st.lists(chance, min_size=n, max_size=n),
        st.lists(chance, min_size=n + 1, max_size=n + 1),
        st.lists(st.integers(0, 1), min_size=n + 1, max_size=n + 1),
    )
)


@given(chain)
@settings(max_examples=150, deadline=None)
def test_it_is_what_listing_all_that_may_have_happened_gives(steps):
    np.testing.assert_allclose(chances_of(*steps), by_trying_all(*steps), atol=1e-12)
