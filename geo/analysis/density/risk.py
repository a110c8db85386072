"""Relative risk: where one kind of point is denser than another, beyond chance."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from contourpy import FillType, contour_generator
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from geo.analysis.density.convolution import gaussian
from geo.analysis.density.surfaces import kernel_density_points
from geo.analysis.hotspots.stats import false_discovery
from geo.grid import Grid, Surface

REFERENCES = ("controls", "pooled")
"""By which density the variance of the log ratio is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Risk:
    """Where cases are denser than controls.

    Parameters
    ----------
    log_ratio
        Logarithm of the density of cases over that of controls, each of which adds
        up to 1; NaN off the mask.
    z
        The same in standard errors.
    p
        Chance of a ratio as high where there is no difference (one-sided).
    q
        `p` adjusted for all cells (Benjamini and Hochberg).
    """

    log_ratio: Surface
    z: Surface
    p: Surface
    q: Surface


def relative_risk(
    cases: tuple[ArrayLike, ArrayLike],
    controls: tuple[ArrayLike, ArrayLike],
    *,
    grid: Grid,
    bandwidth_m: float,
    mask: NDArray[np.bool_] | None = None,
    reference: str = "controls",
) -> Risk:
    """Compare the density of two kinds of points.

    Where the effort of watching differs from place to place, so does a density; the
    ratio of two that were watched alike does not.

    Parameters
    ----------
    cases, controls : pair of (n,) arrays
        x and y in the CRS of the grid, in metres. Those off the grid are left out.
    grid, mask
        As in `geo.analysis.density.surfaces.kernel_density_points`.
    bandwidth_m
        One for both, so that the bias of the two cancels where they are alike.
    reference
        The density by which the variance is taken: ``"controls"``, as sparr does, or
        ``"pooled"``, which is steadier where controls are few and less careful in
        a dense cluster of cases.

    Raises
    ------
    ValueError
        As `geo.analysis.density.surfaces.kernel_density_points`, or if there are no
        cases or no controls on the grid, or the reference is another one.

    Notes
    -----
    Kelsall and Diggle 1995, Bernoulli 1:3, with the uniform edge correction; the
    variance ``(1/n + 1/m) / (4 pi h² g)`` of Hazelton and Davies 2009, Biometrical
    Journal 51:98, widened at the edge. Where a density vanishes the ratio is taken
    with the smallest positive number, and its variance is too large to say much.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 1000, 20, rows=50, columns=50)
    >>> rng = np.random.default_rng(1)
    >>> even, crowd = rng.uniform(0, 1000, (2, 400)), rng.normal(500, 50, (2, 100))
    >>> cases = np.concatenate([even[:, :200], crowd], axis=1)
    >>> found = relative_risk(cases, even[:, 200:], grid=grid, bandwidth_m=100)
    >>> bool(found.q.values[25, 25] < 0.001), bool(found.q.values[5, 45] > 0.2)
    (True, True)
    """
    if reference not in REFERENCES:
        raise ValueError(f"reference is {reference!r}; expected one of {REFERENCES}")
    inside = np.ones(grid.shape, bool) if mask is None else np.asarray(mask, bool)
    points = [_on_grid(pair, grid, name) for pair, name in _named(cases, controls)]
    for x, y in points:
        inside = inside.copy()
        inside.ravel()[grid.cell_of(x, y)] = True
    n, m = (len(x) for x, _ in points)
    f, g = (_share(pair, grid, bandwidth_m, inside) for pair in points)
    pooled = (n * f + m * g) / (n + m)
    ratio = np.log(f / g)
    known = g if reference == "controls" else pooled
    edge = _edge(grid, inside, bandwidth_m)
    variance = edge * (1 / n + 1 / m) / (4 * math.pi * bandwidth_m**2 * known)
    z = ratio / np.sqrt(variance)
    p = ndtr(-z)
    q = false_discovery(p)

    def surface(values: NDArray[np.float64], name: str, unit: str) -> Surface:
        return Surface(grid, np.where(inside, values, np.nan), name, unit)

    return Risk(
        surface(ratio, "log relative risk", "ln"),
        surface(z, "relative risk", "standard errors"),
        surface(p, "chance", "p"),
        surface(q, "adjusted chance", "q"),
    )


def tolerance_areas(chance: Surface, *, alpha: float = 0.05) -> shapely.MultiPolygon:
    """Return the areas where a chance is at most `alpha`, as polygons.

    Parameters
    ----------
    chance
        `p` or `q` of `relative_risk`. ``1 - p`` gives the areas of lower risk.
    alpha
        The highest chance inside.

    Returns
    -------
    MultiPolygon
        In the CRS of the grid, through the centres of cells; empty if there are none.

    Raises
    ------
    ValueError
        If `alpha` is not between 0 and 1.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 500, 100, rows=5, columns=5)
    >>> values = np.ones(grid.shape)
    >>> values[2, 2] = 0.01
    >>> areas = tolerance_areas(Surface(grid, values, "chance", "p"), alpha=0.505)
    >>> len(areas.geoms), areas.bounds
    (1, (200.0, 200.0, 300.0, 300.0))
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; expected a chance between 0 and 1")
    grid = chance.grid
    x, _ = grid.centre_of(np.arange(grid.columns))
    _, y = grid.centre_of(np.arange(grid.rows) * grid.columns)
    # A frame of ones closes the areas at the edge and along the mask.
    values = np.pad(np.nan_to_num(chance.values, nan=1.0), 1, constant_values=1.0)
    x = np.concatenate([[x[0] - grid.cell_m], x, [x[-1] + grid.cell_m]])
    y = np.concatenate([[y[0] + grid.cell_m], y, [y[-1] - grid.cell_m]])
    generator = contour_generator(x, y, values, fill_type=FillType.OuterOffset)
    areas = []
    for vertices, offsets in zip(*generator.filled(-1.0, alpha), strict=True):
        rings = [vertices[begin:end] for begin, end in pairwise(offsets)]
        areas.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.MultiPolygon(areas)


def _named(
    cases: tuple[ArrayLike, ArrayLike], controls: tuple[ArrayLike, ArrayLike]
) -> list[tuple[tuple[ArrayLike, ArrayLike], str]]:
    """Return both kinds of points with what to call them."""
    return [(cases, "cases"), (controls, "controls")]


def _on_grid(
    pair: tuple[ArrayLike, ArrayLike], grid: Grid, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the points on the grid, or refuse their absence."""
    x, y = (np.asarray(values, np.float64) for values in pair)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"x and y of the {name} differ in length, or are no lists")
    here = grid.cell_of(x, y) >= 0
    if not here.any():
        raise ValueError(f"none of the {name} lies on the grid")
    return x[here], y[here]


def _share(
    pair: tuple[NDArray[np.float64], NDArray[np.float64]],
    grid: Grid,
    bandwidth_m: float,
    inside: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return a density per square metre that adds up to 1, and is nowhere zero."""
    density = kernel_density_points(
        *pair, grid=grid, bandwidth_m=bandwidth_m, mask=inside, edge="uniform"
    ).values
    share: NDArray[np.float64] = density / (np.nansum(density) * grid.cell_m**2)
    return np.maximum(share, np.finfo(np.float64).tiny)


def _edge(
    grid: Grid, inside: NDArray[np.bool_], bandwidth_m: float
) -> NDArray[np.float64]:
    """Return by how much the edge correction widens the variance."""
    own = inside.astype(np.float64)
    sigma = bandwidth_m / grid.cell_m
    part = gaussian(own, sigma)
    narrow = gaussian(own, sigma / math.sqrt(2))
    edge: NDArray[np.float64] = np.divide(
        narrow, part**2, out=np.ones_like(part), where=inside
    )
    return edge
