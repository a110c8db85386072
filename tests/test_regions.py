"""Making the folder of a new region."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo.config import load_config
from geo.errors import ConfigError, OutputError
from geo.regions import make_region

BOUNDS = (-78.5, 7.0, -76.5, 9.3)


def test_the_new_region_can_be_loaded_and_has_its_folders(tmp_path):
    path = make_region(tmp_path / "field" / "choco", name="Chocó", bounds=BOUNDS)

    config = load_config(path)

    assert config.region.name == "Chocó"
    assert config.region.bounds == BOUNDS
    assert config.files.fixes.is_dir()
    assert (path.parent / "layers").is_dir()


def test_what_the_template_says_are_the_defaults(tmp_path):
    config = load_config(make_region(tmp_path / "new", name="x", bounds=BOUNDS))
    (tmp_path / "short.toml").write_text(
        f'[region]\nname = "x"\ncrs = "{config.region.crs}"\nbounds = {list(BOUNDS)}\n',
        encoding="utf-8",
    )

    short = load_config(tmp_path / "short.toml")

    for section in ("region", "cleaning", "trips", "corridors", "hotspots", "privacy"):
        assert getattr(config, section) == getattr(short, section)


def test_its_crs_is_equal_area_and_centred(tmp_path):
    config = load_config(make_region(tmp_path, name="x", bounds=BOUNDS))

    told = CRS(config.region.crs).coordinate_operation
    numbers = {entry.name: entry.value for entry in told.params}

    assert told.method_name == "Lambert Azimuthal Equal Area"
    assert numbers["Longitude of natural origin"] == -77.5
    assert math.isclose(numbers["Latitude of natural origin"], 8.15)


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.just("@CRS@@BOUNDS@\x7f"))
@settings(max_examples=40, deadline=None)
def test_any_name_comes_back_as_it_was_given(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("region")

    config = load_config(make_region(folder, name=name, bounds=BOUNDS))

    assert config.region.name == name
    assert config.region.bounds == BOUNDS


def test_a_name_that_is_no_text_does_no_harm(tmp_path):
    config = load_config(make_region(tmp_path, name="caf\udce9", bounds=BOUNDS))

    assert config.region.name == "caf?"


def test_bounds_keep_their_digits(tmp_path):
    bounds = (-77.12345678, 7.00000001, -76.5, 9.3)

    config = load_config(make_region(tmp_path, name="x", bounds=bounds))

    assert config.region.bounds == bounds


def test_a_region_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "region.toml").write_text("mine", encoding="utf-8")

    with pytest.raises(ConfigError, match="exists already"):
        make_region(tmp_path, name="x", bounds=BOUNDS)

    assert (tmp_path / "region.toml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "bounds",
    [(1, 0, 0, 1), (0, 1, 1, 0), (0, 0, 181, 1), (0, -91, 1, 1), (math.nan, 0, 1, 1)],
)
def test_bounds_that_enclose_nothing_are_refused(tmp_path, bounds):
    with pytest.raises(ConfigError, match="expected west < east and south < north"):
        make_region(tmp_path, name="x", bounds=bounds)

    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(OutputError, match="cannot be written"):
        make_region(tmp_path / "file" / "region", name="x", bounds=BOUNDS)
