"""Hotspots: cells whose surroundings more tracks passed than chance allows."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from geo.analysis.hotspots.permutation import permuted_p
from geo.analysis.hotspots.stats import (
    FEWEST_CELLS,
    false_discovery,
    getis_ord,
    getis_ord_p,
    two_sided_p,
)
from geo.errors import SchemaError
from geo.grid import Grid
from geo.schema import ALL_MONTHS, VISITS

COUNTED = ("tracks", "hours")
"""What the test can be about."""
PERMUTATIONS = 99_999
"""Of the conditional permutations: many cells whose false discoveries are held down
need small chances."""

_NO_DIRECTION = -np.log(0.05)  # Rayleigh: n R² below this is chance (p > 0.05)


def find_hotspots(
    visits: pd.DataFrame,
    grid: Grid,
    *,
    land: NDArray[np.bool_] | None = None,
    ring: int = 1,
    count: str = "tracks",
    correction: str = "fdr",
    chances: str = "exact",
    alpha: float = 0.05,
) -> gpd.GeoDataFrame:
    """Test around which visited cells more, or fewer, tracks pass than by chance.

    Parameters
    ----------
    visits
        As schema.VISITS says, on `grid`; only the rows of ALL_MONTHS are used, in
        which each track counts once in a cell.
    grid
        Of the cells.
    land : (rows, columns) bool array
        Cells that people can reach on foot. The test is about the visited cells and
        those around them on land, so that every visited cell has neighbours, and
        the empty wilderness far away is not counted as cold.
    ring
        Surroundings reach so many cells to each side.
    count
        What is tested: ``"tracks"``, one vote a person, or ``"hours"``, the time that
        all of them together spent there, in whole hours: a place where few stay long
        may then be hot.
    correction
        For the many tests: ``"fdr"`` (Benjamini and Hochberg), ``"by"`` (the same
        for any dependence, stricter) or ``"none"``.
    chances
        How likely sums are: ``"exact"`` as `getis_ord_p`, ``"normal"`` by the normal
        law of Gi*, or ``"permutation"`` as `geo.analysis.hotspots.permutation`.
    alpha
        Highest false discovery rate at which a cell is called hot or cold.

    Returns
    -------
    GeoDataFrame
        A row a visited cell, by number: `cell`, `tracks`, `stop_tracks`, `hours`
        (mean per track) and `stop_hours` (mean per stopping track, NaN where none
        stopped), in steps of half an hour; `bearing_deg` and `one_way_pct`, to the
        nearest 5; `z` (Gi*, to 0.1) and `q` (adjusted chance, two digits); `kind`
        ("hot", "cold" or "none"); `confidence` (99, 95 or 90 percent, 0 where none)
        and the square. Without variation, or with less than 30 cells to test, `z`
        and `q` are NaN and every kind is "none".

    Raises
    ------
    SchemaError
        If a column of visits is missing.
    CRSError
        If the grid does not measure in metres.
    ValueError
        If a cell lies off the grid or comes twice, or a parameter is out of range.

    Notes
    -----
    `z` is Gi* (Ord and Getis 1995), but the chance is by default that of
    `getis_ord_p`, since counts of tracks are too skewed for the normal approximation.

    Visits hold the sum of the tracks' directions, not each of them. So `one_way_pct`
    is ``(1 + R) / 2`` with the mean length R of that sum: exact where tracks go
    straight to or fro, an approximation where they fan out. Both it and the bearing
    are NaN where there is no common direction (Rayleigh test, p > 0.05).

    Examples
    --------
    >>> from geo.grid import Grid
    >>> grid = Grid("EPSG:32618", 0, 20_000, 2000, rows=10, columns=10)
    >>> visits = pd.DataFrame({name: 0 for name in VISITS}, index=range(100))
    >>> visits["cell"], visits["month"] = range(100), ALL_MONTHS
    >>> visits["tracks"] = 1
    >>> visits.loc[[44, 45, 54, 55], "tracks"] = 40
    >>> found = find_hotspots(visits, grid)
    >>> found.loc[found["kind"] == "hot", "cell"].tolist()
    [44, 45, 54, 55]
    """
    grid.check_metres()
    rows = _total(visits, grid)
    _check_choices(count, correction, chances)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; expected a rate between 0 and 1")
    if land is not None and land.shape != grid.shape:
        raise ValueError(f"land has shape {land.shape}, but the grid has {grid.shape}")
    cell = rows["cell"].to_numpy(dtype=np.int64)
    number = rows["tracks"].to_numpy(dtype=np.int64)
    tested = number if count == "tracks" else (rows["minutes"].to_numpy() + 30) // 60
    z, q = score_cells(
        cell,
        tested,
        grid,
        land=land,
        ring=ring,
        correction=correction,
        chances=chances,
    )
    bearing, one_way = _directions(rows)
    return gpd.GeoDataFrame(
        {
            "cell": cell,
            "tracks": number,
            "stop_tracks": rows["stop_tracks"].to_numpy(dtype=np.int64),
            "hours": _mean_hours(rows["minutes"], rows["tracks"]),
            "stop_hours": _mean_hours(rows["stop_minutes"], rows["stop_tracks"]),
            "bearing_deg": bearing,
            "one_way_pct": one_way,
            "z": np.round(z, 1),
            "q": [float(f"{value:.2g}") for value in q],
            "kind": kind_of(z, q, alpha=alpha),
            "confidence": confidence_of(q, alpha=alpha),
        },
        geometry=grid.squares_of(cell),
        crs=grid.crs,
    )


def _check_choices(count: str, correction: str, chances: str) -> None:
    """Refuse a word that chooses nothing."""
    if correction not in {"fdr", "by", "none"}:
        raise ValueError(
            f"correction is {correction!r}; expected 'fdr', 'by' or 'none'"
        )
    if count not in COUNTED:
        raise ValueError(f"count is {count!r}; expected 'tracks' or 'hours'")
    if chances not in {"exact", "normal", "permutation"}:
        raise ValueError(
            f"chances is {chances!r}; expected 'exact', 'normal' or 'permutation'"
        )


def _total(visits: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """Return the visited cells of all months together, by number."""
    for name in VISITS:
        if name not in visits:
            raise SchemaError(
                f"The table of visits has no column {name!r}; its columns are: "
                f"{', '.join(map(str, visits.columns))}."
            )
    whole = visits[(visits["month"] == ALL_MONTHS) & (visits["tracks"] > 0)]
    rows = whole.sort_values("cell", ignore_index=True)
    if not rows["cell"].between(0, grid.rows * grid.columns - 1).all():
        raise ValueError("a visit lies in a cell that the grid does not have")
    if rows["cell"].duplicated().any():
        raise ValueError("a cell comes twice; add visits up before they are tested")
    return rows


def score_cells(
    cell: NDArray[np.int64],
    number: NDArray[np.int64],
    grid: Grid,
    *,
    land: NDArray[np.bool_] | None = None,
    ring: int = 1,
    correction: str = "fdr",
    chances: str = "exact",
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Gi* and adjusted chance of cells; NaN where nothing can be tested.

    Parameters
    ----------
    cell, number : (n,) int64 arrays
        Distinct cells of `grid`, and what was counted in each.
    grid, land, ring, correction, chances
        As for `find_hotspots`.

    Returns
    -------
    z, q : (n,) arrays
    """
    counts, domain = count_field(cell, number, grid, land=land, ring=ring)
    known = counts[domain]
    if len(known) < FEWEST_CELLS or (known == known[0]).all():
        return np.full(len(cell), np.nan), np.full(len(cell), np.nan)
    z = getis_ord(counts, mask=domain, ring=ring)
    q = _chance(z, counts, domain, ring=ring, chances=chances)
    if correction != "none":
        q = false_discovery(q, method="bh" if correction == "fdr" else "by")
    return z.ravel()[cell], q.ravel()[cell]


def count_field(
    cell: NDArray[np.int64],
    number: NDArray[np.int64],
    grid: Grid,
    *,
    land: NDArray[np.bool_] | None = None,
    ring: int = 1,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return counts laid out on the grid, and the cells that a test is about.

    These are the cells with a count, and those around them, on land.

    Parameters
    ----------
    cell, number, grid, land, ring
        As for `score_cells`.

    Examples
    --------
    >>> grid = Grid("EPSG:32618", 0, 3000, 1000, rows=3, columns=4)
    >>> count_field(np.array([4]), np.array([7]), grid)[1].sum(axis=0)
    array([3, 3, 0, 0])
    """
    flat = np.zeros(grid.rows * grid.columns, np.int64)
    flat[cell] = number
    counts = flat.reshape(grid.shape)
    square = np.ones((2 * ring + 1, 2 * ring + 1), bool)
    domain: NDArray[np.bool_] = ndimage.binary_dilation(counts > 0, square)
    if land is not None:
        domain &= land | (counts > 0)
    return counts, domain


def _chance(
    z: NDArray[np.float64],
    counts: NDArray[np.int64],
    domain: NDArray[np.bool_],
    *,
    ring: int,
    chances: str,
) -> NDArray[np.float64]:
    """Return the two-sided chance of the surroundings of every cell."""
    if chances == "permutation":
        # NaN where a cell stands alone: nothing can be put around it.
        return permuted_p(counts, mask=domain, ring=ring, permutations=PERMUTATIONS)
    if chances == "normal":
        return two_sided_p(z)
    return getis_ord_p(counts, mask=domain, ring=ring)


def kind_of(
    z: NDArray[np.float64], q: NDArray[np.float64], *, alpha: float
) -> NDArray[np.str_]:
    """Return "hot", "cold" or "none" for each score and adjusted chance.

    Examples
    --------
    >>> kind_of(np.array([3, -3, 1, np.nan]), np.array([0, 0, 1, np.nan]), alpha=0.05)
    array(['hot', 'cold', 'none', 'none'], dtype='<U4')
    """
    return np.where(q <= alpha, np.where(z > 0, "hot", "cold"), "none")


def confidence_of(q: NDArray[np.float64], *, alpha: float) -> NDArray[np.int64]:
    """Return 99, 95 or 90 percent for each adjusted chance; 0 above `alpha`."""
    confidence = np.select([q <= 0.01, q <= 0.05, q <= 0.1], [99, 95, 90], 0)
    return np.where(q <= alpha, confidence, 0)


def _mean_hours(minutes: pd.Series, tracks: pd.Series) -> NDArray[np.float64]:
    """Return hours per track in steps of a half; NaN without tracks."""
    each = np.full(len(tracks), np.nan)
    some = tracks.to_numpy() > 0
    each[some] = minutes.to_numpy()[some] / tracks.to_numpy()[some]
    return np.floor(each / 30 + 0.5) / 2


def _directions(rows: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return main bearing and share of tracks that follow it, to the nearest 5."""
    east, north = rows["east"].to_numpy(np.float64), rows["north"].to_numpy(np.float64)
    tracks = rows["tracks"].to_numpy(np.float64)
    mean = np.minimum(np.hypot(east, north) / (1000 * tracks), 1.0)
    common = tracks * mean**2 >= _NO_DIRECTION
    bearing = 5 * np.floor(np.degrees(np.arctan2(east, north)) / 5 + 0.5) % 360
    one_way = 5 * np.floor(100 * (1 + mean) / 2 / 5 + 0.5)
    return np.where(common, bearing, np.nan), np.where(common, one_way, np.nan)
