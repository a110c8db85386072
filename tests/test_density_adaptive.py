"""Adaptive kernel density."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from geo.analysis.density.adaptive import adaptive_bandwidths, adaptive_density
from geo.analysis.density.surfaces import kernel_density_points
from geo.grid import Grid

SPARR = json.loads(
    (Path(__file__).parent / "fixtures" / "sparr.json").read_text("utf-8")
)
GRID = Grid("EPSG:32618", 0, 100, 0.5, rows=200, columns=200)


def points():
    """The 460 points of the recipe in the fixture."""
    i, j = np.arange(1, 401), np.arange(1, 61)
    u, v = (0.5 + i * 0.7548776662466927) % 1, (0.5 + i * 0.5698402909980532) % 1
    r = 4 * np.sqrt((j * 0.6180339887498949) % 1)
    angle = 2 * np.pi * ((j * 0.4142135623730951) % 1)
    x = np.concatenate([100 * u**1.7, 62 + r * np.cos(angle)])
    return x, np.concatenate([100 * v, 35 + r * np.sin(angle)])


def on_window(x, y, sigma):
    """The part of a kernel on the square of the fixture."""
    across = ndtr((100 - x) / sigma) - ndtr(-x / sigma)
    return across * (ndtr((100 - y) / sigma) - ndtr(-y / sigma))


def exact(px, py, width, at, edge):
    """The sum over all kernels at some places, per m²."""
    weight = 1 / width**2 / (2 * np.pi)
    if edge == "diggle":
        weight = weight / on_window(px, py, width)
    return np.array(
        [
            (weight * np.exp(-((px - x) ** 2 + (py - y) ** 2) / 2 / width**2)).sum()
            for x, y in zip(*at, strict=True)
        ]
    )


def test_bandwidths_agree_with_sparr():
    width = adaptive_bandwidths(*points(), grid=GRID, bandwidth_m=6)

    np.testing.assert_allclose(width[:10], SPARR["adaptive_h_first10"], rtol=0.021)
    assert np.exp(np.log(width).mean()) == pytest.approx(6)


def test_densities_agree_with_sparr():
    """sparr looks values up in its 128 by 128 pixels, and scales their sum to 1."""
    grid = Grid("EPSG:32618", 0, 100, 100 / 256, rows=256, columns=256)
    found = adaptive_density(*points(), grid=grid, bandwidth_m=6, edge="uniform")

    pixel = np.minimum(np.floor(np.array([SPARR["x"], SPARR["y"]]) * 1.28), 127)
    corner = (pixel + 0.5) / 1.28  # the centre of a pixel is a corner of four cells
    values = np.mean(
        [
            found.values.ravel()[grid.cell_of(corner[0] + dx, corner[1] + dy)]
            for dx in (-0.1, 0.1)
            for dy in (-0.1, 0.1)
        ],
        axis=0,
    )
    share = values / found.values.sum() / (100 / 256) ** 2
    np.testing.assert_allclose(share, SPARR["adaptive"], rtol=0.02)


@pytest.mark.parametrize("edge", ["none", "diggle"])
def test_surfaces_agree_with_the_sum_over_all_kernels(edge):
    px, py = points()
    width = np.maximum(adaptive_bandwidths(px, py, grid=GRID, bandwidth_m=6), 1.0)

    found = adaptive_density(px, py, grid=GRID, bandwidth_m=6, edge=edge).values

    cell = np.arange(17, 40_000, 97)
    expected = exact(px, py, width, GRID.centre_of(cell), edge) * 1e6
    tolerance = 1e-4 if edge == "none" else 5e-3  # the mask ends at a cell's edge
    error = np.abs(found.ravel()[cell] - expected).max()
    assert error < tolerance * found.max()


def test_the_sum_is_kept():
    found = adaptive_density(*points(), grid=GRID, bandwidth_m=6).values

    assert found.sum() * (0.5 / 1000) ** 2 == pytest.approx(460)


def test_the_sum_is_kept_on_an_angled_mask():
    x, y = points()
    inside = (x <= 50) | (y <= 50)
    column, row = np.meshgrid(np.arange(200), np.arange(200))
    mask = (column < 100) | (row >= 100)

    found = adaptive_density(
        x[inside], y[inside], grid=GRID, bandwidth_m=6, mask=mask
    ).values

    assert np.nansum(found) * (0.5 / 1000) ** 2 == pytest.approx(397, rel=1e-3)
    assert np.array_equal(np.isfinite(found), mask)
    assert np.nanmin(found) >= 0


def test_even_points_have_even_kernels():
    """Where the density is even, this is the kernel density with one bandwidth."""
    x, y = (
        a.ravel() for a in np.meshgrid(np.arange(1, 100, 2.0), np.arange(1, 100, 2.0))
    )

    width = adaptive_bandwidths(x, y, grid=GRID, bandwidth_m=8)
    one = adaptive_density(x, y, grid=GRID, bandwidth_m=8, edge="uniform")
    other = kernel_density_points(x, y, grid=GRID, bandwidth_m=8, edge="uniform")

    assert np.abs(width - 8).max() < 0.2
    np.testing.assert_allclose(one.values, other.values, rtol=0.01)


def test_far_points_spread_wider_and_no_farther_than_the_trim():
    x, y = np.append(np.full(50, 20.0), 80), np.append(np.full(50, 20.0), 80)

    free, trimmed = (
        adaptive_bandwidths(x, y, grid=GRID, bandwidth_m=4, trim=t) for t in (99, 2)
    )

    assert free[-1] / free[0] == pytest.approx(50**0.5, rel=0.01)
    assert trimmed[-1] == pytest.approx(2 * trimmed[0])


def test_the_order_of_points_does_not_matter():
    x, y = points()
    order = np.random.default_rng(1).permutation(460)

    one = adaptive_density(x, y, grid=GRID, bandwidth_m=6).values
    other = adaptive_density(x[order], y[order], grid=GRID, bandwidth_m=6).values

    np.testing.assert_allclose(one, other, rtol=0, atol=1e-9 * one.max())


def test_points_off_the_grid_are_left_out():
    x, y = np.append(points(), [[500], [50]], axis=1)

    width = adaptive_bandwidths(x, y, grid=GRID, bandwidth_m=6)
    found = adaptive_density(x, y, grid=GRID, bandwidth_m=6).values

    assert np.isnan(width[-1])
    assert found.sum() * (0.5 / 1000) ** 2 == pytest.approx(460)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"x": [500], "y": [500]}, "no point lies on the grid"),
        ({"trim": 0.5}, r"trim is 0\.5"),
        ({"bandwidth_m": 0.5}, "expected at least 2 of the cells"),
        ({"edge": "soft"}, "edge is 'soft'"),
        ({"x": [1, 2]}, "differ in length"),
    ],
)
def test_wrong_input_is_refused(wrong, message):
    good = {"x": [50], "y": [50], "grid": GRID, "bandwidth_m": 5}

    with pytest.raises(ValueError, match=message):
        adaptive_density(**(good | wrong))
