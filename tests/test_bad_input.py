"""Whatever comes in, a command ends in one clear sentence and spoils nothing."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import geo.store.manifest
from geo.cli import main
from geo.config import load_config
from geo.record import write_record
from geo.store import open_store
from tests.regions import walk

ROOT = Path(__file__).parents[1]


def trocha(*arguments):
    """Run a command here, with an empty standard input."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def command(*arguments, moment="", deed=""):
    """Start a command in a process of its own, that does a deed at a moment.

    `moment` is a function of ours; `deed` is run just before it is called.
    """
    module, _, name = moment.rpartition(".")
    code = (
        "import os, signal, sys, time\n"
        "def wait_for_signal():\n"
        "    for _ in range(60_000): time.sleep(0.01)\n"
    )
    if moment:
        code += (
            f"import {module.partition(':')[0]} as module\n"
            f"owner = module{''.join('.' + n for n in module.split(':')[1:])}\n"
            f"inner = owner.{name}\n"
            f"def outer(*a, **k):\n    {deed}\n    return inner(*a, **k)\n"
            f"owner.{name} = outer\n"
        )
    code += "from geo.cli import main\nmain()\n"
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )


def bytes_of(folder):
    """Digest of every file in a folder, by name."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def size_kb(folder):
    """Room that the files of a folder take, in whole pages of 4 kB."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(4 * -(-size // 4096) for size in sizes)


def one_sentence(told, exit_code):
    """Return what a failed command said, once it has said it well."""
    assert told.exit_code == exit_code, told.output
    said = told.stderr.strip().splitlines()
    assert len(said) == 1, told.stderr
    assert said[0].startswith("trocha: ")
    assert said[0].endswith((".", "FOLDER", ".toml")), said[0]
    return said[0]


@pytest.fixture(scope="module")
def built_once(region_once, tmp_path_factory):
    """A region that was built, undisturbed."""
    folder = tmp_path_factory.mktemp("built") / "tiny"
    shutil.copytree(region_once, folder)
    told = trocha("build", folder / "region.toml")
    assert (told.exit_code, told.stderr) == (0, "")
    return folder


@pytest.fixture
def built(built_once, tmp_path):
    """The region file of a fresh copy of the built region, store and map included."""
    shutil.copytree(built_once, tmp_path / "built")
    return tmp_path / "built" / "region.toml"


def edit(region, old, new):
    text = region.read_text(encoding="utf-8")
    assert old in text
    region.write_text(text.replace(old, new), encoding="utf-8")


class TestFiles:
    """GPS files that are not what they should be."""

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("empty.csv", b"", "empty.csv is empty"),
            ("noise.gpx", bytes(range(256)) * 9, "noise.gpx"),
            ("page.csv", b"<html><body>Sign in</body></html>", "page.csv"),
            ("photo.csv", b"\xff\xd8\xff\xe0" + b"\0" * 99, "photo.csv"),
            ("short.gpkg", b"SQLite format 3\0" + b"\0" * 99, "short.gpkg"),
            ("cut.parquet", b"PAR1" + b"\0" * 99, "cut.parquet"),
            ("zip.kmz", b"PK\x03\x04" + b"\0" * 99, "zip.kmz"),
            ("foreign.csv", b"foo,bar\n1,2\n", "its columns are"),
        ],
    )
    def test_each_is_named_with_what_to_do(self, tmp_path, name, content, message):
        (tmp_path / name).write_bytes(content)

        told = trocha("check", tmp_path / name)

        assert told.exit_code == 4
        assert told.stderr == ""
        head, *sentence = told.stdout.strip().splitlines()
        assert head == f"{name}: cannot be used"
        assert len(sentence) == 1
        assert message in sentence[0]

    def test_the_good_ones_are_kept_and_the_old_ones_stay(self, built, tmp_path):
        (tmp_path / "noise.gpx").write_bytes(bytes(range(256)))
        walk(70).to_csv(tmp_path / "good.csv", index=False)

        told = trocha("add", built, tmp_path / "noise.gpx", tmp_path / "good.csv")

        assert "noise.gpx" in one_sentence(told, 4)
        assert "good.csv: 49 rows, 49 kept" in told.stdout
        shown = json.loads(trocha("show", built, "--json").stdout)
        assert len(shown["files"]) == 4

    def test_a_missing_one_stops_before_anything_is_done(self, built, tmp_path):
        before = bytes_of(built.parent)

        told = trocha("add", built, tmp_path / "none.csv")

        assert "none.csv does not exist" in one_sentence(told, 4)
        assert bytes_of(built.parent) == before

    def test_what_a_name_promises_does_not_matter(self, tmp_path):
        walk(70).to_csv(tmp_path / "walk.jpg", index=False)

        told = json.loads(trocha("check", tmp_path / "walk.jpg", "--json").stdout)

        assert told[0]["kept"] == 49

    def test_a_name_in_no_encoding_is_no_trouble(self, tmp_path):
        try:
            name = os.fsencode(tmp_path) + b"/caf\xe9 \xf1.csv"
            Path(os.fsdecode(name)).write_text(walk(70).to_csv(index=False))
        except OSError:  # macOS and Windows know no such names
            pytest.skip("this file system takes only names in UTF-8")

        told = trocha("check", tmp_path)

        assert told.exit_code == 0, told.output
        assert "caf? ?.csv (SIMULATED" in told.stdout

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
    def test_a_pipe_is_refused_instead_of_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")

        told = trocha("check", tmp_path / "pipe")

        assert "pipe or a device, not a file" in one_sentence(told, 4)

    def test_a_gpx_that_breaks_off_gives_what_it_has(self, tmp_path):
        point = '<trkpt lat="8.1" lon="-77.5"><time>2023-03-01T10:{:02}:00Z</time>'
        points = "".join(point.format(n) + "</trkpt>" for n in range(9))
        path = tmp_path / "cut.gpx"
        path.write_text(f"<gpx><trk><trkseg>{points}<trkpt lat='8.", encoding="utf-8")

        (told,) = json.loads(trocha("check", path, "--json").stdout)

        assert told["kept"] == 9
        assert any("breaks off" in note for note in told["notes"])

    def test_swapped_coordinates_are_seen_and_nothing_is_stored(self, built, tmp_path):
        names = {"latitude": "longitude", "longitude": "latitude"}
        path = tmp_path / "swapped.csv"
        walk(70).rename(columns=names).to_csv(path, index=False)
        trocha("build", built)  # the store knows of the map where it is now
        before = bytes_of(built.parent)

        told = trocha("add", built, path)

        assert "look swapped. Read it with --swap." in one_sentence(told, 4)
        assert bytes_of(built.parent) == before


class TestRows:
    """Rows that cannot be true, among rows that can."""

    def test_each_goes_with_its_reason_and_the_others_stay(self, tiny_region, tmp_path):
        table = walk(70).astype({"latitude": object})
        table.loc[0, "latitude"] = np.nan
        table.loc[1, ["latitude", "longitude"]] = 0
        table.loc[2, "latitude"] = 95
        table.loc[3, "time"] = "1970-01-01T00:00:00Z"
        table.loc[4, "time"] = "2099-01-01T00:00:00Z"
        table.loc[5, "time"] = ""
        table.loc[6, "time"] = "2023-03-21 12:00:00"
        table.loc[7, "latitude"] = 40.5
        table.to_csv(tmp_path / "odd.csv", index=False)

        told = trocha("check", tmp_path / "odd.csv", "--region", tiny_region, "--json")

        (report,) = json.loads(told.stdout)
        assert report["rejected"] == {
            "before 2000": 1,
            "in the future": 1,
            "naive time": 1,
            "no position": 1,
            "no time": 1,
            "off the globe": 1,
            "outside the region": 1,
            "zero position": 1,
        }
        assert report["kept"] == 49 - 8

    def test_times_without_a_zone_need_one(self, tiny_region, tmp_path):
        path = tmp_path / "naive.csv"
        table = walk(70)
        table.assign(time=table["time"].str.rstrip("Z")).to_csv(path, index=False)

        refused = trocha("check", path, "--region", tiny_region)
        told = trocha("check", path, "--tz", "America/Panama", "--json")
        wrong = trocha("check", path, "--tz", "America/Darien")
        edit(tiny_region, "[files]", 'time_zone = "America/Bogota"\n[files]')
        by_region = trocha("check", path, "--region", tiny_region)

        assert refused.exit_code == wrong.exit_code == 4
        assert "for example --tz America/Panama" in refused.stdout
        assert "There is no time zone 'America/Darien'" in wrong.stdout
        assert json.loads(told.stdout)[0]["kept"] == 49
        assert by_region.exit_code == 0, by_region.output


class TestRegionFile:
    """Region files that cannot be used as they stand: exit code 3."""

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("[privacy]", "[privacy]\nk_treshold = 3", "unknown field `k_treshold`"),
            ("[privacy]", "[privacy]\nk = 3", "a public map needs at least 10"),
            ("[privacy]", "[privacy", "is not valid TOML"),
            ("[files]", "cell_m = inf\n[files]", "region.cell_m"),
            ("[files]", "cell_m = 0.001\n[files]", "expected at most 25,000,000"),
            ("[-77.7, 7.9, -77.3, 8.3]", "[-180, -90, 180, 90]", "bounds hold"),
            ("[files]", 'time_zone = "Mars"\n[files]', "time_zone 'Mars' is not known"),
            ('fixes = "fixes"', 'fixes = "."', "store lies in the folder of fixes"),
            ('output = "map"', 'output = "store/map"', "store, which is private"),
            (
                "[privacy]",
                'seasons = [{name = "all", months = [1]}]\n[privacy]',
                "expected distinct names",
            ),
        ],
    )
    def test_the_key_is_named_and_nothing_is_made(self, tiny_region, old, new, message):
        edit(tiny_region, old, new)
        before = bytes_of(tiny_region.parent)

        told = trocha("build", tiny_region)

        assert message in one_sentence(told, 3)
        assert bytes_of(tiny_region.parent) == before

    def test_a_folder_is_answered_with_the_file_in_it(self, tiny_region):
        told = trocha("build", tiny_region.parent)

        assert f"Name the file in it: {tiny_region}" in one_sentence(told, 3)

    def test_a_missing_one_says_how_to_make_one(self, tmp_path):
        told = trocha("show", tmp_path / "region.toml")

        assert "Make a new region with: trocha init" in one_sentence(told, 3)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "missing required field `region`"),
            (b"\0\1\2", "is not valid TOML"),
            ('[region]\nname = "Darién"\n'.encode("latin-1"), "is not text in UTF-8"),
        ],
    )
    def test_bytes_that_are_no_region_are_refused(self, tmp_path, content, message):
        (tmp_path / "region.toml").write_bytes(content)

        assert message in one_sentence(trocha("build", tmp_path / "region.toml"), 3)


class TestLayers:
    """Base layers that cannot be used: exit code 4, before any fix is read."""

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "rivers.gpkg does not exist"),
            (b"", "rivers.gpkg is empty"),
            (b"not a layer", "rivers.gpkg"),
            (b"SQLite format 3\0" + b"\0" * 99, "not a GeoPackage"),
            ("cut in half", "rivers.gpkg is damaged"),
        ],
    )
    def test_the_layer_is_named_and_nothing_is_stored(
        self, tiny_region, content, message
    ):
        path = tiny_region.parent / "layers" / "rivers.gpkg"
        whole = path.read_bytes()
        path.unlink()
        if content is not None:
            half = whole[: len(whole) // 2]
            path.write_bytes(half if content == "cut in half" else content)

        told = trocha("build", tiny_region)

        assert message in one_sentence(told, 4)
        assert not (tiny_region.parent / "store").exists()

    def test_a_layer_without_a_crs_says_where_to_set_it(self, tiny_region):
        folder = tiny_region.parent / "layers"
        rivers = gpd.read_file(folder / "rivers.gpkg")[["name", "geometry"]]
        rivers.to_file(folder / "rivers.shp")
        (folder / "rivers.prj").unlink()
        edit(tiny_region, "rivers.gpkg", "rivers.shp")

        said = one_sentence(trocha("build", tiny_region), 4)

        assert "layers/rivers.shp has no CRS (its .prj is missing)" in said
        assert "set crs under [layers.rivers] in region.toml" in said


class TestDisk:
    """Disks without room, and files in the way: exit code 7."""

    @pytest.mark.parametrize("share", [0.05, 0.8], ids=["page", "layers"])
    def test_a_full_disk_leaves_the_old_map(self, built, small_disk, share):
        folder = small_disk(share * size_kb(built.parent / "map"))

        told = trocha("build", built, "--out", folder / "map")

        said = one_sentence(told, 7)
        assert f"{folder / 'map'}" in said
        assert "what was there before is whole" in said
        assert ".new-" not in said
        assert bytes_of(folder) == {}

    def test_a_full_disk_leaves_the_old_store(self, built, small_disk, tmp_path):
        shutil.rmtree(built.parent / "store" / "partials")
        folder = small_disk(size_kb(built.parent / "store") + 16)
        shutil.copytree(built.parent / "store", folder / "store")
        edit(built, 'store = "store"', f'store = "{folder / "store"}"')
        before = trocha("show", built, "--json").stdout
        table = pd.concat([walk(n) for n in range(100, 180)])
        noise = np.random.default_rng(1).normal(0, 1e-3, len(table))
        table.assign(latitude=table["latitude"] + noise).to_csv(tmp_path / "more.csv")

        told = trocha("add", built, tmp_path / "more.csv")

        assert "Make room" in one_sentence(told, 7)
        assert trocha("show", built, "--json").stdout == before

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
    def test_a_file_that_may_not_grow_leaves_the_old_map(self, built):
        before = bytes_of(built.parent / "map")
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (30000,)*2)"
        process = command("build", built, moment="geo.write.page.write_map", deed=limit)

        _, said = process.communicate()

        assert process.returncode == 7
        assert said.strip() == (
            f"trocha: {built.parent / 'map'} could not be written: File too large. "
            "Check the folder and its permissions; what was there before is whole."
        )
        assert bytes_of(built.parent / "map") == before

    @pytest.mark.parametrize("name", ["_write_parts", "keep_partial"])
    def test_so_it_does_wherever_it_fills_up(self, tiny_region, monkeypatch, name):
        def full(*_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            if name == "keep_partial":
                real = geo.store.manifest.write_file
                patch.setattr(
                    "geo.store.manifest.write_file",
                    lambda path, data: (full if "partials" in path.parts else real)(
                        path, data
                    ),
                )
            else:
                patch.setattr(f"geo.store.Store.{name}", full)
            told = trocha("build", tiny_region)

        assert "No space left on device" in one_sentence(told, 7)
        assert trocha("build", tiny_region).exit_code == 0

    @pytest.mark.parametrize("place", ["map", "store"])
    def test_a_file_in_the_way_is_named(self, tiny_region, place):
        (tiny_region.parent / place).write_text("mine", encoding="utf-8")

        said = one_sentence(trocha("build", tiny_region), 7 if place == "map" else 6)

        assert "a file is in its place" in said
        assert (tiny_region.parent / place).read_text(encoding="utf-8") == "mine"

    def test_a_file_above_the_folder_is_named(self, built, tmp_path):
        (tmp_path / "file").write_text("mine", encoding="utf-8")

        told = trocha("build", built, "--out", tmp_path / "file" / "map")

        assert "a file is in its place" in one_sentence(told, 7)

    def test_a_folder_that_may_not_be_written_to_is_named(self, built, tmp_path):
        if not hasattr(os, "geteuid") or os.geteuid() == 0:
            pytest.skip("root and Windows write wherever they like")
        (tmp_path / "closed").mkdir(mode=0o500)

        told = trocha("build", built, "--out", tmp_path / "closed")

        assert "Permission denied" in one_sentence(told, 7)


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of a few kilobytes; only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(room_kb):
        options = ["-t", "tmpfs", "-o", f"size={int(room_kb)}k", "tmpfs", str(folder)]
        done = subprocess.run(  # noqa: S603
            ["mount", *options],  # noqa: S607
            check=False,
            capture_output=True,
        )
        if done.returncode:
            pytest.skip("a small disk can only be mounted by root")
        return folder

    if shutil.which("mount") is None:
        pytest.skip("there is no mount here")
    yield mount
    subprocess.run(  # noqa: S603
        ["umount", str(folder)],  # noqa: S607
        check=False,
        capture_output=True,
    )


ENDS = {
    "killed while storing": ("SIGKILL", "geo.store.store.replace_file"),
    "stopped while computing": ("SIGINT", "geo.course.make_findings"),
    "killed while computing": ("SIGKILL", "geo.course.add_up"),
    "stopped while writing": ("SIGINT", "geo.pipeline.write_record"),
    "killed at the last step": ("SIGKILL", "geo.write.output:Path.rename"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
class TestStopping:
    """A build that does not come to its end."""

    def test_ctrl_c_from_outside_ends_with_130(self, built):
        before = bytes_of(built.parent / "map")
        shutil.rmtree(built.parent / "store")
        wait = "print('here', file=sys.stderr, flush=True); wait_for_signal()"
        process = command("build", built, moment="geo.months.map_parts", deed=wait)

        assert process.stderr.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate()

        assert process.returncode == 130, rest
        assert "Traceback" not in rest
        assert rest.strip().splitlines()[-1] == (
            "trocha: Stopped; what was stored before is whole."
        )
        assert bytes_of(built.parent / "map") == before

    @pytest.mark.parametrize(("sign", "moment"), ENDS.values(), ids=ENDS)
    def test_old_map_and_store_are_whole_and_the_next_build_is_as_any(
        self, built, built_once, tmp_path, moment, sign
    ):
        walk(7, month="2023-05").to_csv(tmp_path / "more.csv", index=False)
        before = bytes_of(built.parent / "map")
        deed = f"os.kill(os.getpid(), signal.{sign})"
        process = command("add", built, tmp_path / "more.csv", moment=moment, deed=deed)

        _, said = process.communicate()

        assert process.returncode == (130 if sign == "SIGINT" else -signal.SIGKILL)
        assert "Traceback" not in said
        now = bytes_of(built.parent / "map")
        assert {k: v for k, v in now.items() if ".new-" not in k} == before
        with open_store(load_config(built).files.store) as store:
            added = [s.digest for s in store.sources.values() if s.origin == "added"]
            assert len(added) == (moment != "geo.store.store.replace_file")
            store.commit(remove=added)
        assert trocha("build", built).exit_code == 0
        assert bytes_of(built.parent / "map") == bytes_of(built_once / "map")


class TestStore:
    """A store that cannot be used: exit code 6."""

    def test_a_second_build_at_once_is_told_to_wait(self, built):
        before = bytes_of(built.parent)

        with open_store(load_config(built).files.store):
            process = command("build", built)
            _, said = process.communicate()

        assert process.returncode == 6
        assert said.startswith("trocha: The store ")
        assert "is in use by another trocha. Wait until it has finished" in said
        assert bytes_of(built.parent) == before

    def test_a_build_keeps_the_store_to_itself_until_all_is_written(
        self, tiny_region, monkeypatch
    ):
        said = []

        def meanwhile(*arguments, **options):
            said.append(one_sentence(trocha("show", tiny_region), 6))
            write_record(*arguments, **options)

        monkeypatch.setattr("geo.pipeline.write_record", meanwhile)

        assert trocha("build", tiny_region).exit_code == 0
        assert "is in use by another trocha" in said[0]

    def test_one_of_a_newer_version_is_left_alone(self, built):
        path = built.parent / "store" / "manifest.json"
        text = re.sub(r'"schema":\d+', '"schema":99', path.read_text("utf-8"))
        path.write_text(text, encoding="utf-8")
        before = bytes_of(built.parent)

        told = trocha("build", built)

        assert "newer trocha" in one_sentence(told, 6)
        assert bytes_of(built.parent) == before

    def test_a_damaged_one_says_how_to_get_it_back(self, built):
        (part,) = built.parent.glob("store/parts/2023-06*")
        part.write_bytes(part.read_bytes()[:-9])
        shutil.rmtree(built.parent / "store" / "partials")

        told = trocha("build", built)

        assert "Delete the store's folder and run again" in one_sentence(told, 6)


class TestOdds:
    """Regions with little in them, and consoles with few letters."""

    def test_a_region_without_layers_or_fixes_gives_an_empty_map(self, tiny_region):
        text = tiny_region.read_text(encoding="utf-8")
        head, _, rest = text.partition("[layers]")
        tail = rest[rest.index("[corridors]") :]
        tiny_region.write_text(head + tail, encoding="utf-8")
        shutil.rmtree(tiny_region.parent / "fixes")

        told = trocha("build", tiny_region)

        assert (told.exit_code, told.stderr) == (0, "")
        assert "about 0 tracks" in told.stdout

    def test_names_in_any_script_come_through(self, tiny_region):
        edit(tiny_region, '"Tiny"', '"Ñandú «日本» </script> 🌳"')
        out = tiny_region.parent / "mapa ñ 日"

        told = trocha("build", tiny_region, "--out", out)

        assert told.exit_code == 0, told.output
        assert "Ñandú «日本» </script> 🌳" in told.stdout
        assert json.loads((out / "release.json").read_text("utf-8"))["region"] == (
            "Ñandú «日本» </script> 🌳"
        )

    @pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
    def test_a_console_with_few_letters_is_no_trouble(self, built, encoding):
        edit(built, '"Tiny"', '"日本 → 🌳"')
        runner = CliRunner(charset=encoding)

        told = runner.invoke(main, ["show", str(built)])
        as_json = runner.invoke(main, ["show", str(built), "--json"])

        assert told.exit_code == as_json.exit_code == 0, told.exception
        assert json.loads(as_json.stdout)["region"] == "日本 → 🌳"

    def test_no_format_to_export_is_wrong_usage(self, built, tmp_path):
        told = trocha("export", built, "--to", "", "--out", tmp_path / "gis")

        assert told.exit_code == 2
        assert "--to has ''; expected some of" in told.stderr

    @pytest.mark.parametrize(
        ("error", "exit_code", "message"),
        [
            (OSError(errno.ENOSPC, "No space left on device"), 7, "Make room"),
            (MemoryError(), 1, "not enough memory"),
        ],
    )
    def test_a_machine_at_its_end_is_no_traceback(
        self, built, monkeypatch, error, exit_code, message
    ):
        def fail(*_, **__):
            raise error

        monkeypatch.setattr("geo.course.add_up", fail)

        assert message in one_sentence(trocha("build", built), exit_code)

    def test_nothing_is_asked_when_nobody_can_answer(self, built, monkeypatch):
        def ask(*_, **__):
            raise AssertionError

        for name in ("prompt", "confirm", "getchar", "pause"):
            monkeypatch.setattr(f"click.{name}", ask)

        assert trocha("build", built).exit_code == 0
        assert trocha("init", built.parent / "new").exit_code == 0
        assert trocha("init", built.parent / "new").exit_code == 3
