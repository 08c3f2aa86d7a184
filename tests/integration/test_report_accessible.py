"""The page for everybody: axe-core's rules, the keyboard, words for screen readers."""

from __future__ import annotations

import itertools

import axe
import pytest
import report_data
import showcase
from browser import drawn, report_of, until, watching

pytestmark = pytest.mark.browser

VIEWS = {
    "tool": "workload=mlp-flights",
    "instance": "backend=tf&variant=default",
    "device": "workload=mlp-flights",
    "gpus": "",
    "variant": "backend=tf&device=cpu",
    "dataset": "",
    "history": "",
    "runs": "",
    "invalid": "",
    "findings": "",
    "reference": "",
    "about": "",
}
"""Every view, with what is chosen there: a card or two."""
CHARTLESS = ("runs", "invalid", "findings", "reference", "about")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Of a store that has something to show in every view."""
    folder = tmp_path_factory.mktemp("accessible") / "results"
    workloads = ("gpt-shakespeare-small", "boosting-flights", "mlp-flights")
    several = showcase.results(
        repeats=1, nights=20, machines=showcase.MACHINES[2:], workloads=workloads
    )
    made = report_data.results(
        tools=["tf", "torch"],
        modes=("as-written", "tuned"),
        variants=("default", "no-pool"),
        devices=("cpu", "gpu"),
        machines=2,
        repeats=5,
    )
    report_data.store(folder, itertools.chain(several, made), samples=5)
    return report_of(folder)


@pytest.fixture
def watched(browser, report):
    with watching(browser, report) as page_watched:
        yield page_watched


def test_axe_looks_at_every_view(watched):
    links = watched.open().locator("#tabs a").evaluate_all("links => links.map((a) => a.hash)")
    views = [link.partition("view=")[2].partition("&")[0] or "tool" for link in links]
    assert views == list(VIEWS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(watched, view, scheme):
    watched.page.emulate_media(color_scheme=scheme)
    page = drawn(watched.open(f"view={view}&{VIEWS[view]}"))
    assert page.locator("main .empty").count() == 0
    assert page.locator(".chart").count() or view in CHARTLESS
    found = axe.violations(page)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_run(watched, report, scheme):
    newest = sorted(folder.name for folder in (report.parent / "results").glob("2*-gpu-*"))
    watched.page.emulate_media(color_scheme=scheme)
    page = watched.open(f"view=runs&run={newest[-1]}")
    page.wait_for_selector("#drawer .chart[data-drawn]")
    found = axe.violations(page)
    assert found == [], "\n".join(found)


def test_axe_sees_what_is_wrong(watched):
    page = watched.open("view=about")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any("button-name" in found for found in axe.violations(page))


def test_a_mark_opens_its_run_by_keyboard_and_by_mouse(watched):
    page = watched.open("workload=cnn-mnist&device=cpu&variant=default")
    box = page.locator("figure:has(figcaption:has-text('Every run')) .chart").first
    box.scroll_into_view_if_needed()
    box.locator("svg [role=link]").first.wait_for()
    stops = box.locator("svg [tabindex='0']")
    assert stops.count() == 1  # of Tab; arrows go on from there
    stops.focus()
    page.keyboard.press("ArrowRight")
    said = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert "Time (s)" in said
    page.keyboard.press("Enter")
    page.locator("#drawer[open]").wait_for()
    run_id = page.locator("#drawer .id").inner_text()
    assert run_id in said
    page.keyboard.press("Escape")
    until(page, "!document.getElementById('drawer').open")
    box.locator("svg [role=link]").nth(3).click(force=True)
    until(page, "location.hash.includes('run=')")


def test_a_chart_keeps_its_words(watched):
    """For those who hear it: names of lines and numbers stand in the tree as text."""
    page = watched.open("workload=cnn-mnist&device=cpu&variant=default")
    box = page.locator(".bars .chart[data-drawn]").first
    box.wait_for()
    assert box.get_attribute("role") == "graphics-document"
    assert box.locator("svg").evaluate("(svg) => !svg.closest('[role=img], [aria-hidden=true]')")
    words = " ".join(box.locator("svg text").all_text_contents())
    assert "1.00 ×" in words
    assert "Keras (tensorflow)" in words
