"""The layers of a region on one grid."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.terrain.laying import land_on, lay_costs, on_grid
from geo.findings.surfaces import land_mask
from geo.grid import Grid, Surface
from geo.read.layers import read_layers

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
GRID = Grid(CRS, -500, 1000, 100, rows=15, columns=20)
NONE = read_layers({}, crs=CRS, bounds=(-78, 7, -77, 8), cell_m=500)

places = st.tuples(st.integers(-900, 1700), st.integers(-700, 1300))


@given(st.lists(st.lists(places, min_size=3, max_size=8), min_size=1, max_size=3))
def test_land_is_where_the_centres_of_cells_lie_in_polygons(rings):
    """Corners end in 7: no centre lies on an edge that is level or upright."""
    shapes = [
        shapely.make_valid(shapely.Polygon([(x + 0.7, y + 0.7) for x, y in ring]))
        for ring in rings
    ]
    shapes = [part for shape in shapes for part in shapely.get_parts(shape)]
    areas = [shape for shape in shapes if shapely.get_dimensions(shape) == 2]
    land = gpd.GeoDataFrame(geometry=areas, crs=CRS)

    edges = shapely.union_all(areas).boundary if areas else shapely.Point()
    x, y = GRID.centre_of(np.arange(GRID.rows * GRID.columns))
    far = shapely.distance(shapely.points(x, y), edges) > 1e-6
    sure = far.reshape(GRID.shape) if areas else np.ones(GRID.shape, bool)
    assert (land_on(land, GRID) == land_mask(land, GRID))[sure].all()


def test_holes_and_islands_in_them_are_known():
    lake = shapely.box(0, 0, 1000, 800).difference(shapely.box(200, 200, 800, 600))
    land = gpd.GeoDataFrame(geometry=[lake, shapely.box(400, 300, 500, 500)], crs=CRS)
    assert np.array_equal(land_on(land, GRID), land_mask(land, GRID))
    assert 0 < land_on(land, GRID).sum() < GRID.rows * GRID.columns


@given(
    st.integers(-12, 12), st.integers(-12, 12), st.sampled_from([50, 70, 100, 330]),
)  # fmt: skip
def test_a_value_is_that_of_the_cell_under_the_centre(east, north, cell_m):
    theirs = Grid(CRS, 90 * east, 90 * north, cell_m, rows=7, columns=9)
    values = np.arange(63.0).reshape(7, 9)
    surface = Surface(theirs, values, "height", "m")

    x, y = GRID.centre_of(np.arange(GRID.rows * GRID.columns))
    there = theirs.cell_of(x, y)
    expected = np.where(there >= 0, values.ravel()[there], np.nan)
    found = on_grid(surface, GRID)

    assert found.grid == GRID
    assert np.array_equal(found.values.ravel(), expected, equal_nan=True)


def test_costs_need_a_relief_and_take_the_land_from_the_layer():
    with pytest.raises(ValueError, match="there is no relief"):
        lay_costs(NONE, GRID)
    flat = Surface(GRID, np.zeros(GRID.shape, np.float32), "height", "m")
    land = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 500, 500)], crs=CRS)
    costs = lay_costs(replace(NONE, relief=flat, land=land), GRID)
    on_foot = np.isclose(costs.friction, 1.67)
    assert np.array_equal(on_foot, land_on(land, GRID))
