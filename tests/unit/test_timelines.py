"""Timelines: exact means of counters, phases where they were, and samples that are not whole."""

from __future__ import annotations

import json

import numpy as np
import pytest
import report_data

from harness.report import gpu_series, timelines
from runner.contract import samples
from runner.meters import gpu_periods


@pytest.fixture
def sampled(make_result, tmp_path):
    """A result of 20 s and its folder of samples; the training is from 8.0 to 18.0 s."""
    phases = {"import_s": 3.0, "load_s": 0.4, "build_s": 0.6, "compile_s": 2.0, "fit_s": 10.0,
              "evaluate_s": 2.0, "total_s": 20.0}  # fmt: skip
    epochs = [{"number": n, "duration_s": 5.0, "loss": 0.1} for n in (1, 2)]
    result = make_result(
        job={"budget": {"count": 2}}, measurement={"phases": phases, "laps": epochs}
    )
    report_data.write_samples(tmp_path, result)
    return result, tmp_path


def test_columns_are_the_samplers():
    names = [
        samples.TIME_COLUMN,
        samples.core_column(0),
        samples.RSS_COLUMN,
        samples.JOB_CPU_COLUMN,
    ]
    names += [samples.gpu_column(1, "util_percent"), samples.gpu_column(1, "memory_bytes")]
    names += [samples.gpu_column(1, part) for part in (gpu_periods.PERIOD_END,
                                                       gpu_periods.PERIOD_PERCENT)]  # fmt: skip
    assert names == ["t_s", "cpu0_busy_s", "rss_bytes", "job_cpu_s", "gpu1_util_percent",
                     "gpu1_memory_bytes", "gpu1_period_end_s",
                     "gpu1_period_percent"]  # fmt: skip


def test_steps_are_few_and_their_means_exact(sampled):
    line = timelines.timeline(*sampled)
    assert len(line["cores"]) <= timelines.STEPS
    assert line["step_s"] >= timelines.SHORTEST_STEP_S
    assert line["step_s"] * len(line["cores"]) == pytest.approx(20.0, abs=0.01)
    busy = [value * line["step_s"] for value in line["cores"]]
    # 0.95 and 0.855 cores in 10 s of training, 0.5 and 0.45 in the other ten
    assert sum(busy) == pytest.approx(10 * 1.805 + 10 * 0.95, rel=0.02)
    assert len(line["memory_gib"]) == len(line["cores"])
    assert line["gpu_percent"] == []


def test_a_long_run_is_cut_to_the_most_steps(make_result, tmp_path):
    result = make_result()
    report_data.write_samples(tmp_path, result)
    line = timelines.timeline(result, tmp_path)
    assert len(line["cores"]) == timelines.STEPS
    assert line["samples"] == 1821


def test_phases_end_with_the_last_sample(sampled):
    line = timelines.timeline(*sampled)
    assert line["phases"] == [
        ["import", 2.0, 5.0],
        ["load", 5.0, 5.4],
        ["build", 5.4, 6.0],
        ["compile", 6.0, 8.0],
        ["train", 8.0, 18.0],
        ["evaluate", 18.0, 20.0],
    ]
    assert line["epochs"] == [13.0, 18.0]


def test_gpus_have_series_of_their_own(tmp_path):
    kept = report_data.results(tools=["tf"], devices=("gpu",), machines=2, repeats=1, spoil=False)
    single, eight = list(kept)
    for result, count in ((single, 1), (eight, 8)):
        report_data.write_samples(tmp_path, result)
        line = timelines.timeline(result, tmp_path)
        assert len(line["gpu_percent"]) == len(line["gpu_memory_gib"]) == count
        assert max(line["gpu_percent"][0]) > 60
        assert line["gpu_percent"][0][0] == 0.0  # idle before training: a measured zero
    assert max(line["gpu_percent"][7]) == 0.0


def test_gauges_are_folded_within_their_step_only(make_result, tmp_path):
    rows = ["t_s,cpu0_busy_s,rss_bytes,gpu0_util_percent"]
    rows += [f"{n / 10},{n / 10},{2**30 * (n == 7)},{100 * (n % 10 < 5)}" for n in range(101)]
    (tmp_path / "samples.csv").write_text("\n".join(rows) + "\n")
    line = timelines.timeline(make_result(), tmp_path)
    assert line["step_s"] == 0.2
    assert [n for n, value in enumerate(line["memory_gib"]) if value] == [3]  # 0.7 s: 0.6 to 0.8
    first, second, mixed, *rest = line["gpu_percent"][0][:5]
    assert (first, second, rest) == (100, 100, [0, 0])
    assert 0 < mixed < 100
    assert line["cores"] == [1.0] * 50


def test_half_a_last_line_is_left_out(sampled):
    result, folder = sampled
    file = folder / "samples.csv"
    whole = file.read_text()
    file.write_text(whole + "1020.1,19.")
    assert timelines.timeline(result, folder)["samples"] == whole.count("\n") - 1


def test_what_a_sample_lacks_is_no_zero(sampled):
    result, folder = sampled
    file = folder / "samples.csv"
    head, *lines = file.read_text().splitlines()
    blank = [",".join([*line.split(",")[:4], "", ""]) for line in lines]
    file.write_text("\n".join([head, *blank]) + "\n")
    line = timelines.timeline(result, folder)
    assert line["job_cores"] is None
    assert line["memory_gib"] is None
    assert max(line["cores"]) > 1


def test_without_the_end_of_the_job_no_phase_is_drawn(sampled):
    result, folder = sampled
    (folder / "samples.json").write_text(json.dumps({"ended": "trainer gone"}))
    line = timelines.timeline(result, folder)
    assert (line["phases"], line["epochs"]) == ([], [])
    assert line["cores"]


@pytest.mark.parametrize("text", ["", "t_s\n", "t_s,a\n1,2\n", "nonsense\n1\n2\n",
                                  "t_s,a\n2,1\n1,2\n", "t_s,a\n1,x\n2,y\n"])  # fmt: skip
def test_unusable_samples_are_no_timeline(sampled, text):
    result, folder = sampled
    (folder / "samples.csv").write_text(text)
    assert timelines.timeline(result, folder) is None


def test_a_failed_run_with_samples_has_a_timeline_without_phases(sampled, make_result):
    failure = {"reason": "timeout", "message": "too long"}
    failed = make_result(status="failed", measurement=None, failure=failure)
    line = timelines.timeline(failed, sampled[1])
    assert line["phases"] == []
    assert line["cores"]


# An H100 that was busy from 2.0 s on: readings a second late, NVML's own periods of 0.2 s.
BUSY_FROM, LAG = 2.0, 0.5


def written(folder, until=5.0, periods=True):
    """Samples of a GPU at 10 Hz; of its periods each is told once, 40 ms after its end."""
    rows, told = ["t_s,gpu0_util_percent,gpu0_period_end_s,gpu0_period_percent"], 0
    for n in range(int(until * 10) + 1):
        now = n / 10
        row = [f"{1000 + now}", f"{90 * (now >= BUSY_FROM + LAG)}", "", ""]
        if periods and 0.2 * (told + 1) + 0.06 <= now:
            told += 1
            end = 0.2 * told + 0.02
            busy = min(0.2, max(0.0, end - BUSY_FROM)) / 0.2
            row[2:] = [f"{1000 + end:.3f}", f"{100 * busy:.3f}"]
        rows.append(",".join(row))
    (folder / "samples.csv").write_text("\n".join(rows) + "\n")


def test_a_gpus_steps_are_of_nvmls_own_periods_as_its_figure_is(make_result, tmp_path):
    written(tmp_path)
    line = timelines.timeline(make_result(), tmp_path)
    (steps,) = line["gpu_percent"]
    assert line["step_s"] == 0.2
    made = samples.read_samples(tmp_path / "samples.csv")
    checked = 0
    for number, percent in enumerate(steps):
        start = 1000 + 0.2 * number
        exact = gpu_periods.utilisation(made, 0, start, start + 0.2)
        if exact is not None:
            assert percent == pytest.approx(exact, abs=0.01)
            checked += 1
    assert checked >= 22
    assert steps[8] == 0
    # The period from 1.82 to 2.02 s was a tenth busy, and both steps have their share in it.
    assert steps[9:11] == pytest.approx([9, 91], abs=0.1)
    assert steps[11] == pytest.approx(100, abs=0.1)
    assert steps[-1] == 90  # its period was never told: a reading


def test_without_periods_a_gpus_steps_are_of_readings(make_result, tmp_path):
    written(tmp_path, periods=False)
    (steps,) = timelines.timeline(make_result(), tmp_path)["gpu_percent"]
    assert max(steps[:12]) == 0  # to 2.4 s: half a second late
    assert min(steps[13:]) == 90


@pytest.mark.parametrize(
    ("ends", "percents"),
    [
        ([1, 1, 1], [50, 50, 50]),
        ([3, 2, 1], [50, 50, 50]),
        ([1, 2], [-1, 101]),
        ([float("nan")] * 3, [5, 5, 5]),
        ([], []),
    ],
)
def test_periods_that_nvml_cannot_mean_are_none(ends, percents):
    edges, readings = np.linspace(0, 4, 5), np.full(4, 7.0)
    found = gpu_series.by_periods(np.array(ends, float), np.array(percents, float), edges, readings)
    assert found.tolist() == [7.0] * 4
    assert gpu_series.by_periods(None, None, edges, None) is None


def test_where_there_are_no_readings_the_uncovered_is_not_measured():
    edges = np.linspace(0, 4, 5)
    found = gpu_series.by_periods(np.array([0.0, 1.0, 2.0]), np.array([9.0, 50, 70]), edges, None)
    assert found[:2].tolist() == [50, 70]
    assert np.isnan(found[2:]).all()
