"""The judge's order and its window, without a trainer: figures are those of ``fit`` alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runner import judge
from runner.channel import Frame
from runner.contract.device_peak import Peak
from runner.contract.samples import (
    PROOF_FILE,
    Samples,
    core_column,
    gpu_column,
    read_samples,
)
from runner.contract.work_and_score import Lap, Proof, Score
from runner.sampler import SamplerEnd

FIT, FIT_END, EVALUATED, LAST = 100.0, 110.0, 150.0, 200
MARKS = {"import": 60.0, "fit": FIT, "fit_end": FIT_END, "evaluate": FIT_END, "proof": EVALUATED}
TOLD = {
    "count": 94, "train_samples": 6000, "claims": {"error_rate": "0.125"},
    "attestation": {"python": "3.11", "packages": {}, "device": "cpu"},
}  # fmt: skip
OPINION = SimpleNamespace(
    parameters=65_402,
    score=Score(metric="error_rate", value=0.25, better="lower"),
    proofs=[Proof(name="test_loss", value=0.4)],
)


class Workload:
    """One that says what it is asked."""

    unit, batch_size = "updates", 128

    def __init__(self, order):
        self._order = order

    def seen(self, train_samples, budget):
        return train_samples * budget.count

    def evidence(self, job):
        self._order.append("data")
        return "the data"

    def opinion(self, untrained, trained, evidence, claims):
        self._order.append((untrained, trained, evidence, claims))
        return OPINION


PEAK = Peak(
    device="GPU-0", multiplied_in="float32", flop_per_s=4e12, size=8192, seconds=1, library="cublas"
)


def recorded():
    """From 0 to 200 s: half a core in ``fit``; a whole one, a busier GPU, more memory besides."""
    times = [float(second) for second in range(LAST + 1)]

    def inside(moment):
        return FIT <= moment <= FIT_END

    fit_s = [min(max(moment - FIT, 0.0), FIT_END - FIT) for moment in times]
    busy = [moment - 0.5 * taken for moment, taken in zip(times, fit_s, strict=True)]
    columns = {
        "t_s": times,
        core_column(0): busy,
        "job_cpu_s": busy,
        "rss_bytes": [1000 if inside(moment) else 9000 for moment in times],
        gpu_column(0, "util_percent"): [40 if inside(moment) else 100 for moment in times],
        gpu_column(0, "power_w"): [50 if inside(moment) else 300 for moment in times],
    }
    device = {"index": 0, "uuid": "GPU-0", "name": "K80"}
    return Samples(columns, times, 1.0, [0], gpu={"state": "ok", "devices": [device]})


@pytest.fixture
def measured(make_result, tmp_path, monkeypatch):
    """What the judge makes of a trainer, sampler and data of ours, and in which order."""
    order = []

    class Trained:
        def __init__(self, job, workload, progress):
            order.append(("start", workload))
            self.pid, self.marks = 4711, dict(MARKS)
            self.took = {"import": 3.0, "load": 2.0, "build": 1.0, "fit": 9.5, "evaluate": 1.5}
            self.laps = [Lap(number=1, duration_s=9.5, loss=0.3)]

        def go(self):
            order.append("go")

        def until(self, kind):
            order.append(kind)
            return Frame(0.0, kind, TOLD) if kind == "done" else kind

        def __enter__(self):
            return self

        def __exit__(self, *_):
            order.append("ended")

    class Sampler:
        end = SamplerEnd(True, "", 10)

        def __init__(self, *given):
            order.append(("sampler", given))

        def __enter__(self):
            order.append("sampling")
            return self

        def __exit__(self, *_):
            order.append("sampled")

    workload = Workload(order)

    peak_s = []

    def of_job(job, gpu):
        order.append(("peak", [device.uuid for device in gpu.devices]))
        peak_s.append(4.0)
        return [PEAK]

    monkeypatch.setattr(judge.lookup, "of", lambda job: workload)
    monkeypatch.setattr(judge, "Training", Trained)
    monkeypatch.setattr(judge, "Sampler", Sampler)
    monkeypatch.setattr(judge, "tensors", lambda frame: f"tensors of {frame}")
    monkeypatch.setattr(judge.peak, "of_job", of_job)
    monkeypatch.setattr(judge.blas_threads, "limit", lambda: order.append("few threads"))
    monkeypatch.setattr(judge, "read_samples", lambda file: order.append(file.name) or recorded())
    clock = iter([50.0, 151.5, 152.0])
    monkeypatch.setattr(judge, "time", SimpleNamespace(monotonic=lambda: next(clock) + sum(peak_s)))

    def measure(end=None, **job):
        Sampler.end = end if end is not None else SamplerEnd(True, "", 10)
        told = SimpleNamespace(event=order.append)
        return judge.measure(make_result(job=job).job, tmp_path, told), order

    return measure


def test_cpu_gpu_and_memory_are_those_of_the_fit_window(measured):
    found, _ = measured()
    assert found.cpu.busiest_core_percent == pytest.approx(50)
    assert found.cpu.job_cpu_s == pytest.approx(5)
    assert found.cpu.host_cpu_s == pytest.approx(5)
    assert found.memory.rss_peak_bytes == 1000
    (gpu,) = found.gpu.devices
    assert gpu.utilisation_percent == 40
    assert gpu.energy_j == pytest.approx(500)
    assert found.sampler.samples == 11


def test_the_trainer_waits_where_the_judge_works(measured):
    """It goes when the sampler runs, and again when the untrained weights and the data are here."""
    _, order = measured()
    assert isinstance(order[0][1], Workload)
    assert order[2:] == [
        "sampling", "go", "data", "few threads", "untrained", "go", "trained", "done",
        "sampled", "ended", "samples.csv",
        ("peak", ["GPU-0"]),
        "devices-free",
        ("tensors of untrained", "tensors of trained", "the data", {"error_rate": 0.125}),
    ]  # fmt: skip


def test_what_the_judge_uses_after_the_trainer_is_left_for_neighbours(measured, tmp_path):
    measured()
    left = read_samples(tmp_path / PROOF_FILE)
    assert len(left.times) >= 2 and left.columns["job_cpu_s"][-1] is not None


def test_phases_are_the_trainers_and_the_whole_is_ours(measured):
    found, _ = measured()
    phases = found.phases
    assert (phases.import_s, phases.fit_s, phases.evaluate_s) == (3.0, 9.5, 1.5)
    assert phases.total_s == EVALUATED - 50.0
    assert phases.proof_s == pytest.approx(1.5 + 4)  # the second opinion, and the peaks
    assert found.peaks == [PEAK]
    assert found.marks == {"begin": 50.0, **MARKS, "end": 156.0}
    assert [lap.duration_s for lap in found.laps] == [9.5]


def test_what_was_done_is_told_and_how_well_is_the_workloads_opinion(measured):
    found, _ = measured(budget={"unit": "epochs", "count": 2})
    assert found.work.model_dump() == {
        "unit": "updates", "count": 94, "samples": 12_000, "train_samples": 6000,
        "batch_size": 128, "parameters": 65_402,
    }  # fmt: skip
    assert (found.score, found.proofs) == (OPINION.score, OPINION.proofs)


@pytest.mark.parametrize(
    ("job", "gpu", "only"),
    [
        ({"launcher": "local", "gpus": ["0", "1"]}, False, ["0", "1"]),
        ({"launcher": "docker", "gpus": ["0", "1"], "device": "gpu"}, True, None),
    ],
)
def test_the_sampler_looks_at_the_jobs_own_gpus(measured, tmp_path, job, gpu, only):
    _, order = measured(sample_interval_s=0.25, **job)
    assert order[1] == ("sampler", (tmp_path / "samples.csv", 0.25, gpu, only, 4711))


def test_a_sampler_that_broke_or_is_off_is_a_problem_in_words(measured):
    assert measured()[0].sampler.problem is None


def test_a_broken_samplers_words_are_kept(measured):
    assert measured(SamplerEnd(False, "killed", 3))[0].sampler.problem == "killed"


def test_without_a_sampler_it_says_so(measured):
    found, order = measured(sample_interval_s=None)
    assert found.sampler.problem == "switched off"
    assert not any(isinstance(step, tuple) and step[0] == "sampler" for step in order)
