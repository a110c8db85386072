"""Quickest ways, followed back one by one and all together."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.kernels import costs, following
from tests.test_kernels_costs import STILL, WALKS, friction_of, ground_of, moves_of

SHAPE = (5, 7)
WIDE = SHAPE[1] + 4


def flat(row, column):
    return (row + 2) * WIDE + column + 2


def spread(friction, *, back=False, neighbours=16):
    """What the loops take, and the seconds from the middle."""
    ground = ground_of(friction)
    total = np.full((SHAPE[0] + 4) * WIDE, math.inf)
    total[flat(2, 3)] = 0.0
    travel = (ground, WALKS["level"], STILL, moves_of(SHAPE[1], neighbours=neighbours))
    costs.spread_costs(*travel, back, 1.0, 0.0, 0.0, math.inf, total)
    return travel, total


def counted(travel, total, ends, *, weights=None, around=(0,)):
    passed = np.zeros(total.size, np.int64)
    weights = np.ones(len(ends)) if weights is None else weights
    following.count_ways(
        *travel,
        total,
        np.array(ends, np.int64),
        np.array(weights, np.int64),
        np.array(around, np.int64),
        passed,
    )
    return passed


def test_a_way_leads_back_to_where_it_began():
    travel, total = spread(np.ones(SHAPE), neighbours=8)
    path = following.follow_costs(*travel, False, total, flat(2, 0))
    assert path.tolist() == [flat(2, column) for column in range(4)]


def test_ways_that_run_together_add_up():
    travel, total = spread(np.ones(SHAPE), neighbours=8)
    ends = [flat(2, 0), flat(2, 1), flat(2, 3)]
    passed = counted(travel, total, ends, weights=[10, 5, 1])
    row = [int(passed[flat(2, column)]) for column in range(SHAPE[1])]
    assert row == [10, 15, 15, 16, 0, 0, 0]
    assert passed.sum() == sum(row)


def test_a_way_counts_once_beside_itself():
    travel, total = spread(np.ones(SHAPE), neighbours=8)
    beside = [-WIDE, 0, WIDE, 1, -1]
    passed = counted(travel, total, [flat(2, 0)], around=beside)
    assert set(passed.tolist()) == {0, 1}
    assert passed.sum() == 3 * 4 + 2


@settings(max_examples=60, deadline=None)
@given(
    friction=friction_of(SHAPE),
    weights=arrays(np.int64, SHAPE, elements=st.integers(0, 9)),
    neighbours=st.sampled_from([8, 16]),
)
def test_all_ways_together_are_each_of_them(friction, weights, neighbours):
    friction[2, 3] = 1.0
    travel, total = spread(friction, neighbours=neighbours)
    ends = np.flatnonzero(np.isfinite(total))
    weight = np.pad(weights, 2).ravel()[ends]
    expected = np.zeros(total.size, np.int64)
    for end, times in zip(ends, weight, strict=True):
        path = following.follow_costs(*travel, False, total, end)
        assert len(set(path.tolist())) == path.size
        expected[path] += times
    found = counted(travel, total, ends, weights=weight)
    np.testing.assert_array_equal(found, expected)
