"""Finished files go in place all at once, or not at all."""

import errno
from pathlib import Path

import pytest

from geo.errors import OutputError
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
