"""The judge's order and its window, without a trainer: figures are those of ``fit`` alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runner import judge
from runner.channel import Frame
from runner.contract.measurement import Epoch
from runner.contract.samples import Samples, core_column, gpu_column
from runner.sampler import SamplerEnd

FIT, FIT_END, EVALUATED, LAST = 100.0, 110.0, 150.0, 200
MARKS = {"import": 60.0, "fit": FIT, "fit_end": FIT_END, "evaluate": FIT_END, "proof": EVALUATED}
TOLD = {
    "updates": 94, "train_samples": 6000, "test_samples": 10_000, "test_loss": 0.5,
    "error_rate": 0.125, "attestation": {"python": "3.11", "packages": {}, "device": "cpu"},
}  # fmt: skip
LEARNED = {
    "parameters": 65_402, "initial_loss": 2.3, "reference_loss": 0.4, "train_loss": 0.3,
    "reference_error_rate": 0.25, "tensors": 8, "tensors_unmoved": [], "weight_bits": 23,
}  # fmt: skip


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
        def __init__(self, job, weights, progress):
            order.append(("start", weights))
            self.pid, self.marks = 4711, dict(MARKS)
            self.took = {"import": 3.0, "load": 2.0, "build": 1.0, "fit": 9.5, "evaluate": 1.5}
            self.epochs = [Epoch(number=1, duration_s=9.5, loss=0.3)]

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

    def opinion(workload, untrained, trained, data):
        order.append((untrained, trained, data))
        return dict(LEARNED)

    monkeypatch.setattr(judge, "Training", Trained)
    monkeypatch.setattr(judge, "Sampler", Sampler)
    monkeypatch.setattr(judge, "tensors", lambda frame: f"tensors of {frame}")
    monkeypatch.setattr(judge.proof, "evidence", lambda job: order.append("data") or "the data")
    monkeypatch.setattr(judge.proof, "opinion", opinion)
    monkeypatch.setattr(judge, "read_samples", lambda file: order.append(file.name) or recorded())
    clock = iter([50.0, 151.5, 152.0])
    monkeypatch.setattr(judge, "time", SimpleNamespace(monotonic=lambda: next(clock)))

    def measure(end=None, **job):
        Sampler.end = end if end is not None else SamplerEnd(True, "", 10)
        return judge.measure(make_result(job=job).job, tmp_path, None), order

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
    assert order[0] == ("start", 65_402)
    assert order[2:] == [
        "sampling", "go", "data", "untrained", "go", "trained", "done", "sampled", "ended",
        ("tensors of untrained", "tensors of trained", "the data"), "samples.csv",
    ]  # fmt: skip


def test_phases_are_the_trainers_and_the_whole_is_ours(measured):
    found, _ = measured()
    phases = found.phases
    assert (phases.import_s, phases.fit_s, phases.evaluate_s) == (3.0, 9.5, 1.5)
    assert phases.total_s == EVALUATED - 50.0
    assert phases.proof_s == pytest.approx(1.5)
    assert found.marks == {"begin": 50.0, **MARKS, "end": 152.0}
    assert [epoch.duration_s for epoch in found.epochs] == [9.5]


def test_what_was_learned_is_our_reckoning_and_the_claim_stands_beside_it(measured):
    learned = measured()[0].learning
    assert (learned.test_loss, learned.error_rate) == (0.4, 0.25)
    assert (learned.claimed_loss, learned.claimed_error_rate) == (0.5, 0.125)
    assert (learned.updates, learned.train_samples, learned.test_samples) == (94, 6000, 10_000)
    assert (learned.parameters, learned.batch_size) == (65_402, 128)
    assert (learned.initial_loss, learned.train_loss, learned.weight_bits) == (2.3, 0.3, 23)


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
