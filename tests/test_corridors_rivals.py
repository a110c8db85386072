"""Guesses that corridors have to beat."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.analysis.corridors.rivals import (
    VOTE,
    Terrain,
    least_cost_line,
    least_cost_lines,
    line_votes,
    straight_line,
    widened,
)
from geo.analysis.corridors.validation import best_cells
from geo.analysis.terrain.costs import costs_of
from geo.grid import Grid, Surface

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"
GRID = Grid(CRS, 0, 20_000, 500, rows=40, columns=60)
NO_RIVERS = gpd.GeoDataFrame({"order": []}, geometry=[], crs=CRS)


def votes_on(cells, grid=GRID):
    values = np.zeros(grid.rows * grid.columns)
    values[cells] = VOTE
    return Surface(grid, values.reshape(grid.shape), "votes", "1")


def test_a_line_shares_its_whole_vote_among_its_cells():
    line = shapely.LineString([(100, 19_900), (7_300, 12_100), (29_000, 400)])
    (cells,) = line_votes([line], GRID)

    assert abs(cells[:, 1].sum() - VOTE) <= len(cells)
    assert (cells[:, 1] > 0).all()
    x, y = GRID.centre_of(cells[:, 0])
    assert shapely.distance(line, shapely.points(x, y)).max() <= 500 / np.sqrt(2)


def test_lines_off_the_grid_or_without_length_have_no_cells():
    off = shapely.LineString([(-900, 0), (-100, 0)])
    still = shapely.LineString([(100, 100), (100, 100)])

    assert [len(cells) for cells in line_votes([off, still], GRID)] == [0, 0]


def test_the_best_cells_of_one_line_are_a_buffer_around_it():
    row = 20 * 60 + np.arange(60)
    wide = widened(votes_on(row), width_m=500)
    inside = best_cells(wide, np.ones(GRID.shape, bool), cells=5 * 60)

    assert inside.reshape(GRID.shape)[18:23].sum() == pytest.approx(300)


def test_beyond_the_reach_of_the_gaussian_nearness_counts():
    wide = widened(votes_on([20 * 60]), width_m=500).values[20]

    assert (np.diff(wide) < 0).all()


def test_no_votes_stay_none():
    assert not widened(votes_on([]), width_m=500).values.any()


def terrain(relief=None, land=None):
    land = np.ones(GRID.shape, bool) if land is None else land
    return Terrain(GRID, land, relief, NO_RIVERS)


def ridge():
    """A wall from north to south in the west, with a pass in its south."""
    heights = np.zeros(GRID.shape)
    heights[:35, 19:22] = 3000.0
    return Surface(GRID, heights, "height", "m")


ENDS = np.array([[5_250.0, 15_250.0, 15_250.0, 15_250.0]])


def test_terrain_goes_round_the_ridge_and_level_ground_goes_straight():
    (through,) = least_cost_lines(terrain(ridge()).isotropic(), ENDS)
    (around,) = least_cost_lines(terrain(ridge()).costs(), ENDS)

    assert through.length == pytest.approx(10_000, rel=0.01)
    assert around.bounds[1] < 2_600


def test_a_mirrored_ridge_is_in_the_way_on_the_other_side_only():
    mirrored = terrain(ridge()).mirrored()
    other = ENDS * [-1, 1, -1, 1] + [30_000, 0, 30_000, 0]

    (here,) = least_cost_lines(mirrored, ENDS)
    (there,) = least_cost_lines(mirrored, other)

    assert here.length == pytest.approx(10_000, rel=0.01)
    assert there.bounds[1] < 2_600


def test_mirrored_rivers_lie_on_the_other_side():
    river = gpd.GeoDataFrame(
        {"order": [1]},
        geometry=[shapely.LineString([(3_250, 0), (3_250, 20_000)])],
        crs=CRS,
    )
    ground = Terrain(GRID, np.ones(GRID.shape, bool), ridge(), river)
    flat = np.flatnonzero(ground.mirrored().friction[5] < 1)

    assert flat.tolist() == [59 - 6]


def test_without_a_relief_there_is_no_terrain_to_mirror():
    empty = Surface(GRID, np.full(GRID.shape, np.nan), "height", "m")

    for relief in (None, empty):
        assert terrain(relief).costs() is None
        assert terrain(relief).mirrored() is None


def test_ends_where_nobody_can_pass_move_to_where_one_can():
    friction = np.ones(GRID.shape)
    friction[:, :15] = np.nan
    costs = costs_of(Surface(GRID, friction, "friction", "s/m"))
    (line,) = least_cost_lines(costs, ENDS)

    assert line.coords[0] == (5_250, 15_250)
    assert min(x for x, _ in line.coords[1:]) >= 7_500


def test_where_no_way_leads_the_line_is_straight():
    friction = np.ones(GRID.shape)
    friction[:, 20:23] = np.nan
    costs = costs_of(Surface(GRID, friction, "friction", "s/m"))

    assert least_cost_lines(costs, ENDS)[0].equals(straight_line(ENDS[0]))
    nowhere = costs_of(Surface(GRID, friction * np.nan, "friction", "s/m"))
    assert least_cost_lines(nowhere, ENDS)[0].equals(straight_line(ENDS[0]))


def test_the_ground_around_two_places_gives_the_same_way_as_all_of_it():
    rng = np.random.default_rng(3)
    wide = Grid(CRS, 0, 60_000, 500, rows=120, columns=120)
    friction = Surface(wide, rng.uniform(1, 2, wide.shape), "friction", "s/m")
    costs = costs_of(friction)
    ends = np.array([21_250.0, 42_250.0, 35_250.0, 31_250.0])

    assert least_cost_line(costs, ends).equals(least_cost_lines(costs, ends[None])[0])


def test_the_window_keeps_water_where_it_is():
    land = np.ones(GRID.shape, bool)
    land[:, 30:] = False
    costs = terrain(ridge(), land).costs()
    ends = np.array([12_250.0, 15_250.0, 24_250.0, 9_250.0])

    assert least_cost_line(costs, ends).equals(least_cost_lines(costs, ends[None])[0])
