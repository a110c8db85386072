"""Degrees -> metres: PROJ as the oracle, to the last bit."""

import platform

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CRSError
from geo.plane import REACH_DEG, plane_of

DARIEN = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"


def equal_area(lat_0, lon_0):
    return f"+proj=laea +lat_0={lat_0} +lon_0={lon_0} +datum=WGS84 +units=m +no_defs"


def same_bits(plane, lon, lat):
    ours, theirs = plane.metres(lon, lat), plane.transformer.transform(lon, lat)
    return all(map(np.array_equal, ours, theirs))


@pytest.mark.parametrize(
    ("lat_0", "lon_0"), [(8, -77.5), (-33.3, 150.2), (61.2, 24), (0.25, 10), (-5, -179)]
)
def test_our_own_equal_area_plane_has_the_bits_of_proj(lat_0, lon_0):
    plane = plane_of(equal_area(lat_0, lon_0))
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        assert plane.centre is not None  # elsewhere PROJ may round otherwise
    rng = np.random.default_rng(1)
    lon = np.clip(lon_0 + rng.uniform(-55, 55, 50_000), -180, 180)
    lat = np.clip(lat_0 + rng.uniform(-40, 40, 50_000), -90, 90)
    assert same_bits(plane, lon, lat)


@given(st.floats(-79, -76), st.floats(7, 9.5))
def test_any_point_of_the_region_has_the_bits_of_proj(lon, lat):
    assert same_bits(plane_of(DARIEN), np.array([lon]), np.array([lat]))


def test_the_centre_is_the_origin():
    x, y = plane_of(DARIEN).metres(np.array([-77.5]), np.array([8.0]))
    assert abs(x[0]) < 1e-9
    assert abs(y[0]) < 1e-9


def test_equal_degrees_cover_equal_areas_anywhere_on_a_parallel():
    plane = plane_of(DARIEN)
    areas = []
    for west in (-100.0, -77.5, -60.0):
        lon = west + np.array([0.0, 0.01, 0.01, 0.0])
        x, y = plane.metres(lon, 20 + np.array([0.0, 0.0, 0.01, 0.01]))
        areas.append(0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))))
    np.testing.assert_allclose(areas, areas[0], rtol=1e-5)


@pytest.mark.parametrize(
    "crs",
    [
        "EPSG:32618",
        "EPSG:3035",
        equal_area(0, -77.5),
        equal_area(90, 0),
        equal_area(-90, 0),
        DARIEN + " +x_0=1000",
        "+proj=laea +lat_0=8 +lon_0=-77.5 +ellps=GRS80 +units=m",
    ],
)
def test_every_other_plane_is_left_to_proj(crs):
    plane = plane_of(crs)
    assert plane.centre is None
    assert same_bits(plane, np.array([-75.0, -74.5]), np.array([8.0, 8.5]))


@pytest.mark.parametrize("lon", [-77.5 - REACH_DEG - 1, 179.0, 200.0, -190.0, 282.5])
def test_far_points_are_left_to_proj(lon):
    far, lat = np.array([-77.5, lon]), np.array([8.0, 8.0])
    assert same_bits(plane_of(DARIEN), far, lat)


def test_nothing_gives_nothing():
    x, y = plane_of(DARIEN).metres(np.empty(0), np.empty(0))
    assert x.size == y.size == 0


def test_read_only_and_strided_arrays_give_the_same():
    grid = np.array([[-77.5, 8.0], [-77.0, 8.5]])
    grid.flags.writeable = False
    plane = plane_of(DARIEN)
    apart = plane.metres(grid[:, 0], grid[:, 1])
    whole = plane.metres(grid[:, 0].copy(), grid[:, 1].copy())
    np.testing.assert_array_equal(apart, whole)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263"])
def test_a_crs_that_is_not_in_metres_is_refused(crs):
    with pytest.raises(CRSError, match="does not measure in metres"):
        plane_of(crs)


def test_an_unknown_crs_is_refused():
    with pytest.raises(CRSError, match="is not a coordinate reference system"):
        plane_of("the local grid")
