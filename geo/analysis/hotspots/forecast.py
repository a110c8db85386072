"""Whether the hotspots of the months so far tell where the next month's tracks pass."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.hotspots.cells import count_field, kind_of, score_cells
from geo.frames import on_processors
from geo.grid import Grid
from geo.schema import ALL_MONTHS

FEWEST_MONTHS = 3
"""So many months at least are learned from."""

METHODS = ("hotspots", "last month", "density")
"""What is compared: the hot cells, the busiest cells of the last month, and the
densest cells of a plain kernel map of all months so far."""


def score_forecasts(
    visits: pd.DataFrame,
    grid: Grid,
    *,
    bandwidth_m: float,
    land: NDArray[np.bool_] | None = None,
    correction: str = "fdr",
    chances: str = "exact",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Score maps of the months so far on the next month, month after month.

    Parameters
    ----------
    visits
        `cell`, `month` and `tracks` as schema.VISITS says, on `grid`; the rows of
        ALL_MONTHS are not used.
    grid
        Of the cells.
    bandwidth_m
        Standard deviation of the kernel of the density map, in metres.
    land : (rows, columns) bool array
        Cells that people can reach on foot; by default all.
    correction, chances, alpha
        As for `geo.analysis.hotspots.cells.find_hotspots`.

    Returns
    -------
    DataFrame
        A row for each of METHODS, with `method`, `months` (how many were predicted)
        and means over them: `area_pct` of the study area that the map marks, `hit_pct`
        of the next month's visits that fall there, `pai` and `pei`. No rows if there
        was no month to predict from at least three, or nothing was hot before any.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    PAI, the prediction accuracy index, is the share of visits caught over the share
    of the area (Chainey, Tompson and Uhlig 2008, Security Journal 21:4); PEI, the
    prediction efficiency index, is the part caught of what the best map of the same
    area could have (Hunt 2016). The other maps mark as many cells as are hot, so that
    all are compared on equal areas. A visit is a track in a cell in a month. The
    study area are all cells visited at any time and those around them on land.

    Examples
    --------
    Where tracks pass never changes, so that the busiest cells of the last month are
    the best map that there can be, and hotspots are nearly it:

    >>> grid = Grid("EPSG:32618", 0, 20_000, 2000, rows=10, columns=10)
    >>> visits = pd.DataFrame({"cell": np.tile(np.arange(100), 5)})
    >>> visits["month"] = np.repeat(range(5), 100)
    >>> visits["tracks"] = np.where(visits["cell"].isin([44, 45, 54, 55]), 40, 1)
    >>> score_forecasts(visits, grid, bandwidth_m=2000).round(1)
           method  months  area_pct  hit_pct   pai  pei
    0    hotspots       2       4.0     62.5  15.6  1.0
    1  last month       2       4.0     62.5  15.6  1.0
    2     density       2       4.0     62.5  15.6  1.0
    """
    if not bandwidth_m > 0:
        raise ValueError(f"bandwidth_m is {bandwidth_m}; expected more than 0")
    cube = _by_month(visits, grid)
    area = _study_area(cube, grid, land=land)

    def score(step: int) -> list[Mapping[str, object]]:
        past = cube[:step].sum(axis=0)
        cell = np.flatnonzero(past)
        z, q = score_cells(
            cell, past[cell], grid, land=land, correction=correction, chances=chances
        )
        hot = cell[kind_of(z, q, alpha=alpha) == "hot"]
        if not len(hot) or not cube[step].any():
            return []
        smooth = ndimage.gaussian_filter(
            past.reshape(grid.shape).astype(float),
            bandwidth_m / grid.cell_m,
            mode="constant",
        )
        marked = {
            "hotspots": hot,
            "last month": _highest(cube[step - 1].astype(float), len(hot)),
            "density": _highest(np.where(area, smooth.ravel(), -1.0), len(hot)),
        }
        return [
            {"method": name, **_score(cube[step], cells, int(area.sum()))}
            for name, cells in marked.items()
        ]

    found = on_processors(score, range(FEWEST_MONTHS, len(cube)))
    return _means([row for rows in found for row in rows])


def _means(found: list[Mapping[str, object]]) -> pd.DataFrame:
    """Return the mean scores of each method over the months."""
    columns = ["area_pct", "hit_pct", "pai", "pei"]
    if not found:
        return pd.DataFrame(columns=["method", "months", *columns])
    every = pd.DataFrame(found)
    means = every.groupby("method")[columns].mean().loc[list(METHODS)]
    means.insert(0, "months", len(every) // len(METHODS))
    return means.reset_index()


def _by_month(visits: pd.DataFrame, grid: Grid) -> NDArray[np.int64]:
    """Return tracks by month and cell, from the first month to the last."""
    rows = visits[visits["month"] != ALL_MONTHS]
    month = rows["month"].to_numpy(np.int64)
    steps = int(month.max() - month.min()) + 1 if len(month) else 0
    cube = np.zeros((steps, grid.rows * grid.columns), np.int64)
    if steps:
        cube[month - month.min(), rows["cell"]] = rows["tracks"]
    return cube


def _study_area(
    cube: NDArray[np.int64], grid: Grid, *, land: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """Return the cells that are visited at any time, and those around on land."""
    whole = cube.sum(axis=0)
    cell = np.flatnonzero(whole)
    return count_field(cell, whole[cell], grid, land=land)[1].ravel()


def _highest(values: NDArray[np.float64], number: int) -> NDArray[np.int64]:
    """Return the cells of the highest values; of equal ones, those first by number."""
    order: NDArray[np.int64] = np.argsort(-values, kind="stable")
    return order[:number]


def _score(
    visits: NDArray[np.int64], cells: NDArray[np.int64], area: int
) -> dict[str, float]:
    """Return how much of a month's visits fall into cells."""
    caught = float(visits[cells].sum())
    best = float(visits[_highest(visits.astype(float), len(cells))].sum())
    share, part = caught / float(visits.sum()), len(cells) / area
    return {
        "area_pct": 100 * part,
        "hit_pct": 100 * share,
        "pai": share / part,
        "pei": caught / best,
    }
