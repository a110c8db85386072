"""Bandwidths chosen by the points."""

import json
from pathlib import Path

import numpy as np
import pytest

from geo.analysis.density.bandwidth import (
    METHODS,
    bandwidth_criterion,
    compare_bandwidths,
    select_bandwidth,
    select_bandwidths,
)
from geo.analysis.density.surfaces import kernel_density_points
from geo.grid import Grid

PEERS = json.loads(
    (Path(__file__).parent / "fixtures" / "sparr.json").read_text("utf-8")
)["bandwidths"]
GRID = Grid("EPSG:32618", 0, 100, 0.5, rows=200, columns=200)


def points():
    """The 460 points of the recipe in the fixture."""
    i, j = np.arange(1, 401), np.arange(1, 61)
    u, v = (0.5 + i * 0.7548776662466927) % 1, (0.5 + i * 0.5698402909980532) % 1
    r = 4 * np.sqrt((j * 0.6180339887498949) % 1)
    angle = 2 * np.pi * ((j * 0.4142135623730951) % 1)
    x = np.concatenate([100 * u**1.7, 62 + r * np.cos(angle)])
    return x, np.concatenate([100 * v, 35 + r * np.sin(angle)])


@pytest.mark.parametrize(
    ("method", "peer", "tolerance"),
    [
        ("diggle", "diggle", 1e-9),
        ("ppl", "ppl", 0.03),
        ("likelihood", "LIK", 0.03),
        ("least-squares", "LSCV", 0.03),
        ("oversmoothing", "OS", 1e-9),
        ("normal", "NS", 1e-9),
    ],
)
def test_bandwidths_agree_with_spatstat_and_sparr(method, peer, tolerance):
    found = select_bandwidth(*points(), grid=GRID, method=method)

    assert found == pytest.approx(PEERS[peer], rel=tolerance)


def test_cvl_agrees_with_spatstat_among_the_bandwidths_that_it_tries():
    """bw.CvL returns the best of 16; ours solves the equation, at 3.54."""
    x, y = points()
    d = np.hypot(x - x[:, None], y - y[:, None]) + np.eye(460) * 1e9
    tried = np.geomspace(d.min(), np.hypot(100, 100) / 2, 16)

    misfit = bandwidth_criterion(x, y, grid=GRID, bandwidths_m=tried, method="cvl")
    exact = select_bandwidth(x, y, grid=GRID)

    assert tried[misfit.argmin()] == pytest.approx(PEERS["CvL"], rel=1e-9)
    d -= np.eye(460) * 1e9
    density = np.exp(-(d**2) / 2 / exact**2).sum(axis=1) / (2 * np.pi * exact**2)
    assert (1 / density).sum() == pytest.approx(10_000, rel=3e-4)
    assert exact == pytest.approx(3.5434, abs=1e-3)


@pytest.mark.parametrize("method", ["likelihood", "least-squares"])
def test_the_choice_is_the_best_of_its_neighbours(method):
    best = select_bandwidth(*points(), grid=GRID, method=method)

    values = bandwidth_criterion(
        *points(),
        grid=GRID,
        bandwidths_m=best * np.linspace(0.6, 1.6, 41),
        method=method,
    )

    assert values.argmin() == 16


@pytest.mark.parametrize("method", METHODS)
def test_a_mask_of_everything_changes_nothing(method):
    plain = select_bandwidth(*points(), grid=GRID, method=method)
    masked = select_bandwidth(
        *points(), grid=GRID, method=method, mask=np.ones(GRID.shape, bool)
    )

    assert masked == pytest.approx(plain, rel=0.01)


@pytest.mark.parametrize("method", METHODS)
def test_bandwidths_are_lengths(method):
    """A world of twice the size has bandwidths of twice the size."""
    x, y = points()
    double = Grid("EPSG:32618", 1000, 700, 1, rows=200, columns=200)
    one = select_bandwidth(x, y, grid=GRID, method=method)

    other = select_bandwidth(2 * x + 1000, 2 * y + 500, grid=double, method=method)

    assert other == pytest.approx(2 * one, rel=1e-3)


def test_an_angled_window_has_a_bandwidth_of_its_own():
    x, y = points()
    column, row = np.meshgrid(np.arange(200), np.arange(200))
    mask = (column < 100) | (row >= 100)
    inside = (x <= 50) | (y <= 50)

    for method in METHODS:
        found = select_bandwidth(x, y, grid=GRID, mask=mask, method=method)
        cut = select_bandwidth(
            x[inside], y[inside], grid=GRID, mask=mask, method=method
        )

        assert found == cut
        assert 1 < found < 15


def test_the_order_of_points_does_not_matter():
    x, y = points()
    order = np.random.default_rng(1).permutation(460)

    for method in METHODS:
        one = select_bandwidth(x, y, grid=GRID, method=method)
        assert select_bandwidth(x[order], y[order], grid=GRID, method=method) == one


def test_the_table_shows_how_much_hangs_on_the_choice():
    table = compare_bandwidths(*points(), grid=GRID)

    assert set(table["method"]) == set(METHODS)
    assert table["bandwidth_m"].is_monotonic_increasing
    assert table["peak_per_km2"].is_monotonic_decreasing
    assert table["half_km2"].is_monotonic_increasing
    assert table["times"].iloc[0] == 1
    assert table["times"].iloc[-1] == pytest.approx(11.04 / 2.54, rel=0.03)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "scott"}, "method is 'scott'; expected one of"),
        (
            {"x": range(1, 10), "y": range(1, 10)},
            "9 points lie on the window; expected 10",
        ),
        ({"x": [5] * 20, "y": [5] * 20}, "all points lie at one place"),
        ({"x": range(1, 20)}, "differ in length"),
        ({"mask": np.ones((2, 2), bool)}, "mask has shape"),
        ({"mask": np.zeros(GRID.shape, bool)}, "0 points lie on the window"),
    ],
)
def test_what_has_no_bandwidth_is_refused(wrong, message):
    good = {"x": range(1, 13), "y": range(1, 13), "grid": GRID}

    with pytest.raises(ValueError, match=message):
        select_bandwidth(**(good | wrong))
    with pytest.raises(ValueError, match="it has no such criterion"):
        bandwidth_criterion(**good, bandwidths_m=[1], method="diggle")


@pytest.mark.parametrize("sigma", [20.0, 60.0, 400.0, 2000.0])
def test_what_a_window_holds_is_what_the_density_on_its_cells_adds_up_to(sigma):
    grid = Grid("EPSG:32618", 0, 1500, 10, rows=150, columns=100)
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 1000, 1200), rng.normal(700, 300, 1200).clip(0, 1499)

    density = kernel_density_points(
        x, y, grid=grid, bandwidth_m=sigma, edge="uniform"
    ).values
    value = bandwidth_criterion(x, y, grid=grid, bandwidths_m=[sigma], method="ppl")
    others = bandwidth_criterion(
        x, y, grid=grid, bandwidths_m=[sigma], method="likelihood"
    )

    held = np.ravel(value)[0] - np.ravel(others)[0]
    assert held == pytest.approx(density.sum() * 0.01**2, rel=3e-4)


def test_methods_asked_together_choose_what_each_chooses_alone():
    together = select_bandwidths(*points(), grid=GRID)

    assert together == {
        method: select_bandwidth(*points(), grid=GRID, method=method)
        for method in METHODS
    }
