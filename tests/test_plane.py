"""Degrees -> metres: PROJ as the oracle, and the formulas with more digits."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CRSError
from geo.kernels.laea import REACH_DEG
from geo.plane import plane_of

DARIEN = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"


def equal_area(lat_0, lon_0):
    return f"+proj=laea +lat_0={lat_0} +lon_0={lon_0} +datum=WGS84 +units=m +no_defs"


def same_bits(plane, lon, lat):
    ours, theirs = plane.metres(lon, lat), plane.transformer.transform(lon, lat)
    return all(map(np.array_equal, ours, theirs))


def exact(lon, lat, lon_0, lat_0):
    """Snyder 1987, equations 3-11 ff. and 24-17 ff., in numbers of 64 bits or more."""
    real = np.longdouble
    flattening = 1 / real("298.257223563")
    e2 = flattening * (2 - flattening)
    e = np.sqrt(e2)
    radian = np.arctan(real(1)) / 45

    def q(sine):
        return (1 - e2) * (sine / (1 - e2 * sine**2) + np.arctanh(e * sine) / e)

    phi, phi_1 = lat.astype(real) * radian, real(lat_0) * radian
    lam = (lon.astype(real) - real(lon_0)) * radian
    sin_b, sin_1 = q(np.sin(phi)) / q(real(1)), q(np.sin(phi_1)) / q(real(1))
    cos_b, cos_1 = np.sqrt(1 - sin_b**2), np.sqrt(1 - sin_1**2)
    radius = real(6_378_137) * np.sqrt(q(real(1)) / 2)
    side = real(6_378_137) * np.cos(phi_1) / np.sqrt(1 - e2 * np.sin(phi_1) ** 2)
    d = side / (radius * cos_1)
    ahead = cos_b * np.cos(lam)
    b = radius * np.sqrt(2 / (1 + sin_1 * sin_b + cos_1 * ahead))
    return b * d * cos_b * np.sin(lam), b / d * (cos_1 * sin_b - sin_1 * ahead)


def farthest(ones, others):
    return max(np.abs(a - b).max() for a, b in zip(ones, others, strict=True))


@pytest.mark.parametrize(
    ("lat_0", "lon_0"), [(8, -77.5), (-33.3, 150.2), (61.2, 24), (0.25, 10), (-5, -179)]
)
def test_our_own_equal_area_plane_is_that_of_proj(lat_0, lon_0):
    plane = plane_of(equal_area(lat_0, lon_0))
    assert plane.centre is not None
    rng = np.random.default_rng(1)
    lon = np.clip(lon_0 + rng.uniform(-55, 55, 50_000), -180, 180)
    lat = np.clip(lat_0 + rng.uniform(-40, 40, 50_000), -89, 89)
    theirs = plane.transformer.transform(lon, lat)
    assert farthest(plane.metres(lon, lat), theirs) < 5e-6


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="no wider numbers")
def test_in_the_region_the_plane_is_exact_to_a_nanometre():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(-79, -76, 50_000), rng.uniform(7, 9.5, 50_000)
    assert farthest(plane_of(DARIEN).metres(lon, lat), exact(lon, lat, -77.5, 8)) < 1e-9


@given(st.floats(-79, -76), st.floats(7, 9.5))
def test_any_point_of_the_region_lies_where_proj_puts_it(lon, lat):
    plane, point = plane_of(DARIEN), (np.array([lon]), np.array([lat]))
    assert farthest(plane.metres(*point), plane.transformer.transform(*point)) < 1e-8


def test_where_a_point_lies_does_not_depend_on_the_points_beside_it():
    rng = np.random.default_rng(1)
    lon, lat = -77.5 + rng.uniform(-35, 35, 999), 8 + rng.uniform(-35, 35, 999)
    plane = plane_of(DARIEN)
    alone = [plane.metres(lon[i : i + 1], lat[i : i + 1]) for i in range(lon.size)]
    np.testing.assert_array_equal(plane.metres(lon, lat), np.hstack(alone))


def test_a_processor_that_does_one_point_at_a_time_gives_the_same_bits(tmp_path):
    code = (
        "import sys, numpy as np; from geo.plane import plane_of; "
        "lon, lat = np.linspace(-79, -76, 999), np.linspace(7, 9.5, 999); "
        f"metres = plane_of({DARIEN!r}).metres(lon, lat); "
        "sys.stdout.buffer.write(np.concatenate(metres).tobytes())"
    )
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    plain |= {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_LOOP_VECTORIZE": "0"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        env=os.environ | plain,
    )
    lon, lat = np.linspace(-79, -76, 999), np.linspace(7, 9.5, 999)
    ours = np.concatenate(plane_of(DARIEN).metres(lon, lat))
    assert ours.tobytes() == done.stdout


def test_the_centre_is_the_origin():
    x, y = plane_of(DARIEN).metres(np.array([-77.5]), np.array([8.0]))
    assert x[0] == y[0] == 0.0


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
    far, lat = np.array([lon]), np.array([8.0])
    assert same_bits(plane_of(DARIEN), far, lat)


def test_beyond_a_pole_the_plane_is_as_little_known_as_to_proj():
    plane = plane_of(equal_area(80, 0))
    assert same_bits(plane, np.array([0.0]), np.array([90.5]))


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
