"""A folder that is watched: when a change is acted upon, and when not yet."""

import os
import queue
import signal
import subprocess
import sys
import threading

import pytest

from geo.config import load_config
from geo.errors import InputError, OutputError, StoreError
from geo.outcome import Built
from geo.store import open_store
from geo.watching import watch_region
from tests.regions import write_walks

LIMIT_S = 300
"""Far longer than anything here takes, on a busy machine too."""


@pytest.fixture
def config(tiny_region):
    return load_config(tiny_region)


@pytest.fixture
def builds(monkeypatch):
    """What each build would have seen in the folder, in place of real builds."""
    seen = []

    def build(config):
        files = sorted(config.files.fixes.rglob("*"))
        seen.append({path.name: path.stat().st_size for path in files})
        return object.__new__(Built)

    monkeypatch.setattr("geo.watching.build", build)
    return seen


def script(*steps):
    """Wakes that each come after something was done to the folder."""
    for step in steps:
        if callable(step):
            step()
            yield True
        else:
            yield step


def watched(config, *steps):
    return list(watch_region(config, wakes=script(*steps)))


QUIET = False


def test_the_map_is_built_once_at_the_start_and_then_rests(config, builds):
    assert len(watched(config, QUIET, QUIET, QUIET)) == len(builds) == 1


def test_a_change_is_acted_upon_when_the_folder_is_quiet(config, builds):
    more = config.files.fixes / "more.csv"

    watched(config, QUIET, lambda: write_walks(more, [50]), QUIET, QUIET, more.unlink)
    assert [("more.csv" in files) for files in builds] == [False, True]

    watched(config, QUIET)
    assert "more.csv" not in builds[-1]


def test_a_file_that_still_grows_is_not_read_half(config, builds):
    more = config.files.fixes / "more.csv"

    def grow():
        with more.open("ab") as stream:
            stream.write(b"x" * 100)

    def quiet_but_growing():
        """A system that tells of no change: the size alone says it."""
        grow()
        return QUIET

    def wakes():
        yield QUIET
        for _ in range(5):
            grow()
            yield True
        for _ in range(5):
            yield quiet_but_growing()
        yield QUIET
        yield QUIET

    assert len(list(watch_region(config, wakes=wakes()))) == 2
    assert [files.get("more.csv") for files in builds] == [None, 1000]


def test_what_changes_while_a_build_runs_is_built_too(config, builds, monkeypatch):
    more = config.files.fixes / "more.csv"
    plain = sys.modules["geo.watching"].build

    def slow(config):
        done = plain(config)
        if len(builds) == 1:
            write_walks(more, [50])
        return done

    monkeypatch.setattr("geo.watching.build", slow)
    watched(config, QUIET, True, QUIET, QUIET)

    assert [("more.csv" in files) for files in builds] == [False, True]


def test_the_files_beside_a_shapefile_count_and_hidden_ones_do_not(config, builds):
    beside, hidden = (config.files.fixes / name for name in ("a.dbf", ".a.csv.part"))

    watched(config, QUIET, lambda: hidden.write_bytes(b"x"), QUIET, QUIET)
    assert len(builds) == 1

    watched(config, QUIET, lambda: beside.write_bytes(b"x"), QUIET, QUIET)
    assert len(builds) == 3


def test_a_file_of_the_same_size_but_newer_is_a_change(config, builds):
    file = config.files.fixes / "walks_0.csv"

    watched(config, QUIET, lambda: os.utime(file, ns=(0, 10**18)), QUIET, QUIET)

    assert len(builds) == 2


def test_a_folder_that_went_is_not_taken_for_an_empty_one(config, builds):
    def rename():
        config.files.fixes.rename(config.files.fixes.with_name("elsewhere"))

    with pytest.raises(InputError, match=r"fixes is not there.*start again"):
        watched(config, QUIET, rename, QUIET, QUIET)
    with pytest.raises(InputError, match="nothing can be watched"):
        next(watch_region(config))

    assert len(builds) == 1


def test_a_busy_store_is_tried_again_ever_more_seldom(config):
    with open_store(config.files.store):
        told = watched(config, *[QUIET] * 12)

    # At once, then after 1, 3 and 7 wakes of rest.
    assert [type(error) for error in told] == [StoreError] * 4
    assert isinstance(watched(config, QUIET)[0], Built)


def test_a_change_ends_the_rest_at_once(config, monkeypatch):
    outcomes = [OSError(28, "No space left on device")] * 3

    def build(_):
        raise outcomes.pop()

    monkeypatch.setattr("geo.watching.build", build)
    file = config.files.fixes / "walks_0.csv"
    told = watched(config, QUIET, QUIET, QUIET, QUIET, file.touch, QUIET)

    assert [type(error) for error in told] == [OutputError] * 3
    assert "The system refused a file: No space left on device." in str(told[0])


# Started from a script, a process may have been told to ignore Ctrl-C.
START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from geo.cli import main
main()
"""


class Command:
    """`trocha watch` in a process of its own; its lines can be waited for."""

    def __init__(self, region, *options):
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", START, "watch", region, "--every", "0.2", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        )
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def line_with(self, text):
        """The first further line that holds a text."""
        seen = []
        while True:
            try:
                seen.append(self.lines.get(timeout=LIMIT_S))
            except queue.Empty:
                pytest.fail(f"no line with {text!r} after {seen}")
            if text in seen[-1]:
                return seen[-1]

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(LIMIT_S)
        finally:
            self.process.kill()
        self.reader.join(LIMIT_S)
        self.process.stdout.close()
        return code


@pytest.mark.parametrize("options", [(), ("--poll",)])
def test_a_real_folder_is_watched_until_it_is_stopped(tiny_region, tmp_path, options):
    fixes = tiny_region.parent / "fixes"
    more = write_walks(tmp_path / "more.csv", range(50, 60))
    command = Command(tiny_region, *options)
    try:
        first = command.line_with(" new, ")
        more.rename(fixes / "more.csv")
        second = command.line_with(" new, ")
        (fixes / "noise.gpx").write_bytes(bytes(range(256)))
        named = command.line_with("noise.gpx")
        third = command.line_with(" new, ")
        (fixes / "more.csv").unlink()
        (fixes / "noise.gpx").unlink()
        fourth = command.line_with("1 gone")
    finally:
        code = command.end()

    assert "Tiny [SIMULATED / SIMULADO]: 3 new, 0 known, 0 gone, 0 unusable" in first
    assert "1 new, 3 known, 0 gone, 0 unusable; about 40 tracks" in second
    assert named.startswith("trocha: noise.gpx")
    assert "0 new, 4 known, 0 gone, 1 unusable" in third
    assert "the map shows as much as before" in third
    assert "0 new, 3 known, 1 gone" in fourth
    assert code == 130
    assert "what was stored before is whole" in command.line_with("Stopped")
