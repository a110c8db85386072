"""A Release as the plain numbers and texts that the page draws."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.privacy import Release
from geo.write import basemap
from geo.write.basemap import PER_DEGREE, SIMPLIFY_M, degrees, packed, spot

CELL_COLUMNS = {
    "tracks": "tracks",
    "stop": "stop_tracks",
    "hours": "hours",
    "stopHours": "stop_hours",
    "bearing": "bearing_deg",
    "oneWay": "one_way_pct",
    "density": "density",
    "z": "z",
    "q": "q",
    "kind": "kind",
    "confidence": "confidence",
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
CROSSING_COLUMNS = {
    "target": "target",
    "kind": "kind",
    "name": "name",
    "direction": "direction",
    "tracks": "tracks",
    "low": "low",
    "high": "high",
    "quality": "quality",
    "precision": "precision_m",
}
COMPASS = {"north": 0.0, "east": 90.0, "south": 180.0, "west": 270.0}


def page_data(release: Release) -> dict[str, Any]:
    """Return everything that the page shows, ready for JSON.

    Parameters
    ----------
    release
        What the gate let through; nothing else reaches the page.

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
            "parameters": {name: _plain(v) for name, v in about.parameters.items()},
        },
        "withheld": dict(release.withheld),
        "months": months,
        "monthly": _monthly(release, months),
        "official": _official(base.crossings, months),
        "nationalities": _records(base.nationalities),
        "credits": dict(base.credits),
        "ground": ground(release),
        "corridors": _corridors(release),
        "cells": _cells(release, months),
        "cellKm": _cell_km(release),
        "crossings": _crossings(release, months),
        "density": _density(release),
    }


def ground(release: Release) -> dict[str, Any]:
    """Return the base map: outlines, labels and the picture of the relief."""
    base = release.base
    bounds = basemap.sheet_bounds(
        [base.land, base.provinces, *_framed(release), base.border, base.rivers]
    )
    relief = None
    if base.relief is not None and bounds is not None:
        relief = basemap.draw_relief(base.relief, bounds)
    land = degrees(base.land, simplify_m=SIMPLIFY_M)
    return {
        "bounds": bounds,
        "focus": basemap.sheet_bounds(_framed(release)),
        "relief": relief,
        "land": [ring for shape in land.geometry for ring in packed(shape)],
        "border": _lines(base.border),
        "rivers": _rivers(base.rivers),
        "provinces": _provinces(base.provinces),
        "places": _points(base.places, ("name", "country", "population")),
        "checkpoints": _points(
            base.checkpoints,
            ("name", "country", "role", "since", "until", "precision_m"),
        ),
    }


def heading(direction: str, line: Any, countries: Mapping[str, Any]) -> float | None:
    """Return which way a direction leads across a line, clockwise from north.

    Parameters
    ----------
    direction
        "into NAME" of a country, or "to the SIDE bank" with a point of the compass.
    line
        The line that is crossed, in metres.
    countries
        Outlines by name.

    Returns
    -------
    float or None
        Degrees, at a right angle to the line; None if the text does not tell.

    Examples
    --------
    >>> river = shapely.LineString([(0, 0), (0, 10)])
    >>> heading("to the west bank", river, {})
    270.0
    >>> heading("into Panama", river, {"Panama": shapely.box(1, -99, 99, 99)})
    90.0
    >>> heading("past", river, {}) is None
    True
    """
    if line.geom_type != "LineString" or line.length == 0:
        return None
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    along = math.degrees(math.atan2(x1 - x0, y1 - y0))
    sides = ((along + 90) % 360, (along - 90) % 360)
    middle = line.interpolate(0.5, normalized=True)
    toward = re.search(
        r"to (?:the )?(north|east|south|west)(?: bank| side)?$", direction
    )
    if toward:
        turns = [abs((s - COMPASS[toward[1]] + 180) % 360 - 180) for s in sides]
        return None if abs(turns[0] - turns[1]) < 1 else sides[int(np.argmin(turns))]
    country = countries.get(direction.removeprefix("into "))
    if country is None:
        return None
    reach = max(line.length / 4, 1.0)
    gaps = [country.distance(_ahead(middle, side, reach)) for side in sides]
    return None if gaps[0] == gaps[1] else sides[int(np.argmin(gaps))]


def _ahead(point: Any, bearing_deg: float, distance_m: float) -> Any:
    angle = math.radians(bearing_deg)
    return shapely.Point(
        point.x + distance_m * math.sin(angle), point.y + distance_m * math.cos(angle)
    )


def _layer(release: Release, name: str) -> pd.DataFrame:
    return release.layers.get(name, pd.DataFrame())


def _framed(release: Release) -> list[gpd.GeoDataFrame]:
    """Name the layers that the map opens on, best first."""
    found = (_layer(release, name) for name in ("corridors", "hotspots", "crossings"))
    return [*(layer for layer in found if len(layer)), release.base.checkpoints]


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it; None for what is missing."""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, Iterable):
        return [_plain(part) for part in value]
    if basemap.missing(value):
        return None
    if isinstance(value, int | float | np.number):
        number = float(f"{float(value):.6g}")
        return int(value) if float(value).is_integer() else number
    return str(value)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _columns(frame: pd.DataFrame, names: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return columns under short names; an absent one is all None."""
    return {
        short: [_plain(value) for value in frame[name]]
        if name in frame
        else [None] * len(frame)
        for short, name in names.items()
    }


def _rows(frame: pd.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    columns = _columns(frame, names)
    return [{short: columns[short][n] for short in names} for n in range(len(frame))]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return _rows(frame, {str(name): str(name) for name in frame.columns})


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
    return [_plain(tracks.get(month)) for month in months]


def _official(crossings: pd.DataFrame, months: list[str]) -> dict[str, list[Any]]:
    """Return the official crossings of each month, and where they are quoted from."""
    figures = {
        f"{int(row['year']):04d}-{int(row['month']):02d}": row
        for row in _records(crossings)
    }
    rows = [figures.get(month, {}) for month in months]
    return {
        "crossings": [row.get("crossings") for row in rows],
        "basis": [row.get("basis") or "" for row in rows],
    }


def _lines(layer: gpd.GeoDataFrame) -> list[list[int]]:
    shapes = degrees(layer, simplify_m=SIMPLIFY_M).geometry
    return [line for shape in shapes for line in packed(shape)]


def _rivers(rivers: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    names = {"name": "name", "order": "order", "quality": "quality"}
    rows = _rows(rivers, names | {"precision": "precision_m"})
    shapes = degrees(rivers, simplify_m=SIMPLIFY_M).geometry
    return [
        row | {"lines": packed(shape)}
        for row, shape in zip(rows, shapes, strict=True)
        if not shape.is_empty
    ]


def _provinces(provinces: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return inner boundaries, and a label each for provinces and countries."""
    provinces = provinces[~provinces.geometry.is_empty]
    if provinces.empty:
        return {"lines": [], "labels": [], "countries": []}
    lines = gpd.GeoDataFrame(
        geometry=[basemap.inner_lines(provinces)], crs=provinces.crs
    )
    whole = provinces.dissolve(by="country", sort=True).reset_index()
    return {
        "lines": _lines(lines),
        "labels": _labels(provinces, "name"),
        "countries": _labels(whole, "country"),
    }


def _labels(areas: gpd.GeoDataFrame, name: str) -> list[dict[str, Any]]:
    spots = [basemap.label_spot(area) for area in areas.geometry]
    frame = gpd.GeoDataFrame(
        {
            "name": areas[name].tolist(),
            "area": np.rint(areas.geometry.area.to_numpy() / 1e6),
        },
        geometry=spots,
        crs=areas.crs,
    )
    return _points(frame, ("name", "area"))


def _points(layer: gpd.GeoDataFrame, names: tuple[str, ...]) -> list[dict[str, Any]]:
    layer = layer[~layer.geometry.is_empty]
    rows = _rows(layer, {name: name for name in names})
    points = degrees(layer).geometry
    return [row | {"at": spot(point)} for row, point in zip(rows, points, strict=True)]


def _corridors(release: Release) -> list[dict[str, Any]]:
    layer = _layer(release, "corridors")
    if layer.empty:
        return []
    shapes = degrees(layer, simplify_m=3 * SIMPLIFY_M).geometry
    rows = _rows(layer, CORRIDOR_COLUMNS)
    return [
        row | {"rings": packed(shape)} for row, shape in zip(rows, shapes, strict=True)
    ]


def _cells(release: Release, months: list[str]) -> dict[str, Any]:
    """Return cells as columns, and for each month which cells had how many tracks."""
    layer = _layer(release, "hotspots")
    if layer.empty:
        return {"rings": [], "tracks": [], "months": {}}
    rings = [packed(shape)[0] for shape in degrees(layer).geometry]
    place = {cell: n for n, cell in enumerate(layer["cell"])}
    by_month: dict[str, list[list[int]]] = {}
    monthly = _layer(release, "hotspots_monthly")
    for row in _records(monthly):
        if row["cell"] in place and row["month"] in months:
            cells, tracks = by_month.setdefault(row["month"], [[], []])
            cells.append(place[row["cell"]])
            tracks.append(row["tracks"])
    return {"rings": rings, "months": by_month} | _columns(layer, CELL_COLUMNS)


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
    for row in _records(_layer(release, "crossings_monthly")):
        key = row["target"], row["direction"]
        monthly.setdefault(key, {})[row["month"]] = row["tracks"]
    provinces = release.base.provinces
    countries = {}
    if len(provinces):
        whole = provinces.dissolve(by="country", sort=True)
        countries = dict(zip(whole.index, whole.geometry, strict=True))
    spots = _busiest_spots(release, layer)
    drawn = zip(
        _rows(layer, CROSSING_COLUMNS),
        layer.geometry,
        degrees(layer, simplify_m=SIMPLIFY_M).geometry,
        degrees(spots).geometry,
        strict=True,
    )
    out = []
    for row, shape, line, middle in drawn:
        by_month = monthly.get((row["target"], row["direction"]), {})
        out.append(
            row
            | {
                "lines": packed(line) if line.length else [],
                "at": spot(middle),
                "heading": _whole(heading(str(row["direction"]), shape, countries)),
                "months": [by_month.get(month) for month in months],
            }
        )
    return out


def _busiest_spots(release: Release, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return where on each line most cross: inside the densest corridor it meets.

    The middle of a river of 100 km is not where people cross it.
    """
    corridors = _layer(release, "corridors")
    bands = []
    if len(corridors):
        whole = corridors[corridors["season"] == "all"]
        bands = [
            shapely.union_all(band.geometry.values)
            for _, band in whole.groupby("level", sort=True)
        ]
    spots = []
    for line in layer.geometry:
        pieces = (shapely.intersection(line, band) for band in bands)
        met = next((piece for piece in pieces if piece.length), line)
        longest = max(shapely.get_parts(met), key=lambda part: float(part.length))
        spots.append(
            longest.interpolate(0.5, normalized=True)
            if longest.length
            else longest.centroid
        )
    return gpd.GeoDataFrame(geometry=spots, crs=layer.crs)


def _density(release: Release) -> dict[str, Any] | None:
    surface = release.surfaces.get("density")
    return None if surface is None else basemap.draw_density(surface)
