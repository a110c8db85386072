"""Where finer layers come from: public services, their licences, and what to ask."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from geo.errors import InputError

Bounds = tuple[float, float, float, float]

MOST_PIECES = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """One file to fetch.

    Parameters
    ----------
    url
        Its address.
    name
        What it is called in the region's folder.
    bounds
        West, south, east and north of what it covers, in degrees.
    """

    url: str
    name: str
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Source:
    """A public service that has a layer.

    Parameters
    ----------
    layer
        Name of the layer in the region file.
    title, version
        What it is called, and which edition this is.
    licence, credit
        Its terms, and the attribution that they ask for.
    base
        How its addresses begin.
    about_mb, limit_mb
        Usual and largest size of a file.
    margin_deg
        How far around the study area it is wanted.
    pieces
        The files that cover some bounds, from addresses that begin so.
    optional
        Whether a file may be missing there, as over open sea.
    """

    layer: str
    title: str
    version: str
    licence: str
    credit: str
    base: str
    about_mb: float
    limit_mb: float
    margin_deg: float
    pieces: Callable[[str, Bounds], list[Piece]]
    optional: bool

    def cover(self, bounds: Bounds, *, base: str = "") -> list[Piece]:
        """Return the files that cover a study area and its margin.

        Raises
        ------
        InputError
            If there are too many.
        """
        pieces = self.pieces(base or self.base, self.around(bounds))
        if len(pieces) > MOST_PIECES:
            raise InputError(
                f"The study area takes {len(pieces):,} files of {self.title}; expected "
                f"at most {MOST_PIECES}.",
                hint="Fetch a smaller region.",
            )
        return pieces

    def around(self, bounds: Bounds) -> Bounds:
        """Return a study area with the margin in which the layer is used."""
        west, south, east, north = bounds
        margin = self.margin_deg
        return (
            max(west - margin, -180.0),
            max(south - margin, -90.0),
            min(east + margin, 180.0),
            min(north + margin, 90.0),
        )


def _corners(bounds: Bounds, step: int) -> list[tuple[int, int]]:
    """Return the south-western corners of the squares of degrees under some bounds."""
    west, south, east, north = bounds
    return [
        (x, y)
        for y in range(math.floor(south / step) * step, math.ceil(north), step)
        for x in range(math.floor(west / step) * step, math.ceil(east), step)
    ]


def _named(x: int, y: int, *, joint: str = "") -> str:
    """Return a corner as tiles are called after it.

    Examples
    --------
    >>> _named(-78, 6), _named(7, -12, joint="_00_")
    ('N06W078', 'S12_00_E007')
    """
    north, east = "S" if y < 0 else "N", "W" if x < 0 else "E"
    return f"{north}{abs(y):02d}{joint}{east}{abs(x):03d}"


def glo30(base: str, bounds: Bounds) -> list[Piece]:
    """Return the tiles of Copernicus GLO-30, a degree each.

    Examples
    --------
    >>> [piece] = glo30("https://example.org/dem", (-77.9, 7.1, -77.2, 7.9))
    >>> piece.url.removeprefix("https://example.org/dem/").partition("/")[0]
    'Copernicus_DSM_COG_10_N07_00_W078_00_DEM'
    """
    pieces = []
    for x, y in _corners(bounds, 1):
        name = f"Copernicus_DSM_COG_10_{_named(x, y, joint='_00_')}_00_DEM"
        url = f"{base.rstrip('/')}/{name}/{name}.tif"
        pieces.append(Piece(url, f"{_named(x, y)}.tif", (x, y, x + 1, y + 1)))
    return pieces


def world_cover(base: str, bounds: Bounds) -> list[Piece]:
    """Return the tiles of ESA WorldCover, three degrees each.

    Examples
    --------
    >>> [piece] = world_cover("https://example.org", (-77.9, 7.1, -77.2, 7.9))
    >>> piece.url
    'https://example.org/ESA_WorldCover_10m_2021_v200_N06W078_Map.tif'
    """
    return [
        Piece(
            f"{base.rstrip('/')}/ESA_WorldCover_10m_2021_v200_{_named(x, y)}_Map.tif",
            f"{_named(x, y)}.tif",
            (x, y, x + 3, y + 3),
        )
        for x, y in _corners(bounds, 3)
    ]


def waterways(base: str, bounds: Bounds) -> list[Piece]:
    """Return a question about waterways, or an extract that holds them.

    Examples
    --------
    >>> [piece] = waterways("https://example.org/ways.geojson", (-78, 7, -77, 8))
    >>> piece.url
    'https://example.org/ways.geojson'
    """
    url = base
    if not urlsplit(base).path.lower().endswith((".json", ".geojson")):
        west, south, east, north = bounds
        box = f"{south:.4f},{west:.4f},{north:.4f},{east:.4f}"
        ask = f'[out:json][timeout:300];way["waterway"~"^({KINDS})$"]({box});out geom;'
        url = f"{base}?{urlencode({'data': ask})}"
    return [Piece(url, "waterways.geojson", bounds)]


KINDS = "river|stream|canal|tidal_channel|fairway|drain|ditch"

SOURCES = {
    source.layer: source
    for source in (
        Source(
            layer="relief",
            title="Copernicus DEM GLO-30",
            version="2021",
            licence="free of charge with attribution (Copernicus DEM licence)",
            credit="Relief: Copernicus DEM GLO-30, © DLR 2010-2014 and © Airbus "
            "Defence and Space 2014-2018, provided under COPERNICUS by the European "
            "Union and ESA; all rights reserved",
            base="https://copernicus-dem-30m.s3.amazonaws.com",
            about_mb=40,
            limit_mb=200,
            margin_deg=0.25,
            pieces=glo30,
            optional=True,
        ),
        Source(
            layer="cover",
            title="ESA WorldCover 10 m",
            version="2021 v200",
            licence="CC BY 4.0",
            credit="Land cover: © ESA WorldCover project 2021, contains modified "
            "Copernicus Sentinel data (2021) processed by the ESA WorldCover "
            "consortium, CC BY 4.0",
            base="https://esa-worldcover.s3.eu-central-1.amazonaws.com/v200/2021/map",
            about_mb=90,
            limit_mb=500,
            margin_deg=0.25,
            pieces=world_cover,
            optional=True,
        ),
        Source(
            layer="waterways",
            title="OpenStreetMap waterways",
            version="of the day",
            licence="ODbL 1.0",
            credit="Waterways: © OpenStreetMap contributors, ODbL 1.0",
            base="https://overpass-api.de/api/interpreter",
            about_mb=30,
            limit_mb=250,
            margin_deg=0.5,
            pieces=waterways,
            optional=False,
        ),
    )
}
"""What `trocha fetch` knows, by layer."""
