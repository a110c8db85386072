"""The drawn routes: legs, gathering places, and who takes which way when."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m +no_defs"
_TO_METRES = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)

YEAR = 2023
OFFICIAL = (
    *(24634, 24657, 38099, 40297, 38962, 29722),  # January to June
    *(55387, 81946, 75268, 49256, 37231, 24626),  # July to December
)
"""Crossings a month in 2023: Panama's Servicio Nacional de Migración, as quoted by
the press (layers/ holds the table with the source of each number)."""

DRY_MONTHS = (12, 1, 2, 3, 4)
SHARES = {
    "dry": {"1": 0.26, "2": 0.34, "3": 0.26, "4": 0.14},
    "wet": {"1": 0.34, "2": 0.46, "3": 0.14, "4": 0.06},
}
"""Planted: in the dry months more people take the sea way and the old way."""
RETURN_SHARE = 0.035

ITINERARIES: dict[str, tuple[tuple[float, tuple[str, ...]], ...]] = {
    "1": ((1.0, ("S1", "W1", "W3", "B1", "R1")),),
    "2": (
        (0.7, ("S2", "W2", "W3", "B1", "R1")),
        (0.3, ("S3", "W2", "W3", "B1", "R1")),
    ),
    "3": (
        (0.45, ("S4", "S6", "W4", "B2", "R1")),
        (0.55, ("S1", "S5", "S6", "W4", "B2", "R1")),
    ),
    "4": (
        (0.7, ("B3", "W5", "W6", "B5", "R2")),
        (0.3, ("B4", "W5", "W6", "B5", "R2")),
    ),
}
"""Ways of taking each route: share, and its legs on the way to Panama."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch between two places, moved through in one manner.

    Parameters
    ----------
    id, name, start, end
        Names; start and end are stops.
    mode
        "walk", "river", "sea" or "road".
    pace
        Speed on this ground against open ground.
    spread_m
        Standard deviation of a track's distance from the centre line.
    border_at_m
        Where it crosses into Panama, in metres from the start; NaN if it does not.
    x, y, height, along
        Vertices of the centre line, in metres.
    """

    id: str
    name: str
    mode: str
    start: str
    end: str
    pace: float
    spread_m: float
    border_at_m: float
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    height: NDArray[np.float64]
    along: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stop:
    """A gathering place: where many rest for hours or stay the night."""

    id: str
    name: str
    lon: float
    lat: float
    x: float
    y: float
    share: float
    hours: tuple[float, float]
    legs: tuple[str, ...]


def project(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y in metres."""
    x, y = _TO_METRES.transform(lon, lat)
    return np.asarray(x), np.asarray(y)


def unproject(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitude and latitude in degrees."""
    lon, lat = _TO_METRES.transform(x, y, direction="INVERSE")
    return np.asarray(lon), np.asarray(lat)


def load_legs(path: Path) -> dict[str, Leg]:
    """Read truth/routes.geojson."""
    legs = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        about = feature["properties"]
        lon, lat, height = np.array(feature["geometry"]["coordinates"], float).T
        x, y = project(lon, lat)
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        border = about["border_at_m"]
        legs[about["id"]] = Leg(
            id=about["id"],
            name=about["name"],
            mode=about["mode"],
            start=about["start"],
            end=about["end"],
            pace=about["pace"],
            spread_m=about["spread_m"],
            border_at_m=float("nan") if border is None else float(border),
            x=x,
            y=y,
            height=height,
            along=along,
        )
    return legs


def load_stops(path: Path) -> dict[str, Stop]:
    """Read truth/stops.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    stops = {}
    for row in rows:
        lon, lat = float(row["lon"]), float(row["lat"])
        x, y = project(np.array(lon), np.array(lat))
        stops[row["stop"]] = Stop(
            id=row["stop"],
            name=row["name"],
            lon=lon,
            lat=lat,
            x=float(x),
            y=float(y),
            share=float(row["share"]),
            hours=(float(row["hours_low"]), float(row["hours_high"])),
            legs=tuple(row["legs"].split()),
        )
    return stops


def tracks_by_month(total: int) -> list[int]:
    """Share out `total` tracks over the months of 2023 as the official counts are.

    Largest remainders get the odd ones, so that the sum is exact.

    Examples
    --------
    >>> months = tracks_by_month(2200)
    >>> sum(months), months[0], months[7]
    (2200, 104, 347)
    """
    exact = np.array(OFFICIAL) * (total / sum(OFFICIAL))
    tracks = np.floor(exact).astype(int)
    order = np.argsort(-(exact - tracks), kind="stable")
    tracks[order[: total - tracks.sum()]] += 1
    return [int(count) for count in tracks]


def choose_way(
    month: int, rng: np.random.Generator
) -> tuple[str, str, tuple[str, ...]]:
    """Draw a route, a direction, and the legs in the order of travel."""
    shares = SHARES["dry" if month in DRY_MONTHS else "wet"]
    route = str(rng.choice(list(shares), p=list(shares.values())))
    ways = ITINERARIES[route]
    legs = ways[int(rng.choice(len(ways), p=[share for share, _ in ways]))][1]
    joins_at_trail, leaves_before_road = rng.random(2) < (0.45, 0.4)
    if joins_at_trail:
        legs = legs[1:]
    if leaves_before_road:
        legs = legs[:-1]
    if rng.random() < RETURN_SHARE:
        return route, "into Colombia", legs[::-1]
    return route, "into Panama", legs
