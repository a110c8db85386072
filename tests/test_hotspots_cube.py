"""Gi* of the bins of a space-time cube."""

import numpy as np
import pandas as pd
import pytest

from geo.analysis.hotspots.cube import score_cube, stack_visits
from geo.analysis.hotspots.stats import (
    false_discovery,
    getis_ord_neighbours,
    two_sided_p,
)
from geo.errors import SchemaError
from geo.grid import Grid
from geo.schema import ALL_MONTHS

GRID = Grid("EPSG:32618", 0, 3000, 1000, rows=3, columns=4)


def neighbour_lists(cube, mask, *, ring, back):
    """The neighbours of each bin on the mask, found one by one."""
    step, row, column = np.nonzero(np.broadcast_to(mask, cube.shape))
    lag = step[:, None] - step
    near = (lag >= 0) & (lag <= back)
    near &= (abs(row[:, None] - row) <= ring) & (abs(column[:, None] - column) <= ring)
    return np.concatenate([[0], near.sum(axis=1).cumsum()]), np.nonzero(near)[1]


@pytest.mark.parametrize(("ring", "back"), [(1, 1), (2, 0), (1, 3)])
def test_bins_have_the_scores_of_their_neighbour_lists(ring, back):
    rng = np.random.default_rng(2)
    cube = rng.poisson(3, (10, 6, 7)).astype(float)
    mask = rng.random((6, 7)) < 0.8
    indptr, indices = neighbour_lists(cube, mask, ring=ring, back=back)

    found = score_cube(
        np.where(mask, cube, np.nan), mask=mask, ring=ring, back=back, chance="normal"
    )

    z = getis_ord_neighbours(cube[:, mask].ravel(), indptr, indices=indices)
    np.testing.assert_allclose(found.z[:, mask].ravel(), z, atol=1e-12)
    q = false_discovery(two_sided_p(z))
    np.testing.assert_allclose(found.q[:, mask].ravel(), q, atol=1e-12)
    assert np.isnan(found.z[:, ~mask]).all()
    assert not found.state[:, ~mask].any()


def test_a_bin_sees_what_was_before_it_and_not_what_comes():
    cube = np.ones((12, 7, 7), int)
    cube[6, 3, 3] = 100

    z = score_cube(cube).z

    assert (z[6:8, 2:5, 2:5] > 5).all()
    assert (z[5] < 0).all()
    assert (z[8] < 0).all()


@pytest.mark.parametrize("chance", ["counts", "normal"])
def test_a_cube_without_pattern_seldom_shows_anything(chance):
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(200):
        if chance == "counts":
            cube = np.floor(np.exp(rng.normal(1, 1.2, (10, 10, 10))))
        else:
            cube = rng.normal(size=(10, 10, 10))
        found += int(score_cube(cube, chance=chance).state.any())

    assert found / 200 <= 0.07


def test_corrections_are_stricter_and_stricter():
    rng = np.random.default_rng(6)
    cube = rng.poisson(3, (10, 10, 10))
    cube[5:, 2:6, 2:6] += 4

    number = [
        (score_cube(cube, correction=how).state != 0).sum()
        for how in ("none", "fdr", "by")
    ]

    assert number[0] > number[1] > number[2] > 30


@pytest.mark.parametrize(
    ("cube", "wrong", "message"),
    [
        (np.zeros((9, 6, 6)), {}, "there are 9 steps; .* at least 10"),
        (np.zeros((6, 6)), {}, "expected .steps, rows, columns."),
        (np.ones((10, 6, 6)), {}, "all values are equal"),
        (np.full((10, 6, 6), np.nan), {}, "missing or infinite"),
        (np.eye(12).reshape(12, 3, 4), {"mask": np.ones((2, 2), bool)}, "the mask"),
        (np.eye(12).reshape(12, 3, 4), {"ring": 0}, "ring is 0"),
        (np.eye(12).reshape(12, 3, 4), {"back": 12}, "back is 12"),
        (np.eye(12).reshape(12, 3, 4), {"chance": "exact"}, "chance is 'exact'"),
        (np.eye(12).reshape(12, 3, 4), {"correction": "bh"}, "correction is 'bh'"),
        (np.eye(12).reshape(12, 3, 4), {"alpha": 0}, "alpha is 0"),
        (np.eye(12).reshape(12, 3, 4) / 2, {}, "not a whole number"),
        (np.eye(12).reshape(12, 1, 12)[:, :, :2], {}, "there are 24 cells"),
    ],
)
def test_what_is_no_cube_is_refused(cube, wrong, message):
    with pytest.raises(ValueError, match=message):
        score_cube(cube, **wrong)


def visits(rows):
    return pd.DataFrame(rows, columns=["cell", "month", "tracks"])


def test_months_without_a_row_are_empty():
    table = visits([(5, 24_000, 3), (0, 24_011, 7), (0, ALL_MONTHS, 99)])

    cube = stack_visits(table, GRID)

    assert cube.shape == (12, 3, 4)
    assert (cube[0, 1, 1], cube[11, 0, 0], cube.sum()) == (3, 7, 10)


def test_wrong_visits_are_refused():
    good = [(5, 0, 3), (0, 11, 7)]

    with pytest.raises(ValueError, match=r"there are 9 months; .* at least 10"):
        stack_visits(visits([(5, 3, 1), (5, 11, 1)]), GRID)
    with pytest.raises(ValueError, match="there are 0 months"):
        stack_visits(visits([]).astype(int), GRID)
    with pytest.raises(ValueError, match="that the grid does not have"):
        stack_visits(visits([*good, (12, 4, 1)]), GRID)
    with pytest.raises(ValueError, match="comes twice in a month"):
        stack_visits(visits([*good, good[0]]), GRID)
    with pytest.raises(SchemaError, match="no column 'tracks'"):
        stack_visits(visits(good).drop(columns="tracks"), GRID)
