"""Where on a line most cross it, and which way a direction leads there."""

import math
import re
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.schema import COUNTRIES

LOOK_M = 2_000.0
"""A line is looked at this far to either side of where it is crossed."""

COMPASS = {"north": 0.0, "east": 90.0, "south": 180.0, "west": 270.0}


def heading(
    direction: str, line: Any, spot: Any, *, countries: Mapping[str, Any]
) -> int | None:
    """Return which way a direction leads across a line, clockwise from north.

    Parameters
    ----------
    direction
        "into NAME" of a country, or "to the SIDE bank" with a point of the compass.
    line
        What is crossed, in metres; it may be in several pieces.
    spot
        The point on the line where the answer is wanted.
    countries
        Outlines by code or name.

    Returns
    -------
    int or None
        Whole degrees, at a right angle to the line about the spot; None if the text
        does not tell.

    Examples
    --------
    >>> river = shapely.LineString([(0, 0), (0, 9_000)])
    >>> spot = shapely.Point(0, 4_000)
    >>> heading("to the west bank", river, spot, countries={})
    270
    >>> panama = shapely.box(1, -99, 99, 9_999)
    >>> heading("into Panama", river, spot, countries={"PA": panama})
    90
    >>> heading("past", river, spot, countries={}) is None
    True
    """
    along = _bearing_at(line, spot)
    if along is None:
        return None
    sides = (round(along + 90) % 360, round(along - 90) % 360)
    toward = re.search(
        r"to (?:the )?(north|east|south|west)(?: bank| side)?$", direction
    )
    if toward:
        turns = [abs((s - COMPASS[toward[1]] + 180) % 360 - 180) for s in sides]
        return None if abs(turns[0] - turns[1]) < 1 else sides[int(np.argmin(turns))]
    name = direction.removeprefix("into ")
    # Provinces may carry the code of what a direction calls by name.
    code = next((code for code, told in COUNTRIES.items() if told == name), name)
    country = countries.get(name, countries.get(code))
    if country is None:
        return None
    gaps = [country.distance(_ahead(spot, side, LOOK_M)) for side in sides]
    return None if gaps[0] == gaps[1] else sides[int(np.argmin(gaps))]


def along_travel(side_deg: int | None, bearing_deg: float | None) -> int | None:
    """Return the direction of travel that leads to a side, or else the side.

    Few cross a line at a right angle. `bearing_deg` is the main direction of travel
    about the place, which the smaller number of tracks follows backwards.

    Examples
    --------
    >>> along_travel(290, 250.0), along_travel(110, 250.0), along_travel(0, 90.0)
    (250, 70, 0)
    """
    if side_deg is None or bearing_deg is None or math.isnan(bearing_deg):
        return side_deg
    for way in (round(bearing_deg) % 360, round(bearing_deg + 180) % 360):
        if abs((way - side_deg + 180) % 360 - 180) < 80:
            return way
    return side_deg


def bearings_at(
    spots: gpd.GeoDataFrame, squares: gpd.GeoDataFrame
) -> list[float | None]:
    """Return the main direction of travel of the square under each spot, if any."""
    if squares.empty:
        return [None] * len(spots)
    known = squares[squares["bearing_deg"].notna() & (squares["one_way_pct"] >= 60)]
    place, square = known.sindex.query(spots.geometry, predicate="within")
    found = dict(zip(place.tolist(), known["bearing_deg"].iloc[square], strict=True))
    return [found.get(n) for n in range(len(spots))]


def _bearing_at(line: Any, spot: Any) -> float | None:
    """Return the bearing of a line over some kilometres about a point on it."""
    pieces = [part for part in shapely.get_parts(line) if part.length]
    if not pieces:
        return None
    piece = min(pieces, key=lambda part: float(part.distance(spot)))
    here = piece.project(spot)
    back = piece.interpolate(max(0.0, here - LOOK_M))
    ahead = piece.interpolate(min(piece.length, here + LOOK_M))
    return math.degrees(math.atan2(ahead.x - back.x, ahead.y - back.y))


def _ahead(point: Any, bearing_deg: float, distance_m: float) -> Any:
    angle = math.radians(bearing_deg)
    return shapely.Point(
        point.x + distance_m * math.sin(angle), point.y + distance_m * math.cos(angle)
    )


def busiest_spots(layer: gpd.GeoDataFrame, corridors: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return where on each line most cross: inside the densest corridor it meets.

    The middle of a river of 100 km is not where people cross it.
    """
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
