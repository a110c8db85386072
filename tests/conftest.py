"""What several rooms' tests share."""

import os
import shutil

import pytest
from hypothesis import settings

from tests.regions import make_region, write_walks

# A busy machine is no fault of the code; and what one machine sees, others can see.
# With EXPLORE=1 new examples are drawn each time.
settings.register_profile(
    "trocha", deadline=None, derandomize=not os.environ.get("EXPLORE")
)
settings.load_profile("trocha")


@pytest.fixture(scope="session")
def region_once(tmp_path_factory):
    """A tiny region, made once; take a copy."""
    folder = tmp_path_factory.mktemp("region")
    make_region(folder)
    return folder


@pytest.fixture(scope="session")
def built(region_once, tmp_path_factory):
    """The tiny region, built once: its folder and what the build said. Only read it."""
    from geo.config import load_config
    from geo.pipeline import build

    folder = tmp_path_factory.mktemp("built") / "tiny"
    shutil.copytree(region_once, folder)
    return folder, build(load_config(folder / "region.toml"))


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


@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium without a network. CI must have one; others may not."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        message = "Chromium is not installed; get it with: make browser"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    quiet = ["background-networking", "component-update", "sync", "gpu"]
    arguments = ["--headless", "--no-sandbox", "--no-first-run"]
    arguments += [f"--disable-{name}" for name in quiet]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
