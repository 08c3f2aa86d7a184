"""Effort at the very figure from which on it is too little, too much, or elsewhere."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.checks import effort
from runner.contract.work_and_score import Lap

A_SAMPLE, SAMPLES = 1e6, 1000
WHOLE = 3 * A_SAMPLE * SAMPLES  # forwards, and twice as much back


def stand(
    device="cpu", fit_s=100.0, laps=(), cores=2, gpus=0, spent=None, kernels=None, used_s=None,
    operations=A_SAMPLE, samples=SAMPLES, evaluated=None, marks=True, lap=1, count=2,
    precision="float32",
):  # fmt: skip
    """A case; ``spent`` and ``kernels`` are seconds by the marks between which they fell."""
    measured = SimpleNamespace(
        work=SimpleNamespace(samples=samples),
        score=SimpleNamespace(samples=evaluated),
        gpu=SimpleNamespace(devices=[None] * gpus),
        host=SimpleNamespace(logical_cores=cores),
        cpu=SimpleNamespace(job_cpu_s=used_s),
        phases=SimpleNamespace(fit_s=fit_s),
        laps=[
            Lap(number=number, duration_s=duration_s, heard_s=heard_s)
            for number, (duration_s, heard_s) in enumerate(laps, 1)
        ],
        marks={"fit": 1.0} if marks else {},
    )

    def training_operations(samples):
        return None if operations is None else 3 * operations * samples

    def lookup(known):
        return lambda measured, first, last: (known or {}).get((first, last))

    return SimpleNamespace(
        job=SimpleNamespace(
            device=device,
            budget=SimpleNamespace(count=count),
            settings=SimpleNamespace(precision=precision),
        ),
        measured=measured,
        workload=SimpleNamespace(training_operations=training_operations, lap=lap),
        seen=SimpleNamespace(job_cpu_s=lookup(spent), gpu_busy_s=lookup(kernels)),
    )


def evidence(check, case, *said):
    """What is found, after a look at ``said``: the code and the severity of all of it."""
    found = list(check(case))
    assert all((finding.code, finding.severity) == said for finding in found)
    return [finding.evidence for finding in found]


FIT = ("fit", "fit_end")
CORE_S = WHOLE / 1e12
GPU_S = WHOLE / 1e15


@pytest.mark.parametrize(
    ("case", "name"),
    [
        (stand(fit_s=1.01 * CORE_S / 2), None),
        (stand(fit_s=CORE_S / 2), None),
        (stand(fit_s=0.99 * CORE_S / 2), "Time (s)"),
        (stand(fit_s=1.01 * CORE_S, cores=0), None),
        (stand(fit_s=0.99 * CORE_S, cores=0), "Time (s)"),
        (stand("gpu", 1.01 * GPU_S / 4, gpus=4), None),
        (stand("gpu", 0.99 * GPU_S / 4, gpus=4), "Time (s)"),
        (stand("gpu", 1.01 * GPU_S / 2, gpus=1, precision="bfloat16"), None),
        (stand("gpu", 0.99 * GPU_S / 2, gpus=1, precision="float16"), "Time (s)"),
        (stand(fit_s=1.01 * CORE_S / 20, precision="bfloat16"), None),
        (stand(fit_s=0.99 * CORE_S / 20, precision="bfloat16"), "Time (s)"),
        # A lap of two is half of the whole.
        (stand(laps=[(1.01 * CORE_S / 4, None)]), None),
        (stand(laps=[(1.0, None), (0.99 * CORE_S / 4, None)]), "lap 2"),
        (stand(laps=[(1.0, 0.99 * CORE_S / 4)]), "lap 1 by the judge's clock"),
        (stand(laps=[(1.0, None), (1.0, None), (0.0, None)]), None),  # a smaller rest
        # Two laps of 2 epochs, and a rest of one.
        (stand(lap=2, count=5, laps=[(1.0, None), (1.0, None), (1.1 * CORE_S / 10, None)]), None),
        (stand(lap=2, count=5, laps=[(1.0, None), (1.1 * CORE_S / 10, None)]), "lap 2"),
        (stand(lap=None, laps=[(0.99 * CORE_S / 2, None)]), "lap 1"),
        (stand(spent={FIT: 1.01 * CORE_S}), None),
        (
            stand(spent={FIT: 0.99 * CORE_S}),
            "the CPU time of the training call, over all cores,",
        ),
        (stand(cores=0, spent={FIT: 1.01 * CORE_S}), None),
        (stand("gpu", gpus=1, spent={FIT: 0.0}), None),
        (stand(fit_s=0.0, operations=None), None),
        (stand(fit_s=0.0, samples=None), None),
    ],
)
def test_no_time_is_shorter_than_its_operations(case, name):
    found = evidence(effort.too_fast, case, "too-fast", "invalid")
    assert len(found) == bool(name)
    assert all(words.startswith(f"{name} is ") for words in found)
    assert all("and 3.0 billion operations in all take" in words for words in found)


def test_of_times_that_are_too_short_the_first_is_told():
    case = stand(fit_s=1e-4, laps=[(0.0, None)])
    assert evidence(effort.too_fast, case, "too-fast", "invalid") == [
        "Time (s) is 0.0001 s, and 3.0 billion operations in all take 0.0015 s at least on this "
        "machine"
    ]


@pytest.mark.parametrize(
    ("used_s", "marks", "found"),
    [(22.5, True, 0), (22.6, True, 1), (22.6, False, 0), (None, True, 0)],
)
def test_no_job_uses_more_than_its_cores_have(used_s, marks, found):
    """1.1 x 2 cores x 10 s, and half a second."""
    case = stand(fit_s=10.0, used_s=used_s, marks=marks)
    assert len(evidence(effort.too_much_cpu, case, "clock", "invalid")) == found


@pytest.mark.parametrize(
    ("device", "fit_s", "used_s", "found"),
    [("cpu", 10.0, 3.0, 0), ("cpu", 10.0, 2.9, 1), ("gpu", 10.0, 0.0, 0), ("cpu", 1.0, 0.0, 0),
     ("cpu", 1.1, 0.0, 1), ("cpu", 10.0, None, 0)],
)  # fmt: skip
def test_a_training_call_computes_with_a_third_of_a_core(device, fit_s, used_s, found):
    case = stand(device, fit_s, spent={FIT: used_s})
    assert len(evidence(effort.idle_training, case, "training-idle", "suspect")) == found


BUILD, AFTER = ("build", "compile"), ("fit_end", "proof")


@pytest.mark.parametrize(
    ("case", "words"),
    [
        # 10 s and half of the training call.
        (stand(spent={FIT: 4.0, BUILD: 12.0}), None),
        (stand(spent={FIT: 4.0, BUILD: 12.1}), "12.1 s of CPU time before the training call, 4.0"),
        (stand(spent={BUILD: 99.0}), None),
        # 10 s and four times the share: 600 of 3 x 1000 is a fifth of 5 s.
        (stand(spent={FIT: 5.0, AFTER: 14.0}, evaluated=600), None),
        (stand(spent={FIT: 5.0, AFTER: 14.1}, evaluated=600), "14.1 s of CPU time after it, in"),
        (stand(spent={FIT: 5.0, AFTER: 99.0}), None),
        (stand(spent={FIT: 5.0, AFTER: 99.0}, evaluated=600, samples=None), None),
        # On a GPU ten seconds a core, if that is more; and 5 s of kernels.
        (stand("gpu", cores=16, spent={FIT: 0.0, BUILD: 160.0}), None),
        (stand("gpu", cores=16, spent={FIT: 0.0, BUILD: 160.1}), "160.1 s of CPU time before"),
        (stand("gpu", cores=1, spent={FIT: 0.0, BUILD: 10.0}), None),
        (stand("gpu", cores=1, spent={FIT: 0.0, BUILD: 10.1}), "10.1 s of CPU time before"),
        (stand("cpu", cores=16, spent={FIT: 0.0, BUILD: 10.1}), "10.1 s of CPU time before"),
        (stand("gpu", kernels={FIT: 2.0, BUILD: 6.0}), None),
        (stand("gpu", kernels={FIT: 2.0, BUILD: 6.1}), "6.1 s of kernels before the training"),
        (stand("cpu", kernels={FIT: 2.0, BUILD: 99.0}), None),
    ],
)
def test_work_is_elsewhere_beyond_its_proportion(case, words):
    found = list(effort.elsewhere(case))
    assert [(finding.code, finding.severity) for finding in found] == (
        [("work-elsewhere", "suspect")] if words else []
    )
    assert all(finding.evidence.startswith(words) for finding in found)
