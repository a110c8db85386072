"""How far to spread points: bandwidths chosen by the points, side by side."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from geo.analysis.density.convolution import gaussian, held_along, overlap_of
from geo.analysis.density.surfaces import kernel_density_points
from geo.analysis.hotspots.permutation import in_threads
from geo.grid import Grid
from geo.kernels import pairs

METHODS = (
    "cvl",
    "likelihood",
    "ppl",
    "diggle",
    "least-squares",
    "normal",
    "oversmoothing",
)
"""Ways to choose a bandwidth; see `select_bandwidth`."""

_TRIED = 24  # bandwidths tried before the best is made exact
_STEPS = 511  # distances at which the K function is taken
_CHUNK = 512  # points whose sums one thread takes at a time
_LEAST = 1e-300  # a density of nothing, that has a logarithm
_MOST = 50_000  # points; their pairs take a minute


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """Points in the order of x, in metres, and the window they lie on."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    grid: Grid
    inside: NDArray[np.bool_]
    whole: bool
    known: dict[float, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def area(self) -> float:
        """The area of the window, in square metres."""
        return float(self.inside.sum()) * self.grid.cell_m**2

    def sums(self, sigma: float) -> NDArray[np.float64]:
        """Return the density of the others at each point, per square metre."""
        if sigma in self.known:  # methods try the same bandwidths
            return self.known[sigma]
        found = np.empty(len(self.x))
        in_threads(
            lambda begin, end: pairs.sum_kernels(
                self.x, self.y, sigma, begin, found[begin:end]
            ),
            len(found),
            chunk=_CHUNK,
        )
        self.known[sigma] = found / (2 * math.pi * sigma**2)
        return self.known[sigma]

    def part(self, sigma: float) -> NDArray[np.float64]:
        """Return the part of the kernel of each point that lies on the window."""
        if not self.whole:
            cell = self.grid.cell_of(self.x, self.y)
            share = gaussian(self.inside.astype(float), sigma / self.grid.cell_m)
            return np.maximum(share.ravel()[cell], _LEAST)
        west, south, east, north = self.grid.bounds
        across = ndtr((east - self.x) / sigma) - ndtr((west - self.x) / sigma)
        up = ndtr((north - self.y) / sigma) - ndtr((south - self.y) / sigma)
        part: NDArray[np.float64] = across * up
        return part

    def held(self, sigma: float) -> float:
        """Return the integral over the window of the density, its edges corrected.

        Kernel and correction of a rectangle are products of a part along each axis, so
        that sums along them do what a transform of the whole grid would.
        """
        grid = self.grid
        if not self.whole:
            density = kernel_density_points(
                self.x,
                self.y,
                grid=grid,
                bandwidth_m=sigma,
                mask=self.inside,
                edge="uniform",
            ).values
            return float(np.nansum(density)) * (grid.cell_m / 1000) ** 2
        west, south, east, north = grid.bounds
        total = 0.0
        for begin in range(0, len(self.x), _CHUNK):
            some = slice(begin, begin + _CHUNK)
            across = held_along(self.x[some], west, east, grid.columns, sigma)
            total += float(
                across @ held_along(self.y[some], south, north, grid.rows, sigma)
            )
        return total


def select_bandwidth(
    x: ArrayLike,
    y: ArrayLike,
    *,
    grid: Grid,
    mask: NDArray[np.bool_] | None = None,
    method: str = "cvl",
) -> float:
    """Return the bandwidth that the points ask for, in metres.

    Parameters
    ----------
    x, y : (n,) array
        Positions in the CRS of the grid; those off the grid or the mask are left
        out. At most 50,000: take a sample of more.
    grid
        The window is its rectangle.
    mask : (rows, columns) bool array
        The window, if it is not all of the grid.
    method
        ``"cvl"``: that at which one over the density, added up over the points, is
        the area (Cronie and van Lieshout 2018, Biometrika 105:455).
        ``"likelihood"``: that at which the others foretell each point best.
        ``"ppl"``: the same less the integral of the density, as for a Poisson
        process (Loader 1999).
        ``"diggle"``: the least error for a clustered (Cox) process (Berman and
        Diggle 1989, J. R. Stat. Soc. B 51:81).
        ``"least-squares"``: the least squared error (Bowman and Azzalini 1997).
        ``"normal"``: for normal data; and ``"oversmoothing"``: the widest that may
        be needed (Terrell 1990, J. Am. Stat. Assoc. 85:470), an upper guard.

    Raises
    ------
    ValueError
        If fewer than ten or more than 50,000 points lie on the window, all lie at
        one place, or the method is another one.

    Notes
    -----
    Exact sums over pairs: O(n²) for each of about forty bandwidths tried, between
    the nearest two points and half the diagonal of the grid.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 1000, 10, rows=100, columns=100)
    >>> x, y = np.random.default_rng(1).normal(500, 100, (2, 300))
    >>> round(select_bandwidth(x, y, grid=grid, method="oversmoothing"))
    39
    """
    return select_bandwidths(x, y, grid=grid, mask=mask, methods=[method])[method]


def select_bandwidths(
    x: ArrayLike,
    y: ArrayLike,
    *,
    grid: Grid,
    mask: NDArray[np.bool_] | None = None,
    methods: Sequence[str] = METHODS,
) -> dict[str, float]:
    """Return the bandwidth of each method; several share most of their work.

    Parameters
    ----------
    x, y, grid, mask
        As in `select_bandwidth`.
    methods
        Which ones.

    Raises
    ------
    ValueError
        As `select_bandwidth`.
    """
    for method in methods:
        if method not in METHODS:
            raise ValueError(f"method is {method!r}; expected one of {METHODS}")
    points = _points(x, y, grid, mask)
    return {method: _select(points, method) for method in methods}


def _select(points: _Points, method: str) -> float:
    """Return the bandwidth that a method chooses."""
    if method in {"normal", "oversmoothing"}:
        wider = 625 / 384 if method == "oversmoothing" else 1.0
        return float(_spread(points) * (wider / len(points.x)) ** (1 / 6))
    if method == "diggle":
        return _diggle(points)
    return _best(_criterion(points, method), points, root=method == "cvl")


def bandwidth_criterion(
    x: ArrayLike,
    y: ArrayLike,
    *,
    grid: Grid,
    bandwidths_m: ArrayLike,
    method: str,
    mask: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Return what a method makes as small as it can, at some bandwidths.

    Parameters
    ----------
    x, y, grid, mask
        As in `select_bandwidth`.
    bandwidths_m : (k,) array
        In metres.
    method
        ``"cvl"`` (the square of the difference), ``"likelihood"``, ``"ppl"`` (minus
        the logarithm) or ``"least-squares"``.

    Raises
    ------
    ValueError
        As `select_bandwidth`.
    """
    if method not in {"cvl", "likelihood", "ppl", "least-squares"}:
        raise ValueError(f"method is {method!r}; it has no such criterion")
    value = _criterion(_points(x, y, grid, mask), method)
    found = np.array([value(float(h)) for h in np.asarray(bandwidths_m, float)])
    return found**2 if method == "cvl" else found


def compare_bandwidths(
    x: ArrayLike,
    y: ArrayLike,
    *,
    grid: Grid,
    mask: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Return what each method chooses, and what that does to the density.

    Parameters
    ----------
    x, y, grid, mask
        As in `select_bandwidth`.

    Returns
    -------
    DataFrame
        A row a method, from narrow to wide: `method`, `bandwidth_m`, `times` (the
        narrowest), `peak_per_km2` (highest density) and `half_km2` (the smallest
        area that holds half of the points). The last two are NaN where the
        bandwidth is less than two cells.

    Raises
    ------
    ValueError
        As `select_bandwidth`.
    """
    rows = []
    for method, chosen in select_bandwidths(x, y, grid=grid, mask=mask).items():
        peak, half = math.nan, math.nan
        if chosen >= 2 * grid.cell_m:
            density = kernel_density_points(
                x, y, grid=grid, mask=mask, bandwidth_m=chosen
            ).values
            most = np.sort(density[np.isfinite(density)])[::-1]
            held = np.cumsum(most)
            peak = float(most[0])
            cells = int(np.searchsorted(held, held[-1] / 2)) + 1
            half = cells * (grid.cell_m / 1000) ** 2
        rows.append((method, chosen, peak, half))
    table = pd.DataFrame(
        rows, columns=["method", "bandwidth_m", "peak_per_km2", "half_km2"]
    )
    table.insert(2, "times", table["bandwidth_m"] / table["bandwidth_m"].min())
    return table.sort_values("bandwidth_m", ignore_index=True)


def _points(
    x: ArrayLike, y: ArrayLike, grid: Grid, mask: NDArray[np.bool_] | None
) -> _Points:
    """Return the points on the window in the order of x, or refuse them."""
    px, py = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if px.shape != py.shape or px.ndim != 1:
        raise ValueError("x and y differ in length, or are no lists")
    inside = np.ones(grid.shape, bool) if mask is None else np.asarray(mask, bool)
    if inside.shape != grid.shape:
        raise ValueError(
            f"mask has shape {inside.shape}, but the grid has {grid.shape}"
        )
    cell = grid.cell_of(px, py)
    here = (cell >= 0) & inside.ravel()[cell]
    px, py = px[here], py[here]
    if not 10 <= len(px) <= _MOST:
        raise ValueError(f"{len(px)} points lie on the window; expected 10 to {_MOST}")
    if np.ptp(px) == 0 and np.ptp(py) == 0:
        raise ValueError("all points lie at one place; no bandwidth can be chosen")
    order = np.lexsort([py, px])
    return _Points(px[order], py[order], grid, inside, mask is None)


def _spread(points: _Points) -> float:
    """Return a measure of spread that outliers hardly move."""
    sides = []
    for values in (points.x, points.y):
        low, high = np.percentile(values, [25, 75])
        narrow = (high - low) / 1.34
        wide = float(values.std(ddof=1))
        sides.append(min(wide, narrow) if narrow > 0 else wide)
    return float(np.mean(sides))


def _criterion(points: _Points, method: str) -> Callable[[float], float]:
    """Return what is to be zero ("cvl"), or as small as can be."""
    number = len(points.x)

    def cvl(sigma: float) -> float:
        own = 1 / (2 * math.pi * sigma**2)
        return float((1 / (points.sums(sigma) + own)).sum()) - points.area

    def likelihood(sigma: float) -> float:
        density = points.sums(sigma) / points.part(sigma)
        return -float(np.log(np.maximum(density, _LEAST)).sum())

    def poisson(sigma: float) -> float:
        integral = float(number)
        if sigma >= 2 * points.grid.cell_m:
            integral = points.held(sigma)
        return likelihood(sigma) + integral

    def squares(sigma: float) -> float:
        twice = points.sums(sigma * math.sqrt(2)).sum() + number / (
            4 * math.pi * sigma**2
        )
        others = points.sums(sigma).sum()
        return float(twice / number**2 - 2 * others / (number * (number - 1)))

    return {
        "cvl": cvl,
        "likelihood": likelihood,
        "ppl": poisson,
        "least-squares": squares,
    }[method]


def _best(value: Callable[[float], float], points: _Points, *, root: bool) -> float:
    """Return the bandwidth at which the criterion is zero, or smallest."""
    from scipy import optimize  # slow to load, and not needed for a bandwidth in metres

    west, south, east, north = points.grid.bounds
    highest = math.hypot(east - west, north - south) / 2
    step = np.hypot(np.diff(points.x), np.diff(points.y))
    lowest = max(float(step[step > 0].min()), highest / 2000)
    tried = np.geomspace(lowest, highest, _TRIED)
    found = np.array([value(float(h)) for h in tried])
    if root:
        crossed = np.flatnonzero((found[:-1] < 0) & (found[1:] >= 0))
        if not len(crossed):
            return float(tried[np.abs(found).argmin()])
        low, high = tried[crossed[0]], tried[crossed[0] + 1]
        return float(optimize.brentq(value, low, high, rtol=1e-6))
    at = int(found.argmin())
    low, high = tried[max(at - 1, 0)], tried[min(at + 1, _TRIED - 1)]
    refined = optimize.minimize_scalar(
        lambda log: value(math.exp(log)),
        bounds=(math.log(low), math.log(high)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return math.exp(float(refined.x))


def _diggle(points: _Points) -> float:
    """Return the bandwidth of the least mean squared error for a Cox process."""
    west, south, east, north = points.grid.bounds
    cell, number = points.grid.cell_m, len(points.x)
    reach = min(east - west, north - south) / 4
    distance = np.linspace(0, reach, _STEPS + 1)
    shares = np.zeros(_STEPS + 1)
    pairs.sum_shares(
        points.x / cell,
        points.y / cell,
        distance[1] / cell,
        overlap_of(points.inside, math.ceil(reach / cell) + 2),
        shares,
    )
    # K by translation: pairs by their distance, each by the overlap of the window.
    k = np.cumsum(shares) / cell**2 * 2 * points.area**2 / (number * (number - 1))
    radius = distance[1 : _STEPS // 2 + 1]
    near = np.minimum(distance[:-1] / (2 * radius[:, None]), 1.0)
    lens = 2 * radius[:, None] ** 2 * (np.arccos(near) - near * np.sqrt(1 - near**2))
    disc = math.pi * radius**2
    error = (points.area / number - 2 * k[1 : len(radius) + 1]) / disc
    error += (lens * np.diff(k)).sum(axis=1) / disc**2
    return float(radius[error.argmin()] / 2)
