"""Density along a network, beside what is known of heat on lines and stars."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from geo.analysis.density.network import cut_network, network_density

CRS = "EPSG:32618"
H = 1000.0


def frame(*lines):
    return gpd.GeoDataFrame(geometry=[shapely.LineString(p) for p in lines], crs=CRS)


def density_at(found, x, y):
    near = found.distance(shapely.Point(x, y)).idxmin()
    return found["per_km"][near]


def centres(found):
    return shapely.get_coordinates(
        shapely.line_interpolate_point(found.geometry.to_numpy(), 0.5, normalized=True)
    )


def total(found):
    return (found["per_km"] * found.length / 1000).sum()


def test_a_straight_line_has_a_gaussian():
    found = network_density(
        [10_037], [0], lines=frame([(0, 0), (20_000, 0)]), bandwidth_m=H, reach_m=1
    )
    expected = 1000 * norm.pdf(centres(found)[:, 0], 10_037, H)

    assert abs(found["per_km"] - expected).max() < 0.01 * expected.max()
    assert total(found) == pytest.approx(1)


def test_an_end_sends_back_what_would_run_over_it():
    found = network_density(
        [500], [0], lines=frame([(0, 0), (20_000, 0)]), bandwidth_m=H, reach_m=1
    )
    x = centres(found)[:, 0]
    expected = 1000 * (norm.pdf(x, 500, H) + norm.pdf(x, -500, H))

    assert abs(found["per_km"] - expected).max() < 0.01 * expected.max()
    assert total(found) == pytest.approx(1)


@pytest.mark.parametrize("ways", [3, 4, 5])
def test_at_a_junction_each_of_d_ways_gets_two_in_d(ways):
    turn = 2 * np.pi * np.arange(ways) / ways
    ends = 12_000 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    found = network_density(
        [600],
        [0],
        lines=frame(*[[(0, 0), end] for end in ends]),
        bandwidth_m=H,
        reach_m=1,
    )
    out = np.hypot(*centres(found).T)
    same = found["line"] == 0
    through = 1000 * 2 / ways * norm.pdf(out, -600, H)
    own = 1000 * norm.pdf(out, 600, H) + (2 / ways - 1) * 1000 * norm.pdf(out, -600, H)

    assert abs(found["per_km"] - np.where(same, own, through)).max() < 0.01 * own.max()
    assert total(found) == pytest.approx(1)


def test_two_bends_side_by_side_do_not_share():
    bend = [(0, 0), (10_000, 0), (10_000, 200), (0, 200)]
    found = network_density([2000], [0], lines=frame(bend), bandwidth_m=H, reach_m=50)

    assert density_at(found, 2000, 0) > 0.35
    assert density_at(found, 2000, 200) < 1e-6


def test_points_out_of_reach_are_left_out_and_weights_count():
    lines = frame([(0, 0), (10_000, 0)])
    found = network_density(
        [3000, 5000, 5000],
        [0, 90, 101],
        lines=lines,
        bandwidth_m=H,
        reach_m=100,
        weights=[2, 3, 50],
    )

    assert found["points"].max() == 2
    assert total(found) == pytest.approx(5)


def test_support_is_counted_along_the_network():
    bend = [(0, 0), (10_000, 0), (10_000, 200), (0, 200)]
    found = network_density(
        [2000, 2000, 9000], [0, 0, 0], lines=frame(bend), bandwidth_m=H, reach_m=50
    )
    x, y = centres(found).T

    def near(place_x, place_y):
        return found["points"][np.hypot(x - place_x, y - place_y).argmin()]

    assert near(1500, 0) == 2
    assert near(1500, 200) == 0
    assert near(9500, 200) == 1
    assert near(5500, 0) == 0


def test_lines_that_cross_are_joined_and_pieces_keep_their_line():
    cross = frame([(-5000, 0), (5000, 0)], [(0, -5000), (0, 5000)])
    pieces, line = cut_network(cross, longest_m=300)

    assert shapely.length(pieces).sum() == pytest.approx(20_000)
    assert shapely.length(pieces).max() <= 300
    assert shapely.length(pieces[line == 1]).sum() == pytest.approx(10_000)
    found = network_density([2000], [0], lines=cross, bandwidth_m=H, reach_m=1)
    assert density_at(found, 0, 1100) == pytest.approx(density_at(found, 0, -1100))
    assert density_at(found, 0, 1100) > 0.0


def test_a_ring_keeps_its_heat():
    turn = np.linspace(0, 2 * np.pi, 200)
    ring = np.stack([900 * np.cos(turn), 900 * np.sin(turn)], axis=1)
    ring[-1] = ring[0]
    found = network_density([900], [0], lines=frame(ring), bandwidth_m=8000, reach_m=10)

    assert total(found) == pytest.approx(1)
    assert np.ptp(found["per_km"]) < 1e-3 * found["per_km"].max()


@settings(max_examples=20)
@given(
    order=st.permutations(range(4)),
    cut=st.floats(0.1, 0.9),
    points=st.lists(st.tuples(st.floats(0, 9000), st.floats(-50, 50)), min_size=1),
)
def test_order_of_lines_and_where_they_are_cut_make_no_difference(order, cut, points):
    lines = [
        [(0, 0), (9000 * cut, 0)],
        [(9000 * cut, 0), (9000, 0)],
        [(9000, 0), (9000, 4000)],
        [(0, 0), (-2000, 3000)],
    ]
    x, y = np.array(points).T
    options = {"bandwidth_m": H, "reach_m": 100}
    one = network_density(x, y, lines=frame(*lines), **options)
    other = network_density(x, y, lines=frame(*[lines[n] for n in order]), **options)

    assert other["per_km"].tolist() == one["per_km"].tolist()
    assert total(one) == pytest.approx(len(points))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"bandwidth_m": 0}, "bandwidth_m is 0"),
        ({"reach_m": float("nan")}, "reach_m nan"),
        ({"x": [np.nan]}, "not a finite number"),
        ({"x": [1, 2]}, "differ in length"),
        ({"weights": [-1]}, "negative or missing"),
        ({"lines": frame()}, "no line of any length"),
        ({"bandwidth_m": 0.01}, "more than 2,000,000 pieces"),
    ],
)
def test_what_makes_no_sense_is_refused(change, why):
    given = {"lines": frame([(0, 0), (9000, 0)]), "bandwidth_m": H, "reach_m": 10}
    given |= {"x": [1], "y": [1]} | change
    with pytest.raises(ValueError, match=why):
        network_density(given.pop("x"), given.pop("y"), **given)
