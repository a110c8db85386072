"""A Release as the plain numbers and texts that the page draws."""

import math
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.privacy import Release
from geo.write import basemap
from geo.write.basemap import PER_DEGREE, SIMPLIFY_M, degrees, packed, spot
from geo.write.crossings import CROSSING_COLUMNS
from geo.write.evidence import change_of, evidence_of
from geo.write.ground import ground
from geo.write.headings import along_travel, bearings_at, busiest_spots, heading
from geo.write.modelled import models
from geo.write.plain import columns, plain, records, rows

CELL_COLUMNS = {
    "tracks": "tracks",
    "stop": "stop_tracks",
    "hours": "hours",
    "stopHours": "stop_hours",
    "bearing": "bearing_deg",
    "oneWay": "one_way_pct",
    "density": "density",
    "post": "post_h",
    "z": "z",
    "q": "q",
    "kind": "kind",
    "confidence": "confidence",
    "stable": "stable_pct",
}
CORRIDOR_COLUMNS = {
    "id": "corridor",
    "season": "season",
    "level": "level",
    "tracks": "tracks",
    "bearing": "bearing_deg",
    "oneWay": "one_way_pct",
    "bridged": "bridged_pct",
    "area": "area_km2",
}
POINT_COLUMNS = {
    "points": "points",
    "effort": "effort_h",
    "rate": "rate",
    "z": "z",
    "q": "q",
    "kind": "kind",
    "confidence": "confidence",
}
RECORDED_COLUMNS = {
    "target": "target",
    "kind": "kind",
    "name": "name",
    "points": "points",
    "low": "low",
    "high": "high",
    "quality": "quality",
    "precision": "precision_m",
}


RISK_COLUMNS = {
    "level": "level",
    "points": "points",
    "ratio": "ratio",
    "area": "area_km2",
}
BANDWIDTH_COLUMNS = {
    "method": "method",
    "bandwidth": "bandwidth_m",
    "peak": "peak_per_km2",
    "half": "half_km2",
}
ROUTE_COLUMNS = {
    "from": "from_name",
    "to": "to_name",
    "tracks": "tracks",
    "ahead": "ahead_tracks",
    "back": "back_tracks",
    "km": "length_km",
    "bridged": "bridged_pct",
    "tube": "tube_m",
    "stable": "stability_pct",
    **{
        f"{way}{short}": f"{way}_{column}"
        for way in ("ahead", "back")
        for short, column in (
            ("Foot", "foot_pct"),
            ("Boat", "boat_pct"),
            ("Hours", "timed_h"),
            ("Low", "timed_low_h"),
            ("High", "timed_high_h"),
            ("Moving", "timed_moving_h"),
        )
    },
}
NODE_COLUMNS = {"name": "name", "kind": "kind", "tracks": "tracks"}


def page_data(
    release: Release, *, drawn: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return everything that the page shows, ready for JSON.

    Parameters
    ----------
    release
        What the gate let through; nothing else reaches the page.
    drawn
        What `geo.write.ground.draw_ground` drew of its base layers before.

    Returns
    -------
    dict
        Numbers, texts and whole-number coordinates (`basemap.packed`). Rows that
        only the drawing needs are columns of equal length.
    """
    about, base = release.about, release.base
    months = _months(release)
    return {
        "perDegree": PER_DEGREE,
        "region": about.region,
        "crs": about.crs,
        "period": [about.first_month, about.last_month],
        "marks": list(release.marks),
        "k": release.k,
        "roundTo": release.round_to,
        "about": {
            "tracks": about.tracks,
            "read": about.fixes_read,
            "kept": about.fixes_kept,
            "rejected": dict(about.rejected),
            "files": about.files,
            "bridged": about.bridged_share,
            "points": about.points,
            "pointsRejected": dict(about.points_rejected),
            "validation": dict(about.validation),
            "pointsShared": about.points_shared,
            "parameters": {name: plain(v) for name, v in about.parameters.items()},
        },
        "withheld": dict(release.withheld),
        "months": months,
        "monthly": _monthly(release, months),
        "official": _official(base.crossings, months),
        "nationalities": records(base.nationalities),
        "credits": dict(base.credits),
        "ground": ground(base, found=_framed(release), drawn=drawn),
        "corridors": _corridors(release),
        "cells": _cells(release, months),
        "cellKm": _cell_km(release),
        "crossings": _crossings(release, months),
        "network": _network(release, months),
        "points": _points(release, months),
        "recorded": _recorded(release, months),
        "risk": _risk(release),
        "bandwidths": rows(_layer(release, "bandwidths"), BANDWIDTH_COLUMNS),
        "density": _density(release),
        "evidence": evidence_of(release),
        "models": models(release),
    }


def _layer(release: Release, name: str) -> pd.DataFrame:
    return release.layers.get(name, pd.DataFrame())


def _framed(release: Release) -> list[gpd.GeoDataFrame]:
    """Name the layers that the map opens on, best first."""
    found = (_layer(release, name) for name in ("corridors", "hotspots", "crossings"))
    return [layer for layer in found if len(layer)]


def _months(release: Release) -> list[str]:
    """Return every month of the period, and of the official figures without one."""
    about, official = release.about, release.base.crossings
    named = [about.first_month, about.last_month]
    if not all(named):
        named = [
            f"{int(year):04d}-{int(month):02d}"
            for year, month in zip(
                official.get("year", ()), official.get("month", ()), strict=True
            )
        ]
    if not named:
        return []
    first, last = pd.Period(min(named), "M"), pd.Period(max(named), "M")
    return [str(month) for month in pd.period_range(first, last)]


def _monthly(release: Release, months: list[str]) -> list[int | None]:
    frame = _layer(release, "monthly")
    if frame.empty:
        return [None] * len(months)
    tracks = dict(zip(frame["month"], frame["tracks"], strict=True))
    return [plain(tracks.get(month)) for month in months]


def _official(crossings: pd.DataFrame, months: list[str]) -> dict[str, list[Any]]:
    """Return the official crossings of each month, and where they are quoted from."""
    figures = {
        f"{int(row['year']):04d}-{int(row['month']):02d}": row
        for row in records(crossings)
    }
    found = [figures.get(month, {}) for month in months]
    return {
        "crossings": [row.get("crossings") for row in found],
        "basis": [row.get("basis") or "" for row in found],
    }


def _corridors(release: Release) -> list[dict[str, Any]]:
    layer = _layer(release, "corridors")
    if layer.empty:
        return []
    shapes = degrees(layer, simplify_m=3 * SIMPLIFY_M).geometry
    return [
        row | {"rings": packed(shape)}
        for row, shape in zip(rows(layer, CORRIDOR_COLUMNS), shapes, strict=True)
    ]


def _cells(release: Release, months: list[str]) -> dict[str, Any]:
    """Return cells as columns, and for each month which cells had how many tracks."""
    layer = _layer(release, "hotspots")
    if layer.empty:
        return {"rings": [], "tracks": [], "months": {}}
    rings = [packed(shape)[0] for shape in degrees(layer).geometry]
    by_month = _cells_by_month(layer, _layer(release, "hotspots_monthly"), months)
    found = {
        "rings": rings,
        "months": by_month,
        "change": change_of(release, layer["cell"]),
    }
    return found | columns(layer, CELL_COLUMNS)


def _cells_by_month(
    layer: pd.DataFrame, monthly: pd.DataFrame, months: list[str]
) -> dict[str, list[list[int]]]:
    """Return for each month the places of its cells in the layer, and their counts."""
    place = {cell: n for n, cell in enumerate(layer["cell"])}
    by_month: dict[str, list[list[int]]] = {}
    count = "tracks" if "tracks" in monthly else "points"
    listed = columns(monthly, {name: name for name in ("cell", "month", count)})
    for cell, month, number in zip(*listed.values(), strict=True):
        if cell in place and month in months:
            cells, counts = by_month.setdefault(month, [[], []])
            cells.append(place[cell])
            counts.append(number)
    return by_month


def _cell_km(release: Release) -> float | None:
    """Return the side of a published square."""
    layer = _layer(release, "hotspots")
    if layer.empty:
        return None
    return round(math.sqrt(float(layer.geometry.iloc[0].area)) / 1_000, 3)


def _crossings(release: Release, months: list[str]) -> list[dict[str, Any]]:
    """Return each crossing with its line or point, its heading and its months."""
    layer = _layer(release, "crossings")
    if layer.empty:
        return []
    monthly: dict[tuple[Any, Any], dict[str, int]] = {}
    for row in records(_layer(release, "crossings_monthly")):
        key = row["target"], row["direction"]
        monthly.setdefault(key, {})[row["month"]] = row["tracks"]
    provinces = release.base.provinces
    countries = {}
    if len(provinces):
        whole = provinces.dissolve(by="country", sort=True)
        countries = dict(zip(whole.index, whole.geometry, strict=True))
    spots = busiest_spots(layer, _layer(release, "corridors"))
    drawn = zip(
        rows(layer, CROSSING_COLUMNS),
        layer.geometry,
        spots.geometry,
        degrees(layer, simplify_m=SIMPLIFY_M).geometry,
        degrees(spots).geometry,
        bearings_at(spots, _layer(release, "hotspots")),
        strict=True,
    )
    # A whole line is drawn by its reaches, where one of them is published.
    wholes = set(layer["part_of"].dropna()) if "part_of" in layer else set()
    out = []
    for row, shape, place, line, middle, bearing in drawn:
        side = heading(str(row["direction"]), shape, place, countries=countries)
        by_month = monthly.get((row["target"], row["direction"]), {})
        out.append(
            row
            | {
                "lines": packed(line)
                if line.length and row["target"] not in wholes
                else [],
                "at": spot(middle),
                "heading": along_travel(side, bearing),
                "months": [by_month.get(month) for month in months],
            }
        )
    return out


def _network(release: Release, months: list[str]) -> dict[str, Any]:
    """Return the routes with their months, and the points where they meet."""
    layer, nodes = _layer(release, "network"), _layer(release, "network_nodes")
    if layer.empty:
        return {"edges": [], "nodes": []}
    monthly: dict[Any, dict[str, int]] = {}
    for row in records(_layer(release, "network_monthly")):
        monthly.setdefault(row["edge"], {})[row["month"]] = row["tracks"]
    tubes = _layer(release, "network_tubes")
    bands = {}
    if len(tubes):
        shapes = degrees(tubes, simplify_m=SIMPLIFY_M).geometry
        bands = dict(zip(tubes["edge"], map(packed, shapes), strict=True))
    drawn = zip(
        rows(layer, ROUTE_COLUMNS),
        layer["edge"],
        degrees(layer, simplify_m=SIMPLIFY_M).geometry,
        strict=True,
    )
    return {
        "edges": [
            row
            | {
                "line": packed(line)[0],
                "band": bands.get(edge, []),
                "months": [monthly.get(edge, {}).get(month) for month in months],
            }
            for row, edge, line in drawn
        ],
        "nodes": [
            row | {"at": spot(place)}
            for row, place in zip(
                rows(nodes, NODE_COLUMNS), degrees(nodes).geometry, strict=True
            )
        ]
        if len(nodes)
        else [],
    }


def _points(release: Release, months: list[str]) -> dict[str, Any]:
    """Return cells with points as columns: their middles, counts, and months."""
    layer = _layer(release, "points")
    if layer.empty:
        return {"at": [], "points": [], "months": {}}
    middles = degrees(gpd.GeoDataFrame(layer).set_geometry(layer.geometry.centroid))
    by_month = _cells_by_month(layer, _layer(release, "points_monthly"), months)
    found = {"at": [spot(middle) for middle in middles.geometry], "months": by_month}
    return found | columns(layer, POINT_COLUMNS)


def _recorded(release: Release, months: list[str]) -> list[dict[str, Any]]:
    """Return what was recorded at each crossing, with its place and its months."""
    layer = _layer(release, "recorded")
    if layer.empty:
        return []
    monthly: dict[Any, dict[str, int]] = {}
    for row in records(_layer(release, "recorded_monthly")):
        monthly.setdefault(row["target"], {})[row["month"]] = row["points"]
    spots = degrees(busiest_spots(layer, _layer(release, "corridors")))
    return [
        row
        | {
            "at": spot(middle),
            "months": [monthly.get(row["target"], {}).get(month) for month in months],
        }
        for row, middle in zip(
            rows(layer, RECORDED_COLUMNS), spots.geometry, strict=True
        )
    ]


def _risk(release: Release) -> list[dict[str, Any]]:
    """Return the areas where more was recorded than the tracks explain."""
    layer = _layer(release, "risk")
    if layer.empty:
        return []
    shapes = degrees(layer, simplify_m=3 * SIMPLIFY_M).geometry
    return [
        row | {"rings": packed(shape)}
        for row, shape in zip(rows(layer, RISK_COLUMNS), shapes, strict=True)
    ]


def _density(release: Release) -> dict[str, Any] | None:
    surface = release.surfaces.get("density")
    return None if surface is None else basemap.draw_density(surface)
