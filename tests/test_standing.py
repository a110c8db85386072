"""A map that would not change stays; whatever may change it is noticed."""

import json
import shutil
from datetime import date

import msgspec
import pytest

import geo.standing
import geo.write.page
from geo.config import Layer, load_config
from geo.errors import StoreError
from geo.pipeline import build
from geo.standing import digest_all, digest_ground, find_standing
from geo.store import open_store
from tests.regions import write_points, write_walks

TODAY = date(2024, 1, 1)


def never():
    raise AssertionError("nobody asked for the release")


@pytest.fixture(scope="module")
def built(region_once, tmp_path_factory):
    """A region whose map was just built."""
    folder = tmp_path_factory.mktemp("standing") / "tiny"
    shutil.copytree(region_once, folder)
    write_points(folder / "points" / "seen.csv", 12)
    build(load_config(folder / "region.toml"), today=TODAY)
    return folder


@pytest.fixture
def region(built, tmp_path):
    """A copy of it in which something may be changed; its outputs are its own."""
    folder = shutil.copytree(built, tmp_path / "tiny")
    edit(folder / "store" / "outputs.json", str(built), str(folder))
    return folder


def standing(folder, **options):
    config = load_config(folder / "region.toml")
    return find_standing(config, **({"today": TODAY} | options), released=never)


def test_what_it_says_is_what_a_build_with_nothing_new_says(built):
    told = standing(built).as_dict()
    done = build(load_config(built / "region.toml"), today=TODAY).as_dict()

    assert told | {"seconds": 0} == done | {"seconds": 0}
    assert told["months"] == {"redone": 0, "reused": 2}
    assert told["files"]["known"] == 4


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def first(folder, pattern):
    return min(folder.rglob(pattern))


CHANGES = {
    "the page was edited": lambda r: edit(r / "map/index.html", "Tiny", "tiny"),
    "the record was edited": lambda r: edit(r / "map/release.json", "Tiny", "tiny"),
    "the page is gone": lambda r: (r / "map/index.html").unlink(),
    "a GIS file is gone": lambda r: first(r / "map", "*.shp").unlink(),
    "a GIS file is damaged": lambda r: first(r / "map", "*.gpkg").write_bytes(b""),
    "a file came between": lambda r: (r / "map/gis/mine.txt").write_text("x"),
    "a file of fixes came": lambda r: write_walks(r / "fixes/more.csv", [40]),
    "a file of fixes went": lambda r: (r / "fixes/walks_0.csv").unlink(),
    "fixes became points": lambda r: (r / "fixes/walks_0.csv").rename(
        r / "points/walks_0.csv"
    ),
    "a bad file came": lambda r: (r / "fixes/bad.csv").write_text("what?"),
    "points came": lambda r: write_points(r / "points/new.csv", 3, seed=1),
    "the name changed": lambda r: edit(r / "region.toml", '"Tiny"', '"Small"'),
    "a setting changed": lambda r: edit(
        r / "region.toml", "[privacy]", "[privacy]\nround_to = 10"
    ),
    "a credit changed": lambda r: edit(r / "region.toml", "Land: inv", "Land: re-inv"),
    "a layer changed": lambda r: (r / "layers/land.gpkg").write_bytes(
        (r / "layers/rivers.gpkg").read_bytes()
    ),
    "a file came beside a layer": lambda r: (r / "layers/land.prj").write_text("?"),
    "a layer is gone": lambda r: (r / "layers/land.gpkg").unlink(),
    "the store is gone": lambda r: shutil.rmtree(r / "store"),
    "it is not known what was made": lambda r: (r / "store/outputs.json").unlink(),
    "what was made is not readable": lambda r: (r / "store/outputs.json").write_text(
        "{"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_map_does_not_stand_when(region, change):
    assert standing(region)

    CHANGES[change](region)

    assert standing(region) is None


def test_a_map_does_not_stand_when_a_month_becomes_publishable(region):
    write_walks(region / "fixes" / "late.csv", [50], month="2023-12")
    config = load_config(region / "region.toml")
    build(config, today=TODAY)

    assert standing(region, today=date(2024, 1, 30))
    assert standing(region, today=date(2024, 1, 31)) is None


def test_a_map_does_not_stand_when_the_program_is_another(region, monkeypatch):
    monkeypatch.setattr(geo.standing, "digest_program", lambda: "another")

    assert standing(region) is None


def test_tiles_of_a_layer_count_as_well(region):
    tiles = region / "tiles"
    (tiles / "deeper").mkdir(parents=True)
    (tiles / "deeper" / "a.tif").write_bytes(b"a")
    (region / "b.tif").write_bytes(b"b")
    config = load_config(region / "region.toml")
    layer = Layer(path=tiles, tiles=(region / "b.tif",))
    layers = msgspec.structs.replace(config.layers, relief=layer)
    config = msgspec.structs.replace(config, layers=layers)

    found = {digest_ground(config, today=TODAY)}
    for path in (tiles / "deeper" / "a.tif", region / "b.tif", region / "b.tfw"):
        path.write_bytes(b"c")
        found.add(digest_ground(config, today=TODAY))

    assert len(found) == 4


def test_a_map_in_another_folder_is_another_map(region, tmp_path):
    assert standing(region, output=tmp_path / "elsewhere") is None

    shutil.copytree(region / "map", tmp_path / "elsewhere")

    assert standing(region, output=tmp_path / "elsewhere") is None


def test_a_map_does_not_stand_while_a_file_cannot_be_used(region):
    (region / "fixes" / "bad.csv").write_text("what?")
    config = load_config(region / "region.toml")

    assert build(config, today=TODAY).intake.problems
    assert standing(region) is None


def test_what_another_command_changed_in_the_store_is_noticed(region):
    with open_store(region / "store") as store:
        store.commit(remove=[min(store.sources)])

    assert standing(region) is None


def test_a_layer_that_changed_while_the_map_was_drawn_is_noticed(region, monkeypatch):
    layer = region / "layers" / "rivers.gpkg"
    old = layer.read_bytes()
    write_map = geo.write.page.write_map

    def slow(*arguments, **options):
        layer.write_bytes((region / "layers" / "border.gpkg").read_bytes())
        return write_map(*arguments, **options)

    (region / "map" / "index.html").unlink()
    with monkeypatch.context() as patch:
        patch.setattr("geo.write.page.write_map", slow)
        build(load_config(region / "region.toml"), today=TODAY)

    assert standing(region) is None
    layer.write_bytes(old)
    assert standing(region) is None


def test_a_store_that_is_in_use_is_not_looked_into(region):
    with open_store(region / "store"), pytest.raises(StoreError, match="in use"):
        standing(region)


def test_digests_depend_on_content_and_not_on_order(region):
    config = load_config(region / "region.toml")
    ground = digest_ground(config, today=TODAY)
    files = [("fixes", "a"), ("points", "b")]

    one = digest_all(ground, listed=files, state="s")

    assert one == digest_all(ground, listed=[*files[::-1], files[0]], state="s")
    assert one != digest_all(ground, listed=files[:1], state="s")
    assert one != digest_all(ground, listed=[("points", "a"), files[1]], state="s")
    assert one != digest_all(ground, listed=files, state="t")
    assert json.dumps(ground).count("/") == 0
