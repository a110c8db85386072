"""What the page says of change over time, of clusters, and of the months to come."""

from typing import Any

import geopandas as gpd
import pandas as pd

from geo.privacy import Release
from geo.write.basemap import degrees, spot
from geo.write.plain import columns, rows

CHANGE_COLUMNS = {
    "kind": "kind",
    "trend": "trend",
    "months": "months",
    "hot": "hot_months",
    "cold": "cold_months",
    "last": "last",
    "run": "run",
}
TEST_COLUMNS = {
    "test": "test",
    "tracks": "tracks",
    "value": "value",
    "expected": "expected",
    "z": "z",
    "p": "p",
}
SCAN_COLUMNS = {
    "window": "window",
    "rank": "rank",
    "tracks": "tracks",
    "km": "radius_km",
    "ratio": "ratio",
    "p": "gumbel_p",
}
FORECAST_COLUMNS = {
    "method": "method",
    "months": "months",
    "area": "area_pct",
    "hit": "hit_pct",
    "pai": "pai",
    "pei": "pei",
}


def change_of(release: Release, cells: pd.Series) -> dict[str, list[Any]] | None:
    """Return the classes of change over time of cells, as columns beside theirs.

    Parameters
    ----------
    release
        What the gate let through.
    cells
        Numbers of the published cells, in the order of the page.

    Returns
    -------
    dict or None
        Columns as long as `cells`, None where a cell has no class; None without the
        layer.
    """
    emerging = release.layers.get("emerging", pd.DataFrame())
    if emerging.empty:
        return None
    beside = emerging.drop(columns="geometry").set_index("cell")
    return columns(beside.reindex(cells), CHANGE_COLUMNS)


def evidence_of(release: Release) -> dict[str, list[dict[str, Any]]]:
    """Return the tests of the whole, the likeliest clusters, and the forecasts."""
    tests = release.layers.get("global_tests", pd.DataFrame())
    scans = release.layers.get("scan", pd.DataFrame())
    scores = release.layers.get("forecast", pd.DataFrame())
    found = rows(scans, SCAN_COLUMNS) if len(scans) else []
    middles: list[Any] = []
    if len(scans):
        inner = gpd.GeoDataFrame(scans).set_geometry(
            scans.geometry.representative_point()
        )
        middles = [spot(point) for point in degrees(inner).geometry]
    return {
        "tests": rows(tests, TEST_COLUMNS) if len(tests) else [],
        "scans": [row | {"at": at} for row, at in zip(found, middles, strict=True)],
        "forecasts": rows(scores, FORECAST_COLUMNS) if len(scores) else [],
    }
