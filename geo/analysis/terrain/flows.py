"""Where travellers go between several places, each with each, for one factorisation."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.analysis.terrain.moves import Graph, factorised
from geo.analysis.terrain.wandering import first_scale, wander
from geo.grid import Surface

Floats = NDArray[np.float64]

_FAR = 600.0  # logarithms beyond this are near the end of what a float holds


def net_flows(
    graph: Graph, origins: ArrayLike, destinations: ArrayLike, *, theta_per_h: float
) -> list[list[Surface | None]]:
    """Return the net flow from each origin to each destination.

    Parameters
    ----------
    graph
        The ground, as ``Graph(costs)``: the same for several thetas.
    origins, destinations
        Numbers of cells.
    theta_per_h
        As of `geo.analysis.terrain.wandering.wander`, above 0.

    Returns
    -------
    list of list of Surface or None
        A row for each origin, a column for each destination: the `flow` of `wander`.
        None where no way leads, or both are the same cell.

    Raises
    ------
    ValueError
        If theta is not above 0, or a cell lies off the ground.

    Notes
    -----
    `wander` factorises once for each destination, where the walk ends. Here it goes on:
    with Z = (I - W)⁻¹ of all moves, the weight of paths from s to j that have not been
    at t is z_sj - z_st z_tj / z_tt, and the worth of j is z_jt / z_tt (Sherman and
    Morrison 1950; for such paths Kivimäki, Shimbo and Saerens 2014, Physica A 393:600).
    Where numbers cannot span it, `wander` does it.

    Examples
    --------
    Two ways around a hole, of which the northern is quicker, as of `wander`:

    >>> from geo.analysis.terrain.costs import costs_of
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 30, 10, rows=3, columns=3)
    >>> slow = np.array([[10.0, 10, 10], [10, np.nan, 10], [10, 20, 10]])
    >>> costs = costs_of(Surface(grid, slow, "friction", "s/m"), neighbours=8)
    >>> [[flow, same]] = net_flows(Graph(costs), [3], [5, 3], theta_per_h=50)
    >>> flow.values[:, 1].round(2), same
    (array([0.89,  nan, 0.11]), None)
    """
    if not (math.isfinite(theta_per_h) and theta_per_h > 0):
        raise ValueError(f"theta_per_h is {theta_per_h}; expected more than 0")
    begin = np.atleast_1d(np.asarray(origins, np.int64))
    end = np.atleast_1d(np.asarray(destinations, np.int64))
    paths = _Paths(graph, int(end[0]), theta_per_h)
    starts, ends = graph.nodes_of(begin), graph.nodes_of(end)
    seen = {int(node): paths.seen_from(int(node)) for node in {*starts, *ends}}
    worth = {int(node): paths.worth_to(int(node)) for node in ends}

    def between(i: int, j: int) -> Surface | None:
        start, goal = int(starts[i]), int(ends[j])
        if start == goal or not paths.linked(start, goal):
            return None
        if not _FAR > -math.log(max(worth[goal][start], 1e-320)) > -_FAR:
            ways = wander(graph.costs, begin[i], end[j], theta_per_h=theta_per_h)
            return ways.flow
        into = paths.moves_made(seen[start], seen[goal], worth[goal], start, goal)
        return graph.surface(graph.net_flow(into), "net flow", "share")

    return [[between(i, j) for j in range(end.size)] for i in range(begin.size)]


class _Paths:
    """All random paths over a graph, none of which has to end anywhere."""

    def __init__(self, graph: Graph, near: int, theta: float) -> None:
        self.graph = graph
        goal = int(graph.nodes_of([near])[0])
        self._label = graph.components()
        scale = first_scale(graph, goal, theta)
        scale[self._label != self._label[goal]] = 0.0
        weight = graph.log_random - theta * graph.hours
        exponent = weight + scale[graph.start] - scale[graph.end]
        self.moves = np.exp(np.minimum(exponent, _FAR))
        self._factors = factorised(graph.matrix(self.moves), graph.order)

    def linked(self, start: int, goal: int) -> bool:
        """Return whether a way leads from one node to another."""
        return bool(self._label[start] == self._label[goal])

    def seen_from(self, node: int) -> Floats:
        """Return the weight of all paths from a node to each."""
        return self._solve(node, "T")

    def worth_to(self, node: int) -> Floats:
        """Return the weight of all paths to a node from each."""
        return self._solve(node, "N")

    def moves_made(
        self, seen: Floats, after: Floats, worth: Floats, start: int, goal: int
    ) -> Floats:
        """Return the expected number of moves of those who stop at the goal."""
        graph = self.graph
        before = np.maximum(seen - seen[goal] * (after / worth[goal]), 0.0)
        before[goal] = 0.0
        reward = worth / worth[start]
        into: Floats = before[graph.start] * self.moves * reward[graph.end]
        return into

    def _solve(self, node: int, way: str) -> Floats:
        order = self.graph.order
        right = np.zeros(order.size)
        right[node] = 1.0
        found = np.empty(order.size)
        found[order] = self._factors.solve(right[order], way)  # type: ignore[call-overload]
        return np.maximum(found, 0.0)
