"""Build what has to be built, and nothing else."""

import subprocess
import sys

import pytest

import geo.pipeline
import geo.upkeep
from geo.config import load_config
from tests.regions import digests


@pytest.fixture
def drawn(monkeypatch):
    """How often a map was really drawn."""
    calls = []
    draw = geo.pipeline.build

    def counted(*arguments, **options):
        calls.append(arguments)
        return draw(*arguments, **options)

    monkeypatch.setattr("geo.pipeline.build", counted)
    return calls


def test_a_map_is_drawn_once_and_again_when_somebody_changed_it(tiny_region, drawn):
    config = load_config(tiny_region)
    page = config.files.output / "index.html"

    first = geo.upkeep.build(config)
    whole = digests(config.files.output)
    times = page.stat().st_mtime_ns
    second = geo.upkeep.build(config)

    assert len(drawn) == 1
    assert page.stat().st_mtime_ns == times
    assert second.as_dict()["published"] == first.as_dict()["published"]
    page.write_text("mine", encoding="utf-8")
    geo.upkeep.build(config)
    assert len(drawn) == 2
    assert digests(config.files.output) == whole


def test_a_file_given_by_name_is_always_looked_at(tiny_region, walk_csv, drawn):
    config = load_config(tiny_region)

    geo.upkeep.build(config, new_files=[walk_csv])
    geo.upkeep.build(config, new_files=[walk_csv])

    assert len(drawn) == 2


def test_the_release_of_a_map_that_stands_is_made_when_asked_for(tiny_region):
    config = load_config(tiny_region)
    first, second = geo.upkeep.build(config), geo.upkeep.build(config)

    one, two = first.release, second.release

    assert dict(one.withheld) == dict(two.withheld)
    assert one.about == two.about
    for name, layer in one.layers.items():
        assert layer.equals(two.layers[name])


def test_nothing_heavy_is_loaded_when_there_is_nothing_to_do(tiny_region):
    config = load_config(tiny_region)
    geo.upkeep.build(config)
    heavy = "geopandas, numba, scipy, folium, rasterio, pyogrio"
    code = (
        "import sys; from geo.cli import main\n"
        f"try: main(['build', {str(tiny_region)!r}])\n"
        f"finally: print(sorted({set(heavy.split(', '))} & set(sys.modules)))"
    )

    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "0 new, 3 known, 0 gone" in told.stdout
    assert told.stdout.splitlines()[-1] == "[]"


def test_a_build_does_not_wait_for_what_few_builds_need():
    """Each of these takes as long to load as all of NumPy, or longer."""
    code = (
        "import sys, geo.pipeline\n"
        "print({'scipy.stats', 'scipy.optimize', 'scipy.signal'} & set(sys.modules))"
    )

    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "set()"
