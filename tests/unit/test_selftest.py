"""``benchdl selftest``: each of its tests can pass, fail, and not know."""

from __future__ import annotations

import pytest
from checking import case

from harness.checks import registry
from harness.selftest import meters, pairs, timekeeping
from harness.selftest.meters import Said
from harness.selftest.pairs import ARMS, Runs
from harness.stats.describe import Sample
from harness.tables import rows, sampled
from runner.contract.measurement import CpuUse
from runner.contract.result import Result

STEADY = [10.0, 10.01, 9.99, 10.005, 9.995, 10.008, 9.992, 10.002, 10.004, 9.998]
LOOSE = [10.0, 14.0, 8.0, 12.0, 9.0, 17.0, 7.5, 11.0, 15.0, 10.5]


def test_the_clock_of_this_machine_is_fine():
    assert timekeeping.resolution().word == "PASS"
    assert timekeeping.rate(0.2).word in ("PASS", "INCONCLUSIVE")


@pytest.mark.parametrize(
    ("wall_s", "raw_s", "word"),
    [
        (5.0001, 4.9999, "PASS"),
        (5.002, 5.002, "PASS"),  # slewed by NTP: 400 ppm
        (4.0, 5.0, "INCONCLUSIVE"),  # somebody set the wall clock
        (5.0, 5.05, "FAIL"),  # the monotonic clock is 1 % slow
    ],
)
def test_clocks_that_run_apart(wall_s, raw_s, word):
    assert timekeeping.judge_rate(5.0, wall_s, raw_s).word == word


def spin(busy=1.0, busiest=99.5, job=5.98, truth=0.995, foreign=0.0):
    use = CpuUse(
        visible_cores=4, busy_cores=busy, busiest_core_percent=busiest, job_cpu_s=job, interval_s=1
    )
    return Said(seconds=6.0, truth=[truth], foreign=foreign, cpu=use)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (spin(), "PASS"),
        (spin(busy=2.0), "FAIL"),
        (spin(busiest=90.0), "FAIL"),
        (spin(job=3.0), "FAIL"),
        (spin(busy=None), "FAIL"),
        (spin(busy=3.0, foreign=0.5), "INCONCLUSIVE"),
        (spin(busiest=90.0, foreign=0.5), "FAIL"),  # others can only raise it
        (spin(truth=0.5, job=3.0, foreign=1.0), "INCONCLUSIVE"),
    ],
)
def test_meters_are_held_against_what_the_kernel_charged(said, word):
    outcome = meters.judge("spin", said)
    assert outcome.word == word, outcome
    assert str(outcome).startswith(word)


def test_a_load_that_others_starved_proves_nothing():
    use = CpuUse(
        visible_cores=2, busy_cores=2.0, busiest_core_percent=99.7, job_cpu_s=2.6, interval_s=1
    )
    starved = Said(seconds=6.0, truth=[0.12, 0.11], foreign=1.76, cpu=use)
    assert meters.judge("duty", starved).word == "INCONCLUSIVE"
    full = starved.model_copy(update={"truth": [0.2, 0.2], "foreign": 0.0})
    assert meters.judge("duty", full).word == "FAIL"


def test_a_load_that_does_not_run_is_a_failure(monkeypatch, tmp_path):
    for part in ("docker", "runner"):
        (tmp_path / part).mkdir()
    (tmp_path / "runner" / "calibrate.py").write_text("raise SystemExit('no such load')")
    monkeypatch.setenv("BENCHDL_ROOT", str(tmp_path))
    outcome = meters.calibrate("spin", 0.1, 1)
    assert (outcome.word, "no such load" in outcome.said) == ("FAIL", True)


def made(a, again, without):
    runs = Runs()
    for arm, values in zip(ARMS, (a, again, without), strict=True):
        runs.samples[arm] = [Sample(value, ("s", n)) for n, value in enumerate(values)]
    return runs


@pytest.mark.parametrize(
    ("with_it", "without", "word"),
    [
        (STEADY, STEADY[::-1], "PASS"),
        ([1.05 * value for value in STEADY], STEADY, "FAIL"),
        ([0.95 * value for value in STEADY], STEADY, "PASS"),  # it certainly costs nothing
        (LOOSE, LOOSE[::-1], "INCONCLUSIVE"),
        (STEADY[:3], STEADY[:3], "INCONCLUSIVE"),
    ],
)
def test_what_the_sampler_costs(with_it, without, word):
    outcome = pairs.sampler_cost(made(with_it, with_it, without))
    assert outcome.word == word, outcome
    assert "ratio" in outcome.said


@pytest.mark.parametrize(
    ("again", "word"),
    [
        (STEADY[::-1], "PASS"),
        ([1.2 * value for value in STEADY], "FAIL"),
        (LOOSE, "INCONCLUSIVE"),
    ],
)
def test_a_against_a(again, word):
    outcome = pairs.a_against_a(made(STEADY, again, STEADY))
    assert outcome.word == word, outcome


def test_jobs_that_gave_no_time_are_a_failure_with_their_reason():
    runs = made(STEADY, STEADY, [])
    runs.lost.append("no sampler: failed, out of memory")
    outcome = pairs.sampler_cost(runs)
    assert (outcome.word, "out of memory" in outcome.said) == ("FAIL", True)
    few = made(STEADY[:2], STEADY[:2], STEADY[:2])
    few.lost.append("A: failed, timeout")
    assert pairs.a_against_a(few).word == "FAIL"


def test_a_run_without_sampler_is_in_no_table(make_result):
    unsampled = make_result(job={"sample_interval_s": None})
    found = registry.findings(case(unsampled))
    assert [(finding.code, finding.severity) for finding in found] == [("sampler-off", "invalid")]
    row = rows.row(Result.model_validate({**unsampled.model_dump(), "findings": found}))
    assert row.status == "invalid"
    assert sampled.usable([row]) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["all"], "one backend on one device"),
        (["nonsense"], "unknown backend"),
        (["tf", "--blocks", "1"], "--blocks"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_measured(benchdl, arguments, words):
    done = benchdl("selftest", *arguments)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert done.stdout == ""


@pytest.mark.alone
def test_without_training_there_are_four_lines(benchdl):
    done = benchdl("selftest", "--no-training", "--quick")
    words = [line.split(maxsplit=1)[0] for line in done.stdout.splitlines()]
    assert len(words) == 4
    assert done.returncode == (1 if "FAIL" in words else 0)
