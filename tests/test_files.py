"""Which files there are, and what they hold."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

import geo.files
from geo.errors import InputError
from geo.files import digest_file, digest_program, files_inside, with_sidecars


def test_a_folder_that_is_absent_holds_nothing(tmp_path):
    assert files_inside(None) == files_inside(tmp_path / "none") == []


def test_a_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"a")

    assert digest_file(tmp_path / "a") == sha256(b"a").hexdigest()
    with pytest.raises(InputError, match="none cannot be read"):
        digest_file(tmp_path / "none")


def test_files_beside_a_file_are_those_of_its_name(tmp_path):
    for name in ("a.shp", "a.dbf", "a.shp.xml", "ab.shp", "b.dbf"):
        (tmp_path / name).touch()
    (tmp_path / "a.folder").mkdir()

    found = [path.name for path in with_sidecars(tmp_path / "a.shp")]

    assert found == ["a.dbf", "a.shp", "a.shp.xml"]


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A program of two files, in place of ours."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "files.py").write_text("one = 1")
    (tmp_path / "assets" / "page.css").write_text("a {}")
    monkeypatch.setattr(geo.files, "__file__", str(tmp_path / "files.py"))
    return tmp_path


def now():
    digest_program.cache_clear()
    return digest_program()


def test_another_program_has_another_digest(program, monkeypatch):
    try:
        first = now()
        assert now() == first
        (program / "__pycache__").mkdir()
        (program / "__pycache__" / "files.nbi").write_text("compiled")
        assert now() == first
        (program / "assets" / "page.css").write_text("b {}")
        second = now()
        (program / "new.py").touch()
        third = now()
        monkeypatch.setattr("geo.files.version", lambda _: "99")
        assert len({first, second, third, now()}) == 4
    finally:
        digest_program.cache_clear()


def test_the_digest_of_the_program_is_that_of_any_process():
    told = subprocess.run(
        [sys.executable, "-c", "import geo.files as f; print(f.digest_program())"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(geo.files.__file__).parents[1],
    )

    assert told.stdout.strip() == digest_program()


def test_what_lies_in_the_folder_of_a_layer_goes_with_it(tmp_path):
    (tmp_path / "tiles" / "deeper").mkdir(parents=True)
    for name in ("b.tif", "a.tif"):
        (tmp_path / "tiles" / name).write_bytes(b"II*")
    (tmp_path / "tiles.txt").write_bytes(b"beside")
    found = with_sidecars(tmp_path / "tiles")
    assert [path.name for path in found] == ["a.tif", "b.tif"]
