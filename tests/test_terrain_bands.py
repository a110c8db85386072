"""Areas where a surface is low."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.analysis.terrain.bands import areas_below, bands_of
from geo.grid import Grid, Surface

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
GRID = Grid(CRS, 0, 40_000, 1000, rows=40, columns=40)
NO_LAND = gpd.GeoDataFrame(geometry=[], crs=CRS)


def cone(peak=(20_000, 20_000)):
    """Kilometres from a place."""
    x, y = GRID.centre_of(np.arange(1600))
    away = np.hypot(x - peak[0], y - peak[1]) / 1000
    return Surface(GRID, away.reshape(GRID.shape), "hours", "h")


def test_the_area_around_a_place_is_a_disc():
    [[disc]] = areas_below(cone(), [10.0])
    assert disc.area / 1e6 == pytest.approx(np.pi * 100, rel=0.02)
    assert disc.hausdorff_distance(shapely.Point(20_000, 20_000).buffer(10_000)) < 400


def test_what_cannot_be_reached_is_in_no_area():
    surface = cone()
    surface.values[:, 20:] = np.nan
    [[half]] = areas_below(surface, [10.0])
    assert half.bounds[2] <= 20_000
    assert half.area / 1e6 == pytest.approx(np.pi * 50, rel=0.1)


def test_specks_are_left_out():
    surface = Surface(GRID, np.full(GRID.shape, 9.0), "hours", "h")
    surface.values[5, 5] = 1.0
    assert [len(areas) for areas in areas_below(surface, [2.0, 10.0])] == [0, 1]


def test_bands_lie_beside_each_other_and_on_land_alone():
    land = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 25_000, 40_000)], crs=CRS)

    bands = bands_of(cone(), [5, 10, 100], land=land)

    assert bands["up_to_h"].tolist() == [5, 10, 100]
    assert bands["from_h"].tolist() == [0, 5, 10]
    shapes = bands.geometry.to_list()
    assert shapes[0].intersection(shapes[1]).area == 0
    assert bands.total_bounds[2] <= 25_000
    assert bands["area_km2"].sum() == pytest.approx(25 * 40, rel=0.06)


def test_a_band_that_nobody_is_in_has_no_row():
    far = Surface(GRID, cone().values + 50, "hours", "h")
    assert bands_of(far, [5, 60], land=NO_LAND)["from_h"].tolist() == [5]
    nowhere = Surface(GRID, np.full(GRID.shape, np.nan), "hours", "h")
    empty = bands_of(nowhere, [5], land=NO_LAND)
    assert empty.empty
    assert list(empty) == ["from_h", "up_to_h", "area_km2", "geometry"]


@settings(max_examples=25, deadline=None)
@given(arrays(float, (40, 40), elements=st.floats(0, 9)), st.integers(0, 1599))
def test_areas_grow_with_their_limits_and_are_valid(values, hole):
    values.ravel()[hole] = np.nan
    lower, higher = areas_below(Surface(GRID, values, "hours", "h"), [3.0, 6.0])
    for area in (*lower, *higher):
        assert area.is_valid
        assert np.array_equal(
            shapely.get_coordinates(area) % 1, 0 * shapely.get_coordinates(area)
        )
    assert sum(a.area for a in lower) <= sum(a.area for a in higher) + 1
