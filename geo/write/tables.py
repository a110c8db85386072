"""Layers of a Release as files can hold them: plain types, marks, degrees."""

from collections.abc import Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.privacy import Release
from geo.write.fields import LONGEST_TEXT, NO_NUMBER, cut_text, describe

DECIMALS = 7
"""Of a degree: about a centimetre."""

DEGREES = "EPSG:4326"
"""CRS of every vector file: all programs read it, and the region's own CRS need not
have a code."""

LARGEST_NUMBER = 1e15
"""Numbers from here on do not fit a column of a .dbf."""

KINDS = {
    "Point": "points",
    "MultiPoint": "points",
    "LineString": "lines",
    "MultiLineString": "lines",
    "Polygon": "polygons",
    "MultiPolygon": "polygons",
}

LAYER_KINDS: Mapping[str, frozenset[str]] = {
    "corridors": frozenset({"polygons"}),
    "hotspots": frozenset({"polygons"}),
    "emerging": frozenset({"polygons"}),
    "clusters": frozenset({"polygons"}),
    "scan": frozenset({"polygons"}),
    "crossings": frozenset({"lines", "points"}),
    "network": frozenset({"lines"}),
    "network_nodes": frozenset({"points"}),
    "network_tubes": frozenset({"polygons"}),
    "points": frozenset({"polygons"}),
    "recorded": frozenset({"lines", "points"}),
    "risk": frozenset({"polygons"}),
    "points_along": frozenset({"lines"}),
    "modelled": frozenset({"polygons"}),
    "isochrones": frozenset({"polygons"}),
    "thoroughfares": frozenset({"polygons"}),
    "fused": frozenset({"polygons"}),
}
"""Kinds of geometry that a layer may hold; its files are there even when empty."""


def published_table(release: Release, name: str) -> pd.DataFrame:
    """Return a layer as it is published: plain types, its marks, in degrees.

    Parameters
    ----------
    release
        What privacy.release let through.
    name
        One of its layers.

    Returns
    -------
    DataFrame
        With geometry in EPSG:4326 where the layer has one, as last column. Whole
        numbers and true/false are Int64, other numbers float64 without infinities,
        dates and everything else text. `mark` says what a reader has to know.

    Raises
    ------
    PrivacyError
        If a column is not in the catalogue of published columns.
    """
    layer = release.layers[name]
    named = [column for column in layer.columns if column != "geometry"]
    describe(name, named)
    columns = {column: plain_values(layer[column]) for column in named}
    marks = "; ".join(release.marks_of(name))
    if marks:
        columns["mark"] = pd.Series(marks, layer.index, dtype="str")
    table = pd.DataFrame(columns, layer.index)
    if not isinstance(layer, gpd.GeoDataFrame):
        return table
    degrees = layer.geometry.to_crs(DEGREES)
    # Processors differ in the last bits of a sine; a centimetre is the same on all.
    shapes = shapely.transform(
        degrees.to_numpy(), lambda corners: np.round(corners, DECIMALS)
    )
    frame: pd.DataFrame = gpd.GeoDataFrame(
        table, geometry=gpd.GeoSeries(shapes, layer.index, crs=DEGREES)
    )
    return frame


def plain_values(values: pd.Series) -> pd.Series:
    r"""Return values as every format holds them.

    Examples
    --------
    >>> plain_values(pd.Series([True, False])).tolist()
    [1, 0]
    >>> plain_values(pd.Series([0.5, np.inf, -np.inf])).tolist()
    [0.5, nan, nan]
    >>> plain_values(pd.Series(pd.to_datetime(["2023-08-01T12:00Z"]))).tolist()
    ['2023-08-01T12:00:00+0000']
    >>> plain_values(pd.Series(["ñ\0", None])).tolist()
    ['ñ', nan]
    """
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_integer_dtype(values):
        return values.astype("Int64")
    if pd.api.types.is_float_dtype(values):
        number = values.astype("float64")
        return number.where(np.isfinite(number))
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.strftime("%Y-%m-%dT%H:%M:%S%z")
    text: pd.Series = values.astype("object").map(_clean, na_action="ignore")
    return text.astype("str")


def _clean(value: object) -> str:
    """Return text without NUL, at which GDAL would end it."""
    return str(value).replace("\0", "")


def by_kind(name: str, table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield name, kind and rows of each file that holds one kind of geometry.

    A layer of several kinds is split: ``crossings_lines``, ``crossings_points``.
    The kind is "points", "lines", "polygons", or "" for a table without geometry.

    Examples
    --------
    >>> table = gpd.GeoDataFrame(geometry=gpd.points_from_xy([-77.5], [8]))
    >>> [(label, kind, len(rows)) for label, kind, rows in by_kind("crossings", table)]
    [('crossings_lines', 'lines', 0), ('crossings_points', 'points', 1)]
    """
    if not isinstance(table, gpd.GeoDataFrame):
        yield name, "", table
        return
    kind = table.geom_type.map(KINDS)
    kinds = LAYER_KINDS.get(name, frozenset()) | set(kind)
    for one in sorted(kinds):
        yield name if len(kinds) == 1 else f"{name}_{one}", one, table[kind == one]


def for_dbf(
    table: pd.DataFrame, *, short: Mapping[str, str]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return rows as a .dbf can hold them, and how many cells of a column were cut.

    Texts are cut to 254 bytes; a number that is missing, or too large for the
    format, becomes -9999.

    Examples
    --------
    >>> table = pd.DataFrame({"stop_tracks": [15, None], "name": ["ñ", "ñ" * 200]})
    >>> rows, cut = for_dbf(table, short={"stop_tracks": "stop_track", "name": "name"})
    >>> rows["stop_track"].tolist(), len(rows["name"][1].encode()), cut
    ([15.0, -9999.0], 253, {'name': 1})
    """
    table, cut = table.copy(), {}
    for column in short:
        values = table[column]
        if pd.api.types.is_numeric_dtype(values):
            number = values.to_numpy(dtype=np.float64, na_value=np.nan)
            fits = np.abs(number) < LARGEST_NUMBER
            lost = int(np.count_nonzero(~fits & ~np.isnan(number)))
            if not fits.all():
                table[column] = values.where(fits, NO_NUMBER)
        else:
            held = {text: cut_text(text) for text in values.dropna().unique()}
            long = {text for text in held if len(text.encode()) > LONGEST_TEXT}
            lost = int(values.isin(long).sum()) if long else 0
            if any(text != rest for text, rest in held.items()):
                table[column] = values.map(held, na_action="ignore")
        if lost:
            cut[column] = lost
    return table.rename(columns=short), cut


def bounds_of(tables: Mapping[str, pd.DataFrame]) -> list[float] | None:
    """Return west, south, east and north of all tables; None if nothing lies anywhere.

    Examples
    --------
    >>> points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([-77.5, -77], [8, 8.25]))
    >>> bounds_of({"points": points}), bounds_of({"none": points[:0]})
    ([-77.5, 8.0, -77.0, 8.25], None)
    """
    boxes = [
        table.total_bounds
        for table in tables.values()
        if isinstance(table, gpd.GeoDataFrame) and len(table)
    ]
    if not boxes:
        return None
    west, south = np.min(boxes, axis=0)[:2]
    east, north = np.max(boxes, axis=0)[2:]
    return [round(float(edge), 4) for edge in (west, south, east, north)]
