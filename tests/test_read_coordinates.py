"""Latitudes and longitudes as people write them."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo.errors import CRSError
from geo.read.cells import as_numbers, as_text
from geo.read.coordinates import (
    as_degrees,
    known_crs,
    looks_swapped,
    split_points,
    to_wgs84,
)

DARIEN = (-78.5, 7.0, -76.5, 9.3)


@pytest.mark.parametrize(
    "cell",
    [
        "-77.675", "-77,675", "\u221277.675", "77.675W", "77,675 O", "W77.675",
        "O 77.675°", "77°40.5'W", "77° 40,5' O", "-77°40'30\"", "77°40'30\"W",
        "77º40\u203230\u2033O", "77°40\u201930\u201dO", "77 40 30 W", "W 77 40 30.0",
        "77:40:30w", "77d40m30s W", "77° 40' 30'' o", "-77 40.5", "-77°40.5",
        "77deg 40.5min W", "  77.675 W ",
    ],
)  # fmt: skip
def test_one_longitude_in_many_hands(cell):
    assert as_degrees(pa.array([cell, None]), axis="lon")[0] == pytest.approx(-77.675)


@pytest.mark.parametrize(
    "cell",
    [
        "", None, "x", "8.451.200", "1.234,5", "8,451,200", "8°60'N", "8°30'60\"N",
        "8.5 W", "W 8.5 N", "N 8.5 N", "-8.5 N", "8°30.5'30\"N", "8 30 30 30", "8°-30'",
        "8.5.", "0x8", "1_0", "\uff18.\uff15 N", "8.5 N 77.5 W", "=8.5",
    ],
)  # fmt: skip
def test_what_is_no_latitude_is_refused(cell):
    assert np.isnan(as_degrees(pa.array([cell], pa.string()), axis="lat")[0])


@given(st.integers(-90 * 3600, 90 * 3600))
@settings(deadline=None)
def test_degrees_minutes_and_seconds_come_back(seconds):
    size = abs(seconds)
    letter = "S" if seconds < 0 else "N"
    cell = f"{size // 3600}°{size // 60 % 60}'{size % 60}\"{letter}"

    value = as_degrees(pa.array([cell]), axis="lat")[0]

    assert value == pytest.approx(seconds / 3600, abs=1e-12)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@settings(deadline=None)
def test_numbers_come_back_to_the_last_bit(numbers):
    assert as_numbers(pa.array(map(repr, numbers))).tolist() == numbers


@given(st.lists(st.text(max_size=20), max_size=20), st.sampled_from(["lat", "lon"]))
@settings(deadline=None)
def test_any_text_gives_an_answer(cells, axis):
    column = pa.array(cells, pa.string())
    assert as_degrees(column, axis=axis).shape == (len(cells),)
    assert split_points(column, role="geopoint")[0].shape == (len(cells),)
    assert split_points(column, role="wkt")[0].shape == (len(cells),)


def test_whole_floats_are_written_without_a_point():
    assert as_text(pa.array([1.0, 2.0, None])).to_pylist() == ["1", "2", None]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("POINT (-77.5 8.5)", [8.5, -77.5]),
        ("point z(-77.5 8.5 40)", [8.5, -77.5]),
        ("SRID=4326;POINT(-77.5 8.5)", [8.5, -77.5]),
    ],
)
def test_well_known_text_has_longitude_first(cell, expected):
    lat, lon, _, _ = split_points(pa.array([cell]), role="wkt")
    assert [lat[0], lon[0]] == expected


def test_swapped_means_nearly_all_of_them():
    lat = np.full(100, -77.5)
    lon = np.full(100, 8.0)
    lat[:10], lon[:10] = 8.0, -77.5
    assert not looks_swapped(lat, lon, DARIEN)  # exactly 90 %
    lat[0], lon[0] = -77.5, 8.0
    assert looks_swapped(lat, lon, DARIEN)


def test_points_elsewhere_are_not_swapped():
    assert not looks_swapped(np.array([40.0]), np.array([-3.0]), DARIEN)
    assert not looks_swapped(np.array([np.nan]), np.array([8.0]), DARIEN)
    assert not looks_swapped(np.array([]), np.array([]), DARIEN)


def test_points_without_a_place_are_nowhere():
    x, y = np.array([500_000.0, 1e30, np.nan]), np.array([0.0, 1e30, 1.0])

    lon, lat = to_wgs84(x, y, crs=CRS.from_epsg(32618))

    # The central meridian of zone 18 meets the equator at 75 degrees west.
    assert lon[0] == pytest.approx(-75.0, abs=1e-9)
    assert lat[0] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(lon[1:]).all()
    assert np.isnan(lat[1:]).all()


@pytest.mark.parametrize("text", ["EPSG:0", "nonsense", "", "+proj=pipeline"])
def test_an_unknown_crs_is_refused(text):
    with pytest.raises(CRSError, match="is not known"):
        known_crs(text, name="a.csv")
