"""Points laid on cells, and Gaussian kernels that spread them, with their edges."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft
from scipy.special import ndtr

from geo.frames import on_processors
from geo.grid import Grid
from geo.kernels import lattice

EDGES = ("diggle", "uniform", "none")
"""What may happen to the part of a kernel that falls off the mask."""

MANY = 2_000_000
"""From so many points on, two threads lay them, each on a grid of its own."""

_NOTHING = 1e-13  # Fourier transforms leave this share of the maximum behind
_CUT = math.sqrt(-2 * math.log(_NOTHING))  # sigmas to where a Gaussian is nothing
_ROWS = 64  # points whose kernels one thread lays at a time, in its own cache
_STRIP = 32  # rows or columns that are transformed at a time, and stay in the cache


def lay_points(
    x: ArrayLike,
    y: ArrayLike,
    *,
    grid: Grid,
    weights: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Share points among the nine nearest cells, keeping mean and variance.

    Parameters
    ----------
    x, y : (n,) array
        Positions in the CRS of the grid. Those off the grid are left out.
    grid
        Of the cells.
    weights : (n,) array
        How much each point counts; by default 1.

    Returns
    -------
    (rows + 2, columns + 2) float array
        With a border of one cell, which takes the shares of points near the edge.

    Raises
    ------
    ValueError
        If lengths differ, or a weight is negative or missing.

    Notes
    -----
    Whole numbers make the sum independent of the order of points.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 3, 1, rows=3, columns=3)
    >>> lay_points([1.5, 9], [1.5, 9], grid=grid)[2, 1:4].round(3)
    array([0., 1., 0.])
    """
    px, py = (np.ascontiguousarray(values, dtype=np.float64) for values in (x, y))
    weight = np.ones(1) if weights is None else np.asarray(weights, float)
    if not len(px) == len(py) == (len(px) if weights is None else len(weight)):
        raise ValueError("x, y and weights differ in length")
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise ValueError("a weight is negative, missing or infinite")
    # Whole numbers need some headroom.
    total = len(px) if weights is None else math.fsum(weight)
    scale = 2.0 ** (60 - math.ceil(math.log2(total))) if total > 0 else 1.0
    edges = (float(grid.west), float(grid.north), float(grid.cell_m))

    def lay(part: slice) -> NDArray[np.int64]:
        shared = np.zeros((grid.rows + 2, grid.columns + 2), np.int64)
        own = weight if weights is None else weight[part]
        lattice.lay_points(px[part], py[part], own, *edges, scale, shared)
        return shared

    shared, *others = on_processors(lay, _halves(len(px)))
    for other in others:
        shared += other
    laid = shared.view(np.float64)  # in place: fresh memory takes as long as the sum
    return np.divide(shared, scale, out=laid)


def mark_points(x: ArrayLike, y: ArrayLike, grid: Grid) -> NDArray[np.bool_]:
    """Return the cells with a point; x and y as for `lay_points`."""
    here = np.zeros(grid.shape, bool)
    px, py = (np.ascontiguousarray(values, dtype=np.float64) for values in (x, y))
    edges = (float(grid.west), float(grid.north), float(grid.cell_m))
    lattice.mark_points(px, py, *edges, here)
    return here


def _halves(size: int) -> list[slice]:
    """Cut points in two if they are so many that each half deserves its own grid."""
    middle = size // 2 if size >= MANY else size
    return [slice(middle), slice(middle, size)][: 1 + (middle < size)]


def spread(
    counts: NDArray[np.float64],
    inside: NDArray[np.bool_],
    *,
    sigma: float,
    edge: str,
) -> NDArray[np.float64]:
    """Return the smoothed counts, with their edges corrected."""
    if edge not in EDGES:
        raise ValueError(f"edge is {edge!r}; expected one of {EDGES}")
    if edge == "none":
        return gaussian(counts, sigma)
    part = gaussian(inside.astype(np.float64), sigma)
    if edge == "diggle":
        given = np.divide(counts, part, out=np.zeros_like(counts), where=counts != 0)
        return gaussian(given, sigma)
    even = gaussian(counts, sigma)
    return np.divide(even, part, out=np.zeros_like(even), where=inside)


def gaussian(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Return the convolution with a Gaussian of so many cells that sums to 1.

    By Fourier transforms, of which a Gaussian lets only the low frequencies pass: of
    ten cells, a quarter. The others are left out.
    """
    rows, columns = values.shape
    tall, wide = room_for(values.shape, sigma)
    down, across = _kernel_waves(tall, sigma), _kernel_waves(wide, sigma)
    across = across[: _passing(wide, sigma)]
    wave = np.empty((rows, len(across)), np.complex128)
    smooth = np.empty((rows, columns))
    for some in _strips(rows):
        wave[some] = fft.rfft(values[some], wide)[:, : len(across)]
    for some in _strips(len(across)):
        part = fft.fft(wave[:, some], tall, axis=0) * down[:, None]
        wave[:, some] = fft.ifft(part, axis=0)[:rows] * across[some]
    for some in _strips(rows):
        smooth[some] = fft.irfft(wave[some], wide)[:, :columns]
    return without_noise(smooth, out=smooth)


def room_for(shape: tuple[int, ...], sigma: float) -> tuple[int, int]:
    """Return the size of a transform in which kernels do not reach around."""
    reach = math.ceil(_CUT * sigma)
    rows, columns = (fft.next_fast_len(size + reach, real=True) for size in shape)
    return max(rows, 2 * reach + 1), max(columns, 2 * reach + 1)


def dampen(wave: NDArray[np.complex128], shape: tuple[int, int], sigma: float) -> None:
    """Multiply a real transform of that shape by that of a Gaussian, in place."""
    down, across = (_kernel_waves(size, sigma) for size in shape)
    wave *= down[:, None]
    wave *= across[: shape[1] // 2 + 1]


def _kernel_waves(size: int, sigma: float) -> NDArray[np.float64]:
    """Return the transform of a Gaussian about the first of so many cells."""
    reach = math.ceil(_CUT * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    line = np.zeros(size)
    line[: reach + 1] = kernel[reach:]
    line[-reach:] = kernel[:reach]
    return np.asarray(fft.fft(line).real)


def _passing(size: int, sigma: float) -> int:
    """Return how many frequencies a Gaussian leaves more of than nothing."""
    return min(size // 2, math.ceil(size * _CUT / (2 * math.pi * sigma))) + 1


def _strips(size: int) -> list[slice]:
    """Cut rows or columns into strips."""
    return [slice(begin, begin + _STRIP) for begin in range(0, size, _STRIP)]


def without_noise(
    values: NDArray[np.float64], *, out: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the values without what a Fourier transform leaves where nothing is."""
    clean = values.copy() if out is None else out
    np.copyto(clean, 0.0, where=~(values > _NOTHING * values.max()))
    return clean


def held_along(
    places: NDArray[np.float64], low: float, high: float, cells: int, sigma: float
) -> NDArray[np.float64]:
    """Return what an interval holds of the kernel at each place, edges corrected."""
    # A wide kernel needs no fine steps.
    cells = min(cells, max(64, math.ceil(8 * (high - low) / sigma)))
    step = (high - low) / cells
    middles = low + step * (np.arange(cells) + 0.5)
    part = ndtr((high - middles) / sigma) - ndtr((low - middles) / sigma)
    kernel = np.empty((len(places), cells))

    def fill(begin: int) -> None:
        some = kernel[begin : begin + _ROWS]
        np.subtract(middles, places[begin : begin + _ROWS, None], out=some)
        some /= sigma
        np.square(some, out=some)
        some *= -0.5
        np.exp(some, out=some)
        some /= math.sqrt(2 * math.pi) * sigma

    on_processors(fill, range(0, len(places), _ROWS))
    held: NDArray[np.float64] = kernel @ (step / part)
    return held


def overlap_of(inside: NDArray[np.bool_], reach: int) -> NDArray[np.float64]:
    """Return how many cells a window shares with itself when it is moved."""
    rows, columns = inside.shape
    shape = [fft.next_fast_len(size + reach + 1, real=True) for size in (rows, columns)]
    wave = fft.rfft2(inside.astype(float), shape)
    shared = np.rint(fft.irfft2(wave * wave.conj(), shape))
    # Rows go south, so a move north is a move up.
    up = np.arange(-reach, reach + 1)
    table: NDArray[np.float64] = shared[(-up) % shape[0]][:, : reach + 1].T
    return np.maximum(np.ascontiguousarray(table), 1.0)
