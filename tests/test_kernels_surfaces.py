"""Bridges, lines and points on a grid of cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from geo.kernels import surfaces


def bridges_of(x, *, time_s=None, trip=None, stop=None, track=None, noise=3.0):
    """Begin, end and longest silence of bridges along a line, with errors of 10 m."""
    n = len(x)

    def column(values, otherwise):
        return np.array(otherwise if values is None else values, np.int64)

    first, last, silence = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    count = surfaces.find_bridges(
        column(track, [1] * n),
        column(trip, [0] * n),
        column(stop, [-1] * n),
        np.arange(n) * 60.0 if time_s is None else np.array(time_s, float),
        np.array(x, float),
        np.zeros(n),
        np.full(n, 10.0),
        noise,
        3600.0,
        first,
        last,
        silence,
    )
    return list(
        zip(
            first[:count].tolist(),
            last[:count].tolist(),
            silence[:count].tolist(),
            strict=True,
        )
    )


def test_every_long_move_is_a_bridge():
    assert bridges_of([0, 100, 200]) == [(0, 1, 60), (1, 2, 60)]


def test_short_moves_are_joined_until_they_leave_the_noise():
    """Three errors of both ends are 42.4 m."""
    assert bridges_of([0, 20, 42, 43, 100]) == [(0, 3, 60), (3, 4, 60)]


def test_what_is_left_at_the_end_is_a_bridge_too():
    assert bridges_of([0, 100, 110]) == [(0, 1, 60), (1, 2, 60)]


def test_without_noise_every_pair_is_a_bridge():
    assert bridges_of([0, 0, 1], noise=0.0) == [(0, 1, 60), (1, 2, 60)]


def test_a_joined_bridge_knows_its_longest_silence():
    assert bridges_of([0, 20, 30, 90], time_s=[0, 60, 900, 960]) == [(0, 3, 840)]


@pytest.mark.parametrize(
    "cut",
    [
        {"trip": [0, 0, 0, 1, 1]},
        {"track": [1, 1, 1, 2, 2]},
        {"stop": [-1, -1, 4, 4, -1]},
    ],
    ids=["trip", "track", "stop"],
)
def test_bridges_end_where_a_trip_a_track_or_a_stop_begins(cut):
    found = bridges_of([0, 20, 40, 200, 300], **cut)

    assert found == [(0, 2, 60), (3, 4, 60)]


def test_a_silence_of_exactly_the_longest_is_bridged():
    assert bridges_of([0, 100], time_s=[0, 3600]) == [(0, 1, 3600)]
    assert bridges_of([0, 100], time_s=[0, 3601]) == []


@pytest.mark.parametrize("x", [[], [5]])
def test_less_than_two_fixes_have_no_bridge(x):
    assert bridges_of(x) == []


def spread(bridge, *, late=False, shape=(9, 9), track=(1,)):
    grids = [np.zeros(shape, np.int64) for _ in range(3)]
    surfaces.spread_bridges(
        np.array(track), np.atleast_2d(bridge).astype(float), np.array([late]), *grids
    )
    return grids


def test_a_still_gaussian_is_cut_at_the_edges_of_cells():
    """The variance is that of the ends at both ends, and half of it half way."""
    occurrence, support, _ = spread([4.5, 4.5, 4.5, 4.5, 0.5, 0.5, 0, 1])

    part = np.array([0.05, 0.2, 0.5, 0.8, 0.95])
    sigma = np.sqrt(0.5 * ((1 - part) ** 2 + part**2))
    inside = (2 * ndtr(0.5 / sigma) - 1) ** 2
    expected = np.average(inside, weights=[1, 2, 4, 2, 1])
    assert occurrence[4, 4] / surfaces.ONE_TRACK == pytest.approx(expected)
    assert np.abs(occurrence - occurrence.T).max() <= 1
    assert occurrence.sum() == surfaces.ONE_TRACK
    assert support[4, 4] == 1


def test_a_bridge_off_the_grid_leaves_nothing():
    occurrence, support, bridged = spread([90, 90, 99, 99, 1, 1, 0, 1], late=True)

    assert not occurrence.any()
    assert not support.any()
    assert not bridged.any()


def test_a_bridge_without_weight_leaves_nothing():
    assert not spread([1, 1, 8, 8, 1, 1, 0, 0])[0].any()


ends = st.tuples(*[st.floats(-5, 15)] * 4, *[st.floats(1e-4, 3)] * 2, st.floats(0, 9))


@settings(deadline=None)
@given(ends)
def test_every_track_that_touches_the_grid_has_one_whole_vote(bridge):
    occurrence, support, bridged = spread([*bridge, 1.0], late=True)

    assert occurrence.sum() in {0, surfaces.ONE_TRACK}
    assert (occurrence >= 0).all()
    assert np.array_equal(occurrence, bridged)
    assert set(np.unique(support)) <= {0, 1}


def test_lengths_are_rounded_without_losing_any():
    lengths = np.zeros((4, 4), np.int64)
    start, end = np.array([0.1]), np.array([3.9])

    surfaces.measure_lines(start, start, end, end, 1000.0, lengths)

    assert np.diag(lengths).sum() == round(3.8 * 2**0.5 * 1000)
    assert lengths.sum() == np.diag(lengths).sum()
