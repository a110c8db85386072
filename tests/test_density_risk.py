"""Relative risk and tolerance areas."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy import stats

from geo.analysis.density.risk import relative_risk, tolerance_areas
from geo.grid import Grid, Surface

SPARR = json.loads(
    (Path(__file__).parent / "fixtures" / "sparr.json").read_text("utf-8")
)["risk"]
GRID = Grid("EPSG:32618", 0, 100, 0.5, rows=200, columns=200)
COARSE = Grid("EPSG:32618", 0, 100, 2, rows=50, columns=50)


def points():
    """The 460 points of the recipe in the fixture."""
    i, j = np.arange(1, 401), np.arange(1, 61)
    u, v = (0.5 + i * 0.7548776662466927) % 1, (0.5 + i * 0.5698402909980532) % 1
    r = 4 * np.sqrt((j * 0.6180339887498949) % 1)
    angle = 2 * np.pi * ((j * 0.4142135623730951) % 1)
    x = np.concatenate([100 * u**1.7, 62 + r * np.cos(angle)])
    return np.array([x, np.concatenate([100 * v, 35 + r * np.sin(angle)])])


def kinds():
    """Cases and controls of the fixture."""
    case = np.r_[:140, 400:460]
    return points()[:, case], points()[:, 140:400]


def at(surface, x, y):
    return surface.values.ravel()[surface.grid.cell_of(np.array(x), np.array(y))]


def test_the_ratio_agrees_with_sparr():
    """Its pixels move points, which changes a log ratio by up to 0.02."""
    found = relative_risk(*kinds(), grid=GRID, bandwidth_m=8)

    ratio = at(found.log_ratio, SPARR["x"], SPARR["y"])
    assert ratio[:2] == pytest.approx(SPARR["log_rr"][:2], rel=0.05)
    assert ratio == pytest.approx(SPARR["log_rr"], abs=0.025)


def test_the_chance_agrees_with_sparr():
    found = relative_risk(*kinds(), grid=GRID, bandwidth_m=8)

    p = at(found.p, SPARR["x"], SPARR["y"])
    assert p[0] < 1e-8
    assert stats.norm.isf(p[:2]) == pytest.approx(
        stats.norm.isf(SPARR["p"][:2]), rel=0.05
    )
    assert p[1:] == pytest.approx(SPARR["p"][1:], rel=0.05)


def test_the_cluster_is_inside_and_the_rest_outside():
    found = relative_risk(*kinds(), grid=GRID, bandwidth_m=8)

    areas = tolerance_areas(found.q, alpha=0.01)

    assert areas.is_valid
    assert areas.contains(shapely.Point(62, 35).buffer(4))
    assert areas.within(shapely.Point(62, 35).buffer(25))
    assert areas.area == pytest.approx((found.q.values <= 0.01).sum() / 4, rel=0.05)


def test_the_larger_of_two_samples_makes_no_risk():
    """Densities are shares: three times as many cases everywhere are no cluster."""
    rng = np.random.default_rng(4)

    found = relative_risk(
        rng.uniform(0, 100, (2, 900)),
        rng.uniform(0, 100, (2, 300)),
        grid=COARSE,
        bandwidth_m=15,
    )

    assert np.abs(found.log_ratio.values).max() < 0.8
    assert abs(found.log_ratio.values.mean()) < 0.05


def test_turned_around_the_ratio_changes_its_sign():
    one = relative_risk(*kinds(), grid=COARSE, bandwidth_m=8, reference="pooled")
    other = relative_risk(
        *kinds()[::-1], grid=COARSE, bandwidth_m=8, reference="pooled"
    )

    np.testing.assert_allclose(one.log_ratio.values, -other.log_ratio.values)
    np.testing.assert_allclose(one.z.values, -other.z.values)


@pytest.mark.parametrize("reference", ["controls", "pooled"])
def test_chances_are_even_where_there_is_no_difference(reference):
    p = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        found = relative_risk(
            rng.uniform(0, 100, (2, 300)),
            rng.uniform(0, 100, (2, 300)),
            grid=COARSE,
            bandwidth_m=10,
            reference=reference,
        )
        p.append(found.p.values[30, 12])

    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_the_mask_bounds_the_ratio():
    column, row = np.meshgrid(np.arange(200), np.arange(200))
    mask = (column < 100) | (row >= 100)
    pair = [kind[:, (kind[0] <= 50) | (kind[1] <= 50)] for kind in kinds()]

    found = relative_risk(*pair, grid=GRID, bandwidth_m=8, mask=mask)

    for surface in (found.log_ratio, found.z, found.p, found.q):
        assert np.array_equal(np.isfinite(surface.values), mask)
    assert tolerance_areas(found.q).intersects(shapely.Point(62, 35))


def test_where_nothing_is_the_ratio_stays_finite():
    found = relative_risk(
        ([10.0], [10.0]), ([90.0], [90.0]), grid=COARSE, bandwidth_m=4
    )

    assert np.isfinite(found.log_ratio.values).all()
    assert np.isfinite(found.q.values).all()


def test_areas_have_holes_and_end_at_the_edge():
    values = np.zeros(COARSE.shape)
    values[20:30, 20:30] = 1

    areas = tolerance_areas(Surface(COARSE, values, "chance", "p"))

    assert len(areas.geoms) == 1
    assert len(areas.geoms[0].interiors) == 1
    assert not tolerance_areas(Surface(COARSE, values + 1, "chance", "p")).geoms


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cases": ([500], [500])}, "none of the cases lies on the grid"),
        ({"controls": ([], [])}, "none of the controls lies on the grid"),
        ({"cases": ([1, 2], [1])}, "x and y of the cases differ in length"),
        ({"reference": "cases"}, "reference is 'cases'"),
        ({"bandwidth_m": 1}, "expected at least 2 of the cells"),
    ],
)
def test_what_cannot_be_compared_is_refused(wrong, message):
    good = {"cases": ([50], [50]), "controls": ([50], [50]), "grid": COARSE}

    with pytest.raises(ValueError, match=message):
        relative_risk(**({"bandwidth_m": 8} | good | wrong))


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ValueError, match="alpha is 1"):
        tolerance_areas(Surface(COARSE, np.ones(COARSE.shape), "chance", "p"), alpha=1)
