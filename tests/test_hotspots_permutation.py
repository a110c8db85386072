"""Conditional permutations: other cells around a cell."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, stats

from geo.analysis.hotspots import permutation
from geo.analysis.hotspots.permutation import (
    in_threads,
    permuted_p,
    permuted_p_neighbours,
)
from geo.analysis.hotspots.stats import false_discovery, getis_ord
from geo.kernels import draws

SPDEP = json.loads(
    (Path(__file__).parent / "fixtures" / "moran.json").read_text(encoding="utf-8")
)


def lattice():
    """The 20 by 20 field of the recipe in the fixture."""
    k = np.arange(400)
    row, column = k // 20, k % 20
    noise = np.floor(6 * ((0.5 + k * 0.7548776662466927) % 1))
    return (noise + 7 * ((row - 6) ** 2 + (column - 13) ** 2 <= 9)).reshape(20, 20)


def neighbours_of(mask, ring=1):
    """Neighbour lists of the cells of a mask."""
    row, column = np.nonzero(mask)
    near = (abs(row - row[:, None]) <= ring) & (abs(column - column[:, None]) <= ring)
    np.fill_diagonal(near, val=False)
    indptr = np.concatenate([[0], np.cumsum(near.sum(axis=1))])
    return indptr, np.nonzero(near)[1]


def test_the_chance_of_successes_is_hypergeometric():
    """Neighbours are drawn without replacement, from all cells but their own."""
    values = np.zeros((8, 8))
    values[2:4, 2:5] = 1

    p = permuted_p(values, permutations=99_999)

    for row, column in [(2, 2), (1, 1), (3, 3), (2, 4), (4, 4)]:
        around = values[row - 1 : row + 2, column - 1 : column + 2].sum()
        others = 6 - values[row, column]
        seen = around - values[row, column]
        law = stats.hypergeom(63, others, 8)
        exact = min(1, 2 * min(law.sf(seen - 1), law.cdf(seen)))
        assert p[row, column] == pytest.approx(exact, rel=0.1, abs=2e-4)


def test_the_chance_among_few_places_agrees_with_all_arrangements():
    values = np.array([2, 3, 3.2, 5, 8, 7, 1.5])
    indptr, indices = [0, 2, 4, 6, 8, 10, 11, 12], [1, 2, 0, 3, 0, 4, 1, 5, 2, 6, 3, 4]

    p = permuted_p_neighbours(
        values, indptr, indices=indices, permutations=99_999, fewest=7
    )

    for place in range(7):
        near = indices[indptr[place] : indptr[place + 1]]
        others = np.delete(values, place)
        sums = [sum(c) for c in itertools.combinations(others, len(near))]
        seen = values[near].sum()
        tails = (
            np.mean(np.array(sums) >= seen - 1e-9),
            np.mean(np.array(sums) <= seen + 1e-9),
        )
        assert p[place] == pytest.approx(min(1, 2 * min(tails)), abs=0.01)


@pytest.mark.parametrize("ring", [1, 3])
def test_a_masked_lattice_agrees_with_its_neighbour_lists(ring):
    rng = np.random.default_rng(3)
    values = rng.poisson(3, (15, 18)).astype(float)
    mask = rng.random(values.shape) < 0.7
    indptr, indices = neighbours_of(mask, ring)

    p = permuted_p(np.where(mask, values, np.nan), mask=mask, ring=ring, seed=5)

    other = permuted_p_neighbours(values[mask], indptr, indices=indices, seed=5)
    assert np.array_equal(p[mask], other, equal_nan=True)
    assert np.isnan(p[~mask]).all()


def test_an_island_is_not_tested():
    mask = np.zeros((9, 9), bool)
    mask[:5] = True
    mask[7, 7] = True
    values = np.arange(81.0).reshape(9, 9)

    p = permuted_p(values, mask=mask)

    assert np.isnan(p[7, 7])
    assert np.isfinite(p[:5]).all()


def test_many_permutations_approach_the_normal_law_of_spdep():
    """Gi without the cell itself is the same question; the field is a little skewed."""
    p = permuted_p(lattice(), permutations=99_999).ravel()

    normal = 2 * stats.norm.sf(np.abs(SPDEP["gi"]))
    assert np.corrcoef(normal, p)[0, 1] > 0.99
    assert np.abs(normal - p).max() < 0.15


def test_chances_are_uniform_where_there_is_no_pattern():
    rng = np.random.default_rng(8)
    seen = [
        permuted_p(rng.gamma(0.5, size=(10, 10)), seed=field)[4, 7]
        for field in range(600)
    ]

    assert stats.kstest(seen, "uniform").pvalue > 0.01
    assert max(seen) <= 1


@pytest.mark.parametrize(("permutations", "fields"), [(999, 500), (9999, 150)])
def test_a_field_without_pattern_seldom_shows_anything(permutations, fields):
    """A false discovery rate of 5 % means: something in at most 7 % of null fields."""
    rng = np.random.default_rng(12)
    found = 0
    for field in range(fields):
        counts = np.floor(np.exp(rng.normal(1, 1.5, (20, 20))))
        p = permuted_p(counts, permutations=permutations, seed=field)
        found += int((false_discovery(p) <= 0.05).any())

    assert found / fields <= 0.07


def test_a_planted_cluster_is_found():
    """Thrice the rate on 21 of 400 cells; two thirds are found, and little else."""
    rng = np.random.default_rng(2)
    row, column = np.mgrid[:20, :20]
    planted = np.hypot(row - 9, column - 6) <= 2.5
    near = ndimage.binary_dilation(planted, np.ones((3, 3)))
    hits, elsewhere, every = 0, 0, 0
    for field in range(40):
        counts = rng.poisson(np.where(planted, 9, 3))
        q = false_discovery(permuted_p(counts, permutations=9999, seed=field))
        hot = (q <= 0.05) & (getis_ord(counts) > 0)
        hits += int((hot & planted).sum())
        elsewhere += int((hot & ~near).sum())
        every += int(hot.sum())

    assert hits / (40 * planted.sum()) > 0.6
    assert elsewhere / every < 0.05


def test_the_seed_decides_and_the_threads_do_not(monkeypatch):
    values = np.random.default_rng(1).gamma(1, size=(40, 40))
    p = permuted_p(values, permutations=5000)

    monkeypatch.setattr(permutation, "_CHUNK", 17)
    monkeypatch.setattr(permutation.os, "cpu_count", lambda: 7)

    assert np.array_equal(permuted_p(values, permutations=5000), p)
    assert not np.array_equal(permuted_p(values, permutations=5000, seed=1), p)


@given(st.integers(0, 2**62), st.integers(2, 40), st.integers(0, 10**6))
def test_a_draw_does_not_depend_on_its_neighbours(seed, places, first):
    size = max(1, places // 2)
    together, apart = np.empty((3, size), np.int64), np.empty((1, size), np.int64)

    draws.draw_places(seed, places, first, together)
    draws.draw_places(seed, places, first + 2, apart)

    assert np.array_equal(together[2:], apart)
    assert all(len(set(row)) == size for row in together.tolist())
    assert ((together >= 0) & (together < places)).all()


def test_draws_are_even():
    ids = np.empty((60_000, 3), np.int64)

    draws.draw_places(7, 5, 0, ids)

    for column in ids.T:
        assert stats.chisquare(np.bincount(column, minlength=5)).pvalue > 0.001
    pairs = np.bincount(ids[:, 0] * 5 + ids[:, 1], minlength=25)
    assert stats.chisquare(pairs[pairs > 0]).pvalue > 0.001
    assert (pairs > 0).sum() == 20


@given(st.floats(0.01, 1000), st.floats(-100, 100))
def test_chances_do_not_depend_on_the_unit(scale, offset):
    counts = np.random.default_rng(5).poisson(2, (9, 9))

    p = permuted_p(counts * scale + offset)

    np.testing.assert_array_equal(p, permuted_p(counts))


@pytest.mark.parametrize(
    ("values", "wrong", "message"),
    [
        (np.ones((6, 6)), {}, "all values are equal"),
        (np.eye(5), {}, "there are 25 cells"),
        (np.where(np.eye(6) > 0, np.nan, 1), {}, "missing or infinite"),
        (np.where(np.eye(6) > 0, np.inf, 1), {}, "missing or infinite"),
        (np.eye(6), {"ring": 0}, "ring is 0"),
        (np.eye(6), {"ring": 5}, "hold all 36"),
        (np.eye(6), {"permutations": 18}, "permutations is 18; expected at least 19"),
        (np.eye(6), {"seed": -1}, "seed is -1"),
    ],
)
def test_what_cannot_be_tested_is_refused(values, wrong, message):
    with pytest.raises(ValueError, match=message):
        permuted_p(values, **wrong)


def test_lists_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit 3 values"):
        permuted_p_neighbours([1, 2, 3], [0, 1, 2], indices=[1, 0], fewest=3)


def test_chunks_cover_everything_once():
    seen = np.zeros(1000, int)

    def mark(begin, end):
        seen[begin:end] += 1

    in_threads(mark, 1000, chunk=7)
    in_threads(mark, 0, chunk=7)

    assert (seen == 1).all()
