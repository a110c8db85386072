"""The base map as the page draws it: outlines, labels, a picture of the relief."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np

from geo.schema import Layers
from geo.write import basemap
from geo.write.basemap import SIMPLIFY_M, Bounds, clipped, degrees, packed, spot
from geo.write.plain import rows


def ground(
    base: Layers,
    *,
    found: Sequence[gpd.GeoDataFrame],
    drawn: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the base map: outlines, labels and the picture of the relief.

    Parameters
    ----------
    base
        The base layers.
    found
        What was found, most telling first: the map opens on the first of them, or
        else on the checkpoints, and is as large as they are when there is no land.
    drawn
        What `draw_ground` drew of these layers on this sheet before.

    Returns
    -------
    dict
        What `draw_ground` returns; ``bounds`` of the sheet and ``focus`` in degrees,
        None without any layer.
    """
    bounds = basemap.sheet_bounds(
        [base.land, base.provinces, *found, base.border, base.rivers],
        relief=base.relief,
    )
    return {
        "bounds": bounds,
        "focus": basemap.sheet_bounds([*found, base.checkpoints]),
        **(draw_ground(base, bounds) if drawn is None else drawn),
    }


def lasting_sheet(base: Layers) -> Bounds | None:
    """Return the sheet in degrees that the map fills whatever is found, if it is known.

    It is where there is land or a province; without them it hangs on what is found.
    """
    return basemap.sheet_bounds([base.land, base.provinces], relief=base.relief)


def draw_ground(base: Layers, bounds: Bounds | None) -> dict[str, Any]:
    """Return outlines, labels and the picture of the relief on a sheet.

    They hang on nothing else, and may be kept, as JSON, for the next map. Coordinates
    are as `basemap.packed` gives them.
    """
    relief = None
    if base.relief is not None and bounds is not None:
        relief = basemap.draw_relief(base.relief, bounds)
    land = clipped(degrees(base.land, simplify_m=SIMPLIFY_M), bounds)
    return {
        "relief": relief,
        "land": [ring for shape in land.geometry for ring in packed(shape)],
        "border": _lines(base.border, bounds),
        "rivers": _rivers(base.rivers, bounds),
        "provinces": _provinces(base.provinces, bounds),
        "places": _points(base.places, ("name", "country", "population"), bounds),
        "checkpoints": _points(
            base.checkpoints,
            ("name", "country", "role", "since", "until", "precision_m"),
        ),
    }


def _lines(layer: gpd.GeoDataFrame, bounds: Bounds | None) -> list[list[int]]:
    shapes = clipped(degrees(layer, simplify_m=SIMPLIFY_M), bounds).geometry
    return [line for shape in shapes for line in packed(shape)]


def _rivers(rivers: gpd.GeoDataFrame, bounds: Bounds | None) -> list[dict[str, Any]]:
    names = {"name": "name", "order": "order", "quality": "quality"}
    listed = rows(rivers, names | {"precision": "precision_m"})
    shapes = clipped(degrees(rivers, simplify_m=SIMPLIFY_M), bounds).geometry
    return [
        row | {"lines": packed(shape)}
        for row, shape in zip(listed, shapes, strict=True)
        if not shape.is_empty
    ]


def _provinces(provinces: gpd.GeoDataFrame, bounds: Bounds | None) -> dict[str, Any]:
    """Return inner boundaries, and a label each for provinces and countries."""
    provinces = provinces[~provinces.geometry.is_empty]
    if provinces.empty:
        return {"lines": [], "labels": [], "countries": []}
    inner = [basemap.inner_lines(provinces)]
    lines = gpd.GeoDataFrame(geometry=inner, crs=provinces.crs)
    whole = provinces.dissolve(by="country", sort=True).reset_index()
    return {
        "lines": _lines(lines, bounds),
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


def _points(
    layer: gpd.GeoDataFrame, names: tuple[str, ...], bounds: Bounds | None = None
) -> list[dict[str, Any]]:
    points = clipped(degrees(layer), bounds)
    points = points[~points.geometry.is_empty]
    listed = rows(points, {name: name for name in names})
    return [
        row | {"at": spot(point)}
        for row, point in zip(listed, points.geometry, strict=True)
    ]
