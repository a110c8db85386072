"""Counts as published: by month, and on the shapes of their targets."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.schema import ALL_MONTHS, month_label


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
    return rows.assign(month=[month_label(int(month)) for month in rows["month"]])


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
