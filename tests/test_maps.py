"""The committed maps are what the code builds, byte for byte."""

import shutil
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pytest

from geo.config import load_config
from geo.pipeline import build

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "maps" / "darien"
BUILT = ("index.html", "release.json", "gis")


def digests(folder):
    files = [folder / "index.html", folder / "release.json", *folder.glob("gis/**/*")]
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
        if path.is_file()
    }


@pytest.fixture(scope="module")
def darien(tmp_path_factory):
    """Darién, built from nothing in a folder of its own."""
    home = tmp_path_factory.mktemp("darien")
    shutil.copytree(
        ROOT / "data" / "darien",
        home / "darien",
        ignore=shutil.ignore_patterns("store"),
    )
    done = build(load_config(home / "darien" / "region.toml"), output=home / "map")
    return home / "map", done


def locked_versions():
    """The versions that the committed maps were made with."""
    lines = (ROOT / ".ci" / "locked.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split(";")[0].strip(" \\") for line in lines if "==" in line]
    return dict(pin.split("==") for pin in pins if not pin.startswith(("#", "--")))


def test_the_committed_map_is_what_the_code_builds(darien):
    folder, _ = darien
    makers = ("folium", "geopandas", "numpy", "pyogrio", "rasterio", "scipy", "shapely")
    here = {name: version(name) for name in makers}
    if here != {name: locked_versions()[name] for name in makers}:
        # Other versions may write other bytes; the same map they must still make.
        assert set(digests(folder)) == set(digests(COMMITTED))
        return

    assert digests(folder) == digests(COMMITTED)


def test_the_committed_map_is_small_enough_to_send():
    sizes = {path.name: path.stat().st_size for path in COMMITTED.rglob("*.*")}

    assert sizes["index.html"] <= 3_000_000
    assert sum(sizes.values()) <= 20_000_000


def test_the_map_of_darien_tells_how_well_its_own_corridors_predict(darien):
    told = darien[1].release.about.validation

    assert told["current"]
    assert told["over_straight"]["low"] > 1.2


def test_the_map_of_darien_has_something_to_show(darien):
    release = darien[1].release

    assert release.about.simulated
    assert release.about.tracks >= 1_500
    assert release.about.first_month == "2023-01"
    assert release.about.last_month == "2023-12"
    assert len(release.layers["hotspots"]) > 100
    assert {"hot"} <= set(release.layers["hotspots"]["kind"])
    assert set(release.layers["corridors"]["level"]) == {50, 75, 90}
    assert set(release.layers["corridors"]["season"]) == {"all", "dry", "wet"}
