"""How far cells lie from one another along lines."""

import numpy as np
import pytest
from shapely.geometry import LineString, MultiLineString, Point

from geo.analysis.hotspots.along import cells_along, distances_along
from geo.grid import Grid

GRID = Grid("EPSG:32618", 0, 10_000, 1_000, rows=10, columns=10)


def line(*corners):
    """A line through middles of cells, given as (column, row)."""
    return LineString([(1000 * c + 500, 9500 - 1000 * r) for c, r in corners])


def test_a_straight_river_is_as_long_as_it_is():
    far = distances_along(np.arange(10), [line((0, 0), (9, 0))], grid=GRID)

    steps = np.abs(np.subtract.outer(np.arange(10), np.arange(10)))
    # The first and last cell hold half of their way only.
    assert np.allclose(far[1:9, 1:9], 1000.0 * steps[1:9, 1:9], atol=70)
    assert (far == far.T).all()
    assert (np.diag(far) == 0).all()


def test_a_bend_is_followed_and_not_cut():
    bend = line((0, 0), (0, 5), (5, 5))

    far = distances_along(np.array([0, 55]), [bend], grid=GRID)

    assert far[0, 1] == pytest.approx(10_000 - 2 * 250, abs=100)
    assert far[0, 1] > 1.3 * np.hypot(5000, 5000)


def test_rivers_that_share_no_cell_do_not_meet():
    rivers = [line((0, 0), (9, 0)), line((0, 2), (9, 2))]

    far = distances_along(np.array([5, 25]), rivers, grid=GRID)

    assert np.isinf(far[0, 1])


def test_rivers_that_share_a_cell_meet_there_and_the_shortest_way_counts():
    """A tributary that ends a little short of the main river, as they do."""
    main = line((0, 5), (9, 5))
    tributary = LineString([(4_500, 9_500), (4_500, 4_700)])
    detour = line((4, 0), (0, 0), (0, 5))

    one = distances_along(np.array([4, 59]), [main, tributary], grid=GRID)
    two = distances_along(np.array([4, 59]), [main, tributary, detour], grid=GRID)

    assert one[0, 1] == pytest.approx(10_000, abs=800)
    assert two[0, 1] == one[0, 1]


def test_the_direction_and_order_of_lines_do_not_matter():
    rivers = [line((0, 5), (9, 5)), line((4, 0), (4, 5)), line((7, 9), (7, 5))]
    cell = cells_along(rivers, GRID)

    one = distances_along(cell, rivers, grid=GRID)
    two = distances_along(cell, [r.reverse() for r in rivers[::-1]], grid=GRID)

    assert np.allclose(one, two)


def test_what_is_off_the_grid_or_no_line_is_left_out():
    beyond = LineString([(-5_000, 500), (1_500, 500)])
    pieces = MultiLineString([[(500, 9_500), (2_500, 9_500)], [(7e4, 7e4), (8e4, 7e4)]])

    found = cells_along([beyond, pieces, Point(5_000, 5_000), LineString()], GRID)

    assert found.tolist() == [0, 1, 2, 90, 91]


def test_a_line_within_one_cell_is_there_and_leads_nowhere():
    short = LineString([(4_100, 4_100), (4_300, 4_100)])

    assert cells_along([short], GRID).tolist() == [54]
    far = distances_along(np.array([54, 55]), [short], grid=GRID)
    assert far.tolist() == [[0, np.inf], [np.inf, 0]]


def test_without_lines_every_cell_stands_alone():
    assert cells_along([], GRID).tolist() == []
    assert np.isinf(distances_along(np.array([1, 2]), [], grid=GRID)[0, 1])
