"""How far the nearest post is, as terrain allows."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from geo.analysis.terrain.reach import POSTS, hours_to_posts
from geo.analysis.terrain.rules import TravelRules
from geo.grid import Grid, Surface
from geo.read.layers import read_layers

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
GRID = Grid(CRS, 0, 10_000, 500, rows=20, columns=20)
FLAT = Surface(GRID, np.zeros(GRID.shape), "height", "m")
LAND = np.ones(GRID.shape, bool)


def posts(*places, role=POSTS[0], until=""):
    return gpd.GeoDataFrame(
        {"role": [role] * len(places), "until": until},
        geometry=[Point(*p) for p in places],
        crs=CRS,
    )


NONE = read_layers({}, crs=CRS, bounds=(-78, 7, -77, 8), cell_m=500)


def hours(checkpoints, *, relief=FLAT, rivers=None, waterways=None, cover=None, **how):
    layers = {"relief": relief, "cover": cover}
    layers |= {} if rivers is None else {"rivers": rivers}
    layers |= {} if waterways is None else {"waterways": waterways}
    base = replace(NONE, checkpoints=checkpoints, **layers)
    return hours_to_posts(base, GRID, **{"land": LAND} | how)


def test_on_flat_ground_it_is_distance_over_pace():
    found = hours(posts((250, 250))).values

    # Tobler's 6 exp(-3.5 * 0.05) km/h; off the path it takes 1.67 times as long.
    pace = 6 * np.exp(-0.175) / 1.67
    assert found[19, 0] == 0
    assert found[19, 10] == pytest.approx(5 / pace, rel=0.02)


def test_the_nearest_post_counts():
    both = hours(posts((250, 250), (9750, 9750))).values
    one, other = hours(posts((250, 250))).values, hours(posts((9750, 9750))).values
    assert np.allclose(both, np.minimum(one, other))


def test_closed_posts_and_towns_do_not_help():
    assert hours(posts((250, 250), until="2021-05")) is None
    assert hours(posts((250, 250), role="town")) is None
    assert hours(posts((250, 250)), relief=None) is None
    assert hours(posts()) is None


def test_other_kinds_of_help_can_be_asked_for():
    wells = posts((250, 250), role="water point")
    assert hours(wells) is None
    assert hours(wells, roles=("water point",)).values[19, 0] == 0


def test_a_post_on_the_water_stands_at_the_shore():
    land = LAND.copy()
    land[:, :4] = False

    found = hours(posts((250, 5000)), land=land).values

    assert found[9:11, 4].min() == 0


def test_a_post_off_the_grid_is_not_moved_onto_it():
    assert hours(posts((-50_000, 250))) is None


def test_a_mountain_makes_the_way_longer():
    ridge = np.zeros(GRID.shape)
    ridge[:, 8:12] = 900.0
    steep = hours(posts((250, 250)), relief=Surface(GRID, ridge, "height", "m"))

    assert steep.values[19, 19] > 1.5 * hours(posts((250, 250))).values[19, 19]


def test_a_small_river_costs_a_ford():
    river = gpd.GeoDataFrame(
        {"order": [3]}, geometry=[LineString([(5000, 0), (5000, 10_000)])], crs=CRS
    )
    with_river = hours(posts((250, 250)), rivers=river).values
    without = hours(posts((250, 250))).values

    assert with_river[19, 19] > without[19, 19]
    assert with_river[19, 5] == without[19, 5]


@given(st.integers(0, 19), st.integers(0, 19))
def test_more_posts_never_make_it_longer(row, column):
    x, y = GRID.centre_of(np.array([row * 20 + column]))
    one = hours(posts((250, 250))).values
    two = hours(posts((250, 250), (float(x[0]), float(y[0])))).values
    assert (two <= one + 1e-12).all()


def test_it_takes_longer_where_the_rules_of_the_region_say_so():
    slow = TravelRules(unmapped=3.34)
    one, other = hours(posts((250, 250))), hours(posts((250, 250)), rules=slow)
    assert np.allclose(other.values, 2 * one.values)


def test_a_river_that_is_closed_in_the_wet_season_is_no_way():
    river = gpd.GeoDataFrame(
        {"order": [1]}, geometry=[LineString([(5000, 0), (5000, 10_000)])], crs=CRS
    )
    ashore = TravelRules(navigable_dry=0, navigable_wet=0)
    dry, wet = (
        hours(posts((250, 250)), rivers=river, rules=ashore, season=season).values
        for season in ("dry", "wet")
    )
    assert np.isfinite(dry[19, 19])
    assert np.isnan(wet[19, 19])


def test_a_post_that_stands_in_a_closed_river_is_moved_ashore():
    river = gpd.GeoDataFrame(
        {"order": [1]}, geometry=[LineString([(5250, 0), (5250, 10_000)])], crs=CRS
    )
    ashore = TravelRules(navigable_wet=0)
    found = hours(posts((5250, 250)), rivers=river, rules=ashore, season="wet").values
    assert found[19, 9] == 0 or found[19, 11] == 0


def test_waterways_take_the_place_of_rivers_and_cover_counts():
    line = LineString([(5000, 0), (5000, 10_000)])
    rivers = gpd.GeoDataFrame({"order": [3]}, geometry=[line], crs=CRS)
    ways = rivers.assign(order=3, boats=0, seasonal=True)
    cover = Surface(GRID, np.full(GRID.shape, 90.0), "land cover", "class")

    plain = hours(posts((250, 250))).values
    dry = hours(posts((250, 250)), rivers=rivers, waterways=ways).values
    wet = hours(posts((250, 250)), rivers=rivers, waterways=ways, season="wet").values
    swamp = hours(posts((250, 250)), cover=cover).values

    assert np.array_equal(dry, plain)
    assert wet[19, 19] > plain[19, 19]
    assert np.allclose(swamp, plain * 5 / 1.67)
