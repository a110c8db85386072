"""Take the README's picture of the map: python tests/preview.py (needs Chromium)."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

MAP = Path(__file__).parents[1] / "maps" / "darien" / "index.html"


def main() -> None:
    """Open the committed map without a network, and take its picture."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        view = browser.new_context(
            viewport={"width": 1280, "height": 800}, locale="en-GB", offline=True
        )
        page = view.new_page()
        page.goto(MAP.as_uri())
        page.wait_for_load_state("load")
        page.wait_for_timeout(1500)  # until the map has come to rest
        page.screenshot(path=MAP.with_name("preview.jpg"), type="jpeg", quality=85)
        browser.close()


if __name__ == "__main__":
    main()
