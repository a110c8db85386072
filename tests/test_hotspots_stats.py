"""Local clustering and multiple testing."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from geo.analysis.hotspots.stats import (
    false_discovery,
    find_islands,
    getis_ord,
    getis_ord_neighbours,
    getis_ord_p,
    two_sided_p,
)

SPDEP = json.loads(
    (Path(__file__).parent / "fixtures" / "gi_star.json").read_text(encoding="utf-8")
)


def lattice():
    """The 20 by 20 field of the recipe in the fixture."""
    k = np.arange(400)
    row, column = k // 20, k % 20
    noise = np.floor(6 * ((0.5 + k * 0.7548776662466927) % 1))
    return (noise + 7 * ((row - 6) ** 2 + (column - 13) ** 2 <= 9)).reshape(20, 20)


def test_gi_star_agrees_with_spdep_on_a_lattice():
    z = getis_ord(lattice())

    np.testing.assert_allclose(z.ravel(), SPDEP["gi_star"], rtol=0, atol=1e-9)
    assert z.ravel()[[134, 0, 399]] == pytest.approx([8.998204, -0.609628, 1.016047])


def test_gi_star_agrees_with_the_six_points_of_esda():
    """Points closer than 15 are neighbours."""
    x = np.array([10, 20, 40, 15, 30, 30])
    y = np.array([10, 10, 10, 20, 20, 30])
    near = np.hypot(x - x[:, None], y - y[:, None]) <= 15
    np.fill_diagonal(near, val=False)
    indptr = np.concatenate([[0], np.cumsum(near.sum(axis=1))])

    z = getis_ord_neighbours(
        [2, 3, 3.2, 5, 8, 7], indptr, indices=np.nonzero(near)[1], fewest=6
    )

    expected = [-1.397276, -0.289178, 0.650650, -0.289178, 1.234521, 2.024243]
    assert z == pytest.approx(expected, abs=1e-6)


def test_a_place_that_lists_itself_counts_once():
    values = np.arange(6.0)
    alone = getis_ord_neighbours(values, np.zeros(7), indices=[], fewest=6)

    listed = getis_ord_neighbours(values, np.arange(7), indices=np.arange(6), fewest=6)

    assert np.array_equal(alone, listed)


def neighbours_of(mask, ring):
    """Neighbour lists of the cells of a mask."""
    row, column = np.nonzero(mask)
    near = (abs(row - row[:, None]) <= ring) & (abs(column - column[:, None]) <= ring)
    indptr = np.concatenate([[0], np.cumsum(near.sum(axis=1))])
    return indptr, np.nonzero(near)[1]


@pytest.mark.parametrize("ring", [1, 2, 4])
def test_a_masked_lattice_agrees_with_its_neighbour_lists(ring):
    rng = np.random.default_rng(3)
    values = rng.poisson(3, (15, 18)).astype(float)
    mask = rng.random(values.shape) < 0.7
    indptr, indices = neighbours_of(mask, ring)

    z = getis_ord(np.where(mask, values, np.nan), mask=mask, ring=ring)

    other = getis_ord_neighbours(values[mask], indptr, indices=indices)
    np.testing.assert_allclose(z[mask], other, atol=1e-12)
    assert np.isnan(z[~mask]).all()


@settings(deadline=None)
@given(
    hnp.arrays(float, (6, 7), elements=st.integers(0, 50)),
    st.floats(0.01, 100),
    st.floats(-100, 100),
)
def test_scores_do_not_depend_on_the_unit(values, scale, offset):
    if (values == values[0, 0]).all():
        values[0, 0] += 1
    z = getis_ord(values)

    np.testing.assert_allclose(getis_ord(values * scale + offset), z, atol=1e-6)
    np.testing.assert_allclose(getis_ord(values[::-1].T), z[::-1].T, atol=1e-9)


@pytest.mark.parametrize("score", [getis_ord, getis_ord_p])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((6, 6)), "all values are equal"),
        (np.eye(5), "there are 25 cells; Gi. needs at least 30"),
        (np.where(np.eye(6) > 0, np.nan, 1), "missing or infinite"),
        (np.where(np.eye(6) > 0, np.inf, 1), "missing or infinite"),
        (np.arange(36), "expected two equal shapes"),
        (np.zeros((0, 6)), "there are 0 cells"),
    ],
    ids=["constant", "few", "missing", "infinite", "flat", "empty"],
)
def test_degenerate_fields_are_refused(score, values, message):
    with pytest.raises(ValueError, match=message):
        score(values)


def test_surroundings_that_hold_everything_are_refused():
    with pytest.raises(ValueError, match="hold all 36"):
        getis_ord(np.eye(6), ring=5)


@pytest.mark.parametrize("score", [getis_ord, getis_ord_p])
def test_a_ring_of_nothing_is_refused(score):
    with pytest.raises(ValueError, match="ring is 0"):
        score(np.eye(6), ring=0)


@pytest.mark.parametrize(
    ("indptr", "indices"),
    [([0, 1, 2], [1, 0]), ([0, 1, 2, 4], [1, 0, 1]), ([0, 1, 2, 3], [1, 0, 3])],
    ids=["too few lists", "ends elsewhere", "no such place"],
)
def test_lists_that_do_not_fit_are_refused(indptr, indices):
    with pytest.raises(ValueError, match="do not fit 3 values"):
        getis_ord_neighbours([1, 2, 3], indptr, indices=indices, fewest=3)


@pytest.mark.parametrize("value", [-1, 0.5])
def test_chances_are_of_counts(value):
    counts = np.eye(6)
    counts[0, 0] = value

    with pytest.raises(ValueError, match="negative or not a whole number"):
        getis_ord_p(counts)


def test_the_chance_of_a_sum_agrees_with_shuffling():
    rng = np.random.default_rng(4)
    counts = rng.negative_binomial(0.5, 0.05, (25, 25))
    p = getis_ord_p(counts)

    cell = np.unravel_index(np.argsort(p, axis=None)[::60], p.shape)
    shuffled = np.array(
        [rng.choice(counts.ravel(), 9, replace=False).sum() for _ in range(20_000)]
    )
    for row, column in zip(*cell, strict=True):
        if not (0 < row < 24 and 0 < column < 24):
            continue
        seen = counts[row - 1 : row + 2, column - 1 : column + 2].sum()
        tails = (shuffled >= seen).mean(), (shuffled <= seen).mean()
        assert p[row, column] == pytest.approx(min(1, 2 * min(tails)), abs=0.02)


def test_the_chance_of_one_success_is_binomial():
    counts = np.zeros((10, 10), int)
    counts[2:5, 2:5] = 1

    p = getis_ord_p(counts)

    everything = stats.binom.sf(8, 9, 0.09)
    assert p[3, 3] == pytest.approx(2 * everything, rel=1e-3)
    assert p[9, 9] == 1


@settings(deadline=None)
@given(hnp.arrays(int, (7, 7), elements=st.integers(0, 30)), st.integers(0, 5))
def test_chances_lie_in_range_and_ignore_a_common_offset(counts, more):
    if (counts == counts[0, 0]).all():
        counts[0, 0] += 1

    p = getis_ord_p(counts)

    assert ((p > 0) & (p <= 1)).all()
    np.testing.assert_allclose(getis_ord_p(counts + more), p, atol=1e-9)


@pytest.mark.parametrize("kind", ["poisson", "skewed"])
def test_shuffled_counts_seldom_show_anything(kind):
    """A false discovery rate of 5 % means: something in at most 7 % of null fields."""
    rng = np.random.default_rng(11)
    found = 0
    for _ in range(300):
        counts = rng.poisson(2, 900)
        if kind == "skewed":
            counts = np.floor(np.exp(rng.normal(1, 1.5, 900)))
        q = false_discovery(getis_ord_p(counts.reshape(30, 30)))
        found += int((q <= 0.05).any())

    assert found / 300 <= 0.07


def test_p_agrees_with_spdep():
    p = two_sided_p(SPDEP["gi_star"])

    np.testing.assert_allclose(p, SPDEP["p_two_sided"], atol=1e-9)
    assert (p < 0.05).sum() == 42


@pytest.mark.parametrize(("method", "discoveries"), [("bh", 30), ("by", 28)])
def test_adjusted_p_agrees_with_spdep(method, discoveries):
    q = false_discovery(SPDEP["p_two_sided"], method=method)

    np.testing.assert_allclose(q, SPDEP[method], atol=1e-9)
    assert (q <= 0.05).sum() == discoveries


chances = st.lists(st.floats(0, 1), min_size=1, max_size=50)


@settings(deadline=None)
@given(chances, st.sampled_from(["bh", "by"]))
def test_adjusting_agrees_with_scipy(p, method):
    expected = stats.false_discovery_control(p, method=method)

    np.testing.assert_allclose(false_discovery(p, method=method), expected, atol=1e-12)


@settings(deadline=None)
@given(chances)
def test_missing_tests_are_not_counted(p):
    holey = np.array([*p, np.nan]).reshape(1, -1)

    q = false_discovery(holey)

    assert q.shape == holey.shape
    assert np.array_equal(q[0, :-1], false_discovery(p))
    assert np.isnan(q[0, -1])


def test_no_tests_give_nothing():
    assert false_discovery([]).size == 0


@pytest.mark.parametrize("p", [-0.1, 1.1, np.inf])
def test_what_is_no_chance_is_refused(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        false_discovery([0.5, p])


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="'bonferroni'; expected 'bh' or 'by'"):
        false_discovery([0.5], method="bonferroni")


def test_islands_are_told_apart():
    mask = np.zeros((6, 7), bool)
    mask[0, 0] = mask[2, 2] = mask[3, 3] = mask[5, 6] = True

    assert np.argwhere(find_islands(mask)).tolist() == [[0, 0], [5, 6]]
    assert not find_islands(mask, ring=3).any()


def test_correction_keeps_what_spdep_keeps():
    """Of 42 cells below 0.05, 26 pass Bonferroni."""
    p = two_sided_p(getis_ord(lattice()))

    assert (p < 0.05).sum() == 42
    assert (false_discovery(p) < 0.05).sum() == 30
    assert (false_discovery(p, method="by") < 0.05).sum() == 28
    assert (p * 400 < 0.05).sum() == 26


def test_500_fields_without_pattern_show_little():
    rng = np.random.default_rng(21)
    found = 0
    for _ in range(500):
        q = false_discovery(two_sided_p(getis_ord(rng.normal(size=(20, 20)))))
        found += int((q <= 0.05).any())

    assert found / 500 <= 0.07
