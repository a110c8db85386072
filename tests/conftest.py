"""What several rooms' tests share."""

import shutil

import pytest

from tests.regions import make_region, write_walks


@pytest.fixture(scope="session")
def region_once(tmp_path_factory):
    """A tiny region, made once; take a copy."""
    folder = tmp_path_factory.mktemp("region")
    make_region(folder)
    return folder


@pytest.fixture
def tiny_region(region_once, tmp_path):
    """The region file of a fresh copy of the tiny region."""
    folder = tmp_path / "tiny"
    shutil.copytree(region_once, folder)
    return folder / "region.toml"


@pytest.fixture
def walk_csv(tmp_path):
    """A file with one further walker."""
    return write_walks(tmp_path / "walk.csv", [99])
