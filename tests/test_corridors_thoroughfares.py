"""Ways between all places, if nobody knows who wants to go where."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box

from geo.analysis.corridors.thoroughfares import choose_places, find_thoroughfares
from geo.analysis.terrain.costs import costs_of
from geo.grid import Grid, Surface

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
GRID = Grid(CRS, 0, 15_000, 1000, rows=15, columns=25)
OPEN = np.ones(GRID.shape)
EVERYWHERE = np.ones(GRID.shape, bool)


def at(row, column):
    return row * GRID.columns + column


def costs(friction):
    return costs_of(Surface(GRID, friction, "friction", "s/m"))


def spots(*cells, people=None):
    x, y = GRID.centre_of(np.array(cells, np.int64))
    columns = {} if people is None else {"population": people}
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(x, y), crs=CRS)


def choose(*layers, passable=EVERYWHERE, most=60):
    return choose_places(*layers, grid=GRID, passable=passable, most=most).tolist()


def valley():
    """A floor along the eighth row, and slow ground on both sides."""
    friction = np.full(GRID.shape, 50.0)
    friction[7] = 1.0
    return costs(friction)


# Where the ways run


def test_in_a_valley_all_ways_run_along_its_floor():
    places = np.array([at(7, 2), at(7, 12), at(7, 22)])

    found = find_thoroughfares(valley(), places, shares_pct=[1, 60, 90])

    assert found["share_pct"].tolist() == [1, 60, 90]
    assert found["places"].tolist() == [3, 3, 3]
    floor = box(1_000, 6_000, 24_000, 9_000)  # and the cells next to it
    for shape in found.geometry:
        assert floor.contains(shape)
    x, y = GRID.centre_of(np.arange(at(7, 2), at(7, 23)))
    for shape in found.geometry[:2]:  # two of three pairs pass each half
        assert shape.contains(gpd.points_from_xy(x, y)).all()
        assert shape.area / 1e6 == 23 * 3 - 0.5  # but for the corners
    # All pairs begin, end or pass at the middle place.
    assert found.geometry[2].bounds == (11_000, 6_000, 14_000, 9_000)


def test_a_place_beside_the_valley_goes_down_to_its_floor_first():
    places = np.array([at(7, 2), at(7, 22), at(2, 12)])

    found = find_thoroughfares(valley(), places, shares_pct=[50])

    middle = Point(*np.array(GRID.centre_of(np.array([at(7, 8)]))).ravel())
    beside = Point(*np.array(GRID.centre_of(np.array([at(3, 12)]))).ravel())
    assert found.geometry[0].contains(middle)
    assert found.geometry[0].contains(beside)


def test_outlines_of_a_share_hold_those_of_larger_shares():
    rng = np.random.default_rng(5)
    places = rng.choice(GRID.rows * GRID.columns, 12, replace=False)
    found = find_thoroughfares(costs(rng.uniform(1, 5, GRID.shape)), places)
    assert found["share_pct"].tolist() == [1, 2, 5, 10]
    assert (np.diff(found["area_km2"]) < 0).all()
    for wide, narrow in zip(found.geometry, found.geometry[1:], strict=False):
        assert narrow.difference(wide).area < 1e-3 * narrow.area


@settings(max_examples=25, deadline=None)
@given(data=st.data(), holes=st.integers(0, 200))
def test_neither_order_nor_number_of_places_is_too_much(data, holes):
    rng = np.random.default_rng(holes)
    friction = rng.uniform(1, 9, OPEN.size)
    friction[rng.choice(OPEN.size, holes, replace=False)] = np.nan
    ground = costs(friction.reshape(GRID.shape))
    open_ = np.flatnonzero(~np.isnan(friction)).tolist()
    places = data.draw(st.lists(st.sampled_from(open_), max_size=9, unique=True))
    shuffled = data.draw(st.permutations(places))

    found = find_thoroughfares(ground, np.array(places, np.int64))
    other = find_thoroughfares(ground, np.array(shuffled, np.int64))

    assert found.equals(other)
    assert found["share_pct"].between(0, 100).all()
    assert (found["places"] <= len(places)).all()
    assert found.geometry.is_valid.all()


# Between which places


def test_places_are_the_farthest_apart_from_the_most_populous_on():
    towns = spots(at(7, 0), at(7, 4), at(7, 12), at(7, 24), people=[5, 6, 700, 8])
    assert choose(towns, most=3) == [at(7, 12), at(7, 24), at(7, 0)]
    assert choose(towns) == [at(7, 12), at(7, 24), at(7, 0), at(7, 4)]


def test_there_is_one_place_a_cell_whatever_layer_it_comes_from():
    towns = spots(at(3, 3), at(9, 9), people=[10, 20])
    posts = spots(at(9, 9), at(3, 3), at(0, 0))
    assert choose(towns, posts) == [at(9, 9), at(0, 0), at(3, 3)]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, OPEN.size - 1), st.integers(0, 3)), max_size=30
    ),
    most=st.integers(0, 12),
    data=st.data(),
)
def test_the_order_of_rows_changes_no_choice(rows, most, data):
    shuffled = data.draw(st.permutations(rows))
    found = choose(spots(*[c for c, _ in rows], people=[p for _, p in rows]), most=most)
    other = spots(*[c for c, _ in shuffled], people=[p for _, p in shuffled])
    assert choose(other, most=most) == found
    assert len(found) == len(set(found)) == min(most, len({c for c, _ in rows}))


def test_a_place_without_ground_to_travel_takes_a_cell_nearby_or_none():
    passable = EVERYWHERE.copy()
    passable[:, 10:] = False
    towns = spots(at(5, 10), at(5, 11), at(5, 13), people=[1, 2, 3])
    assert choose(towns, passable=passable) == [at(5, 9)]
    assert choose(towns, passable=passable & False) == []


# What can be wrong


def test_places_off_the_map_empty_and_of_any_shape_do_no_harm():
    odd = gpd.GeoDataFrame(
        {"population": [np.nan, np.nan, 7.0, np.nan, -1.0]},
        geometry=[
            Point(-5e6, 0), Point(), box(2_000, 2_000, 3_000, 3_000), None, Polygon()
        ],
        crs=CRS,
    )  # fmt: skip
    assert choose(odd) == [at(12, 2)]
    assert choose(odd[:0], odd[1:2]) == []


@pytest.mark.parametrize("places", [[], [at(7, 7)]])
def test_without_two_places_there_is_no_way(places):
    found = find_thoroughfares(costs(OPEN), np.array(places, np.int64))
    assert found.empty
    assert list(found) == ["share_pct", "places", "area_km2", "geometry"]
    assert found.crs == CRS


def test_islands_without_a_way_between_have_none():
    friction = OPEN.copy()
    friction[:, 8] = np.nan
    friction[:, 16] = np.nan
    apart = np.array([at(7, 2), at(7, 12), at(7, 22)])
    assert find_thoroughfares(costs(friction), apart).empty

    found = find_thoroughfares(costs(friction), np.append(apart, at(7, 6)))

    assert found["places"].tolist() == [2] * 4  # all ways are those between two
    assert found["share_pct"].tolist() == [1, 2, 5, 10]
    assert found.total_bounds[2] < 8_500
