"""What is locked, what is promised, and what make can do agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WANTED = {
    "run": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["build-system"]["requires"],
    ],
    "dev": PROJECT["dependency-groups"]["dev"],
}
LOCKS = {"locked.txt": ["run"], "locked-dev.txt": ["run", "dev"]}


def pins(name):
    """Each package of a lock, with its versions (one for each Python)."""
    text = (ROOT / ".ci" / name).read_text(encoding="utf-8")
    found = {}
    for package, version in re.findall(r"^([\w.-]+)==([\w.+]+)", text, re.MULTILINE):
        found.setdefault(package, []).append(version)
    return found


def split(requirement):
    """The name and the lowest version of a requirement."""
    match = re.fullmatch(r"([\w-]+)(?:\[\w+\])?[>=]=([\w.]+)", requirement)
    return match.groups()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_that_we_ask_for_is_locked(lock):
    asked = {split(wanted)[0] for part in LOCKS[lock] for wanted in WANTED[part]}

    assert asked <= set(pins(lock))


@pytest.mark.parametrize("lock", [*LOCKS, "lowest.txt"])
def test_every_locked_package_has_its_hash_and_names_no_place(lock):
    text = (ROOT / ".ci" / lock).read_text(encoding="utf-8")

    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry
    assert "://" not in text
    assert "index-url" not in text


def test_what_is_tested_is_what_a_user_gets():
    run, dev = pins("locked.txt"), pins("locked-dev.txt")

    assert {name: dev[name] for name in run} == run


def test_the_oldest_versions_that_are_tested_are_those_that_we_promise():
    lowest = pins("lowest.txt")

    for wanted in WANTED["run"] + WANTED["dev"]:
        name, promised = split(wanted)
        assert f"{lowest[name][0]}.".startswith(f"{promised}.")


def test_make_says_what_each_target_does():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE).group(1).split()

    for target in targets:
        assert re.search(rf"^{target}:.*## \w", text, re.MULTILINE), target
