"""Emerging hotspots: which cells became hot or cold, stayed so, or ceased to be."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from geo.analysis.hotspots.cube import FEWEST_STEPS, score_cube, stack_visits
from geo.analysis.hotspots.trends import Trends, mann_kendall
from geo.grid import Grid

PATTERNS = (
    "new",
    "consecutive",
    "intensifying",
    "diminishing",
    "persistent",
    "oscillating",
    "sporadic",
    "historical",
)
"""The eight ways to be hot, or cold. With "none" there are seventeen classes."""


def find_emerging(
    visits: pd.DataFrame,
    grid: Grid,
    *,
    land: NDArray[np.bool_] | None = None,
    ring: int = 1,
    back: int = 1,
    correction: str = "fdr",
    alpha: float = 0.05,
    autocorrelation: str = "hamed-rao",
) -> gpd.GeoDataFrame:
    """Tell how the months made each visited cell hot or cold.

    Parameters
    ----------
    visits
        `cell`, `month` and `tracks` as schema.VISITS says, on `grid`. The rows of
        ALL_MONTHS are not used. The steps are the months from the first to the last;
        what has no row was not visited.
    grid
        Of the cells.
    land : (rows, columns) bool array
        Cells that people can reach on foot. The cube holds the cells visited in any
        month, and those around them on land.
    ring, back
        Neighbours reach so many cells to each side, and so many months back.
    correction, alpha
        As in `geo.analysis.hotspots.cells.find_hotspots`, over all bins of the cube.
        `alpha` is also the level of the test of trend.
    autocorrelation
        As in `geo.analysis.hotspots.trends.mann_kendall`. The trend is that of the
        scores of each month alone, `back` or not: scores that share a month follow
        one another, and would show trends that are none.

    Returns
    -------
    GeoDataFrame
        A row a visited cell, by number: `cell`; `kind`, as `classify`; then what
        decided it: `steps`, `hot_steps`, `cold_steps`, `last` ("hot", "cold" or
        "none"), `run` (how many last steps were like the last), `trend` ("rising",
        "falling" or "none"), `trend_z` and `trend_p` (Mann-Kendall of the scores),
        `because` (the same as a sentence);
        and the square.

    Raises
    ------
    SchemaError
        If a column of visits is missing.
    CRSError
        If the grid does not measure in metres.
    ValueError
        If there are fewer than ten months, a cell lies off the grid or comes twice
        in a month, a parameter is out of range, or the cube has no variation.

    Notes
    -----
    The classes are those of Esri's Emerging Hot Spot Analysis. Gi* and its chance
    are those of `geo.analysis.hotspots.cells`, against the whole cube.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 20_000, 2000, rows=10, columns=10)
    >>> visits = pd.DataFrame(
    ...     {"cell": np.tile(np.arange(100), 12), "month": np.repeat(range(12), 100)}
    ... )
    >>> crowded = visits["cell"].isin([44, 45, 54, 55]) & (visits["month"] > 8)
    >>> visits["tracks"] = np.where(crowded, 60, 1)
    >>> row = find_emerging(visits, grid).set_index("cell").loc[44]
    >>> print(f"{row.kind}: {row.because}")
    consecutive hot: hot in 3 of 12 steps and cold in 0; hot in the last 3, \
never before; no trend (p 0.086).
    """
    grid.check_metres()
    cube = stack_visits(visits, grid)
    square = np.ones((2 * ring + 1, 2 * ring + 1), bool)
    visited: NDArray[np.bool_] = np.any(cube > 0, axis=0)
    domain = ndimage.binary_dilation(visited, square)
    if land is not None:
        if land.shape != grid.shape:
            raise ValueError(
                f"land has shape {land.shape}, but the grid has {grid.shape}"
            )
        domain &= land | visited
    scored = score_cube(
        cube, mask=domain, ring=ring, back=back, correction=correction, alpha=alpha
    )
    state = scored.state[:, visited].T
    # Scores that share a month with the one before follow one another by themselves.
    alone = score_cube(cube, mask=domain, ring=ring, back=0) if back else scored
    trend = mann_kendall(alone.z[:, visited].T, autocorrelation=autocorrelation)
    rising = np.where(trend.p <= alpha, np.sign(trend.s), 0)
    cell = np.flatnonzero(visited)
    return gpd.GeoDataFrame(
        {"cell": cell, "kind": classify(state, rising), **_trace(state, trend, rising)},
        geometry=grid.squares_of(cell),
        crs=grid.crs,
    )


def classify(state: ArrayLike, trend: ArrayLike) -> NDArray[np.str_]:
    """Return the class of each series of hot and cold steps.

    Parameters
    ----------
    state : (cells, steps) int array
        1 hot, -1 cold, 0 neither.
    trend : (cells,) int array
        1 where the scores rise significantly, -1 where they fall, 0 otherwise.

    Returns
    -------
    (cells,) str array
        Where the last step is hot, and "often" is at least 90 % of all steps:

        =================  ========================================================
        new hot            the last step is the first hot one
        consecutive hot    hot in the last two or more; never before; not often
        intensifying hot   often hot, and rising
        diminishing hot    often hot, and falling
        persistent hot     often hot, neither rising nor falling
        oscillating hot    hot before the last run, not often; cold at some time
        sporadic hot       hot before the last run, not often; never cold
        =================  ========================================================

        The same for cold, where falling scores intensify. Where the last step is
        neither: ``"historical hot"`` or ``"historical cold"`` if it was often that,
        else ``"none"``. Where two would fit, the earlier holds: a cell that was cold
        and then hot to the end is consecutive, since it had never been hot before.

    Raises
    ------
    ValueError
        If there are fewer than ten steps, or shapes or values are others.

    Examples
    --------
    >>> classify([[0] * 9 + [1], [-1] * 5 + [1] * 5, [1] * 10], [0, 1, 1])
    array(['new hot', 'consecutive hot', 'intensifying hot'], dtype='<U17')
    """
    every, slope = np.asarray(state), np.asarray(trend)
    if every.ndim != 2 or slope.shape != every.shape[:1]:
        raise ValueError(
            f"states have shape {every.shape} and trends {slope.shape}; expected "
            "(cells, steps) and (cells,)"
        )
    if every.shape[1] < FEWEST_STEPS:
        raise ValueError(
            f"there are {every.shape[1]} steps; emerging hotspots need at least "
            f"{FEWEST_STEPS}"
        )
    if not (np.isin(every, (-1, 0, 1)).all() and np.isin(slope, (-1, 0, 1)).all()):
        raise ValueError("a state or trend is not one of -1, 0 and 1")
    kind = np.full(len(every), "none", dtype="<U17")
    for side, name in ((1, "hot"), (-1, "cold")):
        for pattern, found in _patterns(every * side, slope * side).items():
            # What the last step is goes before what a cell was for long.
            free = kind == "none" if pattern == "historical" else True
            kind[found & free] = f"{pattern} {name}"
    return kind


def _patterns(
    state: NDArray[np.int_], trend: NDArray[np.int_]
) -> dict[str, NDArray[np.bool_]]:
    """Return which series are hot in each of the eight ways; they exclude another."""
    hot = state == 1
    steps = hot.shape[1]
    number, last, run = hot.sum(axis=1), hot[:, -1], _last_run(state)
    often = 10 * number >= 9 * steps
    before = number > run
    seldom = last & ~often
    return {
        "new": last & (number == 1),
        "consecutive": seldom & ~before & (run > 1),
        "intensifying": last & often & (trend == 1),
        "diminishing": last & often & (trend == -1),
        "persistent": last & often & (trend == 0),
        "oscillating": seldom & before & (state == -1).any(axis=1),
        "sporadic": seldom & before & ~(state == -1).any(axis=1),
        "historical": ~last & often & (state[:, -1] == 0),
    }


def _last_run(state: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return how many last steps are like the last one."""
    other = state[:, ::-1] != state[:, -1:]
    run: NDArray[np.int64] = np.where(
        other.any(axis=1), other.argmax(axis=1), state.shape[1]
    )
    return run


def _trace(
    state: NDArray[np.int8], trend: Trends, rising: NDArray[np.int_]
) -> dict[str, object]:
    """Return what decided the class of each cell, in numbers and in words."""
    names = np.array(["cold", "none", "hot"])
    hot, cold = (state == 1).sum(axis=1), (state == -1).sum(axis=1)
    last, run = names[state[:, -1] + 1], _last_run(state)
    before = (state == state[:, -1:]).sum(axis=1) > run
    words = np.array(["falling", "no trend", "rising"])[rising + 1]
    return {
        "steps": state.shape[1],
        "hot_steps": hot,
        "cold_steps": cold,
        "last": last,
        "run": run,
        "trend": np.array(["falling", "none", "rising"])[rising + 1],
        "trend_z": np.round(trend.z, 2),
        "trend_p": [float(f"{p:.2g}") for p in trend.p],
        "because": [
            f"hot in {h} of {state.shape[1]} steps and cold in {c}; "
            f"{'neither' if now == 'none' else now} in the last "
            f"{'one' if r == 1 else r}, {'as before' if b else 'never before'}; "
            f"{how} (p {p:.2g})."
            for h, c, now, r, b, how, p in zip(
                hot, cold, last, run, before, words, trend.p, strict=True
            )
        ],
    }
