"""People and incidents that were seen at places: where they gather and cross."""

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from geo.analysis.crossings.counts import NEAR_M
from geo.analysis.hotspots.cells import confidence_of, kind_of, score_cells
from geo.analysis.hotspots.rates import score_rates
from geo.grid import Grid
from geo.schema import ALL_MONTHS, POINTS, UNDATED

FEWEST_SHARED = 10
"""So many points at exactly one position are a place from a list, not positions."""

Bounds = tuple[float, float, float, float]


def clean_points(
    points: pd.DataFrame,
    *,
    crs: str,
    bounds: Bounds,
    before: int,
    undated: int | None = None,
) -> tuple[pd.DataFrame, Counter[str]]:
    """Turn away points outside the region or too recent, and measure the others.

    Parameters
    ----------
    points
        As schema.POINTS says.
    crs
        CRS of `x_m` and `y_m`, in metres.
    bounds
        West, south, east and north of the region, in degrees, all inclusive.
    before
        First month that may not be published yet, 12 * year + month - 1.
    undated
        Month that stands for the points without one: that by which all of them had
        been seen. None turns them away.

    Returns
    -------
    points
        Those that are left, sorted by `point`, `month`, `lon` and `lat`, with the
        columns `x_m`, `y_m`, and `shared`: whether at least `FEWEST_SHARED` different
        points have exactly its position, as when the name of a place was looked up.
    rejected
        How many went for each reason.

    Examples
    --------
    >>> points = pd.DataFrame(
    ...     {"point": [1, 2, 3], "month": [24276, -2, 24276], "lon": -77.5, "lat": 8.0}
    ... )
    >>> points.loc[2, "lat"] = 12.0
    >>> laea = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84"
    >>> kept, rejected = clean_points(
    ...     points, crs=laea, bounds=(-79, 7, -76, 10), before=24300
    ... )
    >>> kept["point"].tolist(), dict(rejected)
    ([1], {'outside the region': 1, 'undated': 1})
    """
    west, south, east, north = bounds
    lon, lat = points["lon"].to_numpy(), points["lat"].to_numpy()
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    month = points["month"].to_numpy()
    lacking = (month == UNDATED) & (undated is None)
    month_or = np.where(month == UNDATED, -1 if undated is None else undated, month)
    recent = ~lacking & (month_or >= before)
    rejected = Counter(
        {
            "outside the region": int((~inside).sum()),
            "undated": int((inside & lacking).sum()),
            "too recent": int((inside & recent).sum()),
        }
    )
    kept = points[inside & ~lacking & ~recent]
    kept = kept.sort_values(list(POINTS), ignore_index=True)
    project = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = project.transform(kept["lon"].to_numpy(), kept["lat"].to_numpy())
    here = kept.groupby(["lon", "lat"])["point"].transform("nunique")
    kept = kept.assign(x_m=x, y_m=y, shared=here.to_numpy() >= FEWEST_SHARED)
    return kept, +rejected


def count_in_cells(points: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Count the distinct points in each cell, by month and in all.

    Parameters
    ----------
    points
        Of `clean_points`. Those without a month count in all months together only;
        those at a shared position nowhere, for nobody knows where they were.
    grid
        Of the published cells.

    Returns
    -------
    DataFrame
        `cell`, `month` (and ALL_MONTHS) and `points`, sorted by the first two.
    """
    exact = points[~points["shared"].to_numpy(bool)]
    cell = grid.cell_of(exact["x_m"].to_numpy(), exact["y_m"].to_numpy())
    seen = exact[["point", "month"]].assign(cell=cell)
    return _count(seen[cell >= 0], "cell")


def count_at_targets(points: pd.DataFrame, targets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Count the distinct points that were seen at each line and checkpoint.

    A point is seen at the nearest reach of the border, the nearest river and the
    nearest checkpoint, each within `NEAR_M` or, where that is coarser, the precision
    of the line or checkpoint.

    Parameters
    ----------
    points
        Of `clean_points`.
    targets
        Of `geo.analysis.crossings.targets.make_targets`, in the CRS of the points.

    Returns
    -------
    DataFrame
        `target`, `month` (and ALL_MONTHS) and `points`, sorted by the first two.
    """
    places = shapely.points(points["x_m"].to_numpy(), points["y_m"].to_numpy())
    found = [pd.DataFrame({"point": [], "month": [], "target": []}, dtype=np.int64)]
    for kind, rows in targets.groupby("kind", sort=True):
        if str(kind).startswith("whole"):  # its reaches are there as well
            continue
        reach = np.fmax(rows["precision_m"].to_numpy(np.float64), NEAR_M)
        shapes = rows.geometry.to_numpy()
        tree = shapely.STRtree(shapes)
        (at, row), gap = tree.query_nearest(
            places, max_distance=float(reach.max()), return_distance=True
        )
        near = gap <= reach[row]
        at, row = at[near], row[near]
        first = np.unique(at, return_index=True)[1]  # of two as near, one
        seen = points[["point", "month"]].iloc[at[first]].reset_index(drop=True)
        found.append(seen.assign(target=rows["target"].to_numpy()[row[first]]))
    return _count(pd.concat(found, ignore_index=True), "target")


def find_point_hotspots(
    counts: pd.DataFrame,
    grid: Grid,
    *,
    land: NDArray[np.bool_] | None = None,
    alpha: float = 0.05,
    hours: NDArray[np.float64] | None = None,
) -> gpd.GeoDataFrame:
    """Test around which cells more, or fewer, points lie than by chance.

    Where it is known how long somebody looked in each cell, the test is about rates:
    whether more were seen than the hours explain.

    Parameters
    ----------
    counts
        Of `count_in_cells`.
    grid, land, alpha
        As for `geo.analysis.hotspots.cells.find_hotspots`, whose test this is.
    hours : (rows, columns) array
        Of watching, of `geo.analysis.hotspots.rates.effort_in_cells`; the test is
        then that of `geo.analysis.hotspots.rates.score_rates`.

    Returns
    -------
    GeoDataFrame
        A row a cell with points: `cell`, `points`, `z`, `q`, `kind`, `confidence`,
        with hours also `effort_h`, and the square. What is worked out from the number
        alone, as a density, is left to whoever has the published one: it would give
        the exact number away.
    """
    total = counts[counts["month"] == ALL_MONTHS].sort_values("cell")
    cell = total["cell"].to_numpy(np.int64)
    number = total["points"].to_numpy(np.int64)
    if hours is None:
        z, q = score_cells(cell, number, grid, land=land)
    else:
        seen = np.zeros(grid.rows * grid.columns, np.int64)
        seen[cell] = number
        z, q = (
            scores.ravel()[cell]
            for scores in score_rates(seen.reshape(grid.shape), hours)
        )
    effort = {} if hours is None else {"effort_h": _watched(hours.ravel()[cell])}
    return gpd.GeoDataFrame(
        {
            "cell": cell,
            "points": number,
            "z": np.round(z, 1),
            "q": [float(f"{value:.2g}") for value in q],
            "kind": kind_of(z, q, alpha=alpha),
            "confidence": confidence_of(q, alpha=alpha),
            **effort,
        },
        geometry=grid.squares_of(cell),
        crs=grid.crs,
    )


def _watched(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return hours to two digits; NaN where nobody looked."""
    return np.array([float(f"{spent:.2g}") if spent > 0 else np.nan for spent in hours])


def _count(seen: pd.DataFrame, by: str) -> pd.DataFrame:
    """Count distinct points by place and month, and by place in all months."""
    once = seen[[by, "month", "point"]]
    both = pd.concat([once[once["month"] != UNDATED], once.assign(month=ALL_MONTHS)])
    both = both.drop_duplicates()
    counts = both.groupby([by, "month"], sort=True).size().rename("points")
    return counts.reset_index().astype("int64")
