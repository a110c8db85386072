"""The region file: strict, frozen, and plain about what is wrong."""

import re

import pytest

from geo.config import Config, Files, load_config
from geo.errors import ConfigError

REGION = """\
[region]
name = "Darién"
crs = "+proj=laea +lat_0=8 +lon_0=-77.5 +datum=WGS84 +units=m"
bounds = [-78.5, 7.0, -76.5, 9.3]
"""


@pytest.fixture
def region(tmp_path):
    def write(more="", text=REGION):
        path = tmp_path / "region.toml"
        path.write_text(text + more, encoding="utf-8")
        return path

    return write


def test_what_is_left_out_has_a_default(region):
    config = load_config(region())

    assert config.privacy.k == 10
    assert config.region.cell_m == 250.0
    assert config.layers.rivers is None


def test_paths_are_relative_to_the_region_file(region, tmp_path):
    config = load_config(
        region('[files]\nstore = "s"\n[layers]\nland = { path = "l/land.gpkg" }\n')
    )

    assert config.files.store == tmp_path / "s"
    assert config.files.fixes == tmp_path / "fixes"
    assert config.layers.land.path == tmp_path / "l" / "land.gpkg"


def test_a_config_cannot_be_changed(region):
    config = load_config(region())

    with pytest.raises(AttributeError):
        config.region = None


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("[privacy]\nk_treshold = 3\n", r"unknown field `k_treshold`.*\$\.privacy"),
        ("[privacy]\nk = 3\n", "k is 3; a public map needs at least 10"),
        ("[privacy]\nround_to = 1\n", "round_to is 1; a public map needs at least 5"),
        ("[trips]\nmax_gap_h = -1\n", r"`float` > 0.*\$\.trips\.max_gap_h"),
        ("[trips]\nmax_gap_h = 'long'\n", r"\$\.trips\.max_gap_h"),
        ("[hotspots]\ncell_m = 300\n", "cell_m is 300; expected a whole multiple"),
        ("[hotspots]\ncorrection = 'fdr'\n", r"'fdr'.*\$\.hotspots\.correction"),
        ("[hotspots]\nchances = 'luck'\n", r"'luck'.*\$\.hotspots\.chances"),
        ("[hotspots\n", "is not valid TOML"),
        ("[layers]\nrivers = { path = 3 }\n", "expected text, got int"),
    ],
)
def test_a_fault_is_named_with_its_key(region, more, message):
    with pytest.raises(ConfigError, match=message):
        load_config(region(more))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[-78.5, 7.0, -76.5, 9.3]", "[-76.5, 7.0, -78.5, 9.3]", "west < east"),
        ("+proj=laea +lat_0=8", "+proj=longlat +lat_0=8", "does not measure in metres"),
        ("+proj=laea", "+proj=nonsense", "is not a known CRS"),
    ],
)
def test_a_place_where_nothing_can_be_measured_is_refused(region, old, new, message):
    with pytest.raises(ConfigError, match=message):
        load_config(region(text=REGION.replace(old, new)))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('since = "2023"', 'since is "2023"; expected a month from 2000 on'),
        ('since = "1999-12"', r'as "2023-01" - at `\$\.region`'),
        ('since = "2023-13"', 'since is "2023-13"'),
        ('since = "2023-01"\nuntil = "2022-12"', 'until "2022-12"; expected since'),
        ('until = "2023-01"', 'from "" until "2023-01"'),
    ],
)
def test_a_campaign_that_is_none_is_refused(region, keys, message):
    with pytest.raises(ConfigError, match=message):
        load_config(region(text=REGION.replace("[region]", f"[region]\n{keys}")))


def test_a_campaign_may_be_one_month_or_go_on(region):
    for keys in ('since = "2023-01"\nuntil = "2023-01"', 'since = "2023-01"'):
        text = REGION.replace("[region]", f"[region]\n{keys}")
        assert load_config(region(text=text)).region.since == "2023-01"


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="Make a new region with: trocha init"):
        load_config(tmp_path / "none.toml")


def test_an_internal_map_may_show_single_tracks(region):
    config = load_config(
        region('[privacy]\nlevel = "internal"\nk = 1\nround_to = 1\ndelay_days = 0\n')
    )

    assert (config.privacy.level, config.privacy.k) == ("internal", 1)


def test_every_key_of_every_section_is_documented_where_it_stands():
    for section in Config.__struct_fields__:
        assert re.fullmatch("[a-z]+", section)
    assert Files().output.name == "map"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('entries = ["Here"]', "entries and exits go together"),
        ('entries = [[200, 8]]\nexits = ["There"]', "200|<= 180"),
        (
            'entries = ["Here"]\nexits = ["There"]\ncell_m = 600',
            r"\[model\] cell_m is 600",
        ),
        ("slower_pct = [0]", ">= 1"),
        ("thoroughfares = -1", ">= 0"),
        ("thoroughfares = 501", "<= 500"),
        ("thoroughfares = 2.5", "expected `int`"),
    ],
)
def test_a_model_that_cannot_be_is_refused(tmp_path, text, said):
    path = tmp_path / "region.toml"
    path.write_text(REGION + f"\n[model]\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_config(path)


def test_without_entries_the_cells_of_the_model_do_not_matter(tmp_path):
    path = tmp_path / "region.toml"
    path.write_text(REGION + "\n[model]\ncell_m = 600\n", encoding="utf-8")
    assert load_config(path).model.entries == ()
