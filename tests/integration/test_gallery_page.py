"""The gallery in a real browser: search, filters, sorting, links, without a request or an error."""

from __future__ import annotations

import functools
import http.server
import threading
import time

import axe
import galleries
import pytest
from browser import until, watching

from harness.bundle import reading
from harness.bundle.outputs import web_page
from harness.gallery import site as sites

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A gallery of three machines, one of them with tags and a suspect run, and a refused file."""
    top = tmp_path_factory.mktemp("gallery")
    root, folder = galleries.checkout(top / "checkout"), top / "handed-in"
    galleries.several(folder, root)
    finding = {"code": "foreign-load", "severity": "suspect", "evidence": "41 s", "advice": "again"}
    galleries.bundle(folder, root, 4, repeats=6, job={"backend": "other", "title": "Other",
                     "tags": ["nightly"]}, findings=[finding])  # fmt: skip
    (folder / "broken.tar").write_bytes(b"no bundle")
    sites.build([folder], top / "site", 2**30, lambda _: None)
    return top / "site"


@pytest.fixture
def watched(browser, built):
    with watching(browser, built / "index.html") as page_watched:
        yield page_watched


def shown(page, table="lines"):
    return page.locator(f"#{table} tbody tr:visible").count()


def count(page):
    return page.locator("#count").inner_text()


def test_everything_is_there_and_filters_choose(watched):
    page = watched.open()
    assert (shown(page), shown(page, "files"), count(page)) == (4, 4, "all 4 shown")
    page.get_by_label("Type").select_option("Amazon EC2 c6a.4xlarge")
    assert (shown(page), shown(page, "files"), count(page)) == (1, 1, "1 of 4 shown")
    row = page.locator("#lines tbody tr:visible").inner_text()
    assert "61.5" in row
    assert "Amazon EC2 c6a.4xlarge" in row
    assert row.count("cnn-mnist") == 1
    assert "3 machines" in page.locator(".sub").inner_text()
    page.get_by_role("button", name="Clear").click()
    until(page, "document.getElementById('count').value.startsWith('all')")
    assert shown(page) == 4


@pytest.mark.parametrize(
    ("words", "rows"), [("h100", 1), ("NIGHTLY", 1), ("small epyc", 2), ("small nightly", 0)]
)
def test_the_search_takes_all_words_wherever_they_stand(watched, words, rows):
    page = watched.open()
    page.get_by_label("Search").fill(words)
    assert shown(page) == rows
    assert page.locator("#none").is_visible() == (rows == 0)


def test_what_is_chosen_is_in_the_address_and_comes_back(watched):
    page = watched.open()
    page.get_by_label("Search").fill("c6a")
    page.get_by_label("Search").fill("epyc")
    page.get_by_label("Backend").select_option("small")
    page.get_by_role("button", name="Time (s)").click()
    page.get_by_role("button", name="Time (s)").click()
    words = page.evaluate("location.hash.slice(1)")
    assert words == "q=epyc&backend=small&sort=-time_s"
    again = watched.open(words)
    assert count(again) == "2 of 4 shown"
    assert again.locator("[aria-sort]").get_attribute("aria-sort") == "descending"
    times = again.eval_on_selector_all(
        "#lines tbody tr:not([hidden]) [data-time_s]", "cells => cells.map(c => c.dataset.time_s)"
    )
    assert times == ["101.5", "61.5"]
    for nonsense in ("backend=nothing", "sort=nothing", "%E0%A4%A", "q=%"):
        watched.open(nonsense)


def test_links_lead_to_the_report_and_to_the_bundle(watched):
    page = watched.open("gpu=NVIDIA H100 80GB HBM3")
    row = page.locator("#lines tbody tr:visible")
    row.get_by_role("link", name="bundle").click()
    name = galleries.campaign_id(3)
    assert page.evaluate("location.hash") == f"#bundle-{name}"
    assert shown(page) == 1
    with page.expect_download() as download:
        page.locator("#files tbody tr:visible a[download]").click()
    assert (
        download.value.path().read_bytes()
        == (watched.file.parent / "bundles" / f"{name}.tar").read_bytes()
    )
    row.get_by_role("link", name="report").click()
    page.wait_for_url(f"**/reports/{name}.html")  # the page that it leaves is ready as well
    page.wait_for_selector("body[data-ready]")
    assert "NVIDIA H100" in page.locator("main").inner_text()


def test_it_works_under_any_path_of_a_host(browser, built):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    handler = functools.partial(Quiet, directory=built.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            page = browser.new_page()
            asked, errors = [], []
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda told: errors.append(told.text))
            top = f"http://127.0.0.1:{server.server_port}/site/"
            page.goto(f"{top}#backend=other")
            page.wait_for_selector("body[data-ready]")
            assert shown(page) == 1
            wanted = [top, f"{top}reports/{galleries.campaign_id(4)}.html"]
            page.get_by_role("link", name="report").first.click()
            page.wait_for_url(f"{wanted[1]}*")  # the page that it leaves is ready as well
            page.wait_for_selector("body[data-ready]", timeout=60_000)
            assert [url.partition("#")[0] for url in asked] == wanted
            assert errors == []
            page.close()
        finally:
            server.shutdown()
            thread.join()


def test_without_javascript_all_of_it_is_there(browser, built):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto((built / "index.html").as_uri())
    assert shown(page) == 4
    assert not page.locator("#search").is_visible()
    assert "need JavaScript" in page.locator("main").inner_text()
    page.close()


def test_it_can_be_used_by_keyboard_alone(watched):
    page = watched.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the measurements"
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert {"theme", "q", "machine", "instance", "gpu", "backend"} <= set(reached)
    page.get_by_role("button", name="Runs").focus()
    page.keyboard.press("Enter")
    assert page.locator("[aria-sort]").inner_text().startswith("Runs")


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_and_axe_finds_nothing_in_both_themes(browser, built, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto((built / "index.html").as_uri())
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shade = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_role("button", name="Switch").click()
    assert axe.violations(page) == []
    other = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (shade == "rgb(20, 23, 26)") == (scheme == "dark")
    assert other != shade
    page.close()


def test_on_a_phone_the_first_screen_has_a_measurement_and_filters_are_folded(browser, built):
    with watching(browser, built / "index.html", width=390, height=844) as phone:
        page = phone.open()
        assert not page.get_by_label("Type").is_visible()
        assert page.locator("#lines tbody tr").first.bounding_box()["y"] < 700
        page.get_by_text("Filters", exact=True).click()
        page.get_by_label("Type").select_option("Amazon EC2 c6a.4xlarge")
        assert shown(page) == 1
        assert phone.open("backend=other").get_by_label("Type").is_visible()
        assert not phone.open().get_by_label("Type").is_visible()
        page.set_viewport_size({"width": 1280, "height": 800})
        page.get_by_label("Type").wait_for()


@pytest.mark.alone
def test_three_hundred_bundles_take_what_their_checks_and_reports_take(tmp_path, browser):
    """The gallery's own part is small, and does not grow faster than its bundles."""
    root, folder = galleries.checkout(tmp_path / "checkout"), tmp_path / "handed-in"
    folder.mkdir()
    for number in range(300):
        machine = galleries.MACHINES[number % 3]
        galleries.bundle(folder, root, number, {**machine, "machine": f"m{number % 40}"})
    begin = time.process_time()  # what else the machine does is not counted
    for file in folder.glob("*.tar"):
        with reading.opened(file) as bundle:
            web_page(bundle.campaign(), bundle.results(), [], tmp_path)
    parts_s = time.process_time() - begin
    begin = time.process_time()
    gallery = sites.build([folder], tmp_path / "site", 2**30, lambda _: None)
    took_s = time.process_time() - begin
    assert (len(gallery.bundles), gallery.refused) == (300, [])
    assert took_s < 2.5 * parts_s, (took_s, parts_s)
    page = browser.new_page()
    page.goto((tmp_path / "site" / "index.html").as_uri())
    page.wait_for_selector("body[data-ready]")
    assert count(page) == "all 300 shown"
    page.get_by_label("Machine").select_option("m7")
    assert shown(page) == 8
    page.close()
