"""Costs spread from cell to cell."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geo.kernels import costs
from geo.kernels.costs import BELL, LANDING, LANGMUIR, LEVEL, TOBLER, WATER

STILL = costs.Boats(1.0, 1.0, 0.0)
WALKS = {
    "level": costs.Walk(LEVEL, 1.0, 0.0, 0.0, 0.0, 0.0, added=False),
    "langmuir": costs.Walk(LANGMUIR, 0.72, 6.0, 1.9998, -1.9998, -0.2125, added=True),
    "tobler": costs.Walk(TOBLER, 0.6, 3.5, 0.05, 0.0, 0.0, added=False),
    "bell": costs.Walk(BELL, 0.11, 0.67, 0.02, 0.3, 0.0, added=False),
}


def ground_of(friction, *, height=None, mode=None, reach=None):
    def flat(values, outside):
        wide = np.pad(np.asarray(values, float), 2, constant_values=outside)
        return wide.ravel()

    return costs.Ground(
        flat(friction, np.nan),
        flat(np.zeros(np.shape(friction)) if height is None else height, 0.0),
        np.empty(0, np.uint8) if mode is None else flat(mode, 0.0).astype(np.uint8),
        np.empty(0) if reach is None else flat(reach, 0.0),
    )


def moves_of(columns, *, neighbours=8, high_m=1.0, wide_m=1.0):
    ways = [(0, 1), (1, 0), (1, 1), (1, -1)]
    ways += [(1, 2), (2, 1), (2, -1), (1, -2)] if neighbours == 16 else []
    both = np.array([way for y, x in ways for way in ((y, x), (-y, -x))])
    half, across = np.trunc(both / 2).astype(np.int64), np.array([columns + 4, 1])
    length = np.hypot(both[:, 0] * high_m, both[:, 1] * wide_m)
    return costs.Moves(both @ across, half @ across, (both - half) @ across, length)


def spread(
    ground,
    shape,
    *,
    source=(0, 0),
    walk=WALKS["level"],
    boats=STILL,
    back=False,
    width=1.0,
    limit=math.inf,
    tabled=False,
    **how,
):
    total = np.full((shape[0] + 4, shape[1] + 4), math.inf)
    total[source[0] + 2, source[1] + 2] = 0.0
    flat = total.ravel()
    moves = moves_of(shape[1], **how)
    table = None
    if tabled:
        table = np.empty((flat.size, moves.step.size))
        cells = np.arange(flat.size)
        costs.list_seconds(ground, walk, boats, moves, cells, table)
    costs.spread_costs(
        ground, walk, boats, moves, back, width, 0.0, 0.0, limit, flat, table
    )
    return flat.reshape(total.shape)[2:-2, 2:-2]


def by_dijkstra(ground, shape, *, source, walk, boats=STILL, back=False, **how):
    """The same costs from a list of all moves, by SciPy."""
    wide = shape[1] + 4
    cells = np.flatnonzero(~np.isnan(ground.friction))
    moves = moves_of(shape[1], **how)
    table = np.empty((cells.size, moves.step.size))
    costs.list_seconds(ground, walk, boats, moves, cells, table)
    start = np.repeat(cells, moves.step.size)
    end = (cells[:, None] + moves.step).ravel()
    fine = np.isfinite(table.ravel())
    many = ground.friction.size
    graph = csr_matrix((table.ravel()[fine], (start[fine], end[fine])), (many, many))
    number = (source[0] + 2) * wide + source[1] + 2
    total = dijkstra(graph.T if back else graph, indices=number)
    return total.reshape(-1, wide)[2:-2, 2:-2]


def test_costs_of_even_ground_are_octile_distances():
    total = spread(ground_of(np.ones((3, 4))), (3, 4))

    assert total[0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert total[2, 3] == pytest.approx(2 * math.sqrt(2) + 1)


def test_cells_need_not_be_square():
    total = spread(ground_of(np.ones((3, 3))), (3, 3), high_m=3.0, wide_m=4.0)

    assert total[2].tolist() == [6.0, 8.0, 10.0]
    assert total[0].tolist() == [0.0, 4.0, 8.0]


def test_a_knights_move_costs_the_mean_of_the_four_cells_it_touches():
    friction = np.array([[1.0, 2.0, 100.0], [100.0, 3.0, 6.0]])

    total = spread(ground_of(friction), (2, 3), neighbours=16)

    assert total[1, 2] == pytest.approx(math.sqrt(5) * (1 + 2 + 3 + 6) / 4)


def test_a_knight_does_not_jump_over_what_nobody_can_pass():
    friction = np.array([[1.0, np.nan, 1.0], [1.0, np.nan, 1.0]])

    total = spread(ground_of(friction), (2, 3), neighbours=16)

    assert np.isinf(total[:, 2]).all()


def test_climbing_back_costs_what_descending_did_not():
    ground = ground_of(np.ones((1, 2)), height=[[0.0, 0.1]])

    up = spread(ground, (1, 2), walk=WALKS["tobler"])[0, 1]
    down = spread(ground, (1, 2), walk=WALKS["tobler"], back=True)[0, 1]

    assert up == pytest.approx(0.6 * math.exp(3.5 * 0.15))
    assert down == pytest.approx(0.6 * math.exp(3.5 * 0.05))


@pytest.mark.parametrize(("back", "current"), [(False, 0.5), (True, 3.0)])
def test_a_boat_is_boarded_at_a_landing_and_goes_with_the_stream(back, current):
    """Land, two cells of river, land; the sea is nearer in the second."""
    ground = ground_of(
        [[1.0, 7.0, 9.0, 2.0]],
        mode=[[0, LANDING, LANDING, 0]],
        reach=[[0.0, 9.0, 8.0, 0.0]],
    )
    boats = costs.Boats(upstream=3.0, downstream=0.5, boarding_s=10.0)

    total = spread(ground, (1, 4), boats=boats, back=back)

    assert total[0, 3] == pytest.approx(1.0 + 10.0 + 8.0 * current + 2.0)


def test_nobody_boards_where_there_is_no_landing():
    ground = ground_of(np.ones((1, 3)), mode=[[0, WATER, 0]], reach=np.zeros((1, 3)))
    assert np.isinf(spread(ground, (1, 3))[0, 1:]).all()


def test_a_knight_keeps_away_from_water():
    mode = np.array([[0, WATER, 0], [0, WATER, 0]])
    ground = ground_of(np.ones((2, 3)), mode=mode, reach=np.zeros((2, 3)))
    assert np.isinf(spread(ground, (2, 3), neighbours=16)[:, 1:]).all()


def test_what_lies_beyond_the_limit_is_left_open():
    total = spread(ground_of(np.ones((1, 50))), (1, 50), limit=5.0)
    assert total[0, :6].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert np.isinf(total[0, 20:]).all()


def friction_of(shape):
    """Rough ground over four orders of magnitude, with holes."""
    power = st.floats(-2, 2, width=16)
    hole = st.just(np.nan)
    return arrays(float, shape, elements=st.one_of(power, power, power, hole)).map(
        lambda values: 10.0**values
    )


@settings(max_examples=60, deadline=None)
@given(
    friction=friction_of((6, 9)),
    height=arrays(float, (6, 9), elements=st.floats(0, 3, width=16)),
    walk=st.sampled_from(sorted(WALKS)),
    neighbours=st.sampled_from([8, 16]),
    width=st.sampled_from([1e-4, 0.3, 50.0, 1e6]),
    back=st.booleans(),
)
def test_costs_are_those_of_dijkstra_whatever_the_buckets(
    *, friction, height, walk, neighbours, width, back
):
    friction[2, 3] = 1.0
    ground = ground_of(friction, height=height)
    how = {"source": (2, 3), "walk": WALKS[walk], "back": back}

    found = spread(ground, (6, 9), width=width, neighbours=neighbours, **how)
    tabled = spread(ground, (6, 9), neighbours=neighbours, tabled=True, **how)

    assert (tabled == found).all()
    exact = by_dijkstra(ground, (6, 9), neighbours=neighbours, **how)
    np.testing.assert_allclose(found, exact, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    friction=friction_of((5, 8)),
    mode=arrays(np.uint8, (5, 8), elements=st.integers(0, 2)),
    reach=arrays(float, (5, 8), elements=st.integers(0, 3)),
    neighbours=st.sampled_from([8, 16]),
    back=st.booleans(),
)
def test_boats_are_exact_too(friction, mode, reach, neighbours, back):
    friction[0, 0] = 1.0
    ground = ground_of(friction, mode=mode, reach=reach)
    boats = costs.Boats(upstream=2.0, downstream=0.5, boarding_s=7.0)
    how = {"source": (0, 0), "walk": WALKS["level"], "boats": boats, "back": back}

    found = spread(ground, (5, 8), neighbours=neighbours, **how)
    tabled = spread(ground, (5, 8), neighbours=neighbours, tabled=True, **how)

    assert (tabled == found).all()
    exact = by_dijkstra(ground, (5, 8), neighbours=neighbours, **how)
    np.testing.assert_allclose(found, exact, rtol=1e-12)
