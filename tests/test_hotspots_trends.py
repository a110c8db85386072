"""The Mann-Kendall test."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from geo.analysis.hotspots.trends import mann_kendall

K = np.arange(36)


def noise(factor):
    return (0.5 + K * factor) % 1


STAIRS = np.floor(3 * noise(0.7548776662466927)) + K // 9
WAVES = np.round(5 * np.sin(K / 3) + 0.05 * K, 3)
WALK = np.round(np.cumsum(noise(0.5698402909980532) - 0.5) * 4, 3)


def test_a_series_with_ties_agrees_with_the_textbook():
    found = mann_kendall([2, 5, 3, 8, 7, 9, 9, 12, 11, 14])

    assert (found.s, found.variance) == (38, 124)
    assert found.z == pytest.approx(3.322698, abs=1e-6)
    assert found.p == pytest.approx(0.00089151, abs=1e-8)
    assert found.slope == pytest.approx(7 / 6)


@pytest.mark.parametrize(
    ("series", "s", "variance", "p", "slope"),
    [
        (STAIRS, 385, 5174.333333333333, 9.381546983711e-08, 0.125),
        (WAVES, -92, 5390.0, 0.21515988319619161, -0.08807352941176472),
        (WALK, -386, 5390.0, 1.5709450562617633e-07, -0.111),
    ],
    ids=["stairs", "waves", "walk"],
)
def test_series_agree_with_pymannkendall(series, s, variance, p, slope):
    found = mann_kendall(series)

    assert found.s == s
    assert found.variance == pytest.approx(variance, rel=1e-12)
    assert found.p == pytest.approx(p, rel=1e-9)
    assert found.slope == pytest.approx(slope, abs=1e-12)


@pytest.mark.parametrize(
    ("series", "variance", "tolerance"),
    [
        (STAIRS, 7592.750792062898, 1e-9),
        (WAVES, 9800.864661720543, 1e-9),
        (WALK, 6556.743102930451, 1e-3),  # it breaks ties about the line by rounding
    ],
    ids=["stairs", "waves", "walk"],
)
def test_corrected_variances_agree_with_pymannkendall(series, variance, tolerance):
    found = mann_kendall(series, autocorrelation="hamed-rao")

    assert found.variance == pytest.approx(variance, rel=tolerance)


def test_the_variance_is_that_over_all_arrangements():
    values = [1, 2, 2, 4, 5, 5, 5]

    every = mann_kendall(list(itertools.permutations(values)))

    assert every.s.mean() == 0
    assert every.variance[0] == pytest.approx(every.s.var())


def test_alternation_does_not_make_trends():
    """The correction never narrows: pymannkendall gives a variance of -13 here."""
    series = [2, 5, 3, 8, 7, 9, 9, 12, 11, 14]

    found = mann_kendall(series, autocorrelation="hamed-rao")

    assert found.variance == 124


def test_the_correction_tames_series_that_follow_themselves():
    rng = np.random.default_rng(3)
    series = np.zeros((2000, 60))
    for step in range(1, 60):
        series[:, step] = 0.5 * series[:, step - 1] + rng.normal(size=2000)

    plain, corrected = (
        (mann_kendall(series, autocorrelation=how).p <= 0.05).mean()
        for how in ("none", "hamed-rao")
    )

    assert plain > 0.24
    assert corrected < 0.18


@pytest.mark.parametrize("how", ["none", "hamed-rao"])
def test_noise_seldom_has_a_trend(how):
    rng = np.random.default_rng(4)

    p = mann_kendall(rng.normal(size=(4000, 24)), autocorrelation=how).p

    assert 0.025 <= (p <= 0.05).mean() <= 0.06


@pytest.mark.parametrize("how", ["none", "hamed-rao"])
def test_a_planted_trend_is_found(how):
    rng = np.random.default_rng(5)
    series = rng.normal(size=(500, 24)) + 0.15 * np.arange(24)

    found = mann_kendall(series, autocorrelation=how)

    assert ((found.p <= 0.05) & (found.z > 0)).mean() > 0.9
    assert np.median(found.slope) == pytest.approx(0.15, abs=0.01)


@given(hnp.arrays(int, (3, 8), elements=st.integers(0, 5)))
def test_scores_agree_with_scipy(rows):
    found = mann_kendall(rows)

    for row, s, slope in zip(rows, found.s, found.slope, strict=True):
        pairs = itertools.combinations(row, 2)
        assert s == sum(np.sign(late - early) for early, late in pairs)
        assert slope == pytest.approx(stats.theilslopes(row).slope)


@given(hnp.arrays(int, (2, 3, 9), elements=st.integers(0, 9)))
def test_a_series_backwards_falls_as_it_rose(rows):
    for how in ("none", "hamed-rao"):
        there = mann_kendall(rows, autocorrelation=how)
        back = mann_kendall(rows[..., ::-1], autocorrelation=how)

        assert there.p.shape == (2, 3)
        np.testing.assert_array_equal(there.s, -back.s)
        np.testing.assert_allclose(there.p, back.p)
        np.testing.assert_allclose(there.slope, -back.slope)


def test_no_change_is_no_trend():
    for how in ("none", "hamed-rao"):
        found = mann_kendall([[7] * 12, [0] * 12], autocorrelation=how)

        assert found.p.tolist() == [1, 1]
        assert found.slope.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("series", "wrong", "message"),
    [
        ([1, 2, 3], {}, "a series has 3 steps; a trend needs at least 4"),
        (5, {}, "a series has 1 steps"),
        ([1, 2, np.nan, 4], {}, "missing or infinite"),
        ([1, 2, np.inf, 4], {}, "missing or infinite"),
        ([1, 2, 3, 4], {"autocorrelation": "yue"}, "autocorrelation is 'yue'"),
    ],
)
def test_what_has_no_trend_is_refused(series, wrong, message):
    with pytest.raises(ValueError, match=message):
        mann_kendall(series, **wrong)
