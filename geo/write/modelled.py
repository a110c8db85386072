"""What is modelled, as the plain numbers and texts that the page draws."""

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geo.privacy import Release
from geo.write.basemap import degrees, packed
from geo.write.plain import rows

SIMPLIFY_M = 150.0
"""Outlines of a model on cells of a kilometre may move by this much."""

WAY_COLUMNS = {"entry": "entry", "exit": "exit", "level": "level", "hours": "hours"}
FUSED_COLUMNS = {
    "level": "level",
    "basis": "basis",
    "share": "share_pct",
    "area": "area_km2",
}
BETWEEN_COLUMNS = {"share": "share_pct", "places": "places", "area": "area_km2"}
BAND_COLUMNS = {"help": "help", "from": "from_h", "to": "up_to_h", "area": "area_km2"}


def models(release: Release) -> dict[str, Any]:
    """Return what no track stands behind, ready for JSON.

    Returns
    -------
    dict
        `reliefKm`, how coarse the relief is; `ways`, a row for each entry, exit and
        level; `areas`, what the ways of each level cover together; `bands` of hours;
        `between`, where the ways between all places run; and `fused`, outlines of what
        was seen and what is likely.
    """
    cell_m = release.base.relief_cell_m
    ways = _model(release, "modelled")
    return {
        "reliefKm": None if cell_m is None else cell_m / 1000,
        "ways": _drawn(ways, WAY_COLUMNS),
        "areas": _drawn(_together(ways), {"level": "level"}),
        "bands": _drawn(_model(release, "isochrones"), BAND_COLUMNS),
        "between": _drawn(_model(release, "thoroughfares"), BETWEEN_COLUMNS),
        "fused": _drawn(_model(release, "fused"), FUSED_COLUMNS, simplify_m=30.0),
    }


def _model(release: Release, name: str) -> gpd.GeoDataFrame:
    """Return a model, empty where there is none."""
    found = release.layers.get(name) if name in release.models else None
    return gpd.GeoDataFrame(geometry=[]) if found is None else gpd.GeoDataFrame(found)


def _together(ways: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what all ways of each level cover, the widest first."""
    if ways.empty:
        return ways
    levels = sorted({int(level) for level in ways["level"]}, reverse=True)
    shapes = [
        shapely.union_all(ways.geometry[ways["level"] == level].to_numpy())
        for level in levels
    ]
    return gpd.GeoDataFrame(
        {"level": pd.Series(levels, dtype="int64")}, geometry=shapes, crs=ways.crs
    )


def _drawn(
    layer: gpd.GeoDataFrame, columns: dict[str, str], *, simplify_m: float = SIMPLIFY_M
) -> list[dict[str, Any]]:
    """Return the rows of a layer with their rings."""
    if layer.empty:
        return []
    shapes = degrees(layer, simplify_m=simplify_m).geometry
    return [
        row | {"rings": packed(shape)}
        for row, shape in zip(rows(layer, columns), shapes, strict=True)
    ]
