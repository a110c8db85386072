"""How far apart two lines run."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, affinity

from geo.analysis.corridors.comparison import (
    area_between,
    buffer_overlap,
    path_deviation,
)

STRAIGHT = LineString([(0, 0), (400, 0)])


def shoelace(one, other):
    """The formula that must not be used."""
    ring = [*one.coords, *reversed(other.coords)]
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def test_crossing_lines_with_equal_lobes_lie_apart():
    wave = LineString([(0, 0), (100, 50), (200, 0), (300, -50), (400, 0)])

    assert shoelace(wave, STRAIGHT) == 0
    assert area_between(wave, STRAIGHT) == pytest.approx(2 * 100 * 50)
    assert path_deviation(wave, STRAIGHT) == pytest.approx(25)


def test_equal_lines_do_not_lie_apart():
    way = LineString([(0, 0), (130, 70), (400, 0)])

    assert path_deviation(way, way) == 0
    assert buffer_overlap(way, way) == pytest.approx([1.0, 1.0, 1.0])


def test_a_parallel_line_lies_its_distance_away():
    beside = LineString([(0, 30), (400, 30)])

    assert path_deviation(STRAIGHT, beside) == pytest.approx(30)


def test_a_detour_around_a_rectangle_counts_its_area():
    around = LineString([(0, 0), (0, 80), (400, 80), (400, 0)])

    assert path_deviation(around, STRAIGHT) == pytest.approx(80)


def test_a_way_that_walks_over_itself_is_not_counted_twice():
    there_and_back = LineString([(0, 0), (200, 0), (100, 0), (400, 0)])

    assert path_deviation(there_and_back, STRAIGHT) == 0


def test_a_way_that_ends_where_it_began_has_no_deviation():
    loop = LineString([(0, 0), (100, 100), (0.2, 0)])

    assert math.isnan(path_deviation(loop, STRAIGHT))


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=8),
    st.integers(0, 359),
)
def test_deviation_does_not_hang_on_where_north_is(corners, degrees):
    way = LineString([(0, 0), *corners, (20, 0)])
    line = LineString([(0, 0), (20, 0)])
    turned = [affinity.rotate(one, degrees, origin=(3, 4)) for one in (way, line)]

    assert path_deviation(*turned) == pytest.approx(path_deviation(way, line), abs=1e-6)


def test_heights_of_corners_do_not_matter():
    high = LineString([(0, 0, 900), (400, 0, 1200)])

    assert path_deviation(high, LineString([(0, 10), (400, 10)])) == pytest.approx(10)


def test_overlap_is_the_part_of_the_tested_line_near_the_other():
    tested = LineString([(0, 0), (0, 1000)])
    reference = LineString([(-500, 0), (500, 0)])

    near = buffer_overlap(tested, reference, within_m=[100, 250, 500])

    assert near == pytest.approx([0.1, 0.25, 0.5], abs=0.01)


def test_distances_have_to_be_above_zero():
    with pytest.raises(ValueError, match="expected some above 0"):
        buffer_overlap(STRAIGHT, STRAIGHT, within_m=[0, 100])


def test_a_line_without_length_overlaps_nothing():
    assert math.isnan(buffer_overlap(LineString([(1, 1), (1, 1)]), STRAIGHT)[0])
