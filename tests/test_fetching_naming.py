"""Layers are named in a region file, and nothing else changes."""

import tomllib

import pytest

from geo.errors import ConfigError
from geo.fetching.naming import name_layers

NEW = {"relief": ("layers/fetched/relief", 'DEM: "©" DLR')}


def named(tmp_path, text, layers=NEW):
    path = tmp_path / "region.toml"
    path.write_text(text, encoding="utf-8")
    name_layers(path, layers)
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "[layers.relief]\npath = 'a'\ntiles = ['b']\ncredit = 'x'\n[trips]\nk = 1\n",
        "[layers.relief]\n# fine\npath = 'a.tif'\n\n[layers.land]\npath = 'l'\n",
        "[layers]\nrelief = { path = 'a' }\nland = { path = 'l' }\n[trips]\nk = 1\n",
        "[layers]\nland = { path = 'l' }\n",
        "[layers]\n# relief = { path = 'a.tif' }\n[trips]\nmin_fixes = 3\n",
        "[layers.land]\npath = 'l'\n# [layers.relief]\n",
        "[region]\nname = 'no layers at all'",
    ],
)  # fmt: skip
def test_however_layers_are_written(tmp_path, text):
    before, after = tomllib.loads(text), tomllib.loads(named(tmp_path, text))
    path, credit = NEW["relief"]
    assert after["layers"].pop("relief") == {"path": path, "credit": credit}
    before.setdefault("layers", {}).pop("relief", None)
    assert after == before
    assert all(
        line in named(tmp_path, text) for line in text.split("\n") if "#" in line
    )


def test_several_layers_at_once_and_twice_is_the_same(tmp_path):
    layers = NEW | {"cover": ("layers/fetched/cover", "ESA")}
    once = named(tmp_path, "[layers.land]\npath = 'l'\n", layers)
    assert named(tmp_path, once, layers) == once


@pytest.mark.parametrize(
    "text",
    [
        "[layers]\nrelief = {\n path = 'a.tif' }\n",
        "layers = { land = { path = 'l' } }\n",
        "[layers.'relief']\npath = 'a.tif'\n",
        "[layers.relief]\npath = '''\na.tif'''\n",
    ],
)
def test_what_is_not_simple_is_left_as_it_is(tmp_path, text):
    with pytest.raises(ConfigError, match="in a way that is not changed by machine"):
        named(tmp_path, text)
    assert (tmp_path / "region.toml").read_text(encoding="utf-8") == text
