"""Randomised shortest paths, from the quickest way to wandering about."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.analysis.terrain.costs import costs_of, level, tobler
from geo.analysis.terrain.travel import accumulate, trace_path
from geo.analysis.terrain.wandering import fit_theta, wander
from geo.grid import Grid, Surface
from geo.kernels.costs import list_seconds

ITINERA = json.loads(
    (Path(__file__).parent / "fixtures" / "least_costs.json").read_text("utf-8")
)["itinera"]


def scene(friction, *, height=None, walk=None, neighbours=8, cell_m=10.0):
    friction = np.array(friction, float)
    rows, columns = friction.shape
    grid = Grid("EPSG:32618", 0, rows * cell_m, cell_m, rows=rows, columns=columns)
    relief = None if height is None else Surface(grid, height, "height", "m")
    return costs_of(
        Surface(grid, friction, "friction", "1"),
        walk=walk,
        relief=relief,
        neighbours=neighbours,
    )


def hours_between(costs):
    """Hours of the move from each cell to each other, as a full matrix."""
    rows, columns = costs.grid.shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    flat = (row + 2) * (columns + 4) + column + 2
    moves = costs.moves
    table = np.empty((flat.size, moves.step.size))
    list_seconds(costs.ground, costs.walk, costs.boats, moves, flat, table)
    hours = np.full((flat.size, flat.size), math.inf)
    for i, k in zip(*np.nonzero(np.isfinite(table)), strict=True):
        hours[i, np.flatnonzero(flat == flat[i] + moves.step[k])[0]] = table[i, k]
    return hours / 3600


def by_inverse(costs, origin, destination, theta):
    """Net flow and visits as Saerens 2009 has them, by inverting a full matrix."""
    hours = hours_between(costs)
    ease = 1 / hours
    random = ease / np.maximum(ease.sum(axis=1, keepdims=True), 1e-300)
    moves = random * np.exp(-theta * np.where(np.isfinite(hours), hours, 0.0))
    moves[destination] = 0
    inverse = np.linalg.inv(np.eye(len(hours)) - moves)
    seen, worth = inverse[origin], inverse[:, destination]
    flow = seen[:, None] * moves * worth / worth[origin]
    net = np.maximum(flow - flow.T, 0)
    journey = np.where(flow > 0, hours, 0.0)
    through = np.maximum(net.sum(0), net.sum(1))
    return through, seen * worth / worth[origin], (flow * journey).sum()


def current(costs, origin, destination):
    """The electric current through each cell, by Kirchhoff's laws."""
    ease = 1 / hours_between(costs)
    laplace = np.diag(ease.sum(axis=1)) - ease
    charge = np.zeros(len(ease))
    charge[[origin, destination]] = 1, -1
    keep = np.arange(len(ease)) != destination
    volt = np.zeros(len(ease))
    volt[keep] = np.linalg.solve(laplace[keep][:, keep], charge[keep])
    flow = np.maximum(ease * (volt[:, None] - volt), 0)
    return np.maximum(flow.sum(0), flow.sum(1))


def hills(*, neighbours=8):
    """The scene of itinera: 40 x 40 cells of 30 m."""
    column, row = np.meshgrid(np.arange(40), np.arange(40))
    off = (30 * column - 600) ** 2 + (30 * row - 500) ** 2
    height = 120 * np.exp(-off / (2 * 180**2))
    costs = scene(
        np.ones((40, 40)),
        height=height,
        walk=tobler(),
        neighbours=neighbours,
        cell_m=30.0,
    )
    return costs, 5 * 40 + 4, 34 * 40 + 36


rough = arrays(float, (4, 5), elements=st.floats(0.25, 4, width=32))
steep = arrays(float, (4, 5), elements=st.floats(0, 8, width=32))


@settings(max_examples=40, deadline=None)
@given(rough, steep, st.sampled_from([0.0, 3.0, 50.0, 400.0]), st.sampled_from([8, 16]))
def test_flow_and_visits_are_those_of_a_full_inverse(
    friction, height, theta, neighbours
):
    costs = scene(friction, height=height, walk=tobler(), neighbours=neighbours)

    found = wander(costs, 0, 18, theta_per_h=theta)

    flow, visits, hours = by_inverse(costs, 0, 18, theta)
    np.testing.assert_allclose(found.flow.values.ravel(), flow, atol=1e-8)
    np.testing.assert_allclose(found.visits.values.ravel(), visits, rtol=1e-6)
    assert found.hours == pytest.approx(hours, rel=1e-7)


@settings(max_examples=25, deadline=None)
@given(rough)
def test_without_a_theta_it_is_an_electric_current(friction):
    costs = scene(friction)
    found = wander(costs, 6, 19, theta_per_h=0).flow.values.ravel()
    np.testing.assert_allclose(found, current(costs, 6, 19), atol=1e-9)


@pytest.mark.parametrize("neighbours", [8, 16])
def test_a_large_theta_leaves_the_least_cost_path_alone(neighbours):
    costs, start, end = hills(neighbours=neighbours)
    rng = np.random.default_rng(1)
    friction = rng.uniform(1, 3, (40, 40))
    costs = scene(friction, neighbours=neighbours)
    travel = accumulate(costs, start)

    found = wander(costs, start, end, theta_per_h=1e7)

    used = np.flatnonzero(found.flow.values.ravel() > 0.5)
    assert used.tolist() == sorted(trace_path(travel, end).tolist())
    assert found.flow.values.sum() == pytest.approx(used.size)
    assert found.hours == pytest.approx(travel.hours.values.ravel()[end])


@pytest.mark.parametrize("theta_per_h", [20, 20 * 3600], ids=["hours", "seconds"])
def test_a_theta_of_twenty_does_not_underflow(theta_per_h):
    costs, start, end = hills()

    found = wander(costs, start, end, theta_per_h=theta_per_h)

    flow = found.flow.values
    assert flow.ravel()[[start, end]] == pytest.approx(1.0)
    assert (flow > 0.01).sum() >= ITINERA["path_len"]
    assert found.hours * 3600 >= ITINERA["lcp_cost"] * (1 - 1e-9)


def test_the_journey_gets_shorter_as_theta_grows():
    costs, start, end = hills()
    thetas = [0, 1, 10, 100, 1000, 1e5, 1e8]
    hours = [wander(costs, start, end, theta_per_h=t).hours for t in thetas]
    assert (np.diff(hours) < 0).all()
    assert hours[-1] * 3600 == pytest.approx(ITINERA["lcp_cost"])


@pytest.mark.parametrize("theta", [0.0, 1.0, 100.0, 300.0, 1e6])
def test_a_long_way_is_no_harder_than_a_short_one(theta):
    """A lane of 3,000 cells, where everybody has to pass every cell."""
    found = wander(scene(np.ones((1, 3000))), 0, 2999, theta_per_h=theta)
    np.testing.assert_allclose(found.flow.values, 1.0, rtol=1e-6)


def test_ground_of_very_different_costs_is_solved():
    power = np.random.default_rng(3).uniform(-3, 3, (30, 30))
    costs = scene(10.0**power)
    for theta in (0.0, 1.0, 100.0, 1e5):
        flow = wander(costs, 0, 899, theta_per_h=theta).flow.values.ravel()
        assert np.isfinite(flow).all()
        assert flow[[0, 899]] == pytest.approx(1.0)


def test_an_island_takes_no_part():
    shore = [[1, 1, np.nan, 1, 1], [1, 1, np.nan, 1, 1]]
    found = wander(scene(shore), 0, 6, theta_per_h=5.0).flow.values
    alone = wander(scene([[1, 1], [1, 1]]), 0, 3, theta_per_h=5.0).flow.values
    np.testing.assert_allclose(found[:, :2], alone)
    assert (found[:, 3:] == 0).all()
    assert np.isnan(found[:, 2]).all()


@pytest.mark.parametrize(
    ("cells", "theta", "complaint"),
    [
        ((0, 0), 1.0, "the same cell"),
        ((0, 3), 1.0, "no way leads from the origin"),
        ((0, 9), 1.0, "off the grid"),
        ((0, 2), 1.0, "where nobody can pass"),
        ((0, 1), -1.0, "theta_per_h is -1.0"),
        ((0, 1), math.inf, "theta_per_h is inf"),
        ((0, 1), math.nan, "theta_per_h is nan"),
    ],
)
def test_impossible_wanderings_are_refused(cells, theta, complaint):
    costs = scene([[1, 1, np.nan, 1]])
    with pytest.raises(ValueError, match=complaint):
        wander(costs, *cells, theta_per_h=theta)


# How theta is found


def walkers(costs, origin, destination, theta, *, count, seed=1):
    """Tracks that follow the model, drawn move by move from the full inverse."""
    hours = hours_between(costs)
    ease = 1 / hours
    random = ease / ease.sum(axis=1, keepdims=True)
    moves = random * np.exp(-theta * np.where(np.isfinite(hours), hours, 0.0))
    moves[destination] = 0
    worth = np.linalg.inv(np.eye(len(hours)) - moves)[:, destination]
    rng = np.random.default_rng(seed)
    tracks = []
    for _ in range(count):
        track = [origin]
        while track[-1] != destination:
            share = moves[track[-1]] * worth
            track.append(int(rng.choice(len(hours), p=share / share.sum())))
        tracks.append(track)
    return tracks


FRICTION = 10.0 ** np.random.default_rng(2).uniform(-0.5, 0.5, (9, 12)) * 30


@pytest.mark.parametrize("theta", [3.0, 30.0, 300.0])
def test_theta_is_found_again(theta):
    costs = scene(FRICTION)
    tracks = walkers(costs, 13, 94, theta, count=60)

    fit = fit_theta(costs, tracks, thetas_per_h=(0.3, 3.0, 30.0, 300.0, 3000.0))

    assert fit.theta == theta
    assert fit.held_out > fit.even
    assert fit.scores["score"].max() >= fit.held_out


def test_the_order_of_tracks_does_not_matter():
    costs = scene(FRICTION)
    tracks = walkers(costs, 13, 94, 30.0, count=6) + walkers(
        costs, 94, 13, 30.0, count=5
    )
    one = fit_theta(costs, tracks, thetas_per_h=(1.0, 30.0))
    other = fit_theta(costs, tracks[::-1], thetas_per_h=(30.0, 1.0))
    assert one.held_out == other.held_out
    assert one.scores.equals(other.scores)


def test_too_few_tracks_or_too_short_ones_are_refused():
    costs = scene(np.ones((3, 3)), walk=level())
    with pytest.raises(ValueError, match="folds is 5; expected 2 to 1"):
        fit_theta(costs, [[0, 4, 8]])
    with pytest.raises(ValueError, match="fewer than three cells"):
        fit_theta(costs, [[0, 4, 8], [0, 1]], folds=2)
