"""A map waits until enough tracks differ; what then is drawn is what always was."""

import json
import shutil
import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from geo.cli import main
from geo.config import load_config
from geo.crowd import Turnover, compare
from geo.errors import PrivacyError
from geo.outcome import Built
from geo.pipeline import export, forget
from geo.privacy import Findings
from geo.schema import ALL_MONTHS
from geo.store import open_store
from geo.upkeep import build
from geo.watching import watch_region
from tests.regions import digests, walk, write_points

ON_THE_MAP = range(30)


def write_real(path, numbers, *, month="2023-03", **options):
    """Walks that nobody marked as simulated."""
    path.parent.mkdir(exist_ok=True)
    tables = [walk(n, month=month, **options).drop(columns="remark") for n in numbers]
    pd.concat(tables, ignore_index=True).to_csv(path, index=False)
    return path


def few_findings(totals, about, *, base, **_):
    """Next to nothing, for a map that is drawn quickly: how many passed each cell."""
    visits = totals.visits[totals.visits["month"] == ALL_MONTHS]
    layer = visits[["cell", "tracks"]].reset_index(drop=True)
    return Findings(layers={"hotspots": layer}, surfaces={}, base=base, about=about)


def plain_page(release, path, **_):
    path.write_text(release.layers["hotspots"].to_csv(), encoding="utf-8")


def plain_layers(release, folder, **_):
    folder.mkdir(exist_ok=True)
    (folder / "metadata.json").write_text(release.layers["hotspots"].to_csv(), "utf-8")


@pytest.fixture(scope="module", autouse=True)
def swift():
    """Whether a map is drawn is asked here, and not what is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geo.course.make_findings", few_findings)
        patch.setattr("geo.write.page.write_map", plain_page)
        patch.setattr("geo.write.files.write_layers", plain_layers)
        yield patch


def make_drawn(region_once, folder):
    """A region with thirty real walkers whose map was drawn."""
    shutil.copytree(region_once, folder)
    shutil.rmtree(folder / "fixes")
    write_real(folder / "fixes" / "walks.csv", ON_THE_MAP)
    build(load_config(folder / "region.toml"))
    return folder


@pytest.fixture(scope="module")
def drawn(region_once, tmp_path_factory):
    return make_drawn(region_once, tmp_path_factory.mktemp("holding") / "tiny")


@pytest.fixture
def region(drawn, tmp_path):
    """A copy of it; its outputs are its own."""
    folder = shutil.copytree(drawn, tmp_path / "tiny")
    known = folder / "store" / "outputs.json"
    known.write_text(known.read_text("utf-8").replace(str(drawn), str(folder)), "utf-8")
    return folder


@pytest.fixture
def config(region):
    return load_config(region / "region.toml")


def from_nothing(config, home):
    """What a build of the same files, by a store that knows nothing, writes."""
    for name in ("layers", "fixes", "points"):
        if (config.files.fixes.parent / name).exists():
            shutil.copytree(config.files.fixes.parent / name, home / name)
    shutil.copy(config.files.fixes.parent / "region.toml", home / "region.toml")
    build(load_config(home / "region.toml"))
    return digests(home / "map")


def set_privacy(config, line):
    path = config.files.fixes.parent / "region.toml"
    path.write_text(path.read_text("utf-8") + line + "\n", encoding="utf-8")
    return load_config(path)


class TestHowManyDiffer:
    def test_nine_new_tracks_are_held_and_ten_are_drawn(self, config, tmp_path):
        before = digests(config.files.output)
        write_real(config.files.fixes / "nine.csv", range(40, 49))

        held = build(config)
        assert held.held.tracks == Turnover(new=9)
        assert digests(config.files.output) == before

        write_real(config.files.fixes / "one.csv", [49])
        done = build(config)
        assert done.held is None
        assert digests(config.files.output) == from_nothing(config, tmp_path)

    def test_added_and_removed_count_together(self, config):
        kept = [n for n in ON_THE_MAP if n >= 4]

        write_real(config.files.fixes / "walks.csv", [*kept, *range(40, 45)])
        assert build(config).held.tracks == Turnover(new=5, gone=4)

        kept = [n for n in ON_THE_MAP if n >= 5]
        write_real(config.files.fixes / "walks.csv", [*kept, *range(40, 45)])
        assert build(config).held is None

    def test_a_track_that_goes_on_counts_once(self, config):
        later = walk(3).drop(columns="remark")
        moved = pd.to_datetime(later["time"]) + pd.Timedelta(days=1)
        later = later.assign(time=moved.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
        later.to_csv(config.files.fixes / "later.csv", index=False)

        assert build(config).held.tracks == Turnover(changed=1)

    def test_the_same_tracks_in_other_files_are_no_difference(self, config):
        (config.files.fixes / "walks.csv").unlink()
        write_real(config.files.fixes / "a.csv", range(20))
        write_real(config.files.fixes / "b.csv", range(20, 30))

        done = build(config)

        assert done.held is None
        assert done.intake.gone == 1

    def test_tracks_that_are_too_recent_yet_count_as_well(self, config):
        """The record tells how many rows are too recent, and so of whose they are."""
        write_real(config.files.fixes / "late.csv", range(40, 43), month="2024-02")
        day = date(2024, 2, 20)

        early, later = build(config, today=day), build(config)

        assert early.held.tracks == later.held.tracks == Turnover(new=3)

    def test_tracks_of_which_nothing_is_drawn_do_not_make_up_the_number(self, config):
        """Nine far away and one here: the map would differ by that one."""
        far = pd.concat([walk(n) for n in range(40, 49)]).drop(columns="remark")
        far.assign(latitude=20.0).to_csv(config.files.fixes / "far.csv", index=False)
        write_real(config.files.fixes / "here.csv", [49])

        assert build(config).held.tracks == Turnover(new=1)

    def test_a_month_that_few_began_in_waits(self, config):
        write_real(config.files.fixes / "late.csv", range(40, 52), month="2024-02")
        write_real(config.files.fixes / "later.csv", range(60, 64), month="2024-03")
        assert build(config, today=date(2024, 4, 5)).held is None

        held = build(config, today=date(2024, 5, 5)).held

        assert held.tracks == Turnover(new=4)

    def test_points_are_counted_apart(self, config):
        points = config.files.points / "seen.csv"
        config = set_privacy(config, "delay_days = 0")
        write_real(config.files.fixes / "many.csv", range(40, 60))
        real_points(points, 3)

        held = build(config)

        assert held.held.points == Turnover(new=3)
        assert held.held.tracks == Turnover(new=20)
        assert "3 points are new since this map was drawn" in held.as_text()
        real_points(points, 12)
        assert build(config).held is None

    @given(
        st.dictionaries(st.integers(0, 30), st.integers(1, 3), max_size=20),
        st.dictionaries(st.integers(0, 30), st.integers(1, 3), max_size=20),
    )
    def test_the_difference_is_that_of_the_sets(self, one, other):
        told = compare(*(crowd(marks) for marks in (one, other)))

        assert told.new == len(other.keys() - one.keys())
        assert told.gone == len(one.keys() - other.keys())
        assert told.total == len({who for who, _ in one.items() ^ other.items()})


def crowd(marks):
    who = np.array(sorted(marks), np.int64)
    return pd.DataFrame({"who": who, "mark": [marks[n] for n in sorted(marks)]})


def real_points(path, count):
    write_points(path, count)
    table = pd.read_csv(path).drop(columns="nota").assign(fecha="2023-03-11")
    table.to_csv(path, index=False)


class TestWhenNothingIsHeld:
    def test_simulated_tracks_are_nobody(self, tiny_region, walk_csv):
        config = load_config(tiny_region)
        build(config)

        assert build(config, new_files=[walk_csv]).held is None

    def test_but_a_real_one_among_them_is_somebody(self, tiny_region, tmp_path):
        config = load_config(tiny_region)
        build(config)
        before = digests(config.files.output)

        held = build(config, new_files=[write_real(tmp_path / "x" / "w.csv", [77])])

        assert held.held.tracks == Turnover(new=1)
        assert digests(config.files.output) == before

    def test_one_may_redraw_all_the_same(self, config, tmp_path):
        write_real(config.files.fixes / "one.csv", [49])
        assert build(config).held

        assert build(config, redraw=True).held is None
        assert digests(config.files.output) == from_nothing(config, tmp_path)
        assert build(config).held is None

    def test_a_region_may_switch_it_off(self, config):
        config = set_privacy(config, "least_new_tracks = 0")
        write_real(config.files.fixes / "one.csv", [49])

        assert build(config).held is None

    def test_a_region_may_ask_for_more(self, config):
        config = set_privacy(config, "least_new_tracks = 25")
        write_real(config.files.fixes / "more.csv", range(40, 64))

        assert build(config).held.least == 25

    def test_where_no_map_is_there_is_none_to_keep(self, config, tmp_path):
        write_real(config.files.fixes / "one.csv", [49])

        assert build(config, output=tmp_path / "other").held is None
        shutil.rmtree(config.files.output)
        assert build(config).held is None

    def test_other_settings_with_the_same_tracks_are_drawn(self, config):
        config = set_privacy(config, "round_to = 10")

        assert build(config).held is None


class TestWhatWaits:
    def test_other_settings_wait_with_the_tracks(self, config):
        write_real(config.files.fixes / "one.csv", [49])
        config = set_privacy(config, "round_to = 10")

        assert build(config).held.tracks == Turnover(new=1)

    def test_a_setting_by_which_few_tracks_drop_out_waits(self, config):
        write_real(config.files.fixes / "far.csv", range(40, 52), seed=1)
        for n in range(3):  # a walker west of the others
            west = walk(60 + n).drop(columns="remark").assign(longitude=-77.65)
            west.to_csv(config.files.fixes / f"west{n}.csv", index=False)
        assert build(config).held is None
        path = config.files.fixes.parent / "region.toml"
        path.write_text(path.read_text("utf-8").replace("-77.7", "-77.6"), "utf-8")

        assert build(load_config(path)).held.tracks == Turnover(gone=3)

    def test_a_map_that_the_store_does_not_know_is_left_alone(self, config):
        shutil.rmtree(config.files.store)
        before = digests(config.files.output)

        held = build(config)

        assert held.held.tracks is None
        assert "was not drawn from this store" in held.as_text()
        assert digests(config.files.output) == before
        assert build(config, redraw=True).held is None
        assert build(config).held is None

    def test_nothing_is_released_meanwhile(self, config):
        write_real(config.files.fixes / "one.csv", [49])
        held = build(config)

        with pytest.raises(PrivacyError, match="1 track is new since this map"):
            _ = held.release

    def test_layers_are_not_exported_meanwhile(self, config, tmp_path):
        export(config, output=tmp_path / "gis", formats=["geojson"])
        before = digests(tmp_path / "gis")
        write_real(config.files.fixes / "one.csv", [49])

        for folder in (tmp_path / "gis", tmp_path / "elsewhere"):
            with pytest.raises(PrivacyError, match="1 track is new since"):
                export(config, output=folder, formats=["geojson"])

        assert digests(tmp_path / "gis") == before
        assert not (tmp_path / "elsewhere").exists()
        export(config, output=tmp_path / "gis", formats=["geojson"], redraw=True)

    def test_an_export_waits_where_no_map_is(self, config, tmp_path):
        export(config, output=tmp_path / "gis", formats=["geojson"])
        shutil.rmtree(config.files.output)
        write_real(config.files.fixes / "one.csv", [49])

        with pytest.raises(PrivacyError, match="1 track is new since"):
            export(config, output=tmp_path / "gis", formats=["geojson"])

    def test_what_lies_beside_the_map_is_compared_with_the_map(self, config):
        gis = config.files.output / "gis"
        export(config, output=gis, formats=["geojson"])
        write_real(config.files.fixes / "ten.csv", range(40, 50))
        assert build(config).held is None

        export(config, output=gis, formats=["geojson"])


class TestForgetting:
    def test_what_is_forgotten_is_off_the_map_at_once(self, config, tmp_path):
        more = write_real(tmp_path / "in" / "more.csv", range(40, 52))
        one = write_real(tmp_path / "in" / "one.csv", [60])
        build(config, new_files=[more, one])

        done = forget(config, ["one.csv"])

        assert done.held is None
        assert "withdraw the maps from before" in done.as_text()
        shutil.copy(more, config.files.fixes / "more.csv")
        (tmp_path / "whole").mkdir()
        whole = from_nothing(config, tmp_path / "whole")
        assert digests(config.files.output) == whole

    def test_no_hash_of_what_is_forgotten_stays(self, config, tmp_path):
        before = digests(config.files.store)
        build(config, new_files=[write_real(tmp_path / "in" / "w.csv", range(40, 52))])

        forget(config, ["w.csv"])

        assert digests(config.files.store) == before

    def test_when_it_is_stopped_the_next_build_draws_without_it(
        self, config, tmp_path, monkeypatch
    ):
        before = digests(config.files.output)
        one = write_real(tmp_path / "in" / "one.csv", [60])
        build(config, new_files=[one], redraw=True)
        elsewhere = tmp_path / "elsewhere"
        build(config, output=elsewhere)

        def stopped(*_, **__):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("geo.pipeline.gather", stopped)
            with pytest.raises(KeyboardInterrupt):
                forget(config, ["one.csv"])

        assert build(config).held is None
        assert digests(config.files.output) == before
        assert build(config, output=elsewhere).held is None
        assert digests(elsewhere) == before

    def test_a_file_that_went_is_said_to_be_gone_and_what_to_do(self, config):
        write_real(config.files.fixes / "walks.csv", range(1, 30))

        text = build(config).as_text()

        assert "1 track is gone since this map was drawn" in text
        assert "If consent was withdrawn, do that, and withdraw the maps" in text


KILL = """
import os, signal, sys
from pathlib import Path
import geo.course, geo.pipeline, geo.write.files, geo.write.page
from geo.config import load_config
from tests import test_holding

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

geo.course.make_findings = test_holding.few_findings
geo.write.page.write_map = test_holding.plain_page
geo.write.files.write_layers = test_holding.plain_layers
setattr(geo.pipeline, sys.argv[2], kill)
geo.pipeline.build(load_config(Path(sys.argv[1])), new_files=[Path(sys.argv[3])])
"""


class TestCrashes:
    @pytest.mark.parametrize(
        ("step", "count"),
        [("_left_standing", 3), ("remember", 12), ("forget_others", 12)],
    )
    def test_a_killed_build_leaves_a_state_that_is_told_from_others(
        self, config, tmp_path, step, count
    ):
        """Before it is held, before the map is in place, and right after."""
        new = write_real(tmp_path / "in" / "new.csv", range(40, 40 + count))
        before = digests(config.files.output)
        path = config.files.fixes.parent / "region.toml"

        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", KILL, str(path), step, str(new)],
            capture_output=True,
            check=False,
        )

        assert done.returncode == -9, done.stderr
        with open_store(config.files.store) as store:
            assert len(store.sources) == 2
        after = {
            name: digest
            for name, digest in digests(config.files.output).items()
            if not name.startswith(".")
        }
        assert (after == before) == (step != "forget_others")
        again = build(config)
        if count == 3:
            assert again.held.tracks == Turnover(new=3)
            assert digests(config.files.output) == before
            return
        shutil.copy(new, config.files.fixes / "new.csv")
        assert again.held is None
        assert digests(config.files.output) == from_nothing(config, tmp_path)


class TestWhatIsSaid:
    def test_the_terminal_says_why_and_what_to_do(self, config, tmp_path):
        more = write_real(tmp_path / "in" / "more.csv", range(40, 43))
        path = str(config.files.fixes.parent / "region.toml")

        told = CliRunner().invoke(main, ["add", path, str(more)])

        assert told.exit_code == 0
        assert (
            "held back: 3 tracks are new since this map was drawn; it is drawn again "
            "when 10 are, for two maps that differ by few tracks tell about those few. "
            "To draw it all the same, for private use, add --redraw." in told.stdout
        )
        assert "They enter" in told.stdout
        assert "not on the map yet" in told.stdout
        assert "stays as it was" in told.stdout
        drawn = CliRunner().invoke(main, ["build", path, "--redraw"])
        assert drawn.exit_code == 0
        assert "held back" not in drawn.stdout

    def test_json_has_it_too(self, config):
        write_real(config.files.fixes / "one.csv", [49])
        path = str(config.files.fixes.parent / "region.toml")

        held = json.loads(CliRunner().invoke(main, ["build", path, "--json"]).stdout)
        build(config, redraw=True)
        drawn = json.loads(CliRunner().invoke(main, ["build", path, "--json"]).stdout)

        told = ("held", "new_tracks", "new_points", "least_new_tracks")
        assert [held[name] for name in told] == [True, 1, 0, 10]
        assert held["written"] == []
        assert [drawn[name] for name in told] == [False, None, None, None]

    def test_an_export_ends_with_5(self, config, tmp_path):
        write_real(config.files.fixes / "one.csv", [49])
        path = str(config.files.fixes.parent / "region.toml")

        told = CliRunner().invoke(main, ["export", path, "--out", str(tmp_path / "g")])

        assert told.exit_code == 5
        assert "Nothing was released: 1 track is new" in told.stderr

    def test_a_watched_folder_says_it_in_a_line(self, config):
        def wakes():
            write_real(config.files.fixes / "one.csv", [49])
            yield from [False, False]

        (told,) = watch_region(config, wakes=wakes())

        assert isinstance(told, Built)
        assert "held back: 1 track is new" in told.as_line()

    def test_no_published_file_tells_what_has_to_differ(self, config):
        """Neither how many tracks are new, nor how many must be."""
        names = set(json.loads((config.files.output / "release.json").read_bytes()))
        plain = digests(config.files.output)
        write_real(config.files.fixes / "one.csv", [49])
        config = set_privacy(config, "least_new_tracks = 17")
        build(config)
        (config.files.fixes / "one.csv").unlink()

        build(config, redraw=True)

        record = json.loads((config.files.output / "release.json").read_bytes())
        assert set(record) == names
        assert digests(config.files.output) == plain
        for path in config.files.output.rglob("*"):
            assert path.is_dir() or b"least_new_tracks" not in path.read_bytes()


def test_a_map_that_is_really_drawn_waits_and_then_is_that_of_a_build_from_nothing(
    region_once, tmp_path, swift
):
    swift.undo()
    config = load_config(make_drawn(region_once, tmp_path / "tiny") / "region.toml")
    before = digests(config.files.output)
    write_real(config.files.fixes / "nine.csv", range(40, 49))
    config = set_privacy(config, "least_new_tracks = 10")

    assert build(config).held.tracks == Turnover(new=9)
    assert digests(config.files.output) == before
    write_real(config.files.fixes / "one.csv", [49])
    assert build(config).held is None

    (tmp_path / "whole").mkdir()
    assert digests(config.files.output) == from_nothing(config, tmp_path / "whole")
    for path in config.files.output.rglob("*"):
        assert path.is_dir() or b"least_new_tracks" not in path.read_bytes()
