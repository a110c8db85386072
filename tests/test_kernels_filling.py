"""Cells whose centres lie in a polygon, beside GDAL, that says the same of ties."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio import Affine, features

from geo.analysis.corridors.outlines import _cells_in
from geo.grid import Grid

GRID = Grid("EPSG:32618", 500, 4000, 250, rows=16, columns=20)
WEST, SOUTH, EAST, NORTH = GRID.bounds


def rasterized(polygon):
    """Return the cells that GDAL fills."""
    if not polygon.area:
        return []
    label = features.rasterize(
        [(polygon, 1)],
        out_shape=GRID.shape,
        transform=Affine(GRID.cell_m, 0, WEST, 0, -GRID.cell_m, NORTH),
        dtype="int32",
    )
    return np.flatnonzero(label).tolist()


def place(step):
    """Places on and off the grid: halves of cells, so that centres lie on edges."""
    return st.tuples(
        st.integers(-8, 48).map(lambda n: WEST + n * step),
        st.integers(-8, 40).map(lambda n: SOUTH + n * step),
    )


@pytest.mark.parametrize("step", [125.0, 137.0])
@pytest.mark.parametrize("clockwise", [False, True])
def test_cells_are_those_that_gdal_fills_ties_among_them(step, clockwise):
    @given(st.lists(place(step), min_size=3, max_size=12))
    def check(corners):
        for part in shapely.get_parts(shapely.Polygon(corners).buffer(0)):
            polygon = shapely.normalize(part)
            polygon = shapely.reverse(polygon) if clockwise else polygon
            assert _cells_in(polygon, GRID).tolist() == rasterized(polygon)

    check()


@given(st.lists(st.tuples(place(125.0), place(125.0)), min_size=1, max_size=6))
def test_boxes_with_holes_are_filled_as_gdal_fills_them(corners):
    boxes = [shapely.box(*one, *other) for one, other in corners]
    whole = shapely.union_all(boxes)
    ring = shapely.difference(whole, shapely.box(WEST + 625, SOUTH + 625, 2625, 2625))
    for polygon in shapely.get_parts(ring):
        assert _cells_in(polygon, GRID).tolist() == rasterized(polygon)


def test_a_hole_holds_no_cell_and_what_lies_off_the_grid_neither():
    outer = shapely.box(WEST - 9000, SOUTH - 9000, EAST + 9000, NORTH + 9000)
    hole = shapely.box(WEST + 250, SOUTH, EAST, NORTH)
    found = _cells_in(shapely.difference(outer, hole), GRID)
    assert found.tolist() == [row * GRID.columns for row in range(GRID.rows)]
    assert not _cells_in(shapely.box(WEST - 500, SOUTH, WEST, NORTH), GRID).size
    assert not _cells_in(shapely.box(0, -9000, 9000, -8000), GRID).size
    assert not _cells_in(shapely.Polygon(), GRID).size
