"""Tubes: as wide as persons, cells and smoothing leave the line open."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.analysis.corridors.ridges import trace_ridges
from geo.analysis.corridors.tubes import draw_tubes, find_tubes
from geo.grid import Grid, Surface
from geo.kernels.tubes import times_drawn

CELL = 5.0
GRID = Grid("EPSG:32618", 0.0, 400.0, CELL, rows=80, columns=130)
BENT = LineString([(60, 105), (250, 230), (400, 210), (590, 320)])
STRAIGHT = LineString([(0, 202.5), (650, 202.5)])
RUNS = 200


def edges(*shapes):
    frame = {"edge": np.arange(1, len(shapes) + 1), "tracks": 50}
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=GRID.crs)


def along_rows(rows, *, tracks=None):
    """Paths along rows of cells, one a track."""
    rows = np.asarray(rows)
    names = np.arange(len(rows)) if tracks is None else tracks
    every = np.arange(GRID.columns)
    return pd.DataFrame(
        {
            "track": np.repeat(names, GRID.columns).astype(np.int64),
            "cell": (rows[:, None] * GRID.columns + every).ravel(),
        }
    )


def about(line, seed, *, tracks=40, sigma_m=15.0):
    """Paths of tracks with a point every ten metres of a line, and an error at each."""
    rng = np.random.default_rng(seed)
    at = np.arange(0, line.length, 10.0)
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    points = points + rng.normal(0, sigma_m, (tracks, len(at), 2))
    cell = GRID.cell_of(*points.reshape(-1, 2).T)
    names = rng.integers(-(2**63), 2**63 - 1, tracks)
    paths = pd.DataFrame({"track": np.repeat(names, len(at)), "cell": cell})
    return paths[paths["cell"] >= 0].drop_duplicates().sort_values("track")


def ridge_of(paths):
    """The longest ridge of paths, one vote a track."""
    vote = 1 / paths.groupby("track")["cell"].transform("size")
    votes = np.bincount(paths["cell"], vote, GRID.rows * GRID.columns)
    surface = Surface(GRID, votes.reshape(GRID.shape), "movement", "")
    found = trace_ridges(surface, shortest_m=200.0).geometry
    return found[found.length.idxmax()]


@pytest.fixture(scope="module")
def runs():
    """A row a run: how far the ridge lies from the truth, and whether in the tube."""
    table = []
    for seed in range(RUNS):
        paths = about(BENT, seed)
        ridge = ridge_of(paths)
        places = find_tubes(paths, edges(ridge), grid=GRID).places
        points = ridge.interpolate(places["at_m"].to_numpy())
        held = shapely.distance(BENT, points) <= places["half_m"].to_numpy()
        inner = held[len(held) // 6 : -len(held) // 6]
        even = ridge.interpolate(np.linspace(0, ridge.length, 200))
        table.append(
            (
                shapely.distance(BENT, even).mean(),
                shapely.hausdorff_distance(ridge, BENT, densify=0.02),
                inner[len(inner) // 2],
                inner.mean(),
            )
        )
    return pd.DataFrame(table, columns=["mean_m", "farthest_m", "held", "share"])


class TestAKnownLine:
    """Points about a bent line with an error of 15 m, two hundred times."""

    def test_the_ridge_lies_on_it(self, runs):
        assert (runs["mean_m"] < 5.0).all()
        assert (runs["farthest_m"] < 30.0).mean() > 0.9

    def test_the_tube_holds_it_in_most_runs(self, runs):
        assert runs["held"].mean() >= 0.85
        assert runs["share"].mean() >= 0.85

    def test_the_tube_is_not_wide_for_nothing(self):
        tube_m = find_tubes(about(BENT, 1), edges(BENT), grid=GRID).edges["tube_m"][0]
        assert 0.5 < tube_m < 15.0


class TestDraws:
    """Hand oracles on tracks along rows of cells."""

    def test_where_all_go_one_way_the_tube_is_as_wide_as_cells_leave_it_open(self):
        """Two errors, each even over a cell: 1.645 times the root of a sixth of it."""
        tubes = find_tubes(along_rows([39] * 30), edges(STRAIGHT), grid=GRID)

        assert tubes.edges["tube_m"].tolist() == pytest.approx([0.6716 * CELL], 1e-3)
        assert tubes.edges["stability_pct"].tolist() == [100.0]

    def test_more_tracks_make_a_narrower_tube(self):
        rng = np.random.default_rng(3)
        few, many = (
            find_tubes(
                along_rows(39 + np.rint(rng.normal(0, 3, number)).astype(int)),
                edges(STRAIGHT),
                grid=GRID,
            ).edges["tube_m"][0]
            for number in (12, 300)
        )
        assert 0.67 * CELL <= many < few / 1.5

    def test_where_a_line_bends_smoothing_may_have_moved_it(self):
        """A bow of radius R is pulled in by half the variance over R."""
        angle = np.linspace(0, np.pi, 400)
        bow = LineString(325 + 150 * np.column_stack([np.cos(angle), np.sin(angle)]))
        bow = shapely.affinity.translate(bow, 0, -250)
        rows = shapely.get_coordinates(shapely.segmentize(bow, CELL / 4))
        cells = np.unique(GRID.cell_of(*rows.T))
        paths = pd.DataFrame(
            {"track": np.repeat(np.arange(30), cells.size), "cell": np.tile(cells, 30)}
        )
        straight = find_tubes(along_rows([39] * 30), edges(STRAIGHT), grid=GRID)
        places = find_tubes(paths, edges(bow), grid=GRID).places
        middle = places["half_m"].to_numpy()[40:-40]
        pulled = middle - straight.edges["tube_m"][0]

        assert pulled.mean() == pytest.approx(8 * CELL**2 / 2 / 150, rel=0.5)

    def test_a_line_that_nobody_walks_has_no_tube(self):
        tubes = find_tubes(along_rows([60] * 20), edges(STRAIGHT), grid=GRID)

        assert tubes.edges["tube_m"].isna().all()
        assert tubes.edges["stability_pct"].tolist() == [0.0]
        assert draw_tubes(edges(STRAIGHT).merge(tubes.edges), tubes.places).empty

    def test_a_line_that_hangs_on_one_track_is_seldom_found_again(self):
        """It is drawn not at all in 37 of 100."""
        paths = along_rows([39, *[70] * 20])
        tubes = find_tubes(paths, edges(STRAIGHT), grid=GRID, draws=1000)

        assert tubes.edges["stability_pct"][0] == pytest.approx(63.2, abs=5)

    def test_how_often_a_track_is_drawn_is_poisson_of_mean_one(self):
        times = np.array(
            [times_drawn(-(2**62) + 977 * n, n % 7) for n in range(20_000)]
        )

        assert times.mean() == pytest.approx(1.0, abs=0.03)
        assert times.var() == pytest.approx(1.0, abs=0.05)
        assert (times == 0).mean() == pytest.approx(np.exp(-1), abs=0.015)

    @given(st.randoms())
    @settings(max_examples=5, deadline=None)
    def test_the_order_of_the_tracks_does_not_matter(self, random):
        rows = [37, 38, 39, 39, 40, 44]
        names = [random.randrange(-(2**63), 2**63) for _ in rows]
        order = random.sample(range(len(rows)), len(rows))
        one = along_rows(rows, tracks=np.array(names))
        other = along_rows(
            [rows[n] for n in order], tracks=np.array([names[n] for n in order])
        )

        tubes, again = (
            find_tubes(paths, edges(STRAIGHT), grid=GRID, draws=25)
            for paths in (one, other)
        )
        pd.testing.assert_frame_equal(tubes.edges, again.edges)
        pd.testing.assert_frame_equal(tubes.places, again.places)


class TestDrawn:
    """The band on the map."""

    def test_it_is_as_wide_as_told_in_steps_of_fifty_metres(self):
        line = LineString([(0, 0), (8_000, 0)])
        places = pd.DataFrame(
            {"edge": 1, "at_m": np.arange(125.0, 8_000, 250), "half_m": 49.0}
        )
        shape = draw_tubes(edges(line).assign(tube_m=49.0), places).geometry[0]

        assert shape.geom_type == "Polygon"
        assert shape.bounds == pytest.approx((-50, -50, 8_050, 50), abs=13)
        assert shape.area == pytest.approx(8_000 * 100, rel=0.02)

    def test_it_holds_its_line(self):
        line = LineString([(0, 0), (3_000, 2_000), (3_100, 6_000)])
        places = pd.DataFrame(
            {"edge": 1, "at_m": np.arange(125.0, 7_500, 250), "half_m": 160.0}
        )
        shape = draw_tubes(edges(line).assign(tube_m=160.0), places).geometry[0]
        assert shape.buffer(30).contains(line)

    def test_without_edges_there_is_nothing(self):
        nothing = edges()
        tubes = find_tubes(along_rows([39] * 3), nothing, grid=GRID)

        assert (len(tubes.edges), len(tubes.places)) == (0, 0)
        assert draw_tubes(nothing.assign(tube_m=[]), tubes.places).empty
