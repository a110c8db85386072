"""What a person at the terminal sees."""

import gc
import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from geo.cli import main
from geo.commands.maps import FORMATS
from geo.write.files import WRITERS
from tests.regions import walk


def trocha(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize("command", main.commands.values(), ids=lambda c: c.name)
def test_every_command_shows_an_example_and_speaks_json(command):
    assert "Example:" in command.help
    assert "--json" in {option for p in command.params for option in p.opts}


def test_examples_stand_on_lines_of_their_own():
    lines = trocha("add", "--help").output.splitlines()

    assert "  Example:" in lines
    assert "    trocha add data/darien/region.toml field/walk.gpx" in lines


def test_help_lists_commands_and_exit_codes():
    told = trocha("--help").output

    for word in (
        "init",
        "check",
        "add",
        "build",
        "export",
        "forget",
        "show",
        "watch",
        "130",
    ):
        assert word in told


def test_help_loads_nothing_heavy():
    """What `--help` needs is click alone: this keeps it fast."""
    heavy = "numpy pandas geopandas shapely numba folium rasterio pyproj msgspec"
    code = (
        "import sys; from geo.cli import main; "
        f"print([m for m in '{heavy}'.split() if m in sys.modules])"
    )

    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_dead_objects_are_looked_for_less_often_than_by_default():
    before = gc.get_threshold()
    try:
        gc.set_threshold(700, 10, 10)

        trocha("show", "--help")

        assert gc.isenabled()
        assert gc.get_threshold()[0] > 10_000
    finally:
        gc.set_threshold(*before)


def test_a_new_region_can_be_made_and_built_at_once(tmp_path):
    made = trocha("init", tmp_path / "choco", "--name", "Chocó «norte»")
    built = trocha("build", tmp_path / "choco" / "region.toml")

    assert made.exit_code == 0, made.output
    assert built.exit_code == 0, built.output
    assert (tmp_path / "choco" / "map" / "index.html").exists()
    assert "Chocó «norte»: about 0 tracks" in built.stdout


def test_a_region_is_not_made_twice(tmp_path):
    trocha("init", tmp_path)

    again = trocha("init", tmp_path)

    assert again.exit_code == 3
    assert "exists already" in again.stderr


def test_bounds_that_are_none_are_refused(tmp_path):
    told = trocha("init", tmp_path, "--bounds", "-76", "7", "-78", "9")

    assert told.exit_code == 3
    assert "expected west < east" in told.stderr


def test_a_misspelt_privacy_key_stops_the_command(tiny_region):
    text = tiny_region.read_text(encoding="utf-8")
    tiny_region.write_text(text.replace("[privacy]", "[privacy]\nk_treshold = 3\n"))

    result = trocha("build", tiny_region)

    assert result.exit_code == 3
    assert "unknown field `k_treshold` - at `$.privacy`" in result.stderr
    assert result.stdout == ""


def test_check_says_what_would_be_kept_and_why_not_the_rest(tiny_region):
    file = next(tiny_region.parent.glob("fixes/*.csv"))

    told = trocha("check", file, "--region", tiny_region)

    assert told.exit_code == 0, told.output
    assert "rejected" in told.stdout
    assert "duplicate" in told.stdout
    assert not (tiny_region.parent / "store").exists()


def test_check_speaks_json(tiny_region):
    file = next(tiny_region.parent.glob("fixes/*.csv"))

    (told,) = json.loads(trocha("check", file, "--json").stdout)

    assert told["file"] == file.name
    assert told["read"] >= told["kept"] > 0


def test_a_file_that_cannot_be_used_ends_with_4_and_one_sentence(tmp_path):
    (tmp_path / "walk.gpx").write_bytes(b"\x00\x01\x02" * 100)

    told = trocha("check", tmp_path / "walk.gpx")

    assert told.exit_code == 4
    assert "walk.gpx" in told.output
    assert "Traceback" not in told.output


def test_a_missing_file_ends_with_4(tiny_region):
    told = trocha("add", tiny_region, "none.gpx")

    assert told.exit_code == 4
    assert "none.gpx" in told.stderr


def test_weeks_that_rolled_over_are_said_and_mended(tiny_region, tmp_path):
    text = tiny_region.read_text(encoding="utf-8")
    keys = '[region]\nsince = "2023-01"\nuntil = "2023-12"\n'
    tiny_region.write_text(text.replace("[region]\n", keys), encoding="utf-8")
    old = tmp_path / "old.csv"
    table = walk(3)
    times = pd.to_datetime(table["time"]) - pd.Timedelta(days=7168)
    table.assign(time=times.astype(str)).to_csv(old, index=False)

    asked = trocha("check", old, "--region", tiny_region)
    mended = trocha("check", old, "--region", tiny_region, "--rollover")
    nowhere = trocha("check", old, "--rollover")

    assert asked.exit_code == nowhere.exit_code == 4
    assert "times lie 1024 weeks outside" in asked.stdout
    assert "1 track, 2023-03 to 2023-03" in mended.stdout
    assert "rows moved by 1024 weeks, as asked" in mended.stdout
    assert "only into a campaign, and there is none" in nowhere.stderr


def test_a_column_option_that_is_none_is_wrong_usage(tiny_region):
    told = trocha("add", tiny_region, "a.csv", "--columns", "lon")

    assert told.exit_code == 2
    assert "expected role=column" in told.stderr


def test_an_unknown_format_is_named(tiny_region, tmp_path):
    told = trocha("export", tiny_region, "--to", "dwg", "--out", tmp_path / "x")

    assert told.exit_code == 2
    assert "--to has 'dwg'; expected some of gpkg, shp" in told.stderr


def test_the_formats_of_the_command_are_those_of_the_writer():
    assert tuple(WRITERS) == FORMATS


def test_build_add_and_show_tell_what_they_did(tiny_region, walk_csv):
    built = trocha("build", tiny_region)
    added = trocha("add", tiny_region, walk_csv)
    shown = trocha("show", tiny_region, "--json")

    assert built.exit_code == added.exit_code == 0, built.output + added.output
    assert "[SIMULATED / SIMULADO]" in built.stdout
    assert walk_csv.name in added.stdout
    assert "withheld because fewer than 10 tracks passed there" in added.stdout
    assert walk_csv.name in [f["name"] for f in json.loads(shown.stdout)["files"]]


def test_show_says_size_parts_digests_and_what_is_withheld(tiny_region):
    trocha("build", tiny_region)

    told = trocha("show", tiny_region).stdout

    assert "Tiny: 3 files, 2023-03 to 2023-06; the store takes 0." in told
    assert "MB in 2 parts" in told
    assert re.search(r"walks_0\.csv \(\w{8}, folder, SIMULATED\): 492 fixes", told)
    assert re.search(r"published: hotspots, [\d,]+ \([\d,]+ withheld\)", told)


def test_what_was_added_can_be_forgotten(tiny_region, walk_csv):
    trocha("add", tiny_region, walk_csv)

    told = trocha("forget", tiny_region, walk_csv.name)
    again = trocha("forget", tiny_region, walk_csv.name)

    assert told.exit_code == 0, told.output
    assert f"forgotten: {walk_csv.name}" in told.stdout
    assert again.exit_code == 4
    assert f"trocha: The store holds no file '{walk_csv.name}'" in again.stderr


def test_watch_prints_a_json_object_a_line(tiny_region, monkeypatch):
    """Three wakes stand for a folder in which nothing happens, and a Ctrl-C."""

    def wakes(*_, **__):
        yield from [False, False, False]
        raise KeyboardInterrupt

    monkeypatch.setattr("geo.watching._wakes", wakes)
    (tiny_region.parent / "fixes" / "noise.gpx").write_bytes(bytes(range(256)))

    told = trocha("watch", tiny_region, "--json")

    (line,) = told.stdout.splitlines()
    assert json.loads(line)["files"]["new"] == 3
    assert told.exit_code == 130
    assert "Watching " in told.stderr
    assert "trocha: noise.gpx" in told.stderr


@pytest.mark.parametrize("every", ["0", "-1", "nan", "inf", "soon"])
def test_an_interval_that_is_none_is_wrong_usage(tiny_region, every):
    assert trocha("watch", tiny_region, "--every", every).exit_code == 2


def test_watch_refuses_a_folder_that_is_not_there(tiny_region):
    (tiny_region.parent / "fixes").rename(tiny_region.parent / "elsewhere")

    told = trocha("watch", tiny_region)

    assert told.exit_code == 4
    assert "is not there" in told.stderr


def test_with_json_what_stops_a_command_is_json_too(tiny_region):
    wrong = trocha("add", tiny_region, "none.gpx", "--json")
    late = trocha("forget", "--json", tiny_region, "none.gpx")

    assert json.loads(wrong.stderr) == {
        "error": "none.gpx does not exist. Check the path and its spelling.",
        "exit_code": 4,
    }
    assert json.loads(late.stderr)["exit_code"] == late.exit_code == 4
    assert wrong.stdout == late.stdout == ""


def test_stopping_leaves_with_130_and_says_what_is_whole(tiny_region, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("geo.pipeline.build", stop)

    told = trocha("build", tiny_region)

    assert told.exit_code == 130
    assert "what was stored before is whole" in told.stderr
