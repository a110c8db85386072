"""From the region file to the settings of each room."""

import calendar
from datetime import UTC, date, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geo.analysis.terrain.costs import irmischer_clarke, langmuir, tobler
from geo.analysis.terrain.rules import RANGES, TravelRules, draw_rules
from geo.config import Season, load_config
from geo.errors import ConfigError
from geo.landscape import Cover
from geo.recipe import (
    cover_classes,
    finding_methods,
    grids,
    layer_sources,
    named_parameters,
    partial_settings,
    reading_options,
    travel_grid,
    travel_ranges,
    travel_rules,
    travel_season,
)
from geo.standing import last_moment
from tests.regions import BOUNDS, REGION

UNTIL = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "region.toml"
    path.write_text(REGION, encoding="utf-8")
    return load_config(path)


def changed(config, section, **values):
    """The config with other values in one section."""
    part = msgspec.structs.replace(getattr(config, section), **values)
    return msgspec.structs.replace(config, **{section: part})


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 400))
def test_a_month_is_published_once_it_has_been_over_for_the_delay(today, delay):
    until = last_moment(today, delay)

    end = until.date()
    days = calendar.monthrange(end.year, end.month)[1]
    assert until.day == 1
    assert (today - end).days >= delay
    assert (today - end).days < delay + days


def test_without_a_day_it_is_the_present_one():
    assert last_moment(None, 0) <= datetime.now(UTC)
    assert last_moment(None, 40) >= datetime.now(UTC) - timedelta(days=72)


def test_the_coarse_cells_are_whole_blocks_of_fine_ones(config):
    fine, cells = grids(config)

    assert fine.bounds == cells.bounds
    assert (fine.rows, fine.columns) == (8 * cells.rows, 8 * cells.columns)
    assert fine.coarsened(8) == cells


def test_the_grid_holds_the_whole_region(config):
    fine, _ = grids(config)
    west, south, east, north = BOUNDS
    project = Transformer.from_crs("EPSG:4326", fine.crs, always_xy=True)
    x, y = project.transform([west, east, west, east], [south, south, north, north])

    assert (fine.cell_of(np.array(x), np.array(y)) >= 0).all()


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("region", {"cell_m": 0.01}),
        ("region", {"bounds": (-180.0, -90.0, 180.0, 90.0)}),
    ],
)
def test_more_cells_than_memory_are_refused(config, section, values):
    with pytest.raises(ConfigError, match="expected at most 25,000,000"):
        grids(changed(config, section, **values))


def test_every_setting_reaches_the_partials(config):
    cleaning = {"max_speed_kmh": 12.0, "max_accuracy_m": 80.0, "smooth": True}
    config = changed(config, "corridors", variance="dynamic")
    settings = partial_settings(
        changed(
            changed(config, "cleaning", **cleaning),
            "trips",
            max_gap_h=3.0,
            min_fixes=5,
            stop_radius_m=60.0,
            stop_min_minutes=15.0,
            stop_strays=2,
        ),
        until=UNTIL,
    )

    assert settings.bounds == BOUNDS
    assert settings.until_ms == 1_709_251_200_000
    assert (settings.max_speed_kmh, settings.max_accuracy_m) == (12.0, 80.0)
    assert (settings.max_gap_h, settings.min_fixes) == (3.0, 5)
    assert (settings.stop_radius_m, settings.stop_min_minutes) == (60.0, 15.0)
    assert (settings.stop_strays, settings.smooth) == (2, True)
    assert settings.variance == "dynamic"


def test_what_the_user_says_goes_before_what_the_region_says(config):
    config = changed(config, "region", time_zone="America/Bogota")

    plain = reading_options(config)
    said = reading_options(config, {"time_zone": "America/Panama", "swap": True})
    silent = reading_options(config, {"time_zone": "", "columns": {}, "crs": ""})

    assert plain.time_zone == "America/Bogota"
    assert (said.time_zone, said.swap) == ("America/Panama", True)
    assert silent == plain


def test_the_campaign_of_the_region_is_that_of_its_files(config):
    config = changed(config, "region", since="2023-01", until="2023-12")

    options = reading_options(config, {"rollover": True})

    assert (options.since, options.until, options.rollover) == (
        "2023-01",
        "2023-12",
        True,
    )
    assert not {"region.since", "region.until"} & set(named_parameters(config))


def test_the_methods_know_the_seasons_and_k(config):
    dry = Season(name="dry", months=(1, 2, 3))

    methods = finding_methods(changed(config, "corridors", seasons=(dry,)))

    assert methods.seasons == {"dry": (1, 2, 3)}
    assert (methods.k, methods.levels) == (10, (0.5, 0.75, 0.9))


def test_the_methods_know_how_counts_are_tested(config):
    strict = changed(config, "hotspots", correction="by", chances="permutation")

    assert finding_methods(config).test == {
        "correction": "fdr",
        "chances": "exact",
        "alpha": 0.05,
    }
    assert finding_methods(strict).test["correction"] == "by"
    assert finding_methods(strict).test["chances"] == "permutation"


def test_the_named_parameters_are_all_but_names_and_the_crs(config):
    named = named_parameters(config)

    assert named["region.cell_m"] == 250.0
    assert named["privacy.k"] == 10
    assert named["cleaning.max_speed_kmh"] == 35.0
    assert not {"region.name", "region.crs"} & set(named)
    assert not any(name.startswith(("files.", "layers.")) for name in named)
    msgspec.json.encode(named)


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [("cleaning", "smooth", True), ("corridors", "variance", "dynamic")],
)
def test_what_is_off_is_named_where_it_was_asked_for(config, section, name, value):
    plain = named_parameters(config)

    named = named_parameters(changed(config, section, **{name: value}))

    assert f"{section}.{name}" not in plain
    assert named == plain | {f"{section}.{name}": value}


def test_what_the_region_says_of_the_terrain_becomes_rules_and_ranges(config):
    assert travel_rules(config) == TravelRules()
    assert travel_ranges(config) == dict(RANGES)

    other = changed(config, "terrain", forest=(2.0, 3.0, 4.0), coast_km=7, closed_wet=3)
    rules = travel_rules(other)
    assert (rules.forest, rules.coast_km, rules.closed_wet) == (3.0, 7, 3)
    assert travel_ranges(other)["forest"][:2] == (2.0, 4.0)
    drawn = draw_rules(rules, seed=4, ranges=travel_ranges(other))
    assert 2.0 <= drawn.forest <= 4.0
    assert drawn.coast_km == 7


@pytest.mark.parametrize(
    ("keys", "walk"),
    [
        ({}, tobler()),
        ({"on_path": False}, tobler(on_path=False)),
        ({"walk": "irmischer_clarke"}, irmischer_clarke(on_path=True)),
        ({"walk": "irmischer_clarke", "on_path": False}, irmischer_clarke()),
        ({"walk": "langmuir"}, langmuir()),
    ],
)
def test_the_pace_is_the_one_that_the_region_names(config, keys, walk):
    assert travel_rules(changed(config, "terrain", **keys)).walk == walk


def test_rivers_are_high_in_the_seasons_that_the_region_calls_wet(config):
    other = changed(config, "terrain", wet_seasons=("lluvias",))

    assert travel_season(config, "wet") == "wet"
    assert travel_season(config, "all") == "dry"
    assert travel_season(other, "wet") == "dry"
    assert travel_season(other, "lluvias") == "wet"


def test_the_terrain_is_told_where_it_is_not_what_the_program_holds_likely(config):
    assert not [name for name in named_parameters(config) if "terrain" in name]

    other = changed(config, "terrain", walk="langmuir", forest=(2.0, 3.0, 4.0))
    told = named_parameters(other)
    assert told["terrain.walk"] == "langmuir"
    assert list(told["terrain.forest"]) == [2.0, 3.0, 4.0]


def test_the_model_is_told_where_and_how_and_named_where_it_is_asked_for(config):
    asked = changed(
        config, "model", entries=("A",), exits=((-77.5, 8.0),), cell_m=500, hours=(1, 2)
    )
    asked = changed(asked, "model", thoroughfares=7)
    asked = changed(asked, "terrain", season="wet", forest=4.0)

    methods = finding_methods(asked).model

    assert (methods.entries, methods.exits) == (("A",), ((-77.5, 8.0),))
    assert (methods.cell_factor, methods.prior_factor) == (2, 8)
    assert (methods.hours, methods.season) == ((1, 2), "wet")
    assert methods.rules.forest == 4.0
    assert methods.thoroughfares == 7
    assert finding_methods(config).model.thoroughfares == 60
    assert named_parameters(asked)["model.entries"] == ("A",)
    assert not any(name.startswith("model.") for name in named_parameters(config))


def test_layers_come_with_their_tiles_and_only_rasters_have_them(tmp_path):
    (tmp_path / "more.toml").write_text(
        '[region]\nname = "T"\ncrs = "EPSG:32618"\nbounds = [-78, 7, -77, 8]\n'
        '[layers.relief]\npath = "a.tif"\ntiles = ["b.tif"]\n'
    )
    tiled = load_config(tmp_path / "more.toml")
    (paths, _, _) = layer_sources(tiled)["relief"]
    assert paths == (tmp_path / "a.tif", tmp_path / "b.tif")
    layers = msgspec.structs.replace(tiled.layers, land=tiled.layers.relief)
    with pytest.raises(ConfigError, match=r"\[layers\.land\] has tiles"):
        layer_sources(msgspec.structs.replace(tiled, layers=layers))


def test_values_of_the_cover_become_classes_of_world_cover(config):
    assert cover_classes(config)[95] == 90
    other = changed(config, "terrain", cover=Cover(forest=(3, 4), water=(0,)))
    assert cover_classes(other) == {3: 10, 4: 10, 0: 80}


def test_travel_has_cells_of_its_own_where_the_region_says_so(config):
    fine, _ = grids(config)
    assert travel_grid(config) == fine
    finer = travel_grid(changed(config, "terrain", cell_m=50.0))
    assert finer.cell_m == 50
    assert finer.bounds == fine.bounds
    with pytest.raises(ConfigError, match=r"\[terrain\] cell_m makes .* cells of 10 m"):
        travel_grid(
            changed(changed(config, "terrain", cell_m=10.0), "region",
                    bounds=(-79.0, 6.5, -76.0, 9.5))
        )  # fmt: skip
