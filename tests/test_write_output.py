"""Finished files go in place all at once, or not at all."""

import errno
import os
import sys
from pathlib import Path

import pytest

from geo.errors import OutputError
from geo.write import output
from geo.write.output import replacing


def test_entries_replace_their_namesakes_and_leave_others_alone(tmp_path):
    (tmp_path / "gis").mkdir()
    (tmp_path / "gis" / "old.txt").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")

    with replacing(tmp_path) as fresh:
        (fresh / "gis").mkdir()
        (fresh / "gis" / "new.txt").write_text("new")

    found = sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")
    )
    assert found == ["gis", "gis/new.txt", "mine.txt"]


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "Check the folder")],
)
def test_what_was_there_stays_whole_when_writing_fails(tmp_path, number, message):
    (tmp_path / "a.txt").write_text("old")

    def write():
        with replacing(tmp_path) as fresh:
            (fresh / "a.txt").write_text("new")
            raise OSError(number, "no")

    with pytest.raises(OutputError, match=message):
        write()

    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("")

    with (
        pytest.raises(OutputError, match="could not be written"),
        replacing(tmp_path / "out") as fresh,
    ):
        fresh.touch()


@pytest.mark.parametrize("at", range(4))
def test_a_stop_between_two_renames_changes_nothing(tmp_path, monkeypatch, at):
    for name in "ab":
        (tmp_path / name).write_text("old")
    rename, calls = Path.rename, []

    def stopping(path, target):
        calls.append(path)
        if len(calls) == at + 1:
            raise KeyboardInterrupt
        return rename(path, target)

    def write():
        with replacing(tmp_path) as fresh:
            for name in "ab":
                (fresh / name).write_text("new")
            monkeypatch.setattr(Path, "rename", stopping)

    with pytest.raises(KeyboardInterrupt):
        write()

    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
        "a": "old",
        "b": "old",
    }


def seen(folder):
    """All that stands in a folder, but for hidden rooms of ours."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and ".new-" not in str(path.relative_to(folder))
    }


def fill(folder, text):
    (folder / "gis").mkdir()
    for name in ("index.html", "gis/layers.txt", "release.json"):
        (folder / name).write_text(text)


def kill_at(number, folder):
    """Write in a child that dies before the given call that changes a folder."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    calls = 0

    def dying(real):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == number:
                os._exit(9)
            return real(*args, **kwargs)

        return call

    try:
        with replacing(folder) as fresh:
            fill(fresh, "new")
            for name in ("rename", "link", "mkdir", "unlink", "rmdir"):
                setattr(os, name, dying(getattr(os, name)))
            output.swap_folders = dying(output.swap_folders)
        os._exit(0)
    finally:
        os._exit(1)


def can_swap(folder):
    for name in ("one", "other"):
        (folder / name).mkdir()
    return output.swap_folders(folder / "one", folder / "other")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_a_kill_at_any_moment_shows_all_of_the_old_or_all_of_the_new(tmp_path):
    if not can_swap(tmp_path):
        pytest.skip("this file system cannot swap two folders")
    outcomes = []
    for number in range(1, 200):
        folder = tmp_path / str(number) / "map"
        folder.mkdir(parents=True)
        fill(folder, "old")
        (folder / "preview.jpg").write_text("mine")
        before = seen(folder)
        code = kill_at(number, folder)
        if code == 0:
            break
        assert code == 9
        outcomes.append(seen(folder))

        with replacing(folder) as fresh:
            (fresh / "index.html").write_text("next")

        assert seen(folder) == outcomes[-1] | {"index.html": "next"}
        assert [path.name for path in folder.parent.iterdir()] == ["map"]
        assert len(list(folder.iterdir())) == 4

    after = dict.fromkeys(before, "new") | {"preview.jpg": "mine"}
    assert number > 15
    assert all(outcome in (before, after) for outcome in outcomes)
    assert (outcomes[0], outcomes[-1]) == (before, after)


def test_the_folder_itself_stays_for_those_who_work_in_it(tmp_path):
    fill(tmp_path, "old")
    number = tmp_path.stat().st_ino

    with replacing(tmp_path) as fresh:
        fill(fresh, "new")

    assert tmp_path.stat().st_ino == number


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_to_the_folder_stays_one(tmp_path):
    (tmp_path / "disk" / "map").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "disk" / "map")

    with replacing(link) as fresh:
        fill(fresh, "new")

    assert link.is_symlink()
    assert len(seen(tmp_path / "disk" / "map")) == 3
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["map"]


@pytest.mark.parametrize("swap", [True, False], ids=["swapped", "renamed"])
def test_a_swap_that_cannot_be_is_not_needed(tmp_path, monkeypatch, swap):
    folder = tmp_path / "map"
    folder.mkdir()
    fill(folder, "old")
    (folder / "preview.jpg").write_text("mine")
    if not swap:
        monkeypatch.setattr(output, "swap_folders", lambda *_: False)

    with replacing(folder) as fresh:
        fill(fresh, "new")

    assert set(seen(folder).values()) == {"new", "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["map"]


def test_what_a_killed_process_had_moved_away_comes_back(tmp_path):
    old = tmp_path / ".new-killed" / "old"
    old.mkdir(parents=True)
    (old / "a.txt").write_text("old")
    (tmp_path / ".new-killed" / "fresh").mkdir()

    with replacing(tmp_path) as fresh:
        (fresh / "b.txt").write_text("new")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


def test_a_message_names_the_folder_that_was_asked_for(tmp_path):
    def write():
        with replacing(tmp_path) as fresh, replacing(fresh / "gis"):
            raise OSError(errno.ENOSPC, "no")

    with pytest.raises(OutputError) as caught:
        write()

    assert str(caught.value).startswith(f"{tmp_path / 'gis'} could not be written")
