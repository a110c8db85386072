"""The route network: where its nodes are, and what they are called."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from geo.analysis.corridors.network import make_network

CRS = "EPSG:32618"


def lines(*shapes):
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(list(shapes), crs=CRS))


def targets(*rows):
    kinds, names, shapes = zip(*rows, strict=True) if rows else ((), (), ())
    return gpd.GeoDataFrame(
        {"kind": list(kinds), "name": list(names)},
        geometry=gpd.GeoSeries(list(shapes), crs=CRS, dtype="geometry"),
    )


def places(*rows):
    return targets(*(("place", *row) for row in rows))


WEST = LineString([(0, 0), (10_000, 0)])
NORTH = LineString([(10_000, 0), (10_000, 9_000)])
EAST = LineString([(10_000, 0), (22_000, 0)])
NONE = targets()


def named(network):
    """From and to of each edge, by name."""
    name = network.nodes.set_index("node")["name"]
    return [
        (name[row.from_node], name[row.to_node]) for row in network.edges.itertuples()
    ]


class TestNodes:
    """Hand oracles on a few straight lines."""

    def test_ends_and_junctions_are_numbered_from_the_west(self):
        network = make_network(lines(WEST, NORTH, EAST), targets=NONE, places=NONE)

        assert network.nodes["name"].tolist() == [
            "end 1",
            "junction 2",
            "end 3",
            "end 4",
        ]
        assert named(network) == [
            ("end 1", "junction 2"),
            ("junction 2", "end 3"),
            ("junction 2", "end 4"),
        ]

    def test_a_checkpoint_near_a_line_cuts_it(self):
        posts = targets(("checkpoint", "Paya", Point(4_000, 1_400)))
        network = make_network(lines(WEST), targets=posts, places=NONE)

        assert named(network) == [("end 1", "Paya"), ("Paya", "end 3")]
        assert network.edges.length.tolist() == [4_000, 6_000]
        assert network.nodes["kind"].tolist() == ["end", "checkpoint", "end"]

    def test_a_checkpoint_near_an_end_names_it(self):
        posts = targets(("checkpoint", "Paya", Point(10_200, -900)))
        network = make_network(lines(WEST), targets=posts, places=NONE)

        assert named(network) == [("end 1", "Paya")]

    def test_a_checkpoint_far_away_is_no_node(self):
        posts = targets(("checkpoint", "Paya", Point(4_000, 1_600)))
        network = make_network(lines(WEST), targets=posts, places=NONE)

        assert named(network) == [("end 1", "end 2")]

    def test_the_border_makes_a_node_where_it_is_met(self):
        reach = LineString([(6_000, -5_000), (6_000, 5_000)])
        border = targets(("border", "border near Paya", reach))
        network = make_network(lines(WEST, EAST), targets=border, places=NONE)

        middle = network.nodes[network.nodes["kind"] == "border"]
        assert middle["name"].tolist() == ["border near Paya"]
        assert middle.geometry.to_wkt().tolist() == ["POINT (6000 0)"]

    def test_a_border_met_three_times_in_a_row_is_one_node(self):
        zigzag = LineString(
            [(5_900, -900), (5_900, 100), (6_000, -100), (6_100, 100), (6_100, 900)]
        )
        border = targets(("border", "border near Paya", zigzag))
        network = make_network(lines(WEST), targets=border, places=NONE)

        assert network.nodes["kind"].tolist() == ["end", "border", "end"]

    def test_rivers_make_no_nodes(self):
        river = targets(("river", "Tuira", LineString([(5_000, -900), (5_000, 900)])))
        network = make_network(lines(WEST), targets=river, places=NONE)

        assert len(network.edges) == 1

    def test_a_place_gives_its_name_once_and_never_that_of_a_checkpoint(self):
        posts = targets(("checkpoint", "Paya", Point(5_000, 0)))
        near = places(("Paya", Point(500, 0)), ("Púcuro", Point(9_000, 0)))
        network = make_network(lines(WEST), targets=posts, places=near)

        assert network.nodes["name"].tolist() == ["end 1", "Paya", "Púcuro"]

    def test_a_ring_has_one_node(self):
        ring = Point(5_000, 5_000).buffer(4_000).exterior
        network = make_network(lines(LineString(ring)), targets=NONE, places=NONE)

        assert network.edges[["from_node", "to_node"]].values.tolist() == [[1, 1]]

    def test_without_lines_there_is_nothing(self):
        posts = targets(("checkpoint", "Paya", Point(0, 0)))
        network = make_network(lines(), targets=posts, places=NONE)

        assert network.edges.empty
        assert network.nodes.empty
        assert network.edges.crs == CRS


class TestInvariants:
    """What cutting never changes."""

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(-2_000, 24_000), st.integers(-3_000, 3_000)),
            max_size=8,
        ),
        st.randoms(),
    )
    def test_nothing_of_the_lines_is_lost(self, spots, random):
        ways = [WEST, NORTH, EAST]
        posts = [("checkpoint", f"Post {n}", Point(s)) for n, s in enumerate(spots)]
        network = make_network(
            lines(*ways), targets=targets(*posts), places=places(("P", Point(1, 1)))
        )
        random.shuffle(ways)
        random.shuffle(posts)
        again = make_network(
            lines(*ways), targets=targets(*posts), places=places(("P", Point(1, 1)))
        )

        whole = shapely.union_all(ways)
        assert network.edges.length.sum() == pytest.approx(whole.length, abs=9)
        ends = shapely.get_coordinates(network.edges.geometry.boundary)
        nodes = shapely.get_coordinates(network.nodes.geometry)
        assert {tuple(end) for end in ends} == {tuple(node) for node in nodes}
        assert network.nodes["name"].is_unique
        assert named(again) == named(network)
        assert np.array_equal(again.edges.geometry, network.edges.geometry)
