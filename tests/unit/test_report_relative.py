"""The figures of the chart of a table: beside the best, with their intervals; and its sentences."""

from __future__ import annotations

import pytest

from harness.compare import fastest
from harness.report import answers, relative
from harness.tables.rows import row
from harness.tables.sections import grouped
from harness.tables.views import DATASET, DEVICE, TOOL

TIMES = {"tf": [10, 11, 12, 13, 14], "torch": [5, 5.5, 6, 6.5, 7]}


@pytest.fixture
def section(make_result):
    """Two tools, five runs each; of 600,000 samples."""
    rows = [
        row(
            make_result(
                job={"backend": name, "title": name.upper(), "repeat": repeat, "seed": repeat,
                     "campaign_id": "20261123t115900z-campaign-00000001"},
                measurement={
                    "phases": {"fit_s": float(time_s),
                               "compile_s": 6.0 if name == "torch" else None},
                    "laps": [{"number": 1, "duration_s": float(time_s), "loss": 0.1}],
                },
            )
        )
        for name, times in TIMES.items()
        for repeat, time_s in enumerate(times, 1)
    ]  # fmt: skip
    (made,) = grouped(rows, TOOL)
    return made


def by_tool(section):
    lines = zip(section.lines, relative.figures(section, TOOL), strict=True)
    return {line.name.label: figures for line, figures in lines}


def test_the_best_is_1_and_another_as_many_times_longer(section):
    found = by_tool(section)
    assert found["TORCH"]["time_s"] == (1.0, pytest.approx(5 / 6), pytest.approx(7 / 6), "6.0 s")
    assert found["TF"]["time_s"] == (2.0, pytest.approx(10 / 6), pytest.approx(14 / 6), "12.0 s")


def test_the_best_by_one_figure_need_not_be_that_by_another(section):
    found = by_tool(section)
    assert found["TF"]["time_and_compile_s"][0] == 1.0
    assert found["TORCH"]["time_and_compile_s"][0] == 1.0  # 6 + 6 s


def test_a_rate_of_half_the_best_is_2_and_its_interval_is_not_turned(section):
    middle, low, high, words = by_tool(section)["TF"]["images_per_s"]
    assert middle == pytest.approx(2.0)
    assert low == pytest.approx(10 / 6)
    assert high == pytest.approx(14 / 6)
    assert words == format(section.rows[2].values["images_per_s"], ",.0f")


def test_a_score_stays_what_it_is_with_its_standard_error(section):
    middle, low, high, words = by_tool(section)["TF"]["score"]
    values = section.rows[0].values
    assert middle == pytest.approx(values["error_rate_percent"])
    assert high - middle == pytest.approx(values["error_rate_se_points"], rel=1e-4)
    assert middle - low == pytest.approx(values["error_rate_se_points"], rel=1e-4)
    assert words == "0.83 ±0.09 %"


def test_what_was_not_measured_has_no_bar(section):
    for figures in by_tool(section).values():
        assert "energy_j" not in figures  # on a CPU
        assert "steady_epoch_s" not in figures  # of one epoch


def test_too_few_runs_have_no_interval(make_result):
    (made,) = grouped([row(make_result())], TOOL)
    assert relative.figures(made, TOOL)[0]["time_s"] == (1.0, None, None, "176.4 s")


def test_the_sentence_is_the_terminals(section):
    (said,) = answers.of(section, TOOL)
    assert [str(said)] == fastest.sentences(section)
    assert said.name == "TORCH, as-written"
    assert said.claim.startswith("fastest; ")
    assert said.claim.endswith("× as fast as TF, as-written")
    assert said.doubt == ""
    assert said.brief.startswith("fastest, ")
    assert said.brief.endswith("× as fast as TF")


def test_a_line_alone_says_so(make_result):
    (made,) = grouped([row(make_result())], TOOL)
    (said,) = answers.of(made, TOOL)
    assert str(said) == "Keras (tensorflow), as-written: 176.4 s. Nothing to compare it with"
    assert said.brief == "176.4 s"


def test_of_no_usable_run_nothing_is_said(make_result):
    bad = [{"code": "not-learned", "severity": "invalid", "evidence": "90 %", "advice": "-"}]
    (made,) = grouped([row(make_result(findings=bad))], TOOL)
    assert answers.of(made, TOOL) == []


def test_only_tables_by_tool_say_who_is_the_fastest(section):
    assert answers.of(section, DEVICE) == []


def test_of_one_dataset_each_workload_has_a_best_of_its_own(make_result):
    rows = [
        row(make_result(job={"workload": workload, "title": title},
                        measurement={"phases": {"fit_s": time_s}}))
        for workload, title, time_s in (
            ("boosting-flights", "A", 10.0), ("boosting-flights", "B", 20.0),
            ("forest-flights", "A", 100.0), ("forest-flights", "B", 300.0),
        )
    ]  # fmt: skip
    (made,) = grouped(rows, DATASET)
    found = [figures["time_s"][0] for figures in relative.figures(made, DATASET)]
    assert sorted(found) == [1.0, 1.0, 2.0, 3.0]


def test_a_cost_is_beside_the_lowest_of_the_same_currency(make_result):
    def priced(*currencies):
        rows = [row(make_result(job={"backend": name, "title": name})) for name in ("tf", "torch")]
        for each, cost, currency in zip(rows, (0.02, 0.05), currencies, strict=True):
            each.values.update(cost=cost, currency=currency)
        (made,) = grouped(rows, TOOL)
        return [figures.get("cost") for figures in relative.figures(made, TOOL)]

    assert priced("USD", "USD") == [
        (1.0, None, None, "0.02000 USD"),
        (2.5, None, None, "0.05000 USD"),
    ]
    assert priced("USD", "EUR") == [None, None]
