"""The table by number of GPUs: speed-up with its interval, efficiency, verdict, energy."""

from __future__ import annotations

import re

from test_sides import on_gpu

from harness.report import scaling_chart
from harness.tables import rows, scaling
from harness.tables.markdown import to_markdown
from harness.tables.screen import to_screen
from harness.tables.sections import grouped
from harness.tables.views import TOOL


def shared(make_result, count, time_s, repeat=1, device="gpu", **job):
    """A run on ``count`` GPUs, or parts of a CPU, of block ``repeat``."""
    own = {"repeat": repeat, "campaign_id": "20261126t120000z-campaign-gpu-00c0ffee", **job}
    if count > 1:
        own |= {"settings": {"strategy": "data-parallel"}, "ranks": count}
    if device == "gpu":
        return on_gpu(make_result, time_s, visible=count, used=count, each_j=1000.0, **own)
    measured = {"phases": {"fit_s": time_s}}
    return rows.row(make_result(job={**own, "device": "cpu"}, measurement=measured))


def test_each_number_of_gpus_is_a_line_against_one(make_result):
    times = {1: 40.0, 2: 25.0, 4: 20.0}
    table = [
        shared(make_result, count, time_s + 0.1 * repeat, repeat)
        for repeat in range(1, 7)
        for count, time_s in times.items()
    ]
    (section,) = grouped(table, scaling.GPUS)
    assert "Tesla K80" in section.caption
    lines = {line.name.mode: line.values for line in section.lines}
    assert list(lines) == ["1", "2", "4"]
    assert [round(values["ratio"], 2) for values in lines.values()] == [1.0, 1.59, 1.98]
    assert lines["1"]["efficiency_percent"] is None
    assert round(lines["2"]["efficiency_percent"]) == 80
    assert round(lines["4"]["efficiency_percent"]) == 50
    assert [values["verdict"] for values in lines.values()] == [None, "faster", "faster"]
    low, high = lines["2"]["speedup_low"], lines["2"]["speedup_high"]
    assert 1.58 < low < lines["2"]["ratio"] < high < 1.60


def test_two_gpus_that_are_slower_say_so(make_result):
    table = [shared(make_result, n, 8.8 * n, repeat) for repeat in range(1, 7) for n in (1, 2)]
    (section,) = grouped(table, scaling.GPUS)
    slower = section.lines[1].values
    assert (slower["verdict"], round(slower["efficiency_percent"])) == ("slower", 25)


def test_one_run_of_each_has_a_speed_up_and_no_verdict(make_result):
    table = [shared(make_result, 1, 40.0), shared(make_result, 2, 25.0)]
    (section,) = grouped(table, scaling.GPUS)
    values = section.lines[1].values
    assert (values["ratio"], values["verdict"], values["speedup_low"]) == (
        1.6, "ambiguous", None,
    )  # fmt: skip
    printed = to_markdown(table, scaling.GPUS)
    assert "Speed-up" in printed
    assert "Efficiency (%)" in printed
    assert list(to_screen(table, 120, scaling.GPUS))


def test_without_a_run_on_one_gpu_there_is_nothing_to_hold_against(make_result):
    table = [shared(make_result, 2, 25.0), shared(make_result, 4, 20.0)]
    (section,) = grouped(table, scaling.GPUS)
    assert [line.values["ratio"] for line in section.lines] == [None, None]
    assert [line.values["verdict"] for line in section.lines] == [None, None]


def test_batches_that_grow_with_the_gpus_are_a_table_of_their_own(make_result):
    growing = [
        shared(make_result, count, 40.0, batch_per_gpu=128, batch_size=128 * count)
        for count in (1, 2)
    ]
    of_recipe = [shared(make_result, count, 30.0) for count in (1, 2)]
    captions = [section.caption for section in grouped(growing + of_recipe, scaling.GPUS)]
    assert len(captions) == 2
    assert "batch 128 a GPU" in "".join(captions)


def test_parts_of_a_cpu_are_counted_as_ranks(make_result):
    table = [shared(make_result, count, 40.0, device="cpu") for count in (1, 2)]
    (section,) = grouped(table, scaling.GPUS)
    assert [line.name.mode for line in section.lines] == ["1", "2"]


def test_by_tool_a_shared_job_is_a_line_of_its_own(make_result):
    table = [shared(make_result, count, 40.0 / count) for count in (1, 2)]
    (section,) = grouped(table, TOOL)
    assert [line.name.label for line in section.lines] == [
        "Keras (tensorflow), 2 GPUs", "Keras (tensorflow)",
    ]  # fmt: skip


def test_a_line_says_what_energy_it_took_and_how_much_more_than_one(make_result):
    table = [shared(make_result, count, 40.0 / count) for count in (1, 2, 4)]
    (section,) = grouped(table, scaling.GPUS)
    found = [(line.values["energy_j"], line.values["energy_ratio"]) for line in section.lines]
    assert found == [(1000.0, None), (2000.0, 2.0), (4000.0, 4.0)]
    printed = to_markdown(table, scaling.GPUS)
    assert "GPU energy (J) | Energy ratio" in printed
    assert re.search(r"\| *2000 *\| *2\.00 *\|", printed)


def test_an_energy_that_one_gpu_cannot_tell_has_no_ratio(make_result):
    table = [shared(make_result, count, 40.0, device="cpu") for count in (1, 2)]
    (section,) = grouped(table, scaling.GPUS)
    assert [line.values["energy_ratio"] for line in section.lines] == [None, None]


def test_a_tool_on_one_number_of_gpus_is_no_table(make_result):
    assert grouped([shared(make_result, 2, 25.0)], scaling.GPUS) == []


def test_the_chart_has_a_point_for_each_speed_up(make_result):
    table = [shared(make_result, count, 40.0 / count**0.5) for count in (1, 2, 4)]
    (section,) = grouped(table, scaling.GPUS)
    found = scaling_chart.points(section)
    assert [(point["gpus"], round(point["speedup"], 2)) for point in found] == [
        (1, 1.0), (2, 1.41), (4, 2.0),
    ]  # fmt: skip
    assert {point["backend"] for point in found} == {"tf"}
    tips = [point["tip"].splitlines() for point in found]
    assert tips[0][0].endswith(", 1 GPU")
    assert [line for _, line in tips] == [
        "Speed-up 1.00, GPU energy (J) 1000",
        "Speed-up 1.41, GPU energy (J) 2000",
        "Speed-up 2.00, GPU energy (J) 4000",
    ]
    assert scaling_chart.ideal(found)[-1] == {"gpus": 4, "speedup": 4}
    drawn = scaling_chart.spec({"field": "backend"}, {"field": "backend"})
    named = {layer["data"]["name"] for layer in drawn["layer"]}
    assert named == {"ideal", "scaling"}


def test_speed_up_interval_and_efficiency_are_of_the_same_runs(make_result):
    """Blocks that lack one of the two are in no figure, however the machine drifted meanwhile."""
    drift = [1.2 if repeat > 3 else 1.0 for repeat in range(1, 12)]
    table = [shared(make_result, 1, 40.0 * much, n) for n, much in enumerate(drift, 1)]
    table += [shared(make_result, 2, 20.0 * much, n) for n, much in enumerate(drift[:6], 1)]
    (section,) = grouped(table, scaling.GPUS)
    of_two = section.lines[1].values
    assert (of_two["ratio"], of_two["efficiency_percent"]) == (2.0, 100.0)
    assert of_two["speedup_low"] <= of_two["ratio"] <= of_two["speedup_high"]


def test_a_tool_left_to_itself_is_a_line_beside_the_job_that_gpus_share(make_result):
    table = [shared(make_result, count, 40.0 / count) for count in (1, 2)]
    table.append(on_gpu(make_result, 50.0, visible=2, used=1))
    (section,) = grouped(table, scaling.GPUS)
    found = [(*line.name, line.values["ratio"]) for line in section.lines]
    assert found == [
        ("Keras (tensorflow)", "1", 1.0),
        ("Keras (tensorflow)", "2", 2.0),
        ("Keras (tensorflow), by itself", "2", 0.8),
    ]


def test_one_rank_is_no_job_that_shares_nothing(make_result):
    one_rank = shared(make_result, 1, 44.0, settings={"strategy": "data-parallel"}, ranks=1)
    table = [shared(make_result, count, 40.0 / count) for count in (1, 2)]
    (section,) = grouped([one_rank, *table], scaling.GPUS)
    found = {line.name: line.values["ratio"] for line in section.lines}
    assert found["Keras (tensorflow)", "2"] == 2.0
    assert round(found["Keras (tensorflow), one rank", "1"], 2) == 0.91
    (section,) = grouped([one_rank, table[1]], scaling.GPUS)
    assert {line.name.mode: line.values["ratio"] for line in section.lines} == {"1": 1.0, "2": 2.2}
    (section,) = grouped([one_rank], TOOL)
    assert section.lines[0].name.label == "Keras (tensorflow), 1 GPU"


def test_several_gpus_are_held_against_one_of_the_same_build(make_result):
    newer = {"provenance": {"image_id": "sha256:" + 64 * "d"}}
    table = [
        shared(make_result, 1, 60.0),
        shared(make_result, 1, 40.0, **newer),
        shared(make_result, 2, 20.0, **newer),
    ]
    (section,) = grouped(table, scaling.GPUS)
    found = {line.name: line.values["ratio"] for line in section.lines}
    assert found["Keras (tensorflow) [image dddddddddddd]", "2"] == 2.0
    assert len(found) == 3


def test_the_chart_calls_parts_of_a_cpu_ranks(make_result):
    table = [shared(make_result, count, 40.0, device="cpu") for count in (1, 2)]
    (section,) = grouped(table, scaling.GPUS)
    tips = [point["tip"] for point in scaling_chart.points(section)]
    assert tips[1] == "Keras (tensorflow), 2 ranks\nSpeed-up 1.00"
