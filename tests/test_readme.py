"""What the README says, done."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import geo
from geo import errors
from geo.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line.split("#")[0].strip()
    for language, block in BLOCKS
    for line in block.splitlines()
    if language == "sh" and line.startswith("trocha ")
]


@pytest.fixture
def here(tiny_region, walk_csv, tmp_path, monkeypatch):
    """A folder in which the README's paths lead to the tiny region."""
    (tmp_path / "data").mkdir()
    tiny_region.parent.rename(tmp_path / "data" / "darien")
    walk_csv.rename(tmp_path / "walk.gpx")  # a file is known by its content
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_of_the_readme_work_in_their_order(here):
    assert len(COMMANDS) == 11
    region = here / "data" / "darien" / "region.toml"
    few = 'level = "internal"\nk = 3\n'  # thirty tracks are enough to hold some back
    region.write_text(region.read_text(encoding="utf-8") + few, encoding="utf-8")
    for command in COMMANDS:
        done = CliRunner().invoke(main, shlex.split(command)[1:])
        assert done.exit_code == 0, f"{command}: {done.output}"
    assert list((here / "darien-gis").rglob("*.shp"))


def test_the_python_of_the_readme_works(here, capsys):
    (code,) = [block for language, block in BLOCKS if language == "python"]

    exec(compile(code, "README.md", "exec"), {})  # noqa: S102

    assert "SIMULATED" in capsys.readouterr().out
    assert (here / "out" / "index.html").exists()


def test_every_command_and_exit_code_is_mentioned():
    for name in main.commands:
        assert re.search(rf"\b{name}\b", README), name
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for code in {kind.exit_code for kind in kinds} | {2, 130}:
        assert re.search(rf"\| {code} \|", README), code


def test_every_file_that_the_readme_names_is_there():
    for name in ("maps/darien/preview.jpg", ".ci/locked.txt", "data/darien/LICENSES"):
        assert name in README
        assert (ROOT / name).exists(), name


def test_the_plan_in_the_readme_names_every_room():
    modules = {path.stem for path in (ROOT / "geo").glob("*.py")} - {
        "__init__",
        "__main__",
    }
    rooms = {
        path.name
        for path in (ROOT / "geo").iterdir()
        if (path / "__init__.py").exists()
    }
    for name in modules | rooms:
        assert re.search(rf"\b{name}\b", README), name


def test_public_names_are_loaded_when_first_used_and_typed_for_checkers():
    source = (ROOT / "geo" / "__init__.py").read_text(encoding="utf-8")
    typed = source.split("if TYPE_CHECKING:")[1].split("_HOME")[0]

    for name in geo.__all__:
        assert getattr(geo, name) is not None
        assert re.search(rf"\b{name}\b", typed), name
    assert dir(geo) == geo.__all__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        geo.nothing  # noqa: B018
