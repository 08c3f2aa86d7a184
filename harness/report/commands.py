"""The command that runs a job again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from harness.settings import OF_PRECISION
from runner.contract.job import Job
from runner.contract.schema import SettingValue


def command(job: Job) -> str:
    """What to type to run ``job`` again, with everything that differs from a default of today.

    Where the data lie is left out: it belongs to the machine. A job of a campaign comes out as one
    of its own, with the seed that it had there.
    """
    words = ["benchdl", "run", job.backend, "--workload", job.workload]
    words += ["--launcher", job.launcher, "--device", job.device]
    words += ["--gpus", ",".join(job.gpus)] if job.gpus else []
    words += ["--mode", job.settings.mode, "--variant", job.variant]
    words += ["--precision", job.settings.precision]
    for key, value in job.overrides.items():
        if key not in OF_PRECISION:  # the option says it
            words += ["--set", f"{key}={_typed(value)}"]
    asked = "--epochs" if job.budget.unit == "epochs" else "--budget"
    words += ["--dataset", job.dataset, asked, str(job.budget.count)]
    for option, number in (
        ("--train-samples", job.train_samples),
        ("--threads", job.threads),
        *_shared(job),
    ):
        words += [option, str(number)] if number is not None else []
    words += ["--seed", str(job.seed)]
    words += ["--allow-unpinned"] if job.allow_unpinned else []
    return shlex.join(words)


def _shared(job: Job) -> Iterator[tuple[str, int | None]]:
    """Among how many it is shared, and the batch: of all of them, or of each as it was asked for.

    A batch of each takes the word of how many there are also where the job says nothing of it,
    since nothing is shared: then it is the GPUs that the job got.
    """
    count = job.ranks
    if job.batch_per_gpu and not count:
        count = len(job.gpus or [""])
    yield ("--gpus-axis" if job.device == "gpu" else "--ranks"), count
    yield "--batch-per-gpu", job.batch_per_gpu
    yield "--batch-size", None if job.batch_per_gpu else job.batch_size


def _typed(value: SettingValue) -> str:
    """A setting as it is typed on the command line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return repr(value) if isinstance(value, float) else str(value)
