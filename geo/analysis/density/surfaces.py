"""Line density and kernel density: how much there is per square kilometre."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import fft
from scipy.special import ndtr

from geo.analysis.density.convolution import (
    EDGES,
    lay_points,
    mark_points,
    spread,
    without_noise,
)
from geo.errors import SchemaError
from geo.grid import Grid, Surface
from geo.kernels import surfaces

_MICROMETRES = 1e6  # lengths are added up in whole micrometres


def line_density(fixes: pd.DataFrame, grid: Grid, *, radius_m: float = 0.0) -> Surface:
    """Return the length of all ways, in km per km².

    Parameters
    ----------
    fixes
        `track`, `trip`, `x_m` and `y_m` in the CRS of the grid; sorted by track,
        then time. A way leads straight from fix to fix of a trip.
    grid
        Where the surface lies. What lies off it is left out.
    radius_m
        Average over a disc around each cell; 0 is the cell alone.

    Raises
    ------
    SchemaError
        If a column is missing.
    ValueError
        If a position is not a finite number, or the radius is negative.

    Notes
    -----
    Exact lengths in each cell, added up as whole micrometres: the order of rows
    between tracks does not matter.

    Examples
    --------
    A diagonal of 1.4 km through two cells of a quarter of a square kilometre:

    >>> fixes = pd.DataFrame({"track": 1, "trip": 0, "x_m": [0, 1e3], "y_m": [1e3, 0]})
    >>> grid = Grid("EPSG:32618", 0, 1000, 500, rows=2, columns=2)
    >>> line_density(fixes, grid).values.round(3)
    array([[2.828, 0.   ],
           [0.   , 2.828]])
    """
    for name in ("track", "trip", "x_m", "y_m"):
        if name not in fixes:
            raise SchemaError(
                f"The table of fixes has no column {name!r}; its columns are: "
                f"{', '.join(map(str, fixes.columns))}.",
                hint="Clean the fixes and split them into trips first.",
            )
    if not radius_m >= 0:
        raise ValueError(f"radius_m is {radius_m}; expected metres, 0 or more")
    x = (fixes["x_m"].to_numpy(np.float64) - grid.west) / grid.cell_m
    y = (grid.north - fixes["y_m"].to_numpy(np.float64)) / grid.cell_m
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("a position is not a finite number")
    track, trip = fixes["track"].to_numpy(), fixes["trip"].to_numpy()
    start = np.flatnonzero((track[1:] == track[:-1]) & (trip[1:] == trip[:-1]))
    length = np.zeros(grid.shape, np.int64)
    surfaces.measure_lines(
        x[start],
        y[start],
        x[start + 1],
        y[start + 1],
        grid.cell_m * _MICROMETRES,
        length,
    )
    kilometres = length / (1000 * _MICROMETRES)
    if radius_m > 0:
        kilometres = _over_disc(kilometres, radius_m / grid.cell_m)
    return Surface(grid, kilometres / _area_km2(grid), "line density", "km/km²")


def kernel_density(
    counts: ArrayLike,
    grid: Grid,
    *,
    bandwidth_m: float,
    mask: NDArray[np.bool_] | None = None,
    edge: str = "diggle",
) -> Surface:
    """Spread counts in cells smoothly over their surroundings.

    Parameters
    ----------
    counts : (rows, columns) array
        How many there are in each cell of `grid`.
    grid
        Where the cells lie.
    bandwidth_m
        Standard deviation of the Gaussian kernel, at least a cell.
    mask : (rows, columns) bool array
        The cells among which the counts are spread: land, say. Cells with a count
        always belong to it. By default all.
    edge
        What happens to the part of a kernel that falls off the mask: ``"diggle"``
        gives it back to the rest of that kernel, so that the sum is kept;
        ``"uniform"`` divides each value by the part of its own kernel on the mask,
        so that an even density stays even; ``"none"`` loses it.

    Returns
    -------
    Surface
        Per km²; NaN off the mask.

    Raises
    ------
    ValueError
        If counts are negative, missing or of another shape, or the bandwidth is
        less than a cell.

    Notes
    -----
    Diggle 1985, Applied Statistics 34:138, for both corrections. Fast Fourier
    transforms, so that the bandwidth does not change the time.

    Examples
    --------
    A thousand of them, on the edge of the mask; none is lost:

    >>> grid = Grid("EPSG:32618", 0, 5000, 500, rows=10, columns=10)
    >>> counts = np.zeros((10, 10))
    >>> counts[4, 4] = 1000
    >>> left = np.arange(10) < np.full((10, 1), 5)
    >>> found = kernel_density(counts, grid, bandwidth_m=600, mask=left).values
    >>> bool(np.isnan(found[:, 5:]).all()), float(np.nansum(found).round(6)) * 0.5**2
    (True, 1000.0)
    """
    values = np.asarray(counts, dtype=np.float64)
    if values.shape != grid.shape:
        raise ValueError(
            f"counts have shape {values.shape}, but the grid has {grid.shape}"
        )
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError("a count is negative, missing or infinite")
    inside = _inside(mask, grid) | (values > 0)
    sigma = _in_cells(bandwidth_m, grid, fewest=1)
    smooth = spread(values, inside, sigma=sigma, edge=edge)
    return _per_km2(smooth, inside, grid)


def kernel_density_points(
    x: ArrayLike,
    y: ArrayLike,
    *,
    grid: Grid,
    bandwidth_m: float,
    mask: NDArray[np.bool_] | None = None,
    edge: str = "diggle",
    weights: ArrayLike | None = None,
) -> Surface:
    """Spread points smoothly over their surroundings.

    Parameters
    ----------
    x, y : (n,) array
        Positions in the CRS of the grid, in metres. Those off the grid are left out.
    grid, mask, edge
        As in `kernel_density`; cells with a point always belong to the mask.
    bandwidth_m
        Standard deviation of the Gaussian kernel, at least two cells.
    weights : (n,) array
        How much each point counts; by default 1.

    Raises
    ------
    ValueError
        If lengths differ, a weight is negative or missing, or the bandwidth is less
        than two cells.

    Notes
    -----
    Each point is shared among the nine nearest cells, so that mean and variance of
    the shares are those of the point. At a bandwidth of ten cells the error is 2e-6
    of the maximum, a few hundred times less than with linear shares. The order
    of points does not matter. O(n + m log m) for m cells.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 40_000, 1000, rows=40, columns=40)
    >>> found = kernel_density_points(
    ...     [20_000], [20_000], grid=grid, bandwidth_m=10_000, edge="none"
    ... )
    >>> exact = exact_density_at(
    ...     [20_000], [20_000], at=([20_500], [20_500]), bandwidth_m=10_000
    ... )
    >>> float(found.values[19, 20].round(6)), float(exact[0].round(6))
    (0.001588, 0.001588)
    """
    sigma = _in_cells(bandwidth_m, grid, fewest=2)
    laid = lay_points(x, y, grid=grid, weights=weights)
    inside = _inside(mask, grid)
    if mask is not None:
        inside |= mark_points(x, y, grid)
    smooth = spread(laid, np.pad(inside, 1), sigma=sigma, edge=edge)
    return _per_km2(smooth[1:-1, 1:-1], inside, grid)


def exact_density_at(
    x: ArrayLike,
    y: ArrayLike,
    *,
    at: tuple[ArrayLike, ArrayLike],
    bandwidth_m: float,
    window: tuple[float, float, float, float] | None = None,
    edge: str = "none",
) -> NDArray[np.float64]:
    """Return the kernel density at some places, by the sum over all points.

    Parameters
    ----------
    x, y : (n,) array
        Positions of the points, in metres.
    at : pair of (m,) arrays
        Where the density is wanted.
    bandwidth_m
        Standard deviation of the Gaussian kernel.
    window : (west, south, east, north)
        Rectangle of the edge correction.
    edge
        As in `kernel_density`.

    Returns
    -------
    (m,) float array
        Per km². Exact, and slow: O(n m).
    """
    if edge not in EDGES or (edge != "none" and window is None):
        raise ValueError(f"edge is {edge!r}; expected one of {EDGES}, with a window")
    px, py = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    qx, qy = (np.asarray(values, dtype=np.float64) for values in at)
    weight = np.ones(len(px))
    if edge == "diggle" and window is not None:
        weight /= _on_window(px, py, bandwidth_m, window)
    found = np.empty(len(qx))
    for k in range(len(qx)):
        square = ((px - qx[k]) ** 2 + (py - qy[k]) ** 2) / bandwidth_m**2
        found[k] = (weight * np.exp(-square / 2)).sum()
    if edge == "uniform" and window is not None:
        found /= _on_window(qx, qy, bandwidth_m, window)
    return found * 1e6 / (2 * math.pi * bandwidth_m**2)


def _on_window(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    bandwidth_m: float,
    window: tuple[float, float, float, float],
) -> NDArray[np.float64]:
    """Return the part of the kernel at each place that lies on the window."""
    west, south, east, north = window
    across = ndtr((east - x) / bandwidth_m) - ndtr((west - x) / bandwidth_m)
    up = ndtr((north - y) / bandwidth_m) - ndtr((south - y) / bandwidth_m)
    part: NDArray[np.float64] = across * up
    return part


def _area_km2(grid: Grid) -> float:
    """Return the area of a cell."""
    return (grid.cell_m / 1000) ** 2


def _in_cells(bandwidth_m: float, grid: Grid, *, fewest: int) -> float:
    """Return the bandwidth in cells, or refuse it."""
    if not fewest * grid.cell_m <= bandwidth_m < math.inf:
        raise ValueError(
            f"bandwidth_m is {bandwidth_m}; expected at least {fewest} of the cells "
            f"of {grid.cell_m} m"
        )
    return bandwidth_m / grid.cell_m


def _inside(mask: NDArray[np.bool_] | None, grid: Grid) -> NDArray[np.bool_]:
    """Return the cells among which counts are spread, of the caller's own."""
    if mask is None:
        return np.ones(grid.shape, bool)
    if mask.shape != grid.shape:
        raise ValueError(f"mask has shape {mask.shape}, but the grid has {grid.shape}")
    return mask.copy()


def _over_disc(values: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Return the mean over the cells whose centres lie within a radius."""
    reach = math.floor(radius)
    row, column = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (row**2 + column**2 <= radius**2).astype(np.float64)
    rows, columns = values.shape
    shape = [fft.next_fast_len(size + 2 * reach, real=True) for size in values.shape]
    wave = fft.rfft2(values, shape) * fft.rfft2(disc / disc.sum(), shape)
    whole = fft.irfft2(wave, shape)
    return without_noise(whole[reach : reach + rows, reach : reach + columns])


def _per_km2(
    spread: NDArray[np.float64], inside: NDArray[np.bool_], grid: Grid
) -> Surface:
    """Return a surface of densities."""
    values = np.where(inside, spread, np.nan)
    values /= _area_km2(grid)
    return Surface(grid, values, "density", "tracks/km²")
