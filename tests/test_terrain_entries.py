"""Where people come in: by name, or by position."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point, box

from geo.analysis.terrain.entries import cells_at, find_entries
from geo.errors import ConfigError
from geo.grid import Grid

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
GRID = Grid(CRS, 0, 3_000, 1000, rows=3, columns=3)


def named(**places):
    shapes = [Point(*at) for at in places.values()]
    return gpd.GeoDataFrame({"name": list(places)}, geometry=shapes, crs=CRS)


def find(*wanted, places=None, checkpoints=None):
    none = gpd.GeoDataFrame(geometry=[], crs=CRS)
    layers = {
        "places": none if places is None else places,
        "checkpoints": none if checkpoints is None else checkpoints,
    }
    return find_entries(wanted, crs=CRS, **layers)


def test_a_checkpoint_comes_before_a_place_of_its_name():
    found = find("Paya", places=named(Paya=(1, 2)), checkpoints=named(Paya=(3, 4)))
    assert found.geometry[0].equals(Point(3, 4))


def test_a_position_lands_where_it_is():
    found = find((-77.5, 8.0))
    assert found.geometry[0].distance(Point(0, 0)) < 0.01
    assert found["name"].tolist() == ["-77.5, 8"]


def test_a_place_drawn_as_an_area_counts_by_its_middle():
    town = gpd.GeoDataFrame({"name": ["Yape"]}, geometry=[box(0, 0, 2, 4)], crs=CRS)
    assert find("Yape", places=town).geometry[0].equals(Point(1, 2))


def test_a_name_that_nobody_has_is_said():
    with pytest.raises(ConfigError, match=r"\[model\] entries names 'Pay'"):
        find("Pay", places=named(Paya=(1, 2)))


def test_a_name_that_two_have_is_said():
    with pytest.raises(ConfigError, match="2 places are called so"):
        find("Moñitos", places=named(a=(1, 2), b=(3, 4)).assign(name="Moñitos"))


def test_points_on_water_stand_at_the_shore_and_points_off_the_grid_nowhere():
    ground = np.ones(GRID.shape, bool)
    ground[:, 0] = False
    points = named(sea=(400, 1500), land=(2500, 2500), away=(-9000, 0))
    assert cells_at(points, GRID, ground).tolist() == [4, 2, -1]
    assert cells_at(points, GRID, ground & False).tolist() == [-1, -1, -1]
