"""Cells along lines: the nearest line, how far along, and on which side."""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.analysis.corridors.along import at_middle, cells_along
from geo.grid import Grid

GRID = Grid("EPSG:32618", -1_000, 6_000, 250, rows=24, columns=32)

corners = st.lists(
    st.tuples(st.integers(-2_000, 8_000), st.integers(-1_000, 7_000)),
    min_size=2,
    max_size=6,
    unique=True,
)


def lines(*shapes):
    return gpd.GeoSeries([LineString(shape) for shape in shapes], crs=GRID.crs)


@given(st.lists(corners, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_the_nearest_line_is_found_as_by_a_search_in_a_tree(shapes):
    """Peer oracle: shapely."""
    ways = lines(*shapes)
    along = cells_along(ways, GRID, reach=3.0)

    cells = np.arange(GRID.rows * GRID.columns)
    middles = shapely.points(*GRID.centre_of(cells))
    away = shapely.distance(middles[:, None], ways.to_numpy())
    np.testing.assert_array_equal(along.cell, cells[away.min(axis=1) <= 750.0])
    line = ways.to_numpy()[along.line]
    here = middles[along.cell]
    np.testing.assert_allclose(
        shapely.distance(line, here), away[along.cell].min(axis=1), atol=1e-6
    )
    np.testing.assert_allclose(
        np.abs(along.off_m), shapely.distance(line, here), atol=1e-6
    )
    foot = shapely.line_interpolate_point(line, along.at_m)
    np.testing.assert_allclose(
        shapely.distance(foot, here), np.abs(along.off_m), atol=1e-6
    )


def test_left_of_a_line_is_above_zero():
    along = cells_along(lines([(0, 3_000), (5_000, 3_000)]), GRID, reach=2.0)
    north = GRID.centre_of(along.cell)[1] > 3_000

    assert north.any()
    assert (~north).any()
    assert ((along.off_m > 0) == north).all()
    np.testing.assert_allclose(along.run, [[1.0, 0.0]] * len(along.cell), atol=1e-12)


def test_the_middle_half_is_between_the_quarters():
    way = lines([(0, 3_125), (4_000, 3_125)])
    along = cells_along(way, GRID, reach=0.1)
    x = GRID.centre_of(along.cell[at_middle(along, way)])[0]

    assert x.tolist() == [1_125 + 250 * n for n in range(8)]


def test_without_lines_there_are_no_cells():
    assert cells_along(lines(), GRID, reach=3.0).cell.size == 0
