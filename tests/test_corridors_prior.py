"""What the ground alone makes likely."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point

from geo.analysis.corridors.prior import least_cost_corridors, terrain_priors
from geo.analysis.terrain.costs import costs_of
from geo.analysis.terrain.travel import least_cost_corridor
from geo.grid import Grid, Surface

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
GRID = Grid(CRS, 0, 21_000, 1000, rows=21, columns=31)
OPEN = np.full(GRID.shape, 1.0)


def points(**places):
    shapes = [Point(*at) for at in places.values()]
    return gpd.GeoDataFrame({"name": list(places)}, geometry=shapes, crs=CRS)


def costs(friction):
    return costs_of(Surface(GRID, friction, "friction", "s/m"))


WEST, EAST = points(west=(1500, 10_500)), points(east=(29_500, 10_500))


def valleys():
    """Two valleys, one the mirror of the other, and slow ground between."""
    friction = np.full(GRID.shape, 20.0)
    friction[[4, 16]] = 1.0
    friction[:, :3] = 1.0
    friction[:, -3:] = 1.0
    return friction


def test_an_outline_holds_the_cells_that_are_nearly_as_quick():
    ground = costs(OPEN)
    by_way = least_cost_corridor(ground, 10 * 31 + 1, 10 * 31 + 29).values

    found = least_cost_corridors(ground, WEST, EAST, percents=[10])

    x, y = GRID.centre_of(np.arange(21 * 31))
    inside = found.geometry[0].buffer(150).contains(gpd.points_from_xy(x, y))
    near = by_way.ravel() <= by_way.min() * 1.1
    assert found["hours"].tolist() == [8.0]  # 28 km at 3.6 km/h are 7.8
    assert (inside == near).mean() > 0.98


def test_outlines_of_a_level_hold_those_of_lower_levels():
    found = least_cost_corridors(costs(valleys()), WEST, EAST, percents=[5, 10])
    five, ten = found.geometry
    assert five.difference(ten).area < 1e-3 * five.area


def test_there_and_back_are_two_ways():
    both = gpd.GeoDataFrame(
        {"name": ["west", "east"]},
        geometry=[WEST.geometry[0], EAST.geometry[0]],
        crs=CRS,
    )
    found = least_cost_corridors(costs(OPEN), both, both, percents=[5])
    assert found[["entry", "exit"]].values.tolist() == [
        ["west", "east"],
        ["east", "west"],
    ]


def test_without_a_way_there_is_no_row():
    wall = OPEN.copy()
    wall[:, 15] = np.nan
    wall[:, 16] = np.nan
    away = points(away=(-1e6, 0))
    for ground, exits in ((wall, EAST), (OPEN, away), (OPEN, WEST)):
        found = least_cost_corridors(costs(ground), WEST, exits)
        assert found.empty
        assert list(found) == [
            "entry",
            "exit",
            "level",
            "hours",
            "area_km2",
            "geometry",
        ]
    assert terrain_priors(costs(wall), WEST, EAST) == {}
    assert terrain_priors(costs(OPEN), WEST, away) == {}


@pytest.mark.parametrize("theta", [0.3, 3.0])
def test_two_valleys_that_are_alike_take_half_each(theta):
    share = terrain_priors(costs(valleys()), WEST, EAST)[theta].values
    np.testing.assert_allclose(share, share[::-1], atol=1e-9)
    assert share.sum() == pytest.approx(1)


def test_a_stricter_traveller_keeps_nearer_to_the_quickest_way():
    found = terrain_priors(costs(OPEN), WEST, EAST)
    straight = [found[theta].values[10].sum() for theta in sorted(found)]
    assert (np.diff(straight) > 0).all()


def test_every_pair_counts_the_same_whatever_its_order():
    exits = points(east=(29_500, 10_500), south=(15_500, 500))
    one = terrain_priors(costs(OPEN), WEST, exits, thetas_per_h=[1.0])[1.0].values
    other = terrain_priors(costs(OPEN), WEST, exits[::-1], thetas_per_h=[1.0])[
        1.0
    ].values
    alone = [
        terrain_priors(costs(OPEN), WEST, exits[n : n + 1], thetas_per_h=[1.0])[1.0]
        for n in (0, 1)
    ]
    assert np.array_equal(one, other)
    np.testing.assert_allclose(one, (alone[0].values + alone[1].values) / 2, atol=1e-12)
