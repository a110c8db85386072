"""Models: what the base layers alone make, and nobody's track changes."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from geopandas.testing import assert_geodataframe_equal
from shapely import Point, box

import geo
from geo.analysis.terrain.reach import hours_to_posts
from geo.errors import ConfigError
from geo.findings.methods import ModelMethods
from geo.findings.model import find_models
from geo.grid import Grid, Surface
from geo.memory import pack_frames, unpack_frames
from geo.privacy import MODEL
from tests.regions import make_region, write_walks
from tests.releases import CRS, base_layers

FINE = Grid.covering((-20_000, -20_000, 20_000, 20_000), crs=CRS, cell_m=500)
LAND = np.ones(FINE.shape, bool)
NAMES = ("modelled", "isochrones", "thoroughfares")
METHODS = ModelMethods(
    entries=["Capurganá"], exits=["Canaán Membrillo"], cell_factor=2, hours=(1, 3)
)


def models(base, methods=METHODS):
    hours = hours_to_posts(base, FINE, land=LAND)
    return find_models(base, FINE, land=LAND, hours=hours, methods=methods)


def test_ways_lead_from_each_entry_to_each_exit_and_bands_around_posts():
    found = models(base_layers())

    ways, bands = found["modelled"], found["isochrones"]
    assert ways["level"].tolist() == [5, 10]
    assert ways["entry"].unique().tolist() == ["Capurganá"]
    assert bands["help"].tolist() == ["post", "post"]
    post = Point(3e3, 7e3)
    assert bands.geometry[0].contains(post)
    assert not bands.geometry[1].contains(post)


def test_without_entries_there_are_no_ways():
    found = models(base_layers(), ModelMethods())
    assert set(found) == {"isochrones", "thoroughfares"}


def test_ways_lead_between_all_places_and_posts():
    ways = models(base_layers())["thoroughfares"]
    assert ways["share_pct"].tolist() == [1, 2, 5, 10]
    assert set(ways["places"]) == {4}
    for place in (*base_layers().places.geometry, *base_layers().checkpoints.geometry):
        assert ways.geometry[3].buffer(750).contains(place)


@pytest.mark.parametrize("most", [0, 1])
def test_ways_between_all_places_can_be_left_out(most):
    assert "thoroughfares" not in models(
        base_layers(), replace(METHODS, thoroughfares=most)
    )
    assert set(models(base_layers(), replace(METHODS, thoroughfares=2))) == {
        "isochrones",
        "modelled",
        "thoroughfares",
    }


def test_without_places_there_are_no_ways_between_them():
    base = base_layers()
    empty = replace(base, places=base.places[:0], checkpoints=base.checkpoints[:0])
    assert models(empty, ModelMethods()) == {}
    one = replace(base, places=base.places[:1], checkpoints=base.checkpoints[:0])
    assert models(one, ModelMethods()) == {}


def test_a_place_in_the_sea_is_on_no_way():
    base = base_layers()
    far = base.places.assign(geometry=[Point(-19_900, 19_900), Point(9e3, -6e3)])
    land = gpd.GeoDataFrame(geometry=[box(0, -18e3, 19e3, 19e3)], crs=CRS)
    ways = models(replace(base, places=far, land=land))["thoroughfares"]
    assert set(ways["places"]) == {3}


def test_models_are_remembered_as_they_are():
    found = models(base_layers())
    again = unpack_frames(pack_frames(found))
    assert list(again) == ["isochrones", "modelled", "thoroughfares"]
    for name, frame in found.items():
        assert_geodataframe_equal(frame, again[name])


def test_without_a_relief_there_is_no_model():
    assert models(replace(base_layers(), relief=None)) == {}


def test_clinics_and_water_points_have_bands_of_their_own():
    base = base_layers()
    more = base.checkpoints.assign(role=["receiving community", "clinic"])
    bands = models(replace(base, checkpoints=more))["isochrones"]
    assert bands["help"].tolist() == ["post", "post", "clinic", "clinic"]
    alone = models(replace(base, checkpoints=more.assign(role="clinic")))["isochrones"]
    assert set(alone["help"]) == {"clinic"}


def test_an_entry_that_nobody_knows_is_said():
    methods = replace(METHODS, exits=["Canaan"])
    with pytest.raises(ConfigError, match=r"\[model\] exits names 'Canaan'"):
        models(base_layers(), methods)


def test_the_bands_are_means_over_larger_cells():
    hours = Surface(FINE, np.full(FINE.shape, 0.5), "hours", "h")
    hours.values[0::2, 0::2] = np.nan
    found = find_models(base_layers(), FINE, land=LAND, hours=hours, methods=METHODS)
    band = found["isochrones"]
    assert band["up_to_h"].tolist()[0] == 1
    assert band["area_km2"][0] == pytest.approx(37 * 37, rel=0.02)  # the land


def region_with_a_model(folder, *, walks):
    """The tiny region with a relief, and a way across it."""
    config = make_region(folder, walks=walks)
    heights = np.linspace(0, 500, 1600, dtype="float32").reshape(40, 40)
    corner = rasterio.Affine(0.025, 0, -78, 0, -0.025, 8.6)
    with rasterio.open(
        folder / "layers" / "relief.tif", "w", driver="GTiff", count=1, dtype="float32",
        width=40, height=40, crs="EPSG:4326", transform=corner,
    ) as file:  # fmt: skip
        file.write(heights, 1)
    gpd.GeoDataFrame(
        {"name": ["Sur", "Lado"], "country": "CO", "population": [90, 0]},
        geometry=[Point(-77.5, 7.95), Point(-77.4, 8.0)],
        crs="EPSG:4326",
    ).to_file(folder / "layers" / "places.gpkg")
    text = config.read_text("utf-8")
    text = text.replace(
        "[corridors]",
        'relief = { path = "layers/relief.tif" }\n'
        'places = { path = "layers/places.gpkg" }\n\n[corridors]',
    )
    text += '\n[model]\nentries = [[-77.5, 7.95]]\nexits = ["Posta"]\n'
    config.write_text(text, "utf-8")
    return config


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Maps of many walkers, and of others in other places."""
    found = []
    for n, walks in enumerate((30, 12)):
        folder = tmp_path_factory.mktemp("region")
        config = region_with_a_model(folder, walks=walks)
        if n:
            write_walks(folder / "fixes" / "more.csv", range(100, 115), seed=9)
        found.append(geo.build(geo.load_config(config)))
    return found


def test_models_do_not_change_when_the_tracks_change(built):
    one, other = (build.release for build in built)
    assert set(NAMES) <= one.models
    assert not one.layers["corridors"].equals(other.layers["corridors"])
    for name in NAMES:
        assert_geodataframe_equal(one.layers[name], other.layers[name])
    for name in NAMES:
        files = [
            [path.read_bytes() for path in sorted(build.folder.rglob(f"*_{name}.*"))]
            for build in built
        ]
        assert files[0] == files[1]
        assert len(files[0]) >= 5


def test_every_file_of_a_model_says_that_it_is_one(built):
    folder = Path(built[0].folder) / "gis"
    for name in NAMES:
        for path in [
            *folder.rglob(f"*_{name}.shp"),
            *folder.rglob(f"*_{name}.geojson"),
        ]:
            assert gpd.read_file(path)["mark"].str.contains(MODEL).all()
    package = next(folder.glob("*.gpkg"))
    assert gpd.read_file(package, layer="modelled")["mark"].str.endswith(MODEL).all()
    assert "mark" not in gpd.read_file(package, layer="corridors") or not (
        gpd.read_file(package, layer="corridors")["mark"].str.contains(MODEL).any()
    )
    assert "MODEL" in (folder / "README.txt").read_text("utf-8")
    assert MODEL in (folder / "metadata.json").read_text("utf-8")


def test_a_region_that_names_a_place_wrongly_is_refused_before_any_work(tmp_path):
    config = region_with_a_model(tmp_path / "region", walks=3)
    config.write_text(
        config.read_text("utf-8").replace('"Posta"]', '"Posto"]'), "utf-8"
    )
    with pytest.raises(ConfigError, match="no checkpoint and no place is called so"):
        geo.build(geo.load_config(config))
    assert not list((tmp_path / "region").glob("map/*"))
