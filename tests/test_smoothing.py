"""Moving fixes to where their trips most likely passed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.kernels.smoothing import GATE, Series, likeliest
from geo.smoothing import FEWEST, MOVED, Q_LADDER, USUAL_Q, smooth_fixes
from tests.bench.canopy import make_walks, score
from tests.bench.canopy_tools import as_written, trocha, trocha_smooth

START = pd.Timestamp("2024-06-01T06:00Z")
few = settings(max_examples=25, deadline=None)  # the first call compiles


def fixes_at(x_m, y_m, seconds, *, error_m=20.0, trip=0, track=1):
    """Fixes at these places and times."""
    frame = pd.DataFrame(
        {
            "track": track,
            "time": START + pd.to_timedelta(np.asarray(seconds, float), unit="s"),
            "trip": trip,
            "x_m": np.asarray(x_m, float),
            "y_m": np.asarray(y_m, float),
            "error_m": error_m,
        }
    )
    return frame.astype({"time": "datetime64[ms, UTC]", "error_m": float})


def random_trips(seed, *, trips=3, size=20):
    """Trips of two tracks on random ways, sorted."""
    rng = np.random.default_rng(seed)
    parts = [
        fixes_at(
            np.cumsum(rng.normal(0, 40, size)),
            np.cumsum(rng.normal(0, 40, size)),
            np.cumsum(rng.integers(1, 400, size)) + 40_000 * number,
            error_m=rng.uniform(3, 60, size),
            trip=number,
            track=number // 2,
        )
        for number in range(trips)
    ]
    return pd.concat(parts, ignore_index=True)


def velocities(rng, steps, *, q, wait):
    """Positions and velocities of the model itself, along one axis."""
    noise = rng.multivariate_normal(
        [0, 0],
        q * np.array([[wait**3 / 3, wait**2 / 2], [wait**2 / 2, wait]], float),
        steps,
    )
    place, pace = np.zeros(steps), np.zeros(steps)
    for i in range(1, steps):
        place[i] = place[i - 1] + wait * pace[i - 1] + noise[i, 0]
        pace[i] = pace[i - 1] + noise[i, 1]
    return place


def least_squares(fixes, q):
    """Where the model's likelihood is highest, by linear algebra in one piece."""
    t = (fixes["time"] - fixes["time"].iloc[0]).dt.total_seconds().to_numpy()
    size = len(fixes)
    precision = np.zeros((2 * size, 2 * size))
    for i, wait in enumerate(np.diff(t)):
        noise = q * np.array([[wait**3 / 3, wait**2 / 2], [wait**2 / 2, wait]])
        step = np.hstack([-np.array([[1, wait], [0, 1]]), np.eye(2)])
        at = slice(2 * i, 2 * i + 4)
        precision[at, at] += step.T @ np.linalg.inv(noise) @ step
    precision[1, 1] += 1 / 25  # the first velocity: 0, give or take 5 m/s
    weight = fixes["error_m"].to_numpy() ** -2.0
    precision[::2, ::2] += np.diag(weight)
    covariance = np.linalg.inv(precision)
    found = [
        (covariance[:, ::2] @ (weight * fixes[name].to_numpy()))[::2]
        for name in ("x_m", "y_m")
    ]
    return *found, np.sqrt(np.diag(covariance)[::2])


class TestTheSmoother:
    """What it computes."""

    def test_it_is_the_model_solved_in_one_piece(self):
        rng = np.random.default_rng(3)
        seconds = np.cumsum(rng.integers(5, 90, FEWEST - 1))
        x, y = seconds + rng.normal(0, 9, (2, seconds.size))
        fixes = fixes_at(x, y, seconds, error_m=rng.uniform(10, 30, seconds.size))

        smooth = smooth_fixes(fixes)

        for name, expected in zip(MOVED, least_squares(fixes, USUAL_Q), strict=True):
            np.testing.assert_allclose(smooth[name], expected, rtol=1e-6, atol=1e-6)

    @pytest.mark.parametrize("true", [2.0**-8, 2.0**-5, 2.0**-2])
    def test_the_likeliest_q_is_near_the_true_one(self, true):
        rng = np.random.default_rng(5)
        x, y = (velocities(rng, 4000, q=true, wait=30) for _ in range(2))
        series = Series(
            trip=np.zeros(x.size, np.int64),
            wait=np.full(x.size, 30.0),
            x=x + rng.normal(0, 20, x.size),
            y=y + rng.normal(0, 20, x.size),
            variance=np.full(x.size, 400.0),
            weight=np.ones(x.size),
        )

        found = likeliest(series, Q_LADDER) / 2  # it gives twice the likeliest

        assert 2**-0.5 <= found / true <= 2**0.5

    def test_the_coverage_is_that_of_the_model_where_the_model_is_true(self):
        rng = np.random.default_rng(6)
        x, y = (velocities(rng, 4000, q=2.0**-5, wait=30) for _ in range(2))
        seen = x + rng.normal(0, 25, x.size), y + rng.normal(0, 25, x.size)

        smooth = smooth_fixes(fixes_at(*seen, 30 * np.arange(x.size), error_m=25.0))

        square = (smooth["x_m"] - x) ** 2 + (smooth["y_m"] - y) ** 2
        inside = (square / smooth["error_m"] ** 2 < 5.991).mean()
        assert 0.94 <= inside <= 0.98  # twice the likeliest q is careful

    def test_a_straight_walk_becomes_straighter_and_surer(self):
        rng = np.random.default_rng(1)
        seconds = 60.0 * np.arange(120)
        fixes = fixes_at(
            seconds + rng.normal(0, 25, 120),
            rng.normal(0, 25, 120),
            seconds,
            error_m=25.0,
        )

        smooth = smooth_fixes(fixes)

        assert smooth["y_m"].std() < 0.4 * fixes["y_m"].std()
        assert (smooth["error_m"] < 0.9 * fixes["error_m"]).all()
        assert (smooth["error_m"][1:-1] < 0.6 * fixes["error_m"][1:-1]).all()

    def test_an_outlier_is_moved_to_the_way_and_moves_nobody(self):
        seconds = 60.0 * np.arange(60)
        fixes = fixes_at(seconds, np.where(seconds == 1800, 600.0, 0.0), seconds)

        smooth = smooth_fixes(fixes)

        assert abs(smooth["y_m"].iloc[30]) < 20
        assert smooth["y_m"].drop(30).abs().max() < 20

    def test_a_fix_counts_by_its_error(self):
        seconds = 60.0 * np.arange(60)
        y = np.where(seconds == 1800, 40.0, 0.0)
        moved = [
            smooth_fixes(
                fixes_at(seconds, y, seconds, error_m=np.where(y > 0, own, 20.0))
            )
            for own in (10.0, 20.0, 40.0)
        ]

        places = [smooth["y_m"].iloc[30] for smooth in moved]
        assert places[0] > places[1] > places[2] > 0

    def test_after_a_long_silence_a_fix_stays_where_it_is(self):
        seconds = np.array([0, 60, 120, 20_000, 40_000.0])
        fixes = fixes_at(seconds, [0, 0, 0, 900, -900], seconds)

        smooth = smooth_fixes(fixes)

        np.testing.assert_allclose(smooth["y_m"].iloc[3:], [900, -900], atol=0.5)
        np.testing.assert_allclose(smooth["error_m"].iloc[3:], 20, atol=0.1)

    def test_a_trip_of_one_fix_stays_as_it_is(self):
        fixes = fixes_at([5.0], [7.0], [0.0], error_m=12.0)

        pd.testing.assert_frame_equal(
            smooth_fixes(fixes)[list(MOVED)], fixes[list(MOVED)]
        )

    def test_boats_that_turn_are_not_cut_short(self):
        """At 8 m/s round a bend a fix is not an outlier of the straight way."""
        angle = np.linspace(0, np.pi, 60)
        seconds = 1500 * angle / 8
        x, y = 1500 * np.cos(angle), 1500 * np.sin(angle)
        rng = np.random.default_rng(2)
        fixes = fixes_at(x + rng.normal(0, 15, 60), y + rng.normal(0, 15, 60), seconds)

        smooth = smooth_fixes(fixes.assign(error_m=15.0))

        off = np.hypot(smooth["x_m"] - x, smooth["y_m"] - y)
        assert np.sqrt((off**2).mean()) < 15 * np.sqrt(2)


class TestCanopy:
    """Walkers under trees: 25 m of error an axis, a tenth outliers, 30 % missing."""

    @pytest.mark.parametrize("every_s", [30, 60])
    def test_smoothing_brings_fixes_to_six_tenths_and_knows_its_error(self, every_s):
        rng = np.random.default_rng(every_s)
        seconds = np.arange(0, 4 * 3600, every_s, dtype=float)
        raw, smooth, inside = 0.0, 0.0, []
        for _ in range(20):
            turns = rng.normal(0, 0.2 * np.sqrt(every_s / 60), seconds.size)
            heading = rng.uniform(0, 2 * np.pi) + np.cumsum(turns)
            x = np.cumsum(np.cos(heading) * every_s)
            y = np.cumsum(np.sin(heading) * every_s)
            noise = rng.normal(0, 25, (2, seconds.size))
            out = rng.random(seconds.size) < 0.1
            noise[:, out] = 50 * rng.standard_t(3, (2, out.sum()))
            seen = rng.random(seconds.size) >= 0.3
            fixes = fixes_at(x + noise[0], y + noise[1], seconds, error_m=25.0)[seen]

            moved = smooth_fixes(fixes)

            off = (moved["x_m"] - x[seen]) ** 2 + (moved["y_m"] - y[seen]) ** 2
            raw += (noise[:, seen] ** 2).sum()
            smooth += off.sum()
            inside.append((off / moved["error_m"] ** 2 < 5.991).mean())
        assert np.sqrt(smooth / raw) < 0.6
        assert 0.90 <= np.mean(inside) <= 0.99


def test_on_walks_with_everything_wrong_it_mends_length_errors_and_stops():
    """Without peers: see tests/bench/canopy.py."""
    fixes, rests = make_walks(6)
    known = fixes[["row", "device", "time", "lon", "lat"]]

    plain, smooth = (
        score(fixes, rests, *as_written(*tool(known, 35.0)))
        for tool in (trocha, trocha_smooth)
    )

    assert smooth["rms_fair_m"] < 0.75 * plain["rms_fair_m"]
    assert abs(smooth["length_bias"]) < 0.15 < plain["length_bias"]
    assert smooth["stop_recall"] > plain["stop_recall"]
    assert smooth["stop_precision"] > 0.85


class TestInvariants:
    """What must not matter."""

    @few
    @given(st.integers(0, 2**31))
    def test_the_order_of_rows_does_not(self, seed):
        fixes = random_trips(seed)
        shuffled = fixes.sample(frac=1, random_state=seed)

        expected = smooth_fixes(fixes).loc[shuffled.index]

        pd.testing.assert_frame_equal(
            smooth_fixes(shuffled), expected, check_exact=True
        )

    @few
    @given(st.integers(0, 2**31))
    def test_tracks_and_trips_are_smoothed_apart(self, seed):
        fixes = random_trips(seed, trips=6)

        apart = [smooth_fixes(part) for _, part in fixes.groupby("track")]

        pd.testing.assert_frame_equal(
            smooth_fixes(fixes), pd.concat(apart), check_exact=True
        )

    def test_nothing_crosses_the_gap_between_trips(self):
        fixes = random_trips(1, trips=2, size=FEWEST // 2)  # q is the usual one
        first = fixes[fixes["trip"] == 0]

        smooth = smooth_fixes(fixes)

        pd.testing.assert_frame_equal(
            smooth[smooth["trip"] == 0], smooth_fixes(first), check_exact=True
        )

    @few
    @given(st.integers(0, 2**31), st.integers(-(10**9), 10**9))
    def test_the_hour_does_not(self, seed, seconds):
        fixes = random_trips(seed)
        later = fixes.assign(time=fixes["time"] + pd.Timedelta(seconds, unit="s"))

        expected = smooth_fixes(fixes)[list(MOVED)]

        pd.testing.assert_frame_equal(
            smooth_fixes(later)[list(MOVED)], expected, check_exact=True
        )

    @few
    @given(st.integers(0, 2**31), st.floats(0, 6.3), st.integers(-(10**6), 10**6))
    def test_the_place_and_the_direction_do_not(self, seed, angle, shift):
        fixes = random_trips(seed)
        turn = np.array(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        )

        def turned(table):
            return table[["x_m", "y_m"]].to_numpy() @ turn.T + [shift, -shift / 2]

        other = fixes.copy()
        other[["x_m", "y_m"]] = turned(fixes)

        here, there = smooth_fixes(fixes), smooth_fixes(other)

        np.testing.assert_allclose(there[["x_m", "y_m"]], turned(here), atol=1e-4)
        np.testing.assert_allclose(there["error_m"], here["error_m"], atol=1e-4)

    def test_forwards_is_as_backwards(self):
        """But for the first velocity, which is known a little, and the weights."""
        worst = []
        for seed in range(60):
            fixes = random_trips(seed, trips=1, size=FEWEST - 2)
            ends = fixes["time"].min(), fixes["time"].max()
            mirrored = fixes.assign(time=ends[0] + (ends[1] - fixes["time"]))

            here, there = smooth_fixes(fixes), smooth_fixes(mirrored)

            off = np.hypot(here["x_m"] - there["x_m"], here["y_m"] - there["y_m"])
            worst.append((off / here["error_m"]).max())
        # Of the worst fix of each trip, in standard errors.
        assert np.median(worst) <= 0.02
        assert max(worst) <= 0.3

    def test_the_fixes_given_are_not_changed_and_kept_beside(self):
        fixes = random_trips(4).assign(lon=-77.5, note="x")
        before = fixes.copy(deep=True)

        smooth = smooth_fixes(fixes)

        pd.testing.assert_frame_equal(fixes, before)
        for name in MOVED:
            assert (smooth[f"raw_{name}"] == fixes[name]).all()
        rest = ["track", "time", "trip", "lon", "note"]
        pd.testing.assert_frame_equal(smooth[rest], fixes[rest])


class TestHostile:
    """What cannot be smoothed."""

    def test_no_fixes_give_none(self):
        assert smooth_fixes(random_trips(1).iloc[:0]).empty

    def test_two_fixes_of_one_time_are_borne(self):
        smooth = smooth_fixes(fixes_at([0, 10, 20, 30], [0, 0, 0, 0], [0, 60, 60, 120]))

        assert np.isfinite(smooth[list(MOVED)]).all(axis=None)

    def test_a_fix_a_millisecond_and_a_fix_a_day_are_borne(self):
        seconds = np.concatenate([np.arange(500) / 1000, 86_400.0 * np.arange(1, 500)])
        rng = np.random.default_rng(1)
        fixes = fixes_at(
            *rng.normal(0, 1e5, (2, 999)), seconds, error_m=rng.uniform(1e-3, 1e5, 999)
        )

        smooth = smooth_fixes(fixes)

        assert np.isfinite(smooth[list(MOVED)]).all(axis=None)
        assert (smooth["error_m"] > 0).all()

    @pytest.mark.parametrize("name", ["track", "time", "trip", *MOVED])
    def test_a_missing_column_is_named(self, name):
        with pytest.raises(SchemaError, match=f"no column '{name}'"):
            smooth_fixes(random_trips(1).drop(columns=name))

    def test_smoothing_twice_is_refused(self):
        with pytest.raises(SchemaError, match="smooth already"):
            smooth_fixes(smooth_fixes(random_trips(1)))

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("x_m", np.nan, "x_m holds a value that is not a finite number"),
            ("y_m", np.inf, "y_m holds a value that is not a finite number"),
            ("error_m", np.nan, "error_m holds a value that is not a finite"),
            ("error_m", 0.0, "error_m holds a value that is not above zero"),
            ("time", pd.NaT, "time holds a value that is no time"),
        ],
    )
    def test_values_that_are_none_are_refused(self, name, value, message):
        fixes = random_trips(1)
        fixes.loc[3, name] = value

        with pytest.raises(ValueError, match=message):
            smooth_fixes(fixes)


def test_the_gate_is_that_of_99_percent():
    from scipy.stats import chi2

    assert round(chi2.ppf(0.99, 2), 2) == GATE


def test_the_ladder_goes_from_a_thousandth_to_one():
    assert Q_LADDER[0] == 2.0**-10
    assert Q_LADDER[-1] == 1
    np.testing.assert_allclose(Q_LADDER[1:] / Q_LADDER[:-1], np.sqrt(2))
