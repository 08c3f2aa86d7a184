"""Work outside the training call: CPU seconds and kernels, out of proportion or not."""

from __future__ import annotations

import pytest
from checking import case

from harness.checks import effort
from harness.checks.seen import Seen
from harness.checks.witness import Witness
from runner.contract.samples import Samples

MARKS = {"build": 100.0, "compile": 110.0, "fit": 120.0, "fit_end": 130.0, "proof": 140.0}
SECONDS = [99.0 + tick / 10 for tick in range(420)]


def grown(rates):
    """A counter that grows in each phase, named by its first mark, by so much a second."""
    total, counter = 0.0, []
    for now in SECONDS:
        phase = max((name for name in MARKS if MARKS[name] <= now), key=MARKS.get, default="")
        counter.append(total)
        total += rates.get(phase, 0.0) / 10
    return counter


def level(percents):
    """A quantity that is at so much in each phase."""
    return [
        percents.get(
            max((name for name in MARKS if MARKS[name] <= now), key=MARKS.get, default=""), 0
        )
        for now in SECONDS
    ]


@pytest.fixture
def found(make_result):
    """What is found of a job of 10 s, 6,000 samples trained and 10,000 evaluated."""

    def of(device, cpu, gpu=None, cores=2):
        columns = {"t_s": SECONDS, "job_cpu_s": grown(cpu), "gpu0_util_percent": level(gpu or {})}
        devices = [{"index": 0, "uuid": "GPU-0", "name": "a GPU"}] if device == "gpu" else []
        result = make_result(
            job={"device": device},
            measurement={
                "marks": MARKS,
                "host": {"logical_cores": cores},
                "gpu": {"state": "ok", "devices": devices},
            },
        )
        seen = Seen(Witness(wall_s=60.0), Samples(columns=columns, times=SECONDS))
        return [finding.evidence for finding in effort.elsewhere(case(result, seen))]

    return of


def test_work_in_the_training_call_is_where_it_belongs(found):
    assert found("cpu", {"build": 0.5, "fit": 2.0, "fit_end": 0.5}) == []


def test_cpu_time_before_or_after_is_out_of_proportion(found):
    assert found("cpu", {"build": 2.0, "fit": 0.1}) == [
        "20.0 s of CPU time before the training call, 1.0 s within it"
    ]
    (late,) = found("cpu", {"fit": 0.1, "fit_end": 2.0})
    assert "after it, in the evaluation" in late


def test_compiling_for_a_gpu_takes_all_cores(found):
    """Seen on an H100: JAX, tuned, trains in half a second and compiles its evaluation for 18 s."""
    assert found("gpu", {"fit": 0.05, "fit_end": 1.8}, cores=16) == []
    (late,) = found("gpu", {"fit": 0.05, "fit_end": 17.0}, cores=16)
    assert late.startswith("170.0 s of CPU time after it")


def test_kernels_outside_the_training_call_are_seen(found):
    assert found("gpu", {}, gpu={"build": 30, "fit": 90, "fit_end": 40}) == []
    (late,) = found("gpu", {}, gpu={"fit": 1, "fit_end": 90})
    assert "s of kernels after it" in late
