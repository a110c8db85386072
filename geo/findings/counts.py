"""Counts as published: by month, and on the shapes of their targets."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.analysis.crossings.counts import SURE
from geo.schema import ALL_MONTHS, month_labels


def count_by_month(
    table: pd.DataFrame, by: list[str], *, count: str = "tracks"
) -> pd.DataFrame:
    """Return what was counted in each month, with the month as text.

    Parameters
    ----------
    table
        Counts, with a column `month` whose -1 stands for all months together.
    by
        Columns that name what was counted.
    count
        The column that counts: `tracks` or `points`.
    """
    rows = table.loc[table["month"] != ALL_MONTHS, [*by, "month", count]]
    rows = rows[rows[count] > 0].sort_values([*by, "month"], ignore_index=True)
    return rows.assign(month=month_labels(rows["month"]))


def crossings_by_month(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the tracks of each target and direction in each month, and the expected.

    Parameters
    ----------
    counts
        Of `geo.analysis.crossings.counts.count_crossings`.
    """
    by = ["target", "direction"]
    rows = counts.loc[(counts["month"] != ALL_MONTHS) & (counts["tracks"] > 0)]
    rows = rows.sort_values([*by, "month"], ignore_index=True)
    rows = rows.assign(
        expected=rows["chances"] / SURE,
        month=month_labels(rows["month"]),
    )
    return rows[[*by, "month", "tracks", "expected"]]


def crossings_on_targets(
    counts: pd.DataFrame, targets: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the crossings of the whole period, on the shape of their targets.

    Parameters
    ----------
    counts
        Of `geo.analysis.crossings.counts.count_crossings`.
    targets
        Of `geo.analysis.crossings.targets.make_targets`.

    Returns
    -------
    GeoDataFrame
        A row a target and direction that any track crossed with a chance of one half
        or more. `expected` is the sum of the chances of all tracks, `spread` its
        variance, `gap_pct` the share of it in silences of over an hour: all exact, for
        the gate to round, which fills in `low` and `high` as well.
    """
    rows = count_on_targets(counts[counts["tracks"] > 0], targets, count="tracks")
    known = [name for name in ("role", "part_of") if name in targets]
    more = targets[["target", *known]].merge(
        counts[counts["month"] == ALL_MONTHS], on="target"
    )
    more = more.set_index(["target", "direction"])
    more = more.loc[pd.MultiIndex.from_frame(rows[["target", "direction"]])]
    chances = more["chances"].to_numpy(np.float64)
    found = {
        "expected": chances / SURE,
        "low": rows["low"],
        "high": rows["high"],
        "spread": more["spread"].to_numpy() / SURE,
        "gap_pct": 100 * more["silent"].to_numpy() / np.maximum(chances, 1.0),
    }
    if "role" in known:
        found["role"] = more["role"].to_numpy()
    if "part_of" in known:
        whole = pd.array(more["part_of"].to_numpy(), dtype="Int64")
        whole[more["part_of"].to_numpy() < 0] = pd.NA
        found["part_of"] = whole
    before = ["target", "kind", "name", "direction", "tracks"]
    after = ["quality", "precision_m", "geometry"]
    return rows.assign(**found)[[*before, *found, *after]]


def count_on_targets(
    counts: pd.DataFrame, targets: gpd.GeoDataFrame, *, count: str
) -> gpd.GeoDataFrame:
    """Return the counts of the whole period, on the shape of their targets.

    The gate fills in `low` and `high`, from rounded counts.
    """
    total = counts[counts["month"] == ALL_MONTHS].drop(columns="month")
    columns = ["target", "kind", "name", "quality", "precision_m", "geometry"]
    rows = targets[columns].merge(total, on="target", how="inner")
    rows = rows.assign(low=np.nan, high=np.nan)
    way = ["direction"] if "direction" in rows else []
    order = ["target", "kind", "name", *way, count, "low", "high"]
    return gpd.GeoDataFrame(
        rows[[*order, "quality", "precision_m", "geometry"]].sort_values(
            ["target", *way], ignore_index=True
        ),
        geometry="geometry",
        crs=targets.crs,
    )
