"""How likely a step crossed a line, and where: against simulated walkers."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from geo.analysis.crossings.chances import (
    Bridges,
    beyond_point,
    last_chances,
    within_reach,
    wrong_side,
)


def bridge(x_to=1000.0, *, motion=0.0, error=0.0, error_to=None, y=0.0, y_to=0.0):
    """A step eastwards from the origin."""
    columns = 0.0, y, x_to, y_to, error, error if error_to is None else error_to, motion
    return Bridges(*(np.array([float(value)]) for value in columns))


def beyond(step, x, y):
    return beyond_point(step, np.array([float(x)]), np.array([float(y)]))[0][0]


def within(step, x, y, reach):
    places = np.array([float(x)]), np.array([float(y)])
    chance, share = within_reach(step, *places, reach_m=np.array([float(reach)]))
    return chance[0], share[0]


def walkers(step, *, number=3000, moments=500, seed=1):
    """Walkers on a bridge with errors at both ends: (number, moments + 1, 2)."""
    rng = np.random.default_rng(seed)
    start = np.array([step.x[0], step.y[0]])
    end = np.array([step.x_to[0], step.y_to[0]])
    start = start + step.error_m[0] * rng.normal(size=(number, 1, 2))
    end = end + step.error_to_m[0] * rng.normal(size=(number, 1, 2))
    share = np.linspace(0, 1, moments + 1)[None, :, None]
    moves = rng.normal(size=(number, moments, 2)) * np.sqrt(step.motion_m2[0] / moments)
    free = np.concatenate([np.zeros((number, 1, 2)), moves.cumsum(axis=1)], axis=1)
    return start + share * (end - start) + free - share * free[:, -1:]


@pytest.mark.parametrize(
    ("step", "at_x"),
    [
        (bridge(4000, motion=6e5, error=20), 1500.0),
        (bridge(4000, motion=2.5e6, error=20), 2000.0),
        (bridge(3000, motion=1e5, error=150, error_to=30), 600.0),
    ],
    ids=["two hours", "ten hours", "a poor fix"],
)
def test_where_walkers_cross_a_line_is_between_first_and_last_passage(step, at_x):
    """The share of simulated walkers that pass a line beyond a point on it."""
    paths = walkers(step)
    west = paths[:, :, 0] < at_x
    over = west[:, 0] & ~west[:, -1]
    rows = np.flatnonzero(over)
    first = np.argmax(~west[over], axis=1)
    last = west.shape[1] - 1 - np.argmax(west[over][:, ::-1], axis=1)
    first_y, last_y = paths[rows, first, 1], paths[rows, last, 1]

    for y in (0.0, 120.0, -300.0, 500.0):
        sign = 1 if y >= 0 else -1
        seen = [(sign * passed > sign * y).mean() for passed in (first_y, last_y)]
        assert beyond(step, at_x, y) == pytest.approx(np.mean(seen), abs=0.022)


def test_walkers_pass_a_post_as_often_as_said_or_more():
    step = bridge(8000, motion=3e6, error=20)
    paths = walkers(step)

    for y, reach in ((0.0, 1000.0), (600.0, 1000.0), (2500.0, 1500.0)):
        away = np.hypot(paths[:, :, 0] - 4000, paths[:, :, 1] - y).min(axis=1)
        seen = (away <= reach).mean()
        said, _ = within(step, 4000, y, reach)
        assert said - 0.02 <= seen
        assert seen - said < 0.2  # those who come near but not through the gate


def test_a_step_straight_over_the_point_goes_half_and_half():
    for x in (150, 250, 500, 850):
        assert beyond(bridge(motion=4e4, error=20), x, 0) == pytest.approx(
            0.5, abs=1e-6
        )


def test_on_a_narrow_bridge_it_is_the_tail_where_the_point_lies():
    """Horne's variance halfway: 150 + 50 = 200 m²."""
    step = bridge(1000, motion=600.0, error=10)
    said = beyond(step, 500, 14)
    assert said == pytest.approx(norm.sf(14 / np.sqrt(200)), abs=0.002)


def test_without_errors_and_motion_nobody_strays():
    for y in (1e-6, -1e-6, 50):
        assert beyond(bridge(), 500, y) == 0.0
    assert beyond(bridge(), 500, 0) == 0.5


def test_nobody_is_beyond_a_point_far_outside_the_step():
    assert beyond(bridge(motion=100.0, error=1), 2000, 5) == pytest.approx(0, abs=1e-9)
    assert beyond(bridge(motion=100.0, error=1), -900, 5) == pytest.approx(0, abs=1e-9)


numbers = st.floats(-5e3, 5e3)
steps = st.builds(
    bridge,
    numbers,
    motion=st.sampled_from([0.0, 1.0, 1e4, 1e7, 1e12]),
    error=st.sampled_from([0.0, 1e-3, 20.0, 5e3]),
    error_to=st.sampled_from([0.0, 20.0]),
    y=numbers,
    y_to=numbers,
)


@given(steps, numbers, numbers)
@example(bridge(2.2e-309), 1.0, 0.0)  # shorter than any ratio to it can tell
@settings(max_examples=40, deadline=None)
def test_chances_are_chances_and_the_same_backwards(step, x, y):
    back = Bridges(
        step.x_to,
        step.y_to,
        step.x,
        step.y,
        step.error_to_m,
        step.error_m,
        step.motion_m2,
    )
    for chance, again in (
        (beyond(step, x, y), beyond(back, x, y)),
        (within(step, x, y, 1000)[0], within(back, x, y, 1000)[0]),
    ):
        assert 0.0 <= chance <= 1.0
        if step.error_m[0] > 0 and step.error_to_m[0] > 0:  # else an end may be on it
            assert again == pytest.approx(chance, abs=1e-6)


@given(steps, numbers, numbers)
@settings(max_examples=40, deadline=None)
def test_standing_still_or_in_no_time_gives_numbers(step, x, y):
    still = step._replace(x_to=step.x, y_to=step.y)
    assert np.isfinite(beyond(still, x, y))
    assert np.isfinite(within(still, x, y, 1000)).all()


def test_a_post_is_passed_for_sure_within_reach_and_never_without():
    assert within(bridge(9000), 4500, 999, 1000) == (1.0, 0.5)
    assert within(bridge(9000), 4500, 1001, 1000)[0] == 0.0
    assert within(bridge(9000), 9500, 0, 1000) == (1.0, 1.0)
    assert within(bridge(9000), -500, 0, 1000) == (1.0, 0.0)


def test_a_fix_at_the_rim_of_a_post_is_within_half_the_time():
    chance, _ = within(bridge(0, error=20), 1000, 0, 1000)
    assert chance == pytest.approx(0.5, abs=0.01)


def test_the_wrong_side_is_a_matter_of_the_error():
    found = wrong_side(np.array([0.0, 20.0, -20.0, 1.0]), np.array([9.0, 20, 20, 0]))
    np.testing.assert_allclose(found, [0.5, norm.sf(1), norm.sf(1), 0.0])


flows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([-1.0, -0.3, 0.0, 0.0004, 0.6, 1.0]),
        st.sampled_from([0.0, 0.2, 0.5]),
        st.integers(0, 1),
    ),
    max_size=40,
)


@given(flows)
@settings(max_examples=50, deadline=None)
def test_turning_the_line_round_swaps_left_and_right(rows):
    rows = sorted(rows, key=lambda row: row[0])
    chain, flow, flip, seen = (np.array([r[n] for r in rows]) for n in range(4))
    chain, seen = chain.astype(np.int64), seen.astype(np.int64)
    flip = flip.astype(float)
    after = np.where(np.append(chain[1:] == chain[:-1], False), np.roll(flip, -1), 0.0)
    after = after[: len(chain)]
    to = np.roll(seen, -1)

    left, right = last_chances(
        chain, flow.astype(float), flips=(flip, after), seen=(seen, to)
    )
    other = last_chances(
        chain, -flow.astype(float), flips=(flip, after), seen=(1 - seen, 1 - to)
    )

    np.testing.assert_allclose(other, [right, left], atol=1e-12)
    for one in np.unique(chain):
        total = left[chain == one].sum() + right[chain == one].sum()
        assert -1e-9 <= total <= 1 + 1e-9


def test_hundreds_of_steps_that_may_go_round_the_end_are_still_counted():
    chain, flow = np.zeros(300, np.int64), np.tile([0.4, -0.4], 150)
    none, sides = np.zeros(300), np.zeros(300, np.int64)
    left, right = last_chances(chain, flow, flips=(none, none), seen=(sides, sides))
    assert np.isfinite(left).all()
    assert left.sum() + right.sum() <= 1 + 1e-9
