"""Ridges: lines lie where the movement is densest."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.corridors.ridges import trace_ridges
from geo.grid import Grid, Surface

CELL = 250.0
GRID = Grid("EPSG:32618", 0.0, 20_000.0, CELL, rows=80, columns=120)
BENT = shapely.LineString(
    [
        (2_100, 3_300),
        (9_000, 8_100),
        (14_500, 7_000),
        (20_300, 15_900),
        (28_000, 16_400),
    ]
)


def surface_of(lines, *, sigma_m=150.0, seed=1, weights=None):
    """Movement of many noisy walks along lines, as points in cells."""
    rng = np.random.default_rng(seed)
    values = np.zeros(GRID.rows * GRID.columns)
    for line, weight in zip(lines, weights or [1.0] * len(lines), strict=True):
        at = rng.uniform(0, line.length, 40_000)
        points = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
        points += rng.normal(0, sigma_m, points.shape)
        cell = GRID.cell_of(*points.T)
        np.add.at(values, cell[cell >= 0], weight)
    return Surface(GRID, values.reshape(GRID.shape), "movement", "%/km²")


def support_of(surface, number):
    return Surface(GRID, np.where(surface.values > 0, number, 0.0), "support", "tracks")


class TestAKnownLine:
    """Hand oracle: points spread about a bent line."""

    def test_the_ridge_lies_on_it(self):
        found = trace_ridges(surface_of([BENT]))
        assert len(found) == 1
        ridge = found.geometry[0]
        at = shapely.line_interpolate_point(ridge, np.linspace(0, ridge.length, 400))

        assert shapely.distance(at, BENT).mean() < CELL / 2
        assert shapely.hausdorff_distance(ridge, BENT, densify=0.02) < 3 * CELL

    def test_points_lie_at_the_top_and_not_in_the_middle_of_cells(self):
        straight = shapely.LineString([(2_000, 10_060), (28_000, 10_060)])
        ridge = trace_ridges(surface_of([straight], sigma_m=300.0)).geometry[0]
        inner = shapely.get_coordinates(shapely.segmentize(ridge, 500))[4:-4]

        assert np.abs(inner[:, 1] - 10_060).mean() < CELL / 8

    def test_three_ways_meet_in_one_point(self):
        ways = [
            shapely.LineString([(15_000, 10_000), end])
            for end in [(2_000, 9_000), (27_000, 17_000), (26_000, 2_000)]
        ]
        found = trace_ridges(surface_of(ways))
        ends = shapely.get_coordinates(shapely.boundary(found.geometry.to_numpy()))
        points, number = np.unique(ends, axis=0, return_counts=True)

        assert len(found) == 3
        assert sorted(number.tolist()) == [1, 1, 1, 3]
        assert np.hypot(*(points[number == 3][0] - (15_000, 10_000))) < 3 * CELL

    def test_a_way_round_is_a_ring(self):
        ring = shapely.Point(14_000, 10_000).buffer(6_000).exterior
        found = trace_ridges(surface_of([ring]))

        assert len(found) == 1
        assert found.geometry[0].is_ring
        assert shapely.hausdorff_distance(found.geometry[0], ring) < 3 * CELL

    def test_loose_ends_that_are_short_are_dropped(self):
        way = shapely.LineString([(2_000, 10_000), (28_000, 10_000)])
        spur = shapely.LineString([(15_000, 10_000), (15_000, 12_500)])
        surface = surface_of([way, spur], weights=[1.0, 5.0])

        assert len(trace_ridges(surface, shortest_m=4_000)) == 1
        assert len(trace_ridges(surface, shortest_m=1_000)) == 3


class TestSupport:
    """Where few walked, nothing shows."""

    def test_cells_with_few_tracks_change_nothing(self):
        few = shapely.LineString([(3_000, 18_000), (27_000, 3_000)])
        plain, both = surface_of([BENT]), surface_of([BENT, few])
        support = Surface(GRID, np.where(plain.values > 0, 10.0, 9.0), "support", "")
        where = Surface(
            GRID, np.where(plain.values > 0, plain.values, both.values), "movement", ""
        )

        alone = trace_ridges(plain, support=support, fewest=10)
        hidden = trace_ridges(where, support=support, fewest=10)
        assert alone.geometry.to_wkt().tolist() == hidden.geometry.to_wkt().tolist()
        assert trace_ridges(where, support=support, fewest=11).empty

    def test_missing_cells_count_as_none(self):
        surface = surface_of([BENT])
        holes = np.where(surface.values == 0, np.nan, surface.values)
        found = trace_ridges(Surface(GRID, holes, "movement", ""))

        assert found.geometry.equals(trace_ridges(surface).geometry)


class TestInvariants:
    """What holds for every surface."""

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.integers(2, 6))
    def test_lines_meet_at_their_ends_only_and_inside_the_cells(self, seed, number):
        rng = np.random.default_rng(seed)
        corners = rng.uniform((1_000, 1_000), (29_000, 19_000), (number, 2))
        surface = surface_of([shapely.LineString(corners)], seed=seed)
        found = trace_ridges(surface)
        again = trace_ridges(surface)
        used = shapely.union_all(
            [
                shapely.box(x - 125, y - 125, x + 125, y + 125).buffer(2 * CELL)
                for x, y in zip(
                    *GRID.centre_of(np.flatnonzero(surface.values)), strict=True
                )
            ]
        )

        assert found.geometry.to_wkt().tolist() == again.geometry.to_wkt().tolist()
        assert all(used.contains(line) for line in found.geometry)
        ends = shapely.get_coordinates(shapely.boundary(found.geometry.to_numpy()))
        _, meeting = np.unique(ends, axis=0, return_counts=True)
        assert not (meeting == 2).any() or len(found) == 1 or _rings(found)

    @settings(max_examples=10, deadline=None)
    @given(st.integers(-20, 20), st.integers(-20, 20))
    def test_a_shift_of_the_grid_shifts_the_lines(self, east, north):
        surface = surface_of([BENT])
        moved = Grid(GRID.crs, 250.0 * east, 20_000.0 + 250 * north, CELL, *GRID.shape)
        found = trace_ridges(Surface(moved, surface.values, "movement", ""))
        here = trace_ridges(surface).geometry.translate(250 * east, 250 * north)

        assert found.geometry.to_wkt().tolist() == here.to_wkt().tolist()


def _rings(found):
    return found.geometry.is_ring.any()


class TestHostile:
    """What cannot be a surface of movement."""

    @pytest.mark.parametrize("bad", [-1.0, np.inf])
    def test_no_movement_is_negative_or_infinite(self, bad):
        values = np.zeros(GRID.shape)
        values[3, 4] = bad
        with pytest.raises(ValueError, match="negative or infinite"):
            trace_ridges(Surface(GRID, values, "movement", ""))

    def test_the_support_lies_on_the_same_grid(self):
        coarse = GRID.coarsened(2)
        support = Surface(coarse, np.ones(coarse.shape), "support", "")
        with pytest.raises(ValueError, match="another grid"):
            trace_ridges(surface_of([BENT]), support=support)

    @pytest.mark.parametrize("fill", [0.0, 1.0, np.nan])
    def test_a_flat_surface_is_no_trouble(self, fill):
        found = trace_ridges(Surface(GRID, np.full(GRID.shape, fill), "movement", ""))

        assert found.crs == GRID.crs
        assert len(found) <= 5

    def test_a_single_cell_is_no_line(self):
        values = np.zeros(GRID.shape)
        values[40, 40] = 7.0
        assert trace_ridges(Surface(GRID, values, "movement", "")).empty
