"""Waterways of OpenStreetMap become ranks and boats."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString

from geo.read.layers import read_layers
from geo.read.waterways import WATERWAYS, rank_waterways

BLANK = dict.fromkeys(WATERWAYS, "") | {"order": 0}
CRS = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"


def ranked(**tags):
    row = rank_waterways(pd.DataFrame([BLANK | tags])).iloc[0]
    return row["order"], row["boats"], row["seasonal"]


@pytest.mark.parametrize(
    ("tags", "order"),
    [
        ({"waterway": "river"}, 2),
        ({"waterway": "river", "width": "50"}, 1),
        ({"waterway": "river", "width": "49.9 m"}, 2),
        ({"waterway": "river", "width": "8 m"}, 3),
        ({"waterway": "river", "width": "0.3 km"}, 1),
        ({"waterway": "river", "width": "wide"}, 2),
        ({"waterway": "river", "width": "60'"}, 2),
        ({"waterway": "river", "boat": "yes"}, 1),
        ({"waterway": "stream", "boat": "yes"}, 3),
        ({"waterway": "stream"}, 3),
        ({"waterway": "canal"}, 2),
        ({"waterway": "fairway"}, 1),
        ({}, 3),
        ({"order": 4, "width": "300"}, 4),
        ({"order": -2, "waterway": "river"}, 2),
        ({"waterway": "river", "other_tags": '"est_width"=>"120","x"=>"y"'}, 1),
    ],
)
def test_rank_is_as_given_or_by_width_or_by_kind(tags, order):
    assert ranked(**tags)[0] == order


@pytest.mark.parametrize(
    ("tags", "boats"),
    [
        ({}, 0),
        ({"boat": "yes"}, 1),
        ({"motorboat": "designated"}, 1),
        ({"boat": "no"}, -1),
        ({"motorboat": "no", "boat": "yes"}, 1),
        ({"ship": "no"}, -1),
        ({"boat": "maybe"}, 0),
        ({"other_tags": '"boat"=>"yes"'}, 1),
    ],
)
def test_boats_are_carried_or_not_or_nobody_says(tags, boats):
    assert ranked(**tags)[1] == boats


def test_what_falls_dry_is_known():
    assert ranked(intermittent="yes")[2]
    assert not ranked(intermittent="no")[2]


def test_the_layer_has_what_travel_needs_and_no_tag(tmp_path):
    path = tmp_path / "ways.geojson"
    frame = gpd.GeoDataFrame(
        {"name": ["Río Ñu", None], "waterway": ["river", "stream"],
         "width": ["80", None]},
        geometry=[LineString([(-77.6, 8), (-77.4, 8)]),
                  LineString([(-77.5, 8), (-77.5, 8.1)])],
        crs=4326,
    )  # fmt: skip
    frame.to_file(path)
    bounds = (-78, 7.5, -77, 8.5)
    ways = read_layers(
        {"waterways": (path, "", "OSM")}, crs=CRS, bounds=bounds, cell_m=250
    ).waterways
    assert list(ways.columns) == ["name", "order", "boats", "seasonal", "geometry"]
    assert ways["order"].tolist() == [1, 3]
    assert ways["name"].tolist() == ["Río Ñu", ""]
    none = read_layers({}, crs=CRS, bounds=bounds, cell_m=250).waterways
    assert list(none.columns) == list(ways.columns)
    assert none.dtypes.astype(str).tolist() == ways.dtypes.astype(str).tolist()
