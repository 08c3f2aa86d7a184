"""Whether a job computed with the threads that were asked for: by its word, and by what it used."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.checks import threads
from runner.contract.samples import JOB_CPU_COLUMN, Samples, core_column


@pytest.mark.parametrize(
    ("asked", "says", "cpu_s", "device", "evidence"),
    [
        (2, 2, 30.5, "cpu", ""),
        (2, 2, 30.6, "cpu", "2 threads were asked for, the job used 3.1 cores while it trained"),
        (1, 8, 5.0, "cpu", "1 thread was asked for, the tool says 8"),
        (2, 1, 5.0, "cpu", "2 threads were asked for, the tool says 1"),
        (2, 0, 5.0, "cpu", ""),  # TensorFlow says so where a variable sets it
        (2, "2", 5.0, "cpu", ""),
        (2, None, None, "cpu", ""),
        (None, 8, 80.0, "cpu", ""),
        (1, 8, 80.0, "gpu", ""),
    ],
)
def test_a_job_computes_with_the_threads_that_were_asked_for(asked, says, cpu_s, device, evidence):
    case = SimpleNamespace(
        job=SimpleNamespace(threads=asked, device=device),
        measured=SimpleNamespace(
            attestation=SimpleNamespace(framework={"intra_op_threads": says}),
            cpu=SimpleNamespace(job_cpu_s=cpu_s),
            phases=SimpleNamespace(fit_s=10.0),
        ),
    )
    found = list(threads.as_told(case))
    assert [finding.evidence for finding in found] == ([evidence] if evidence else [])
    assert [(finding.code, finding.severity) for finding in found] == (
        [("unproven", "suspect")] if evidence else []
    )


def sampled(uses, others=0.0, cores=2, length_s=2.0):
    """Samples every 0.1 s of a job that uses so many cores, in equal parts of ``length_s``."""
    times = [number / 10 for number in range(round(length_s * 10) + 1)]
    grown = [0.0]
    for number in range(len(times) - 1):
        grown.append(grown[-1] + 0.1 * uses[number * len(uses) // (len(times) - 1)])
    busy = [(job + others * moment) / cores for job, moment in zip(grown, times, strict=True)]
    columns = {core_column(core): list(busy) for core in range(cores)}
    return Samples(
        columns={JOB_CPU_COLUMN: grown, **columns}, times=times, cores=list(range(cores))
    )


def grown(samples, asked=2, unit="trees", device="cpu", marks=("fit", "fit_end")):
    """What is found of trees that say that they grew on as many threads as were asked for."""
    moments = dict(zip(("fit", "fit_end"), (0.0, samples.times[-1]), strict=True))
    case = SimpleNamespace(
        job=SimpleNamespace(threads=asked, device=device),
        workload=SimpleNamespace(unit=unit),
        measured=SimpleNamespace(marks={name: moments[name] for name in marks}),
        seen=SimpleNamespace(samples=samples),
    )
    found = list(threads.at_work(case))
    assert {(finding.code, finding.severity) for finding in found} <= {("unproven", "suspect")}
    return [finding.evidence for finding in found]


FEW = "2 threads were asked for, the job never used more than 1.0 cores while it trained"


@pytest.mark.parametrize(
    ("uses", "evidence"),
    [
        ([1.0], [FEW]),
        ([1.7], []),
        ([1.25], []),
        ([1.15], [FEW.replace("1.0", "1.1")]),
        ([1.0, 1.0, 1.0, 1.9], []),  # in its best part it had both
        ([0.2, 1.0, 0.2, 0.2], [FEW]),
    ],
)
def test_trees_grow_on_more_than_half_of_the_threads(uses, evidence):
    assert grown(sampled(uses)) == evidence


@pytest.mark.parametrize(("cores", "few"), [(4.19, True), (4.3, False), (7.5, False)])
def test_of_eight_threads_four_are_too_few(cores, few):
    assert bool(grown(sampled([cores], cores=8), asked=8)) is few


@pytest.mark.parametrize(
    ("others", "few"), [(0.0, True), (0.35, True), (0.45, False), (1.0, False)]
)
def test_what_others_took_says_nothing(others, few):
    assert bool(grown(sampled([1.0], others=others))) is few


@pytest.mark.parametrize(
    "asked",
    [{"asked": None}, {"asked": 1}, {"unit": "updates"}, {"unit": "fits"}, {"device": "gpu"},
     {"marks": ("fit",)}, {"marks": ("fit_end",)}],
)  # fmt: skip
def test_only_trees_on_several_threads_of_a_cpu_are_looked_at(asked):
    assert grown(sampled([0.9]), unit="rounds") != []
    assert grown(sampled([0.9]), **asked) == []


def test_what_was_not_sampled_or_is_too_short_says_nothing():
    assert grown(sampled([1.0], length_s=0.4)) == []
    assert grown(sampled([1.0], length_s=0.5)) != []
    whole = sampled([1.0])
    half = Samples(columns=whole.columns, times=whole.times[:8], cores=whole.cores)
    case = SimpleNamespace(
        job=SimpleNamespace(threads=2, device="cpu"),
        workload=SimpleNamespace(unit="trees"),
        measured=SimpleNamespace(marks={"fit": 0.0, "fit_end": 2.0}),
        seen=SimpleNamespace(samples=half),
    )
    assert list(threads.at_work(case)) == []
    without = Samples(columns={JOB_CPU_COLUMN: whole.columns[JOB_CPU_COLUMN]}, times=whole.times,
                      cores=[0, 1])  # fmt: skip
    assert grown(without) == []
