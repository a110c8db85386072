import hashlib
import json
import runpy
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from pyproj import Geod
from shapely import Point, box

from geo.config import Layers, load_config
from geo.schema import ROLES

DARIEN = Path(__file__).parents[1] / "data" / "darien"
CONFIG = load_config(DARIEN / "region.toml")
CLIP = box(-79.0, 6.5, -76.0, 9.7)

COLUMNS = {
    "land": {"area_km2"},
    "rivers": {"name", "order", "quality", "precision_m", "length_km"},
    "border": {"name", "length_km"},
    "provinces": {"name", "country"},
    "places": {"name", "country", "population", "kind", "geonameid"},
    "checkpoints": {
        *("name", "country", "role", "since", "until", "precision_m", "source")
    },
}
TABLES = {
    "crossings": ["year", "month", "crossings", "basis"],
    "nationalities": ["year", "nationality", "persons"],
}
LICENCES = {
    "LGPL-3.0-or-later": ["LGPL-3.0.txt", "GPL-3.0.txt"],
    "ODbL-1.0": ["ODbL-1.0.txt"],
    "CC-BY-4.0": ["CC-BY-4.0.txt"],
    "public domain": [],
    "facts": [],
}


SHIPPED = [name for name in Layers.__struct_fields__ if getattr(CONFIG.layers, name)]
"""Layers that Darién has; others come with `trocha fetch`, or from whoever has them."""


def layer_of(name):
    return getattr(CONFIG.layers, name)


def read(name):
    return gpd.read_file(layer_of(name).path)


def provenance(name):
    path = layer_of(name).path.with_suffix(".provenance.json")
    return json.loads(path.read_text(encoding="utf-8"))


def length_km(line):
    return Geod(ellps="WGS84").geometry_length(line) / 1000


def test_only_what_must_come_from_elsewhere_is_missing():
    missing = set(Layers.__struct_fields__) - set(SHIPPED)

    assert missing == {"cover", "effort", "trails", "waterways"}


@pytest.mark.parametrize("name", SHIPPED)
def test_region_file_names_a_layer_that_is_there(name):
    assert layer_of(name).path.is_file()


def test_region_file_has_the_two_seasons_of_the_isthmus():
    seasons = {season.name: set(season.months) for season in CONFIG.corridors.seasons}
    assert seasons == {"dry": {12, 1, 2, 3, 4}, "wet": set(range(5, 12))}


@pytest.mark.parametrize("name", SHIPPED)
def test_provenance_is_complete_and_the_file_is_the_one_it_describes(name):
    record = provenance(name)
    told = {"title", "command", "changes", "worth", "precision", "agreement"}
    assert all(record[key] for key in told)
    assert record["sources"]
    assert record["layer"] == layer_of(name).path.name
    digest = hashlib.sha256(layer_of(name).path.read_bytes()).hexdigest()
    assert record["sha256"] == digest


@pytest.mark.parametrize("name", SHIPPED)
def test_region_file_credits_what_the_provenance_asks_for(name):
    assert layer_of(name).credit == provenance(name)["credit"]


@pytest.mark.parametrize("name", SHIPPED)
def test_packages_are_those_that_the_script_pins(name):
    records = {package.file: package.record() for package in _pinned()}
    for source in provenance(name)["sources"]:
        if "file" in source:
            assert source == records[source["file"]]
            assert len(source["sha256"]) == 64
            assert source["date"]


def _pinned():
    found = runpy.run_path(str(DARIEN / "make" / "packages.py"))
    return [value for value in found.values() if isinstance(value, found["Package"])]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_licence_has_its_text_beside_the_data(name):
    for source in provenance(name)["sources"]:
        for text in LICENCES[source["licence"]]:
            assert (DARIEN / "LICENSES" / text).stat().st_size > 5000


@pytest.mark.parametrize("name", COLUMNS)
def test_layer_has_its_columns_valid_shapes_and_lies_in_the_clip(name):
    layer = read(name)
    assert layer.crs == "EPSG:4326"
    assert set(layer.columns) == COLUMNS[name] | {"geometry"}
    assert layer.geometry.is_valid.all()
    assert not layer.geometry.is_empty.any()
    assert layer.geometry.within(CLIP.buffer(1e-6)).all()


@pytest.mark.parametrize("name", COLUMNS)
def test_geopackage_carries_no_time_of_its_making(name):
    with sqlite3.connect(layer_of(name).path) as file:
        (changed,) = file.execute("select last_change from gpkg_contents").fetchone()
    file.close()
    assert changed == "2026-01-01T00:00:00.000Z"


def test_land_has_all_polygons_of_the_source_and_two_lagoons_cut_out():
    land = read("land")
    assert len(land) == 248
    assert sum(len(shape.interiors) for shape in land.geometry) == 2
    assert land["area_km2"].sum() == pytest.approx(63_827, abs=1)


@pytest.mark.parametrize("town", ["Ustupo", "Narganá", "Mulatupo", "Achutupo"])
def test_island_towns_lie_on_land(town):
    places = read("places").set_index("name")
    assert read("land").contains(places.geometry[town]).any()


def test_rivers_are_named_only_where_that_is_certain():
    rivers = read("rivers")
    named = rivers[rivers["name"] != ""].groupby("name").size().to_dict()
    assert named == {
        "Atrato": 2,
        "Balsas": 1,
        "Chucunaque": 1,
        "Sambú": 1,
        "Sucio": 1,
        "Tuira": 2,
        "Tuquesa": 1,
    }


@pytest.mark.parametrize(
    ("town", "river"),
    [
        ("Riosucio", "Atrato"),
        ("Vigía del Fuerte", "Atrato"),
        ("Murindó", "Atrato"),
        ("Dabeiba", "Sucio"),
        ("Uramita", "Sucio"),
        ("Boca de Cupe", "Tuira"),
        ("Yape", "Tuira"),
        ("Pinogana", "Tuira"),
        ("El Real de Santa María", "Tuira"),
        ("Lajas Blancas", "Chucunaque"),
        ("Ualá", "Chucunaque"),
        ("Camogantí", "Balsas"),
        ("Tucutí", "Balsas"),
        ("Puerto Indio", "Sambú"),
    ],
)
def test_riverside_town_is_nearest_to_its_own_river(town, river):
    town = read("places").set_index("name").geometry[town]
    rivers = read("rivers").to_crs(CONFIG.region.crs)
    town = gpd.GeoSeries([town], crs="EPSG:4326").to_crs(CONFIG.region.crs)[0]
    assert rivers["name"][rivers.distance(town).idxmin()] == river


def test_rivers_keep_the_length_and_the_ranks_of_the_source():
    rivers = read("rivers")
    mapped = rivers[rivers["quality"] == "mapped"]
    assert len(mapped) == 45
    assert mapped["length_km"].sum() == pytest.approx(2230, abs=2)
    assert set(mapped["precision_m"]) == {5000}
    lengths = mapped.groupby("order")["length_km"].sum().round().to_dict()
    assert lengths == {1: 281, 2: 851, 3: 1098}


def test_the_tuquesa_is_schematic_and_runs_from_bajo_chiquito_into_the_chucunaque():
    rivers = read("rivers")
    (row,) = rivers[rivers["quality"] == "schematic"].itertuples()
    assert (row.name, row.order, row.precision_m) == ("Tuquesa", 3, 4000)
    checkpoints = read("checkpoints").set_index("name")
    source, mouth = Point(row.geometry.coords[0]), Point(row.geometry.coords[-1])
    assert source.equals_exact(checkpoints.geometry["Bajo Chiquito"], 1e-6)
    assert mouth.distance(checkpoints.geometry["La Peñita"]) < 0.02
    (chucunaque,) = rivers.geometry[rivers["name"] == "Chucunaque"]
    assert mouth.distance(chucunaque) < 1e-6


def test_border_is_one_line_from_sea_to_sea():
    (line,) = read("border").geometry
    assert line.geom_type == "LineString"
    assert length_km(line) == pytest.approx(345.3, abs=0.5)
    ends = sorted(line.coords[end] for end in (0, -1))
    assert ends[0] == pytest.approx((-77.893, 7.223), abs=0.01)
    assert ends[1] == pytest.approx((-77.363, 8.674), abs=0.02)


def test_provinces_bear_their_present_names():
    provinces = read("provinces")
    assert dict(zip(provinces["name"], provinces["country"], strict=True)) == {
        "Antioquia": "CO",
        "Chocó": "CO",
        "Córdoba": "CO",
        "Darién": "PA",
        "Emberá-Wounaan": "PA",
        "Guna Yala": "PA",
        "Panamá": "PA",
    }


def test_provinces_share_no_ground():
    shapes = read("provinces").to_crs(CONFIG.region.crs).geometry
    assert shapes.area.sum() == pytest.approx(shapes.union_all().area, rel=1e-9)


def test_places_are_97_in_two_countries():
    places = read("places")
    assert places["country"].value_counts().to_dict() == {"PA": 65, "CO": 32}
    assert places["geonameid"].is_unique
    assert (places["population"] >= 0).all()


def test_checkpoints_have_roles_of_the_schema_and_periods_that_can_be_read():
    checkpoints = read("checkpoints")
    assert len(checkpoints) == 15
    assert set(checkpoints["role"]) <= set(ROLES)
    assert checkpoints["source"].str.len().gt(0).all()
    assert checkpoints["precision_m"].between(100, 10_000).all()
    for column in ("since", "until"):
        assert checkpoints[column].str.fullmatch(r"(\d{4}-(0[1-9]|1[0-2]))?").all()


def test_checkpoints_said_to_be_of_geonames_stand_where_the_places_do():
    places = read("places").set_index("geonameid")
    rows = read("checkpoints")
    number = rows["source"].str.extract(r"^GeoNames (\d+)")[0].dropna().astype(int)
    assert len(number) == 11
    for row, geonameid in number.items():
        assert rows.geometry[row].equals_exact(places.geometry[geonameid], 1e-6)


def test_relief_is_in_metres_and_knows_mountain_from_sea():
    with rasterio.open(layer_of("relief").path) as source:
        assert source.crs == "EPSG:4326"
        assert source.dtypes == ("int16",)
        assert source.bounds == pytest.approx((-79.0, 6.5, -76.0, 9.7))
        assert source.res == pytest.approx((1 / 30, 1 / 30))
        metres = source.read(1)
        points = [(-77.0, 9.5), (-77.73, 7.72), (-76.83, 8.30), (-77.2, 7.6)]
        caribbean, pirre, gulf, swamp = (int(v[0]) for v in source.sample(points))
    assert metres.min() == 0
    assert 2500 < metres.max() < 3600
    assert caribbean == gulf == 0
    assert pirre > 600
    assert swamp < 60


def test_relief_agrees_with_the_towns_whose_height_is_known():
    heights = {"Frontino": 1389, "Cañasgordas": 1291, "Dabeiba": 488, "Turbo": 6}
    places = read("places").set_index("name").geometry[list(heights)]
    with rasterio.open(layer_of("relief").path) as source:
        found = [int(v[0]) for v in source.sample([(p.x, p.y) for p in places])]
    assert np.abs(np.array(found) - list(heights.values())).max() < 450


@pytest.mark.parametrize("name", TABLES)
def test_table_has_its_columns_and_no_holes(name):
    table = pd.read_csv(layer_of(name).path)
    assert list(table) == TABLES[name]
    assert not table.isna().any().any()


def test_crossings_are_whole_years_that_add_up_to_the_official_totals():
    table = pd.read_csv(layer_of("crossings").path)
    assert table.groupby("year")["crossings"].sum().to_dict() == {
        2023: 520_085,
        2024: 302_203,
    }
    assert table.groupby("year")["month"].agg(list).to_dict() == {
        2023: list(range(1, 13)),
        2024: list(range(1, 13)),
    }


def test_nationalities_add_up_to_the_published_totals():
    table = pd.read_csv(layer_of("nationalities").path)
    assert table.groupby("year")["persons"].sum().to_dict() == {
        2023: 520_085,
        2024: 300_549,
    }


def test_all_layers_together_stay_small():
    files = (DARIEN / "layers").iterdir()
    assert sum(path.stat().st_size for path in files) < 1_500_000
