"""The first screen answers: a sentence, a chart of the figure chosen, tables that sort and link."""

from __future__ import annotations

import pytest
import report_data
import showcase
from browser import report_of, resize, until, watching

from harness.report import answers
from harness.tables.rows import row
from harness.tables.sections import grouped
from harness.tables.views import TOOL

pytestmark = pytest.mark.browser

THEANO = {"backend": "theano", "title": "Keras (theano)"}
TABLE = "article.card > .tablebox tbody tr"
ORDER = "rows => rows.map(row => row.cells[0].innerText.split('\\n')[0].trim())"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """One table of three tools in two ways each, five runs of each."""
    folder = tmp_path_factory.mktemp("first") / "results"
    made = report_data.results(
        tools=["tf", "theano", "torch"],
        modes=("as-written", "tuned"),
        devices=("gpu",),
        spoil=False,
    )
    return folder, report_data.store(folder, made)


@pytest.fixture(scope="module")
def report(kept):
    folder, _ = kept
    return report_of(folder)


@pytest.fixture
def watched(browser, report):
    with watching(browser, report, width=1400) as page_watched:
        yield page_watched


def bars(page):
    box = page.locator(".bars .chart[data-drawn] svg").first
    box.wait_for()
    return box


def test_the_answer_and_its_chart_stand_on_the_first_screen(watched, kept):
    page = watched.open()
    (section,) = grouped([row(result) for result in kept[1]], TOOL)
    said = page.locator("article.card > .answer")
    wanted = answers.of(section, TOOL)
    assert len(wanted) == 2
    for answer, words in zip(wanted, said.all_inner_texts(), strict=True):
        assert words == f"{answer}."
    chart = bars(page).bounding_box()
    assert said.first.bounding_box()["y"] < chart["y"]
    assert chart["y"] + chart["height"] < 900


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """The report of three workloads on three machines, and its results."""
    folder = tmp_path_factory.mktemp("several") / "results"
    workloads = ("boosting-flights", "cnn-mnist", "conv1d-imdb")
    kept = report_data.store(folder, showcase.results(repeats=1, nights=0, workloads=workloads))
    return report_of(folder), kept


@pytest.mark.parametrize("width", [390, 768, 1400])
def test_of_several_workloads_and_machines_one_table_has_the_lowest_times(browser, several, width):
    file, kept = several
    sections = {s.caption: answers.of(s, TOOL)[0] for s in grouped([row(r) for r in kept], TOOL)}
    with watching(browser, file, width=width) as found:
        page = found.open()
        matrix = page.locator(".answers table.matrix")
        heads = matrix.locator("thead th").all_inner_texts()
        assert heads == ["Lowest time on", "boosting-flights", "cnn-mnist", "conv1d-imdb"]
        places = matrix.locator("tbody th").all_inner_texts()
        assert len(places) == 5
        assert {"Amazon EC2 c6a.2xlarge, cpu", "lab 3, gpu (Tesla V100-SXM2-16GB)"} <= set(places)
        told = matrix.locator("td a").all_inner_texts()
        assert sorted(told) == sorted(answer.name for answer in sections.values())
        assert len(told) == 3 + 2 * 5
        assert matrix.bounding_box()["y"] < 500
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # On a phone rows are stacked, and a cell says what its column is.
        first = matrix.locator("td .head").first
        assert first.is_visible() == matrix.locator("thead").is_hidden() == (width == 390)
        box = matrix.bounding_box()
        assert width > 390 or box["x"] + box["width"] <= width
        matrix.locator("td a").nth(3).click()
        until(page, "location.hash.includes('at=t')")


def test_a_tools_two_ways_stand_together_in_chart_and_table(watched):
    page = watched.open()
    names = page.eval_on_selector_all(TABLE, ORDER)
    assert len(names) == 6
    assert names[0::2] == names[1::2]
    labels = bars(page).locator(".role-axis-label text").all_text_contents()
    lines = [label for label in labels if "," in label]
    assert [line.split(",")[0] for line in lines][0::2] == names[0::2]


def test_the_chooser_offers_what_was_measured_and_the_link_keeps_the_choice(watched):
    page = watched.open()
    offered = page.locator(".metrics a").all_inner_texts()
    assert offered[:4] == ["Time", "Time + compile", "Steady epoch", "GPU energy"]
    assert "Samples per second" in offered and "Error rate" in offered
    assert "Share of the peak" not in offered  # no run here measured it
    page.locator(".metrics a", has_text="GPU energy").click()
    until(page, "location.hash.includes('metric=energy_j')")
    words = " ".join(bars(page).locator("text").all_text_contents())
    assert " J" in words and "1.00 ×" in words
    again = watched.open("metric=score")
    words = " ".join(bars(again).locator("text").all_text_contents())
    assert "±" in words and "×" not in words


def test_a_table_sorts_by_any_column_and_the_link_keeps_it(watched):
    page = watched.open()
    page.locator(".tablebox thead a", has_text="Time (s)").first.click()
    until(page, "location.hash.includes('.time_s')")
    times = [float(text) for text in page.locator(f"{TABLE} td:nth-child(3)").all_inner_texts()]
    assert times == sorted(times)
    page.locator(".tablebox thead a", has_text="Time (s)").first.click()
    until(page, "location.hash.includes('.-time_s')")
    words = page.url.partition("#")[2]
    shown = page.locator(f"{TABLE} td:nth-child(3)").all_inner_texts()
    assert shown == page.locator(f"{TABLE} td:nth-child(3)").all_inner_texts()
    assert [float(text) for text in shown] == sorted(times, reverse=True)
    again = watched.open(words)
    assert again.locator(f"{TABLE} td:nth-child(3)").all_inner_texts() == shown
    assert again.locator("th[aria-sort=descending]").count() == 1


@pytest.mark.parametrize("view", ["tool", "runs", "reference"])
def test_every_table_sorts_and_has_a_link_of_its_own(watched, view):
    page = watched.open(f"view={view}")
    tables = page.locator("main table")
    boxes = page.locator("main [data-table]")
    assert 0 < tables.count() == boxes.count()
    for box in boxes.all():
        name = box.get_attribute("data-table")
        assert box.locator("thead th").count() == box.locator("thead th a").count()
        assert f"at={name}" in box.locator("a.permalink").get_attribute("href")
    page.set_viewport_size({"width": 1400, "height": 300})
    last = boxes.last.get_attribute("data-table")
    there = watched.open(f"view={view}&at={last}")
    assert there.locator(f"#{last} table").is_visible()
    assert 0 <= there.locator(f"#{last}").bounding_box()["y"] < 300


def test_one_name_of_a_tool_in_filters_legends_and_tables(watched):
    page = watched.open()
    name = "PyTorch"
    page.locator("[data-facet=backend] summary").click()
    assert name in page.locator("[data-facet=backend] fieldset").inner_text()
    assert name in page.locator(".figures .legend").last.inner_text()
    assert name in page.eval_on_selector_all(TABLE, ORDER)
    look = "(node) => node.querySelector('svg.marker path').getAttribute('d')"
    row_of = page.locator("article.card > .tablebox tbody tr", has_text=name).first
    legend_of = page.locator(".figures .legend li", has_text=name)
    assert row_of.evaluate(look) == legend_of.evaluate(look)


def test_a_phone_sees_name_time_and_ratio_first(watched):
    page = watched.open()
    resize(page, 390, 844)
    row_of = page.locator(TABLE).first
    cells = [cell for cell in row_of.locator("th, td").all() if cell.is_visible()]
    seen = [cell.bounding_box() for cell in cells]
    assert all(box["x"] + box["width"] <= 390 for box in seen[:3])
    heads = page.locator("article.card > .tablebox thead th").all()
    names = [head.inner_text().strip() for head in heads if head.is_visible()]
    assert names[1:3] == ["Time (s)", "vs lowest"]


def test_an_empty_report_is_a_small_page(browser, benchdl, tmp_path):
    (tmp_path / "results" / "20261123t000000z-broken").mkdir(parents=True)
    benchdl("report", "-o", tmp_path / "empty.html")
    assert (tmp_path / "empty.html").stat().st_size < 120_000
    with watching(browser, tmp_path / "empty.html") as empty:
        page = empty.open()
        words = page.locator("main").inner_text()
        assert "make bench" in words
        assert "20261123t000000z-broken" in words
        assert page.locator("#tabs a").all_inner_texts() == ["By tool", "Reference", "About"]


def test_paper_has_the_present_view_in_a_few_pages(watched, tmp_path):
    page = watched.open("ghosts=off")
    bars(page)
    page.pdf(path=tmp_path / "printed.pdf", format="A4")
    content = (tmp_path / "printed.pdf").read_bytes()
    assert 1 <= content.count(b"/Type /Page\n") <= 3


def test_runs_with_threads_of_their_own_are_told_from_those_without(browser, make_result, tmp_path):
    """The caption of the one is all in that of the other, so that nothing of its own tells it."""
    jobs = [{**tool, "threads": threads} for tool in ({}, THEANO) for threads in (None, 2)]
    report_data.store(tmp_path / "results", [make_result(job=job) for job in jobs])
    with watching(browser, report_of(tmp_path / "results")) as two:
        without, with_two = two.open().locator(".answers tbody th").all_inner_texts()[::-1]
        assert with_two.split() == ["2", "threads"]
        assert "cpu" in without
        assert two.page.locator("article.card").count() == 2


@pytest.mark.parametrize("view", ["tool", "gpus", "runs"])
def test_no_table_is_wider_than_the_paper(browser, tmp_path, view):
    """A price brings a column more, and the side of several GPUs has the most."""
    made = showcase.results(1, 0, showcase.MACHINES[2:], ["gpt-shakespeare-small"])
    report_data.store(tmp_path / "results", made)
    file = report_of(tmp_path / "results", "--price", "11.5USD")
    wider = """tables => tables.map(t => t.getBoundingClientRect().width
        - t.parentElement.getBoundingClientRect().width)"""
    with watching(browser, file, width=1400) as priced:
        page = priced.open(f"view={view}")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.locator("th", has_text="Cost").count() > 0 or view == "runs"
        assert max(page.locator("main table").evaluate_all(wider)) <= 1
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("main table[style*=zoom]").count() == 0
