"""What is modelled on the page and in the files: never without saying so."""

import json
import xml.etree.ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.privacy import MODEL
from geo.write.fields import FIELDS
from geo.write.files import write_layers
from geo.write.modelled import models
from geo.write.models import MODEL_FIELDS
from geo.write.tables import published_table
from tests.releases import make_release, model_layers


@pytest.fixture(scope="module")
def release():
    return make_release(models=model_layers())


@pytest.fixture(scope="module")
def folder(release, tmp_path_factory):
    out = tmp_path_factory.mktemp("gis")
    formats = ("gpkg", "shp", "geojson", "tif", "parquet", "kml")
    write_layers(release, out, formats=formats)
    return out


def test_the_page_learns_of_ways_areas_and_bands(release):
    found = models(release)
    assert found["reliefKm"] == 3.7
    assert [row["level"] for row in found["ways"]] == [5, 10, 5, 10]
    assert [row["level"] for row in found["areas"]] == [10, 5]
    assert found["ways"][0]["entry"] == "Acandí"
    assert [(row["from"], row["to"]) for row in found["bands"]][:2] == [
        (0, 1),
        (1, 2.5),
    ]
    assert len(found["bands"][1]["rings"]) == 2
    assert [(row["share"], row["places"]) for row in found["between"]] == [
        (1, 12),
        (10, 12),
    ]
    assert len(found["between"][0]["rings"]) == 2
    assert [row["basis"] for row in found["fused"]] == ["observed"] * 2 + [
        "modelled"
    ] * 2
    json.dumps(found)


def test_a_release_without_models_has_nothing_to_tell():
    found = models(make_release())
    assert (found["ways"], found["areas"], found["bands"]) == ([], [], [])
    assert (found["between"], found["fused"]) == ([], [])


def test_a_layer_that_is_no_model_is_not_drawn_as_one():
    layers = {"modelled": model_layers()["modelled"].assign(tracks=20)}
    assert models(make_release(layers=layers))["ways"] == []


def test_every_row_is_marked_and_no_row_of_what_was_seen(release):
    for name in release.layers:
        marks = published_table(release, name)["mark"]
        assert marks.str.contains(MODEL, regex=False).eq(name in release.models).all()


def test_every_column_is_described(folder):
    known = json.loads((folder / "metadata.json").read_text("utf-8"))["layers"]
    assert known["modelled"]["marks"][-1] == MODEL
    assert "marks" not in known["corridors"]
    named = {column["name"] for column in known["isochrones"]["fields"]}
    assert named == {"help", "from_h", "up_to_h", "area_km2", "mark"}
    fields = {column["name"]: column for column in known["thoroughfares"]["fields"]}
    assert set(fields) == {"share_pct", "places", "area_km2", "mark"}
    assert "between all places" in fields["share_pct"]["en"]
    assert known["thoroughfares"]["title"]["es"].startswith("Caminos entre todos")
    assert known["thoroughfares"]["marks"][-1] == MODEL
    for key, short, *_ in MODEL_FIELDS:
        assert FIELDS[key].short == short
        assert len(short) <= 10


@pytest.mark.parametrize("layer", ["modelled", "thoroughfares", "isochrones"])
def test_every_format_carries_the_mark(folder, layer):
    stem = f"darien_SIMULATED_SIMULADO_{layer}"
    for path in (
        folder / "shp" / f"{stem}.shp",
        folder / "geojson" / f"{stem}.geojson",
        folder / "kml" / f"{stem}.kml",
    ):
        assert gpd.read_file(path)["mark"].str.contains(MODEL, regex=False).all()
    table = pd.read_parquet(folder / "parquet" / f"{stem}.parquet")
    assert table["mark"].str.contains(MODEL, regex=False).all()
    text = (folder / "geojson" / f"{stem}.geojson").read_text("utf-8")
    assert json.loads(text)["description"].endswith(MODEL)
    package = next(folder.glob("*.gpkg"))
    assert pyogrio.read_info(package, layer=layer)["layer_metadata"]["MODEL"]
    assert (
        "MODEL" not in pyogrio.read_info(package, layer="corridors")["layer_metadata"]
    )
    readme = (folder / "README.txt").read_text("utf-8")
    assert (
        "Except MODEL, which no tracks are behind unless basis says so: fused, iso"
        in readme
    )
    assert (
        "Salvo MODELO, sin recorridos detrás si no lo dice basis: fused, iso" in readme
    )
    assert "Coarse relief (3.7 km)." in readme
    assert "Relieve grueso (3.7 km)." in readme


def test_qgis_draws_models_hatched_and_not_at_first(folder, release):
    root = ET.parse(next(folder.glob("*.qgs"))).getroot()  # noqa: S314  (our own)
    checked = {
        node.get("id"): node.get("checked") for node in root.iter("layer-tree-layer")
    }
    assert checked["trocha_corridors"] == "Qt::Checked"
    for name in release.models:
        assert checked[f"trocha_{name}"] == "Qt::Unchecked"
    drawn = {layer.findtext("id"): layer for layer in root.iter("maplayer")}
    for name in release.models:
        layer = drawn[f"trocha_{name}"]
        assert layer.findtext("layername").endswith(f"[{MODEL}]")
        styles = [n.get("v") for n in layer.iter("prop") if n.get("k") == "style"]
        assert styles
        seen = [style for style in styles if not style.endswith("_diagonal")]
        assert seen == (["solid"] * 2 if name == "fused" else [])
    filters = {rule.get("filter") for rule in drawn["trocha_isochrones"].iter("rule")}
    for row in release.layers["isochrones"].itertuples():
        assert f"\"help\" = '{row.help}'" in filters
        assert f'"up_to_h" = {row.up_to_h:g}' in filters
    filters = {rule.get("filter") for rule in drawn["trocha_modelled"].iter("rule")}
    assert filters == {'"level" = 5', '"level" = 10'}
    rules = [*drawn["trocha_thoroughfares"].iter("rule")]
    assert [rule.get("filter") for rule in rules] == [
        '"share_pct" = 1',
        '"share_pct" = 10',
    ]
    # Its colours are those of no other model.
    colours = {
        name: {
            prop.get("v")
            for prop in drawn[f"trocha_{name}"].iter("prop")
            if prop.get("k") == "color"
        }
        for name in release.models
    }
    others = set.union(*(colours[n] for n in release.models - {"thoroughfares"}))
    assert colours["thoroughfares"].isdisjoint(others)


def test_ways_of_a_level_are_drawn_as_one_area(release):
    ways = release.layers["modelled"]
    found = models(release)["areas"]
    whole = shapely.union_all(ways.geometry[ways["level"] == 5].to_numpy())
    assert len(found[1]["rings"]) == len(shapely.get_parts(whole))


@pytest.mark.parametrize("cell_m", [30.0, None])
def test_a_fine_relief_is_not_called_coarse(tmp_path, cell_m):
    release = make_release(models=model_layers(), relief_cell_m=cell_m)
    write_layers(release, tmp_path, formats=["gpkg"])
    readme = (tmp_path / "README.txt").read_text("utf-8")
    assert "Coarse relief" not in readme
    assert "Relieve grueso" not in readme
