"""Traffic: distinct tracks on each line, each way."""

import geopandas as gpd
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.analysis.corridors.journeys import Journeys
from geo.analysis.corridors.network import make_network
from geo.analysis.corridors.traffic import (
    _middle_cells,
    _tracks_at,
    _tracks_on,
    count_network,
    worn_lines,
)
from geo.grid import Grid
from geo.visits import trace_paths
from tests.test_corridors_network import CRS, EAST, NONE, NORTH, WEST, lines

GRID = Grid(CRS, -1_000, 10_000, 250, rows=48, columns=100)
NETWORK = make_network(lines(WEST, NORTH, EAST), targets=NONE, places=NONE)
MARCH, APRIL = 12 * 2024 + 2, 12 * 2024 + 3


def walk(track, *corners, part=MARCH, every_min=10):
    """The path of a track that goes through corners, as `trace_paths` sees it."""
    line = LineString(corners)
    at = np.linspace(0, line.length, max(2, int(line.length / 500)))
    places = [line.interpolate(distance) for distance in at]
    start = pd.Timestamp("2024-03-01", tz="UTC")
    fixes = pd.DataFrame(
        {
            "track": np.int64(track),
            "time": start + pd.to_timedelta(every_min * np.arange(len(at)), unit="min"),
            "x_m": [place.x for place in places],
            "y_m": [place.y for place in places],
            "trip": 0,
            "stop": -1,
        }
    )
    return trace_paths(fixes, GRID).assign(part=part)


def count(*walks):
    paths = pd.concat(walks, ignore_index=True)
    return count_network(paths, NETWORK, grid=GRID)


def by_end(edges):
    """Tracks, ahead and back of each edge, by the names of its ends."""
    return {
        (row.from_name, row.to_name): (row.tracks, row.ahead_tracks, row.back_tracks)
        for row in edges.itertuples()
    }


class TestEdges:
    """Hand oracles: a junction where three ways meet."""

    def test_tracks_count_on_the_edges_they_walk_and_there_only(self):
        edges, _, _ = count(
            walk(1, (0, 90), (10_000, 90), (10_000, 9_000)),
            walk(2, (0, -90), (10_000, -90), (22_000, -90)),
            walk(3, (0, 90), (9_000, 90), (10_000, 700), (10_000, 9_000)),
        )

        assert by_end(edges) == {
            ("end 1", "junction 2"): (3, 3, 0),
            ("junction 2", "end 3"): (2, 2, 0),
            ("junction 2", "end 4"): (1, 1, 0),
        }

    def test_an_edge_is_drawn_the_way_that_more_go(self):
        edges, _, _ = count(
            walk(1, (9_000, 0), (1_000, 0)),
            walk(2, (9_000, 0), (1_000, 0)),
            walk(3, (1_000, 0), (9_000, 0)),
        )

        assert by_end(edges)["junction 2", "end 1"] == (3, 2, 1)
        assert edges.geometry[0].coords[0] == (10_000, 0)

    def test_there_and_back_is_neither_way(self):
        edges, _, _ = count(walk(1, (0, 0), (9_000, 0), (0, 0)))
        assert by_end(edges)["end 1", "junction 2"] == (1, 0, 0)

    def test_crossing_a_line_is_neither_way(self):
        edges, _, _ = count(walk(1, (5_050, 3_000), (5_050, -900)))
        assert by_end(edges)["end 1", "junction 2"] == (1, 0, 0)

    def test_single_fixes_between_silences_count_without_a_way(self):
        edges, _, _ = count(walk(1, (0, 0), (9_000, 0), every_min=90))
        assert by_end(edges)["end 1", "junction 2"] == (1, 0, 0)

    def test_a_path_far_from_every_line_counts_nowhere(self):
        edges, _, nodes = count(walk(1, (0, 5_000), (6_000, 5_000)))
        assert edges["tracks"].tolist() == [0, 0, 0]
        assert nodes["tracks"].tolist() == [0, 0, 0, 0]

    def test_months_are_those_of_the_parts_and_add_up(self):
        edges, monthly, _ = count(
            walk(1, (0, 0), (9_000, 0)),
            walk(2, (9_000, 0), (0, 0), part=APRIL),
            walk(3, (0, 0), (9_000, 0), part=APRIL),
        )

        assert monthly.values.tolist() == [
            [1, MARCH, 1, 1, 0],
            [1, APRIL, 2, 1, 1],
        ]
        assert by_end(edges)["end 1", "junction 2"] == (3, 2, 1)

    def test_nodes_count_who_comes_near(self):
        _, _, nodes = count(
            walk(1, (0, 0), (9_900, 0)), walk(2, (10_000, 600), (10_000, 9_000))
        )
        assert nodes["tracks"].tolist() == [1, 2, 1, 0]

    def test_without_paths_or_lines_there_is_nothing(self):
        nobody = walk(1, (0, 0), (9_000, 0)).iloc[:0]
        edges, monthly, nodes = count(nobody)
        assert (edges["tracks"].sum(), len(monthly), nodes["tracks"].sum()) == (0, 0, 0)

        nowhere = make_network(lines(), targets=NONE, places=NONE)
        edges, monthly, nodes = count_network(nobody, nowhere, grid=GRID)
        assert (len(edges), len(monthly), len(nodes)) == (0, 0, 0)
        assert isinstance(edges, gpd.GeoDataFrame)
        assert {"from_name", "ahead_tracks", "back_tracks"} <= set(edges)


WAYS = pd.DataFrame(
    {
        "edge": 1,
        "track": [1, 2, 3],
        "second": [1_711_929_599, 1_711_929_600, 1_711_929_600],
        "foot": [True, False, True],
        "boat": [False, True, False],
    }
)
TIMES = pd.DataFrame(
    {
        "edge": 1,
        "track": [1, 2, 3, 1],
        "ahead": [True, True, True, False],
        "hours": [2.0, 4.0, 8.0, 7.0],
        "moving_hours": [1.0, 2.0, 3.0, 6.0],
    }
)


class TestJourneys:
    """How they moved, when, and how long it took them."""

    WALKS = (
        walk(1, (0, 0), (9_000, 0)),
        walk(2, (0, 0), (9_000, 0), part=APRIL),
        walk(3, (9_000, 0), (0, 0), part=APRIL),
    )

    def counted(self, *walks):
        return count_network(
            pd.concat(walks, ignore_index=True),
            NETWORK,
            grid=GRID,
            journeys=Journeys(WAYS, TIMES),
        )

    def test_means_are_counted_each_way(self):
        first = self.counted(*self.WALKS)[0].iloc[0]

        assert (first["ahead_foot_tracks"], first["ahead_boat_tracks"]) == (1, 1)
        assert (first["back_foot_tracks"], first["back_boat_tracks"]) == (1, 0)

    def test_times_are_told_by_their_quartiles(self):
        first = self.counted(*self.WALKS)[0].iloc[0]

        assert first["ahead_timed_tracks"] == 3
        low, middle, high = (first[f"ahead_timed_{n}h"] for n in ("low_", "", "high_"))
        assert (low, middle, high) == (3.0, 4.0, 6.0)
        assert first["ahead_timed_moving_h"] == 2.0
        assert (first["back_timed_tracks"], first["back_timed_h"]) == (1, 7.0)

    def test_where_more_go_back_the_edge_and_its_times_are_turned(self):
        walks = (*self.WALKS[2:], walk(2, (9_000, 0), (0, 0)))
        first = self.counted(*walks)[0].iloc[0]

        assert (first["from_name"], first["ahead_tracks"]) == ("junction 2", 2)
        assert (first["ahead_timed_h"], first["back_timed_h"]) == (7.0, 4.0)
        assert first["ahead_boat_tracks"] == 1

    def test_an_edge_without_journeys_has_no_times(self):
        last = self.counted(*self.WALKS)[0].iloc[2]

        assert last["ahead_timed_tracks"] == 0
        assert np.isnan(last["ahead_timed_h"])

    def test_a_month_is_that_in_which_a_track_was_there(self):
        """One second before April in UTC, or on its first."""
        monthly = self.counted(*self.WALKS)[1]

        assert monthly.values.tolist() == [[1, MARCH, 1, 1, 0], [1, APRIL, 2, 1, 1]]
        late = walk(1, (0, 0), (9_000, 0), part=MARCH - 1)
        assert self.counted(late)[1]["month"].tolist() == [MARCH]


class TestWornLines:
    """Lines with few tracks go, and so do the junctions that they made."""

    def test_a_side_way_that_few_walk_leaves_one_line(self):
        edges, _, _ = count(
            *(walk(n, (0, 0), (22_000, 0)) for n in range(3)),
            walk(9, (10_000, 0), (10_000, 9_000)),
        )
        worn = worn_lines(edges, fewest=3)

        assert worn.geometry.length.tolist() == [22_000]
        assert worn_lines(edges, fewest=4).empty


class TestInvariants:
    """What holds for every crowd."""

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.lists(
                st.sampled_from([(0, 0), (10_000, 0), (10_000, 9_000), (22_000, 0)])
            )
            .map(
                lambda way: [
                    a for a, b in zip(way, [None, *way], strict=False) if a != b
                ]
            )
            .filter(lambda way: len(way) > 1),
            min_size=1,
            max_size=5,
        ),
        st.randoms(),
    )
    def test_order_does_not_matter_and_no_way_exceeds_the_whole(self, ways, random):
        walks = [walk(n, *way, part=MARCH + n % 2) for n, way in enumerate(ways)]
        edges, monthly, nodes = count(*walks)
        paths = pd.concat(walks).sample(frac=1, random_state=random.randrange(2**31))
        again = count_network(paths, NETWORK, grid=GRID)

        assert (edges["ahead_tracks"] >= edges["back_tracks"]).all()
        assert (edges["ahead_tracks"] + edges["back_tracks"] <= edges["tracks"]).all()
        assert edges["tracks"].max() <= len(ways)
        whole = monthly.groupby("edge")["tracks"].sum()
        assert whole.to_dict() == {
            row.edge: row.tracks for row in edges.itertuples() if row.tracks
        }
        for one, other in zip((edges, monthly, nodes), again, strict=True):
            assert one.reset_index(drop=True).equals(other.reset_index(drop=True))


def rows_of(table, by):
    """What pandas makes of the rows of each group: an oracle for compiled loops."""
    way = {"part": "min", "along": "sum", "moving": "sum"}
    return table.groupby(by, sort=True).agg(way).reset_index()


@given(st.integers(0, 2**32 - 1), st.integers(0, 300))
@settings(max_examples=25)
def test_tracks_on_lines_are_those_that_a_table_adds_up_to(seed, size):
    rng = np.random.default_rng(seed)
    paths = pd.DataFrame(
        {
            "track": rng.integers(-9, 9, size),
            "cell": rng.integers(0, GRID.rows * GRID.columns, size),
            "east": rng.integers(-1000, 1001, size) * rng.integers(0, 2, size),
            "north": rng.integers(-1000, 1001, size) * rng.integers(0, 2, size),
            "part": rng.integers(MARCH, MARCH + 3, size),
        }
    )
    line, ways = _middle_cells(NETWORK.edges, GRID)
    here = paths[line[paths["cell"]] >= 0]
    way = ways[here["cell"]]
    numbers = NETWORK.edges["edge"].to_numpy()
    table = here.assign(
        edge=numbers[line[here["cell"]]].astype(np.int64),
        along=(here["east"] * way[:, 0] + here["north"] * way[:, 1]) // 1000,
        moving=((here["east"] != 0) | (here["north"] != 0)).astype(np.int64),
    )

    found = _tracks_on(paths, NETWORK.edges, GRID)

    pd.testing.assert_frame_equal(found, rows_of(table, ["edge", "track"]))
    nodes = _tracks_at(paths, NETWORK.nodes, GRID)
    x, y = GRID.centre_of(paths["cell"].to_numpy())
    for place, tracks in zip(nodes.geometry, nodes["tracks"], strict=True):
        near = np.hypot(x - place.x, y - place.y) <= 3 * GRID.cell_m
        assert tracks == paths["track"][near].nunique()
