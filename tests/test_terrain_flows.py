"""Many pairs of places at once, as each alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.analysis.terrain import flows as room
from geo.analysis.terrain.flows import net_flows
from geo.analysis.terrain.moves import Graph
from geo.analysis.terrain.wandering import wander
from tests.test_terrain_wandering import scene

rough = arrays(float, (4, 5), elements=st.floats(0.2, 5.0))


def flows(costs, origins, destinations, theta):
    found = net_flows(Graph(costs), origins, destinations, theta_per_h=theta)
    return [[None if flow is None else flow.values for flow in row] for row in found]


@settings(max_examples=25, deadline=None)
@given(rough, st.sampled_from([0.1, 3.0, 400.0]), st.sampled_from([8, 16]))
def test_each_pair_flows_as_if_it_were_alone(friction, theta, neighbours):
    costs = scene(friction, neighbours=neighbours)

    found = flows(costs, [0, 7], [18, 4], theta)

    for origin, row in zip([0, 7], found, strict=True):
        for destination, flow in zip([18, 4], row, strict=True):
            alone = wander(costs, origin, destination, theta_per_h=theta).flow.values
            np.testing.assert_allclose(flow, alone, atol=1e-9)


def test_those_who_stop_on_the_way_do_not_go_on():
    """A lane: who goes to the middle is never seen behind it."""
    [[near, far]] = flows(scene(np.ones((1, 9))), [0], [4, 8], 2.0)
    np.testing.assert_allclose(near[0], [1] * 5 + [0] * 4, atol=1e-9)
    np.testing.assert_allclose(far[0], 1.0)


def test_where_no_way_leads_there_is_no_flow():
    shore = [[1, np.nan, 1], [1, np.nan, 1]]
    [[away, here, beside]] = flows(scene(shore), [0], [2, 0, 3], 1.0)
    assert away is None
    assert here is None
    np.testing.assert_allclose(beside[:, 0], 1.0)


def test_pairs_too_far_apart_for_numbers_are_solved_alone(monkeypatch):
    costs = scene(np.ones((3, 40)), cell_m=1000.0)
    expected = flows(costs, [0], [39, 119], 3.0)
    asked = []

    def alone(*args, **options):
        asked.append(args[1:])
        return wander(*args, **options)

    monkeypatch.setattr(room, "_FAR", 1e-3)
    monkeypatch.setattr(room, "wander", alone)
    found = flows(costs, [0], [39, 119], 3.0)

    assert asked
    np.testing.assert_allclose(found[0], expected[0], atol=1e-7)


@pytest.mark.parametrize("theta", [0.0, -1.0, np.nan, np.inf])
def test_a_theta_that_is_none_is_refused(theta):
    with pytest.raises(ValueError, match="expected more than 0"):
        flows(scene(np.ones((2, 2))), [0], [3], theta)
