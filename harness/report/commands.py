"""The command that runs a job again."""

from __future__ import annotations

import shlex

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
        ("--batch-size", job.batch_size),
    ):
        words += [option, str(number)] if number is not None else []
    words += ["--seed", str(job.seed)]
    words += ["--allow-unpinned"] if job.allow_unpinned else []
    return shlex.join(words)


def _typed(value: SettingValue) -> str:
    """A setting as it is typed on the command line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return repr(value) if isinstance(value, float) else str(value)
