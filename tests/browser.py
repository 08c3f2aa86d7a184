"""Chromium, for tests that look at a page: Debian's own, driven by Playwright."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BENCHDL = Path(sys.executable).parent / "benchdl"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def found() -> str:
    """The browser's path; without one the test is skipped, or fails where CI asks."""
    for name in CHROMIUM:
        path = shutil.which(name)
        if path:
            return path
    reason = "no Chromium is installed: browser tests skipped (apt-get install chromium)"
    if os.environ.get("BENCHDL_REQUIRE_CHROMIUM") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Watched:
    """A page that keeps what it should not have said or asked for."""

    def __init__(self, page: Any, file: Path) -> None:
        self.page = page
        self.file = file
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.requests.append(request.url)

    def open(self, words: str = "") -> Any:
        """Go to the report with ``#words`` and wait until it can be used."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.file.as_uri()}#{words}")
        self.page.wait_for_selector("body[data-ready]", timeout=60_000)
        return self.page


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser, ended with the body."""
    path = found()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Without its sandbox: the tests may run as root, and open only files that they wrote.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests of a module."""
    with chromium() as started:
        yield started


@contextmanager
def watching(browser: Any, file: Path, width: int = 1280, height: int = 900) -> Iterator[Watched]:
    """A page of ``file`` that in the end has told no error and asked the network for nothing."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(60_000)
    watched = Watched(page, file)
    yield watched
    page.close()
    assert watched.errors == []
    assert watched.requests == []


def until(page: Any, condition: str, longest_s: float = 60.0) -> None:
    """Wait until an expression holds in the page.

    ``wait_for_function`` evaluates it again from a timer, which the pages' own policy forbids: it
    fails where the expression does not hold at once.
    """
    deadline = time.monotonic() + longest_s
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"not within {longest_s:g} s: {condition}"
        page.wait_for_timeout(50)


def resize(page: Any, width: int, height: int) -> None:
    """Give the page another size, and wait until it has drawn itself for that."""
    page.set_viewport_size({"width": width, "height": height})
    # What listens to sizes is called within a frame, before what was asked to come with it.
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def report_of(results: Path, *options: str) -> Path:
    """The report of a store, as the command writes it beside the store."""
    file = results.parent / "report.html"
    command = [BENCHDL, "report", "--results", results, "-o", file, *options]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    return file


def drawn(page: Any) -> Any:
    """The page with all its charts drawn."""
    for box in page.locator(".chart").all():
        box.scroll_into_view_if_needed()
    until(page, "[...document.querySelectorAll('.chart')].every((box) => box.dataset.drawn)")
    page.wait_for_timeout(300)
    return page
