"""The picture of a report: ``python -m benchmarks.picture RESULTS docs/report.png``.

Takes Chromium and the tools for development (``make setup DEV=1``).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from harness.report import writing
from harness.store import Store

_WIDTH, _HEIGHT = 1240, 740
_BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def take(results: Path, picture: Path) -> None:
    """Write the first screen of the report of ``results``, in its light theme, as PNG."""
    text, _ = writing.made([Store(results)], "html", 0, print)
    browser_path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "report.html"
        page_file.write_text(text, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light")
        page.goto(page_file.as_uri())
        page.wait_for_selector("body[data-ready]")
        page.wait_for_timeout(2000)  # charts are drawn when they come near the screen
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]))
