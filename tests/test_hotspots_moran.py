"""Moran's I and general G."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geo.analysis.hotspots.moran import global_g, global_moran, local_moran
from geo.analysis.hotspots.permutation import permuted_p

SPDEP = json.loads(
    (Path(__file__).parent / "fixtures" / "moran.json").read_text(encoding="utf-8")
)


def lattice():
    """The 20 by 20 field of the recipe in the fixture."""
    k = np.arange(400)
    row, column = k // 20, k % 20
    noise = np.floor(6 * ((0.5 + k * 0.7548776662466927) % 1))
    return (noise + 7 * ((row - 6) ** 2 + (column - 13) ** 2 <= 9)).reshape(20, 20)


def test_local_scores_agree_with_spdep():
    found = local_moran(lattice())

    np.testing.assert_allclose(found.score.ravel(), SPDEP["local_moran"], atol=1e-9)
    z = np.array(SPDEP["local_moran_z"], dtype=float)
    np.testing.assert_allclose(found.z.ravel(), z, atol=1e-9)


def test_global_moran_agrees_with_spdep():
    found = global_moran(lattice())

    expected = SPDEP["global_moran"]
    assert found.value == pytest.approx(expected["I"], abs=1e-9)
    assert found.expected == pytest.approx(expected["E"], abs=1e-9)
    assert found.variance == pytest.approx(expected["V"], abs=1e-12)
    assert found.z == pytest.approx((0.4330738 + 0.00250627) / 0.00067756**0.5, 1e-4)
    assert found.p < 1e-50


def test_general_g_agrees_with_spdep():
    assert global_g(lattice()).value == pytest.approx(SPDEP["global_g"], abs=1e-12)


@pytest.mark.parametrize("statistic", [global_moran, global_g])
def test_expectation_and_variance_are_those_over_arrangements(statistic):
    """30 cells around a hole: the moments of many shuffles."""
    rng = np.random.default_rng(4)
    mask = np.ones((5, 7), bool)
    mask[2, 2:6] = mask[0, 0] = False
    values = np.zeros(mask.shape)
    values[mask] = rng.gamma(0.7, size=30)
    said = statistic(values, mask=mask)

    seen = np.empty(8000)
    for k in range(len(seen)):
        values[mask] = rng.permutation(values[mask])
        seen[k] = statistic(values, mask=mask).value

    error = seen.std() / len(seen) ** 0.5
    assert said.expected == pytest.approx(seen.mean(), abs=4 * error)
    assert said.variance == pytest.approx(seen.var(), rel=0.08)


def test_a_pocket_of_low_values_on_high_ground_is_an_outlier():
    values = np.zeros((8, 8))
    values[:4] = 10
    values[1, 4] = 0
    values[6, 2] = 10

    quadrant = local_moran(values).quadrant

    assert quadrant[[1, 6, 1, 6], [4, 2, 1, 6]].tolist() == ["LH", "HL", "HH", "LL"]


def test_chances_are_those_of_the_neighbours():
    values = np.random.default_rng(1).gamma(1, size=(9, 9))

    found = local_moran(values, seed=3, permutations=199)

    expected = permuted_p(values, seed=3, permutations=199)
    assert np.array_equal(found.p, expected)


def test_what_is_off_the_mask_and_islands_have_no_quadrant():
    mask = np.zeros((9, 9), bool)
    mask[:5] = True
    mask[7, 7] = True
    values = np.arange(81.0).reshape(9, 9)

    found = local_moran(np.where(mask, values, np.nan), mask=mask)

    for array in (found.score, found.z, found.p):
        assert np.isnan(array[~mask]).all()
        assert np.isnan(array[7, 7])
        assert np.isfinite(array[:5]).all()
    assert (found.quadrant[~mask] == "").all()
    assert found.quadrant[7, 7] == ""
    assert set(found.quadrant[:5].ravel()) <= {"HH", "LL", "HL", "LH"}


@pytest.mark.parametrize("statistic", [global_moran, global_g])
def test_islands_are_counted_and_refused(statistic):
    mask = np.zeros((9, 9), bool)
    mask[:5] = True
    mask[7, 7] = True

    with pytest.raises(ValueError, match="1 of 46 cells have no neighbour"):
        statistic(np.arange(81.0).reshape(9, 9), mask=mask)


@pytest.mark.parametrize("statistic", [local_moran, global_moran, global_g])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((6, 6)), "all values are equal"),
        (np.eye(5), "there are 25 cells"),
        (np.where(np.eye(6) > 0, np.nan, 1), "missing or infinite"),
        (np.where(np.eye(6) > 0, np.inf, 1), "missing or infinite"),
    ],
    ids=["constant", "few", "missing", "infinite"],
)
def test_degenerate_fields_are_refused(statistic, values, message):
    with pytest.raises(ValueError, match=message):
        statistic(values)


def test_general_g_is_of_amounts():
    with pytest.raises(ValueError, match="a value is negative"):
        global_g(np.eye(6) - 1)
    one = np.zeros((6, 6))
    one[2, 2] = 1
    with pytest.raises(ValueError, match="fewer than two values"):
        global_g(one)


@settings(max_examples=40)
@given(
    hnp.arrays(float, (6, 7), elements=st.integers(0, 50)),
    st.floats(0.01, 100),
    st.floats(0, 100),
)
def test_moran_does_not_depend_on_the_unit(values, scale, offset):
    if (values == values[0, 0]).all():
        values[0, 0] += 1
    one, other = global_moran(values), global_moran(values[::-1].T * scale + offset)

    assert other.value == pytest.approx(one.value, abs=1e-6)
    assert other.z == pytest.approx(one.z, abs=1e-5)


def test_random_fields_are_seldom_called_patterned():
    rng = np.random.default_rng(6)
    for statistic in (global_moran, global_g):
        p = [statistic(rng.gamma(2, size=(12, 12))).p for _ in range(400)]
        assert 0.02 <= np.mean(np.array(p) <= 0.05) <= 0.08
