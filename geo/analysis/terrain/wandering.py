"""Randomised shortest paths: between the quickest way and wandering about.

A traveller from an origin takes a path with probability proportional to that of a
random walk, times exp(-theta x its hours). With a large theta all take the quickest
way; with theta zero they wander as if a current flowed between the two places.

After Saerens, Achbany, Fouss and Yen 2009, Randomized shortest-path problems: two
related models, Neural Computation 21:2363; on landscapes Panzacchi et al. 2016,
Journal of Animal Ecology 85:32. The random walk takes each move with probability
proportional to 1 / its time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import dijkstra

from geo.analysis.terrain.costs import Costs
from geo.analysis.terrain.moves import Graph, factorised
from geo.grid import Surface

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_FAR = 600.0  # logarithms beyond this are near the end of what a float holds
_LEAST = 1e-300
_TRIES = 20  # each brings the scale some 600 nearer; on plain ground one is enough
_FLOOR = 0.01  # share of a prediction that is spread evenly over the ground


@dataclass(frozen=True, slots=True, eq=False)
class Wandering:
    """Where travellers between two cells go.

    Parameters
    ----------
    flow
        Net flow through each cell: of those that set out, the share that gets
        through it and does not come back; 1 at the origin and the destination.
    visits
        How often a traveller enters each cell on average, wandering included.
    hours
        Expected hours of the journey.
    """

    flow: Surface
    visits: Surface
    hours: float


@dataclass(frozen=True, slots=True, eq=False)
class ThetaFit:
    """How strictly the travellers of some tracks keep to the quickest way.

    Parameters
    ----------
    theta
        The one that predicts all tracks best, per hour.
    scores
        `theta`, and `score`: mean logarithm of the probability that the model gives
        to the cells of a track, in nats, the mean over all tracks.
    held_out
        Score of tracks with the theta that is best for the others.
    even
        Score of a prediction that knows nothing: each cell is as probable.
    """

    theta: float
    scores: pd.DataFrame
    held_out: float
    even: float


def wander(
    costs: Costs, origin: int, destination: int, *, theta_per_h: float
) -> Wandering:
    """Return where travellers go between two cells.

    Parameters
    ----------
    costs
        Over what.
    origin, destination
        Numbers of cells.
    theta_per_h
        Inverse temperature: of two paths, one that takes an hour longer is
        exp(-theta) times as probable as it would be at random.

    Raises
    ------
    ValueError
        If no way leads there, both are the same cell, or theta is negative or not a
        number.

    Notes
    -----
    One sparse factorisation, its unknowns in the order of nested dissection, so that
    time grows as n^1.5 and memory as n log n. So that no probability is too small to
    be held, cells are scaled by what the journey from them is about worth.

    Examples
    --------
    Two ways around a hole, of which the northern is quicker:

    >>> from geo.analysis.terrain.costs import costs_of
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 30, 10, rows=3, columns=3)
    >>> slow = np.array([[10.0, 10, 10], [10, np.nan, 10], [10, 20, 10]])
    >>> costs = costs_of(Surface(grid, slow, "friction", "s/m"), neighbours=8)
    >>> wander(costs, 3, 5, theta_per_h=0).flow.values[:, 1].round(2)
    array([0.58,  nan, 0.42])
    >>> wander(costs, 3, 5, theta_per_h=50).flow.values[:, 1].round(2)
    array([0.89,  nan, 0.11])
    """
    graph = Graph(costs)
    start, end = graph.nodes_of([origin, destination])
    model = _Model(graph, int(end), theta_per_h)
    into, gross = model.passages(int(start))
    return Wandering(
        flow=graph.surface(graph.net_flow(into), "net flow", "share"),
        visits=graph.surface(gross, "visits", "1"),
        hours=model.expected_hours(into),
    )


def fit_theta(
    costs: Costs,
    tracks: Sequence[ArrayLike],
    *,
    thetas_per_h: Sequence[float] = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0),
    folds: int = 5,
) -> ThetaFit:
    """Return the theta that predicts best where tracks go between their ends.

    Parameters
    ----------
    costs
        Over what.
    tracks
        The cells of each track, from its first to its last; at least three.
    thetas_per_h
        The candidates.
    folds
        Parts that the tracks are split into; each is predicted with the theta that
        is best for the others.

    Raises
    ------
    ValueError
        If there are fewer tracks than folds or a track has fewer than three cells,
        or as of `wander`.

    Notes
    -----
    A cell between the ends of a track is predicted with its share of the net flow,
    of which 1 % is spread evenly over the ground, so that no track is impossible. A
    track counts as one, however long; the order of tracks does not matter.
    """
    ways = sorted(tuple(np.asarray(track, np.int64).tolist()) for track in tracks)
    if not 2 <= folds <= len(ways):
        raise ValueError(f"folds is {folds}; expected 2 to {len(ways)}, the tracks")
    if min(len(way) for way in ways) < 3:
        raise ValueError("a track has fewer than three cells")
    graph = Graph(costs)
    thetas = sorted(set(thetas_per_h))
    table = np.array([_scores(graph, ways, theta) for theta in thetas])
    fold = np.arange(len(ways)) % folds
    held = np.empty(len(ways))
    for part in range(folds):
        best = table[:, fold != part].mean(axis=1).argmax()
        held[fold == part] = table[best, fold == part]
    means = table.mean(axis=1)
    return ThetaFit(
        theta=thetas[int(means.argmax())],
        scores=pd.DataFrame({"theta": thetas, "score": means}),
        held_out=float(held.mean()),
        even=-math.log(graph.cells.size),
    )


def _scores(graph: Graph, ways: list[tuple[int, ...]], theta: float) -> Floats:
    """Return the score of each track; tracks to one destination share a model."""
    scores = np.empty(len(ways))
    models: dict[int, _Model] = {}
    shares: dict[tuple[int, int], Floats] = {}
    for i in sorted(range(len(ways)), key=lambda i: (ways[i][-1], ways[i][0])):
        nodes = graph.nodes_of(ways[i])
        start, end = int(nodes[0]), int(nodes[-1])
        if end not in models:
            models = {end: _Model(graph, end, theta)}  # one at a time: they are large
        if (start, end) not in shares:
            flow = graph.net_flow(models[end].passages(start)[0])
            flow[[start, end]] = 0.0
            even = 1.0 / flow.size
            total = flow.sum()
            share = flow / total if total > 0 else np.full(flow.size, even)
            shares = {(start, end): np.log((1 - _FLOOR) * share + _FLOOR * even)}
        scores[i] = shares[start, end][nodes[1:-1]].mean()
    return scores


class _Model:
    """The random paths to one destination."""

    def __init__(self, graph: Graph, end: int, theta: float) -> None:
        if not (math.isfinite(theta) and theta >= 0):
            raise ValueError(f"theta_per_h is {theta}; expected 0 or more")
        self.graph, self.end = graph, end
        weight = graph.log_random - theta * graph.hours
        fine = graph.leads_to(end)
        kept = fine[graph.end] & (graph.start != end)
        scale = first_scale(graph, end, theta)
        scale[~fine] = 0.0
        goal = np.zeros(fine.size)
        goal[end] = 1.0
        for _ in range(_TRIES):
            exponent = weight + scale[graph.start] - scale[graph.end]
            self.moves = np.where(kept, np.exp(np.minimum(exponent, _FAR)), 0.0)
            self.factors = factorised(graph.matrix(self.moves), graph.order)
            self.worth = self._solve(goal)
            worth = self.worth[fine]
            off = np.log(np.maximum(worth, _LEAST))
            if np.isfinite(worth).all() and np.abs(off).max() < _FAR:
                return
            scale[fine] -= np.nan_to_num(off, nan=0.0)
        raise ArithmeticError("the paths span more than numbers can hold")

    def passages(self, start: int) -> tuple[Floats, Floats]:
        """Return the expected number of moves, and of visits to each node."""
        graph = self.graph
        if start == self.end:
            raise ValueError("origin and destination are the same cell")
        if not self.worth[start] > 0:
            raise ValueError("no way leads from the origin to the destination")
        source = np.zeros(graph.cells.size)
        source[start] = 1.0
        seen = self._solve(source, transposed=True) / self.worth[start]
        into: Floats = seen[graph.start] * self.moves * self.worth[graph.end]
        return into, seen * self.worth

    def expected_hours(self, into: Floats) -> float:
        """Return the mean time of a journey."""
        return float(into @ self.graph.hours)

    def _solve(self, right: Floats, *, transposed: bool = False) -> Floats:
        """Solve (I - W) x = right, or with the transpose."""
        order = self.graph.order
        found = np.empty(right.size)
        way = "T" if transposed else "N"
        found[order] = self.factors.solve(right[order], way)  # type: ignore[call-overload]
        return np.maximum(found, 0.0)


def first_scale(graph: Graph, end: int, theta: float) -> Floats:
    """Return about minus the logarithm of what the way from each node is worth.

    The cost of the best path, on which a move costs theta times its hours and some
    of minus the logarithm of its probability: all of it where detours are dear, and
    little where they cost nothing, as they do on even ground.
    """
    if theta == 0:
        return np.zeros(graph.cells.size)
    share = _straightness(theta * graph.shortest)
    price = theta * graph.hours - share[graph.start] * graph.log_random
    away = graph.matrix(price).T.tocsr()
    cost: Floats = dijkstra(away, indices=np.array([end]))[0]
    return cost


def _straightness(price: Floats) -> Floats:
    """Return how much of the choice among moves a traveller on even ground forgoes.

    `price` is theta times the hours of the shortest move. Solves, for the decay
    k of worth a cell, sum over moves of p exp(-price length + k east) = 1; the
    share is (k - price) / -log p of the move due east.
    """
    east = np.array([1, -1, 0, 0, 1, -1, 1, -1])
    length = np.hypot(1.0, np.array([0, 0, 0, 0, 1, 1, 1, 1]))
    p = (1 / length) / (1 / length).sum()
    known = np.geomspace(1e-12, 1e3, 300)
    low, high = known.copy(), known - math.log(p[0])
    for _ in range(60):
        k = (low + high) / 2
        worth = (p * np.exp(np.outer(k, east) - np.outer(known, length))).sum(axis=1)
        low, high = np.where(worth < 1, k, low), np.where(worth < 1, high, k)
    share = (low - known) / -math.log(p[0])
    return np.interp(np.log(np.maximum(price, 1e-12)), np.log(known), share)
