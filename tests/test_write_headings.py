"""Where a line is crossed, and which way."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point, box

from geo.write.headings import along_travel, bearings_at, busiest_spots, heading

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
BEND = LineString([(0, 0), (0, 50e3), (50e3, 50e3)])  # north, then east


def frame(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


@pytest.mark.parametrize(
    ("direction", "spot", "expected"),
    [
        ("to the west bank", Point(0, 20e3), 270),
        ("to the east bank", Point(0, 20e3), 90),
        ("to the north bank", Point(30e3, 50e3), 0),
        ("into the south side", Point(30e3, 50e3), 180),
        ("to the north bank", Point(0, 20e3), None),  # runs along it
        ("into Panama", Point(0, 20e3), 270),
        ("into Colombia", Point(0, 20e3), 90),
        ("into Ecuador", Point(0, 20e3), None),
        ("past", Point(0, 20e3), None),
    ],
)
def test_a_direction_is_turned_by_the_line_about_the_spot(direction, spot, expected):
    west, east = box(-90e3, -9e3, -100, 90e3), box(100, -9e3, 90e3, 49e3)
    countries = {"PA": west, "Colombia": east}

    assert heading(direction, BEND, spot, countries=countries) == expected


def test_of_several_pieces_the_nearest_one_counts():
    river = MultiLineString([[(0, 0), (0, 9e3)], [(50e3, 0), (59e3, 0)]])

    assert heading("to the south bank", river, Point(55e3, 0), countries={}) == 180


def test_a_point_has_no_heading():
    spot = Point(0, 0)
    assert heading("to the west bank", spot, spot, countries={}) is None


@given(st.integers(0, 359), st.floats(0, 360))
def test_the_direction_of_travel_never_leads_to_the_other_side(side, bearing):
    way = along_travel(side, bearing)
    assert abs((way - side + 180) % 360 - 180) <= 90


def test_without_a_known_direction_of_travel_the_side_stays():
    assert along_travel(45, None) == along_travel(45, np.nan) == 45
    assert along_travel(None, 45.0) is None


def test_a_river_is_crossed_where_the_densest_corridor_meets_it():
    corridors = frame(
        [box(-9e3, 10e3, 9e3, 30e3), box(-9e3, 24e3, 9e3, 26e3)],
        level=[90, 50],
        season="all",
    )
    (spot,) = busiest_spots(frame([BEND]), corridors).geometry

    assert (spot.x, spot.y) == pytest.approx((0, 25e3))


def test_without_corridors_the_middle_has_to_do():
    lines = frame([LineString([(0, 0), (8e3, 0)]), Point(7, 7)])

    spots = busiest_spots(lines, pd.DataFrame()).geometry

    assert [(spot.x, spot.y) for spot in spots] == [(4e3, 0), (7, 7)]


def test_travel_is_read_from_the_square_under_the_spot():
    squares = frame(
        [box(0, 0, 2e3, 2e3), box(2e3, 0, 4e3, 2e3), box(4e3, 0, 6e3, 2e3)],
        bearing_deg=[285.0, 90.0, np.nan],
        one_way_pct=[95.0, 50.0, np.nan],
    )
    spots = frame([Point(1e3, 1e3), Point(3e3, 1e3), Point(5e3, 1e3), Point(9e3, 9e3)])

    assert bearings_at(spots, squares) == [285.0, None, None, None]
