"""Tidying: what is too short to be a route of its own goes."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from geo.analysis.corridors.tidying import tidy_lines
from tests.test_corridors_network import CRS, lines, places

NOWHERE = places()
MAIN = [LineString([(0, 0), (9_000, 0)]), LineString([(9_000, 0), (20_000, 0)])]


def tidy(*shapes, kept=NOWHERE, **options):
    return tidy_lines(lines(*shapes), kept=kept, **options).geometry.tolist()


class TestDeadEnds:
    """Hand oracles: a way with a side way."""

    def test_a_short_one_goes_and_the_way_is_one_line(self):
        found = tidy(*MAIN, LineString([(9_000, 0), (9_000, 3_900)]))
        assert [line.length for line in found] == [20_000]

    def test_a_long_one_stays(self):
        assert len(tidy(*MAIN, LineString([(9_000, 0), (9_000, 4_100)]))) == 3

    def test_one_that_leads_to_a_checkpoint_stays(self):
        spur = LineString([(9_000, 0), (9_000, 3_000)])
        near = places(("Paya", Point(9_500, 3_500)))
        far = places(("Paya", Point(9_500, 4_600)))

        assert len(tidy(*MAIN, spur, kept=near)) == 3
        assert len(tidy(*MAIN, spur, kept=far)) == 1

    def test_of_two_at_one_junction_the_shorter_goes_first(self):
        way = LineString([(0, 0), (9_000, 0)])
        left = LineString([(9_000, 0), (10_000, 2_000)])
        right = LineString([(9_000, 0), (10_000, -3_000)])

        found = tidy(way, left, right)
        assert [round(line.length) for line in found] == [round(9_000 + right.length)]

    def test_a_short_line_by_itself_stays(self):
        assert len(tidy(LineString([(0, 0), (1_000, 0)]))) == 1

    def test_a_tree_of_short_ones_goes_whole(self):
        stem = LineString([(9_000, 0), (9_000, 2_000)])
        twigs = [
            LineString([(9_000, 2_000), (9_000 + east, 4_000)]) for east in (-900, 900)
        ]
        # The longer part of it, 2 + 2.2 km, is long enough to be a way.
        assert len(tidy(*MAIN, stem, *twigs, knot_m=0.0)) == 3
        assert len(tidy(*MAIN, stem, *twigs, knot_m=0.0, shortest_m=5_000)) == 1


class TestKnots:
    """Junctions side by side are one."""

    def test_two_that_are_near_meet_in_the_middle(self):
        found = tidy(
            LineString([(0, 0), (9_000, 0)]),
            LineString([(9_000, 0), (10_000, 0)]),
            LineString([(10_000, 0), (20_000, 0)]),
            LineString([(9_000, 0), (9_000, 8_000)]),
            LineString([(10_000, 0), (10_000, -8_000)]),
        )
        ends = shapely.get_coordinates(shapely.boundary(found))

        assert len(found) == 4
        assert (ends == (9_500, 0)).all(axis=1).sum() == 4

    def test_two_that_are_farther_apart_stay_two(self):
        middle = LineString([(9_000, 0), (11_000, 0)])
        found = tidy(
            LineString([(0, 0), (9_000, 0)]),
            middle,
            LineString([(11_000, 0), (20_000, 0)]),
            LineString([(9_000, 0), (9_000, 8_000)]),
            LineString([(11_000, 0), (11_000, -8_000)]),
        )
        assert middle in found


@given(
    st.lists(
        st.tuples(*[st.integers(0, 6)] * 4).filter(lambda way: way[:2] != way[2:]),
        min_size=1,
        max_size=9,
        unique_by=lambda way: (min(way[:2], way[2:]), max(way[:2], way[2:])),
    ),
    st.randoms(),
)
@settings(max_examples=60, deadline=None)
def test_no_short_dead_end_is_left_and_order_does_not_matter(ways, random):
    """Straight lines between the points of a lattice; that some cross is as well."""
    shapes = [
        LineString([(1_500 * a, 1_500 * b), (1_500 * c, 1_500 * d)])
        for a, b, c, d in ways
    ]
    found = tidy(*shapes)
    random.shuffle(shapes)

    assert [line.wkt for line in tidy(*shapes)] == [line.wkt for line in found]
    ends = [tuple(end) for line in found for end in (line.coords[0], line.coords[-1])]
    for line in found:
        degrees = sorted(ends.count(tuple(line.coords[end])) for end in (0, -1))
        assert line.length >= 4_000 or degrees[0] > 1 or degrees[1] < 3


@pytest.mark.parametrize("kept", [NOWHERE, places(("Paya", Point(0, 0)))])
def test_without_lines_there_is_nothing(kept):
    found = tidy_lines(lines(), kept=kept)

    assert isinstance(found, gpd.GeoDataFrame)
    assert found.empty
    assert found.crs == CRS
    assert np.array_equal(found["ridge"], [])
