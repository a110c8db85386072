"""Line density and kernel density."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from geo.analysis.density import convolution
from geo.analysis.density.surfaces import (
    exact_density_at,
    kernel_density,
    kernel_density_points,
    line_density,
)
from geo.errors import SchemaError
from geo.grid import Grid

SPATSTAT = json.loads(
    (Path(__file__).parent / "fixtures" / "kernel_density.json").read_text("utf-8")
)
CRS = "EPSG:32618"
WINDOW = (0, 0, 100, 100)
GRID = Grid(CRS, 0, 100, 0.5, rows=200, columns=200)


def points():
    """The 460 points of the recipe in the fixture."""
    i, j = np.arange(1, 401), np.arange(1, 61)
    u, v = (0.5 + i * 0.7548776662466927) % 1, (0.5 + i * 0.5698402909980532) % 1
    r = 4 * np.sqrt((j * 0.6180339887498949) % 1)
    angle = 2 * np.pi * ((j * 0.4142135623730951) % 1)
    x = np.concatenate([100 * u**1.7, 62 + r * np.cos(angle)])
    return x, np.concatenate([100 * v, 35 + r * np.sin(angle)])


def queries():
    return np.array(SPATSTAT["query_x"]), np.array(SPATSTAT["query_y"])


def between_cells(surface, x, y):
    """Values at the corner of four cells, in the fixture's unit of 1 per m²."""
    cell = [
        surface.grid.cell_of(np.asarray(x) + dx, np.asarray(y) + dy)
        for dx in (-0.1, 0.1)
        for dy in (-0.1, 0.1)
    ]
    return np.mean([surface.values.ravel()[c] for c in cell], axis=0) / 1e6


@pytest.mark.parametrize("edge", ["none", "uniform", "diggle"])
def test_exact_densities_agree_with_spatstat(edge):
    found = exact_density_at(
        *points(), at=queries(), bandwidth_m=6, window=WINDOW, edge=edge
    )

    expected = SPATSTAT["raw" if edge == "none" else edge]
    np.testing.assert_allclose(found / 1e6, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("edge", ["none", "uniform", "diggle"])
def test_density_surfaces_agree_with_spatstat(edge):
    surface = kernel_density_points(*points(), grid=GRID, bandwidth_m=6, edge=edge)

    expected = SPATSTAT["raw" if edge == "none" else edge]
    np.testing.assert_allclose(
        between_cells(surface, *queries()), expected, rtol=0.01, atol=0
    )


@pytest.mark.parametrize("edge", ["none", "uniform", "diggle"])
def test_integrals_agree_with_spatstat(edge):
    surface = kernel_density_points(*points(), grid=GRID, bandwidth_m=6, edge=edge)

    total = surface.values.sum() * (0.5 / 1000) ** 2
    expected = SPATSTAT["integral"]["raw" if edge == "none" else edge]
    assert total == pytest.approx(expected, rel=1e-3)
    if edge == "diggle":
        assert total == pytest.approx(460, rel=1e-9)


def test_an_angled_window_agrees_with_spatstat():
    """A window like an L: the square without its north-eastern quarter."""
    x, y = points()
    inside = (x <= 50) | (y <= 50)
    column, row = np.meshgrid(np.arange(200), np.arange(200))
    window = (column < 100) | (row >= 100)

    surface = kernel_density_points(
        x[inside], y[inside], grid=GRID, bandwidth_m=6, mask=window, edge="uniform"
    )

    expected = SPATSTAT["l_window"]
    assert inside.sum() == expected["n"]
    found = between_cells(surface, expected["x"], expected["y"])
    np.testing.assert_allclose(found, expected["uniform"], rtol=0.02)
    assert np.isnan(surface.values[0, 199])


def test_surfaces_of_points_are_exact_to_a_millionth():
    rng = np.random.default_rng(1)
    x, y = rng.normal(50, 12, (2, 200_000)).clip(1, 99)

    surface = kernel_density_points(x, y, grid=GRID, bandwidth_m=5, edge="none")

    cell = rng.integers(0, GRID.rows * GRID.columns, 100)
    exact = exact_density_at(x, y, at=GRID.centre_of(cell), bandwidth_m=5)
    error = np.abs(surface.values.ravel()[cell] - exact).max()
    assert error < 1e-6 * surface.values.max()


def test_counts_are_points_at_the_centres_of_cells():
    counts = np.zeros(GRID.shape)
    counts[[20, 100, 150], [30, 90, 199]] = [1, 5, 2]
    cell = np.flatnonzero(counts)
    at = np.arange(0, 40_000, 997)

    surface = kernel_density(counts, GRID, bandwidth_m=4, edge="none")

    x, y = (
        np.repeat(v, counts.ravel()[cell].astype(int)) for v in GRID.centre_of(cell)
    )
    exact = exact_density_at(x, y, at=GRID.centre_of(at), bandwidth_m=4)
    np.testing.assert_allclose(
        surface.values.ravel()[at], exact, atol=2e-5 * surface.values.max()
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(1, 30))
def test_mass_is_conserved_over_any_land(seed, cells):
    rng = np.random.default_rng(seed)
    grid = Grid(CRS, 0, 6000, 250, rows=24, columns=30)
    land = rng.random(grid.shape) < 0.5
    counts = rng.poisson(0.1, grid.shape)

    surface = kernel_density(counts, grid, bandwidth_m=cells * 250, mask=land)

    assert np.nansum(surface.values) * 0.0625 == pytest.approx(counts.sum())
    assert np.array_equal(np.isfinite(surface.values), land | (counts > 0))


def test_nothing_gives_a_density_of_zero():
    assert not kernel_density(np.zeros(GRID.shape), GRID, bandwidth_m=5).values.any()
    assert not kernel_density_points([], [], grid=GRID, bandwidth_m=5).values.any()


def test_points_off_the_grid_are_left_out():
    surface = kernel_density_points(
        [50, 150, np.nan], [50, 50, 50], grid=GRID, bandwidth_m=5
    )

    assert surface.values.sum() * (0.5 / 1000) ** 2 == pytest.approx(1)


def test_far_from_everything_the_density_is_exactly_zero():
    surface = kernel_density_points([10], [10], grid=GRID, bandwidth_m=2)

    assert surface.values[0, 199] == 0
    assert (surface.values >= 0).all()


def test_the_order_of_points_does_not_matter():
    x, y = points()
    weights = 0.1 + np.arange(460) / 7
    order = np.random.default_rng(1).permutation(460)

    one, other = (
        kernel_density_points(
            x[rows], y[rows], grid=GRID, bandwidth_m=5, weights=weights[rows]
        )
        for rows in (slice(None), order)
    )

    assert np.array_equal(one.values, other.values)


@pytest.mark.parametrize("weighted", [False, True])
def test_many_points_are_laid_in_halves_that_sum_to_the_whole(weighted, monkeypatch):
    rng = np.random.default_rng(2)
    size = 20_001
    x, y = rng.uniform(-1, 101, (2, size))
    weights = rng.uniform(0, 3, size) if weighted else None
    # Points off the grid keep their place in the list, and so the scale of weights.
    cuts = [(0, size // 3), (size // 3, size)]

    parts = []
    for begin, end in cuts:
        px = np.where((np.arange(size) >= begin) & (np.arange(size) < end), x, -9)
        parts.append(convolution.lay_points(px, y, grid=GRID, weights=weights))
    monkeypatch.setattr(convolution, "MANY", size)
    whole = convolution.lay_points(x, y, grid=GRID, weights=weights)

    assert np.array_equal(whole, parts[0] + parts[1])


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (97, 64), (120, 121)])
@pytest.mark.parametrize("sigma", [1.0, 2.5, 10.0, 61.3])
def test_the_frequencies_that_are_left_out_leave_nothing_out(shape, sigma):
    values = np.random.default_rng(4).poisson(0.2, shape).astype(float)
    values[0, 0], values[-1, -1] = 5, 900

    found = convolution.gaussian(values, sigma)

    exact = gaussian_filter(values, sigma, mode="constant", truncate=8)
    np.testing.assert_allclose(found, exact, atol=1e-12 * exact.max(), rtol=0)


def test_weights_count():
    one = kernel_density_points([50], [50], grid=GRID, bandwidth_m=5, weights=[3])
    other = kernel_density_points([50] * 3, [50] * 3, grid=GRID, bandwidth_m=5)

    np.testing.assert_allclose(one.values, other.values, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"counts": np.ones((3, 3))}, "counts have shape"),
        ({"counts": np.full(GRID.shape, -1.0)}, "negative, missing or infinite"),
        ({"counts": np.full(GRID.shape, np.nan)}, "negative, missing or infinite"),
        (
            {"bandwidth_m": 0.4},
            r"bandwidth_m is 0\.4; expected at least 1 of the cells",
        ),
        ({"bandwidth_m": np.nan}, "bandwidth_m is nan"),
        ({"mask": np.ones((3, 3), bool)}, "mask has shape"),
        ({"edge": "soft"}, "edge is 'soft'"),
    ],
)
def test_wrong_counts_are_refused(wrong, message):
    good = {"counts": np.ones(GRID.shape), "bandwidth_m": 5} | wrong

    with pytest.raises(ValueError, match=message):
        kernel_density(good.pop("counts"), GRID, **good)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weights": [1, 2]}, "differ in length"),
        ({"weights": [-1]}, "a weight is negative"),
        ({"bandwidth_m": 0.9}, "expected at least 2 of the cells"),
    ],
)
def test_wrong_points_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        kernel_density_points([1], [1], grid=GRID, **({"bandwidth_m": 5} | wrong))


@pytest.mark.parametrize("edge", ["diggle", "soft"])
def test_exact_densities_need_an_edge_that_is_known(edge):
    with pytest.raises(ValueError, match="with a window"):
        exact_density_at([1], [1], at=([1], [1]), bandwidth_m=5, edge=edge)


LINES = Grid(CRS, 0, 1000, 100, rows=10, columns=10)


def way(x, y, *, track=1, trip=0):
    return pd.DataFrame({"track": track, "trip": trip, "x_m": x, "y_m": y}, dtype=float)


def metres(surface):
    return surface.values * (surface.grid.cell_m / 1000) ** 2 * 1000


def test_a_line_is_cut_at_the_edges_of_cells():
    """30 m in the first cell, two whole cells, and 50 m in the fourth."""
    found = metres(line_density(way([70, 350], [950, 950]), LINES))

    assert found[0].round(6).tolist() == [30, 100, 100, 50, 0, 0, 0, 0, 0, 0]
    assert not found[1:].any()


def test_a_line_along_an_edge_belongs_to_the_cells_south_of_it():
    found = metres(line_density(way([0, 200], [900, 900]), LINES))

    assert found[1].round(6).tolist()[:3] == [100, 100, 0]
    assert found.sum() == pytest.approx(200)


def test_lines_do_not_lead_from_trip_to_trip_or_track_to_track():
    fixes = pd.concat(
        [
            way([50, 150], [950, 950]),
            way([550, 650], [950, 950], trip=1),
            way([850, 950], [950, 950], track=2, trip=1),
        ]
    )

    assert metres(line_density(fixes, LINES)).sum() == pytest.approx(300)


def test_what_lies_off_the_grid_is_left_out():
    found = metres(line_density(way([-500, 1500], [555, 555]), LINES))

    assert found[4].tolist() == pytest.approx([100] * 10)
    assert found.sum() == pytest.approx(1000)


places = st.lists(
    st.tuples(st.integers(0, 999), st.integers(1, 1000)), min_size=2, max_size=30
)


@settings(deadline=None)
@given(places)
def test_no_length_is_lost(rows):
    x, y = np.array(rows, float).T

    found = metres(line_density(way(x, y), LINES))

    expected = np.hypot(np.diff(x), np.diff(y)).sum()
    assert found.sum() == pytest.approx(expected, abs=1e-3)
    assert (found >= 0).all()


@settings(deadline=None)
@given(places)
def test_lines_have_the_same_length_there_and_back(rows):
    x, y = np.array(rows, float).T + 0.25

    there = metres(line_density(way(x, y), LINES))
    back = metres(line_density(way(x[::-1], y[::-1]), LINES))

    np.testing.assert_allclose(there, back, atol=1e-3)


def test_a_disc_spreads_lengths_without_losing_any():
    found = line_density(way([450, 550], [450, 450]), LINES, radius_m=200)

    assert metres(found).sum() == pytest.approx(100)
    assert (found.values > 0).sum() == 18


def test_no_ways_have_no_length():
    assert not line_density(way([], []), LINES).values.any()
    assert not line_density(way([50], [50]), LINES).values.any()


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match="no column 'trip'"):
        line_density(way([1], [1]).drop(columns="trip"), LINES)


def test_wrong_lines_are_refused():
    with pytest.raises(ValueError, match="not a finite number"):
        line_density(way([1, np.nan], [1, 1]), LINES)
    with pytest.raises(ValueError, match="radius_m is -1"):
        line_density(way([1, 2], [1, 1]), LINES, radius_m=-1)
