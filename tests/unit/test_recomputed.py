"""The harness computes a job's figures itself, from samples that it does not trust."""

from __future__ import annotations

import os

import pytest

from harness.checks import recomputed

FACTS = '{"interval_target_s": 0.1, "cores": [0, 1], "gpu": {"state": "no-driver", "devices": []}}'


def samples_of(folder, job_cores=1.0, seconds=10):
    rows = ["t_s,cpu0_busy_s,cpu1_busy_s,steal_s,job_cpu_s,rss_bytes"]
    for tick in range(10 * seconds + 1):
        now = tick / 10
        rows.append(f"{100 + now},{now},0,0,{job_cores * now},{2**20}")
    (folder / "samples.csv").write_text("\n".join(rows) + "\n")
    (folder / "samples.json").write_text(FACTS)
    return folder / "samples.csv"


def measured_by(make_result, **marks):
    return make_result(measurement={"marks": marks}).measurement


def test_figures_are_of_the_samples_and_not_the_runners_word(tmp_path, make_result):
    measured = measured_by(make_result, fit=102.0, fit_end=108.0)
    said = measured.cpu.job_cpu_s
    found = recomputed.recomputed(measured, recomputed.read(samples_of(tmp_path)))
    assert found.cpu.job_cpu_s == pytest.approx(6.0, abs=0.01) != said
    assert found.cpu.busiest_core_percent == pytest.approx(100, abs=1)
    assert found.memory.rss_peak_bytes == 2**20
    assert found.gpu.state == "no-driver"


def test_a_result_without_marks_keeps_its_figures(tmp_path, make_result):
    measured = make_result().measurement
    assert recomputed.recomputed(measured, recomputed.read(samples_of(tmp_path))) == measured


@pytest.mark.parametrize(
    "facts",
    [
        '{"gpu": {"state": "ok"}}',
        '{"gpu": {"devices": [1]}}',
        '{"gpu": {"state": "ok", "devices": [1]}}',
        '{"gpu": {"state": "sunny", "devices": []}}',
        "[",
    ],
)
def test_facts_that_no_sampler_writes_give_no_figures(tmp_path, make_result, facts):
    file = samples_of(tmp_path)
    (tmp_path / "samples.json").write_text(facts)
    measured = measured_by(make_result, fit=102.0, fit_end=108.0)
    found = recomputed.recomputed(measured, recomputed.read(file))
    assert found.gpu.state == "lost"


def test_a_damaged_row_is_left_out_and_other_ends_of_lines_are_no_samplers(tmp_path):
    file = samples_of(tmp_path)
    whole = recomputed.read(file)
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([*lines[:2], b"\xff", *lines[2:]]))
    assert recomputed.read(file) == whole
    file.write_bytes(b"\r".join(lines))
    assert recomputed.read(file).times == []


def test_what_the_samples_do_not_tell_is_kept(tmp_path, make_result):
    """How the sampler ended is the runner's word, and so are its cores where none was sampled."""
    marks = {"fit": 102.0, "fit_end": 108.0}
    told = {"marks": marks, "cpu": {"visible_cores": 7}, "sampler": {"problem": "it was killed"}}
    measured = make_result(measurement=told).measurement
    found = recomputed.recomputed(measured, recomputed.read(samples_of(tmp_path)))
    assert (found.cpu.visible_cores, found.sampler.problem) == (2, "it was killed")
    assert (found.sampler.samples, found.sampler.interval_target_s) == (61, 0.1)
    nothing = recomputed.recomputed(measured, recomputed.read(tmp_path / "none.csv"))
    assert (nothing.cpu.visible_cores, nothing.sampler.problem) == (7, "it was killed")
    assert (nothing.cpu.job_cpu_s, nothing.memory.rss_peak_bytes) == (None, None)


@pytest.mark.parametrize("missing", ["fit", "fit_end"])
def test_half_a_window_is_none(tmp_path, make_result, missing):
    marks = {"fit": 102.0, "fit_end": 108.0}
    marks.pop(missing)
    measured = measured_by(make_result, **marks)
    assert recomputed.recomputed(measured, recomputed.read(samples_of(tmp_path))) == measured


@pytest.mark.timeout(120)
def test_a_pipe_or_a_link_is_no_samples(tmp_path):
    file = samples_of(tmp_path)
    file.rename(tmp_path / "real.csv")
    os.mkfifo(file)
    assert recomputed.read(file).times == []
    file.unlink()
    file.symlink_to(tmp_path / "real.csv")
    assert recomputed.read(file).times == []


def test_an_endless_file_is_cut_off(monkeypatch, tmp_path):
    monkeypatch.setattr("runner.contract.samples.MOST_FIGURES", 60)
    assert 0 < len(recomputed.read(samples_of(tmp_path)).times) <= 11
