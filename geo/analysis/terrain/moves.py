"""Cells as a graph: the moves between them, and linear systems over them."""

import math
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import SuperLU, splu

from geo.analysis.terrain.costs import Costs, flat_cells, inner_cells
from geo.grid import Surface
from geo.kernels.costs import list_seconds

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LEAF = 64  # pieces of ground this small are not cut further


class Graph:
    """The cells that can be passed, and the moves between them."""

    def __init__(self, costs: Costs) -> None:
        self.costs = costs
        passable = ~np.isnan(costs.friction.ravel())
        self.cells = np.flatnonzero(passable)
        self.number = np.full(passable.size, -1, np.int64)
        self.number[self.cells] = np.arange(self.cells.size)
        moves = costs.moves
        flat = flat_cells(costs, self.cells)
        table = np.empty((flat.size, moves.step.size))
        list_seconds(costs.ground, costs.walk, costs.boats, moves, flat, table)
        node, move = np.nonzero(np.isfinite(table))
        beside = inner_cells(costs.grid, flat[node] + moves.step[move])
        self.start, self.end = node, self.number[beside]
        self.hours = table[node, move] / 3600.0
        ease = 1.0 / self.hours
        self.log_random = np.log(ease / self._sum_out(ease)[node])
        self.shortest = np.full(flat.size, math.inf)
        np.minimum.at(self.shortest, node, self.hours)

    @cached_property
    def order(self) -> Ints:
        """Cells in the order in which they are eliminated: nested dissection."""
        row, column = np.divmod(self.cells, self.costs.grid.columns)
        width = 2 if self.costs.neighbours == 16 else 1
        return np.concatenate(_dissected(row, column, width))

    def nodes_of(self, cells: ArrayLike) -> Ints:
        """Return the nodes of cells; refuse those off the ground."""
        some = np.asarray(cells, np.int64)
        flat_cells(self.costs, some)
        nodes: Ints = self.number[some]
        return nodes

    def matrix(self, values: Floats) -> sparse.csr_array:
        """Return a matrix with a value for each move."""
        many = self.cells.size
        return sparse.csr_array((values, (self.start, self.end)), shape=(many, many))

    def leads_to(self, node: int) -> NDArray[np.bool_]:
        """Return which nodes have a way to one; all moves go both ways."""
        label = self.components()
        fine: NDArray[np.bool_] = label == label[node]
        return fine

    def components(self) -> Ints:
        """Return a number for each node, the same where a way leads between them."""
        _, label = connected_components(self.matrix(self.hours), directed=False)
        return label.astype(np.int64)

    @cached_property
    def back(self) -> Ints:
        """Number of each move's reverse; how many there are if it has none."""
        many = self.cells.size
        key, turned = self.start * many + self.end, self.end * many + self.start
        order = np.argsort(key)
        place = np.minimum(np.searchsorted(key[order], turned), key.size - 1)
        found: Ints = np.where(key[order[place]] == turned, order[place], key.size)
        return found

    def net_flow(self, into: Floats) -> Floats:
        """Return the net flow through each node, of how often each move is made."""
        net = np.maximum(into - np.append(into, 0.0)[self.back], 0.0)
        many = self.cells.size
        out, come = (np.bincount(of, net, many) for of in (self.start, self.end))
        return np.maximum(out, come)

    def surface(self, values: Floats, name: str, unit: str) -> Surface:
        """Return values of the nodes on the grid; NaN where nobody can pass."""
        grid = self.costs.grid
        whole = np.full(grid.rows * grid.columns, math.nan)
        whole[self.cells] = values
        return Surface(grid, whole.reshape(grid.shape), name, unit)

    def _sum_out(self, values: Floats) -> Floats:
        total = np.bincount(self.start, values, minlength=self.cells.size)
        return total.astype(np.float64)


def factorised(moves: sparse.csr_array, order: Ints) -> SuperLU:
    """Return the factors of I - W, in an order that fills few of its zeros."""
    permuted = moves[order][:, order]
    return splu(
        (sparse.eye_array(order.size) - permuted).tocsc(),
        permc_spec="NATURAL",
        diag_pivot_thresh=0.0,  # an M-matrix needs no pivoting
        options={"SymmetricMode": True},
    )


def _dissected(row: Ints, column: Ints, width: int) -> list[Ints]:
    """Return the nodes piece by piece, each cut before what cuts it from others.

    George 1973: a line of cells divides the ground in two, and so on.
    """
    pieces: list[Ints] = []
    waiting = [np.arange(row.size)]
    while waiting:  # the last piece first, since it is turned round in the end
        some = waiting.pop()
        wide = np.ptp(column[some]) > np.ptp(row[some]) if some.size else False
        along = (column if wide else row)[some]
        middle = int(np.median(along)) if some.size else 0
        before, after = along < middle, along >= middle + width
        if some.size <= _LEAF or not (before.any() and after.any()):
            pieces.append(some)
        else:
            pieces.append(some[~before & ~after])
            waiting += [some[before], some[after]]
    return pieces[::-1]
