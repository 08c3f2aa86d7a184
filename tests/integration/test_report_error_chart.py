"""The chart of error rates in a real browser: what it says of one run, and of a suspect one."""

from __future__ import annotations

import contextlib

import pytest
from browser import report_of, watching

pytestmark = pytest.mark.browser

SUSPECT = [{"code": "foreign-load", "severity": "suspect", "evidence": "3 cores", "advice": "-"}]
FIGURE = "article.card figure:has(figcaption:has-text('Time and error'))"


@pytest.fixture
def drawn(browser, make_result, stored, tmp_path):
    """The chart's marks and the labels of its error axis, for one run of this error rate."""
    with contextlib.ExitStack() as pages:

        def draw(rate, **changes):
            measurement = {"score": {"value": rate, "claimed": rate, "verified": True}}
            stored(tmp_path / "results", make_result(measurement=measurement, **changes))
            file = report_of(tmp_path / "results")
            figure = pages.enter_context(watching(browser, file)).open().locator(FIGURE).first
            figure.scroll_into_view_if_needed()
            figure.locator(".chart[data-drawn] svg").wait_for()
            return figure

        yield draw


def ticks(chart):
    axis = chart.locator("g[aria-label^='Y-axis'] .role-axis-label text")
    return [float(text) for text in axis.all_text_contents()]


@pytest.mark.parametrize("rate", [0.0031, 0.0, 0.5])
def test_the_axis_of_one_run_has_ticks_about_its_rate(drawn, rate):
    found = ticks(drawn(rate))
    assert len(found) >= 2
    assert max(found) - min(found) < 5  # per cent
    assert min(found) - 0.5 <= 100 * rate <= max(found) + 0.5


def test_a_bar_shows_the_sampling_error(drawn):
    chart = drawn(0.0083)
    bar = chart.locator(".mark-rule.role-mark line").first
    assert bar.evaluate("line => line.getBBox().height") > 20
    assert "0.83 ±0.09 %" in chart.page.locator("article.card").first.inner_text()


def test_a_suspect_run_does_not_look_like_the_others(drawn):
    middle = ".mark-symbol path[stroke-dasharray='3,2']"
    chart = drawn(0.0083, findings=SUSPECT)
    assert chart.locator(middle).count() == 1
    sound = drawn(0.0083)
    assert sound.locator(middle).count() == 0


def test_another_metric_names_the_chart_the_list_and_the_drawer(
    browser, make_result, stored, tmp_path
):
    auc = {"metric": "auc", "value": 0.787, "unit": "", "better": "higher", "sampling_error": 0.004}
    scored = make_result(job={"workload": "trees"}, measurement={"score": auc})
    stored(tmp_path / "results", scored)
    stored(tmp_path / "results", make_result())
    with watching(browser, report_of(tmp_path / "results")) as watched:
        page = watched.open("workload=trees")
        figure = page.locator("figure:has(figcaption:has-text('Time and AUC'))")
        figure.scroll_into_view_if_needed()
        figure.locator(".chart[data-drawn] svg").wait_for()
        axis = figure.locator("g[aria-label^='Y-axis']")
        assert "AUC" in axis.get_attribute("aria-label")
        assert all(0.7 < tick < 0.9 for tick in ticks(figure))
        listed = watched.open("view=runs").locator("main tbody").inner_text()
        assert "AUC 0.7870 ±0.0040" in listed
        assert "Error rate 0.83 ±0.09 %" in listed
        facts = watched.open(f"view=runs&run={scored.run_id}").locator("#drawer dl.figures-of-run")
        assert "AUC\n0.7870 ±0.0040" in facts.inner_text()
        assert "Error rate" not in facts.inner_text()
