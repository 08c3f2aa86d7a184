"""What the sampler costs at several rates: its own CPU time, and time of the jobs it watches."""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.perf.arms import Work
from benchmarks.perf.records import Records
from harness import engine
from harness.campaign import checked, display, one_job, resolved
from harness.campaign.plan import Options, PlannedJob
from harness.launchers.docker import DockerLauncher
from harness.provision import obtain
from harness.store import Store, new_run_id
from runner.sampler import Sampler

RATES_HZ = (5, 10, 20)
WITHOUT = "no sampler"

_SHORT_S, _LONG_S = 2.0, 12.0


def arm(rate_hz: int) -> str:
    """The name of the arm that samples at this rate."""
    return f"{rate_hz} Hz"


def cpu_per_s(rate_hz: int, gpu: bool) -> float:
    """CPU seconds that the sampler's process takes in a second, start and end left out."""
    cost = {seconds: _cpu_s(rate_hz, gpu, seconds) for seconds in (_SHORT_S, _LONG_S)}
    return (cost[_LONG_S] - cost[_SHORT_S]) / (_LONG_S - _SHORT_S)


def _cpu_s(rate_hz: int, gpu: bool, seconds: float) -> float:
    def of_children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = of_children()
    with tempfile.TemporaryDirectory(prefix="benchdl-perf-") as folder:
        with Sampler(Path(folder) / "samples.csv", 1 / rate_hz, gpu) as sampler:
            time.sleep(seconds)
        if sampler.end is None or not sampler.end.ok:
            raise RuntimeError(f"the sampler did not run: {sampler.end}")
    return of_children() - before


def train(records: Records, work: Work, backend: str, blocks: int, seed: int) -> None:
    """Jobs of one backend at every rate and without a sampler, shuffled in blocks."""
    options = Options(
        backends=[backend],
        devices=[work.device],
        epochs=work.epochs,
        train_samples=work.train_samples,
        dataset=work.dataset,
        data_dir=work.data_dir,
    )
    question = checked.combined(options)
    (configuration,) = question.configurations
    launcher = DockerLauncher(engine.connect(), make_base=True)
    watcher = display.quiet()
    prepared = launcher.prepare(question.backends[backend], work.device, watcher.say)
    intervals: dict[str, float | None] = {arm(rate): 1 / rate for rate in RATES_HZ}
    intervals[WITHOUT] = None
    data = obtain.resolve(work.dataset, options.workload, work.data_dir, watcher.say)
    with tempfile.TemporaryDirectory(dir=work.folder) as results:
        store = Store(Path(results))
        store.staging()
        site = one_job.Site(
            new_run_id("perf", work.device), resolved.asked(question, launcher, store), store,
            data, {(backend, work.device, None): prepared},
        )  # fmt: skip
        for block in range(1, blocks + 1):
            order = list(intervals)
            random.Random(seed + block).shuffle(order)  # noqa: S311 - an order, no secret
            for position, name in enumerate(order, 1):
                if records.has(block, backend, name):
                    continue
                planned = PlannedJob(
                    position=position, repeat=block, seed=seed, configuration=configuration
                )
                job = one_job.job(site, planned, attempt=1)
                job = job.model_copy(update={"sample_interval_s": intervals[name]})
                quiet = one_job.pause(site, job, watcher, first=position == 1, alone=True)
                result = one_job.run(site, job, quiet, watcher)
                if result.measurement is None:
                    raise RuntimeError(f"{backend} with {name}: {result.failure}")
                fit_s = result.measurement.phases.fit_s
                sys.stderr.write(f"block {block}/{blocks}, {backend}, {name}: {fit_s:.2f} s\n")
                records.add({"block": block, "backend": backend, "arm": name, "fit_s": fit_s})
