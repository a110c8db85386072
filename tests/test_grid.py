"""Where cells lie, and what lies on them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CRSError
from geo.grid import Grid, Surface

GRID = Grid("EPSG:32618", 0, 500, 250, rows=2, columns=3)


@given(st.integers(0, 5))
def test_the_centre_of_a_cell_lies_in_it(cell):
    x, y = GRID.centre_of(np.array([cell]))

    assert GRID.cell_of(x, y).tolist() == [cell]


def test_a_coarse_grid_covers_the_fine_one_and_lines_up():
    grid = Grid.covering((130, -70, 2100, 990), crs="EPSG:32618", cell_m=250)

    coarse = grid.coarsened(8)

    assert coarse.cell_m == 2000
    assert coarse.west % 2000 == coarse.north % 2000 == 0
    west, south, east, north = coarse.bounds
    assert (west, south) <= grid.bounds[:2]
    assert (east, north) >= grid.bounds[2:]


def test_a_grid_cannot_be_coarsened_by_less_than_one():
    with pytest.raises(ValueError, match="factor is 0"):
        GRID.coarsened(0)


def test_a_surface_has_the_shape_of_its_grid():
    with pytest.raises(ValueError, match=r"has shape \(3, 2\), but its grid has"):
        Surface(GRID, np.zeros((3, 2)), "movement", "%/km²")


def test_surfaces_of_one_grid_and_unit_add():
    one = Surface(GRID, np.ones(GRID.shape), "a", "km")

    assert (one + one).values.tolist() == [[2.0] * 3] * 2
    with pytest.raises(ValueError, match="another grid or unit"):
        one + Surface(GRID, np.ones(GRID.shape), "b", "m")


@pytest.mark.parametrize(
    ("crs", "message"),
    [
        ("EPSG:4326", "'WGS 84' does not measure in metres"),
        ("EPSG:2264", "does not measure in metres"),
        ("nowhere", "'nowhere' is not a coordinate reference system"),
    ],
    ids=["degrees", "feet", "unknown"],
)
def test_a_grid_of_anything_but_metres_is_refused(crs, message):
    with pytest.raises(CRSError, match=message):
        Grid(crs, 0, 1, 0.1, rows=10, columns=10).check_metres()
