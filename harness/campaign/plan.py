"""What a campaign is to do: its question, configurations, and the order of their jobs.

The order is drawn in blocks: each holds every configuration once, shuffled. What drifts over time
(heat, other load) then meets all configurations alike and is not taken for a difference of theirs.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from harness.campaign.question import Question
from harness.errors import UsageError
from harness.hosts import this_machine
from harness.launchers.launcher import LauncherWord
from runner.contract.job import Mode, Note, Settings, Tag
from runner.contract.precision import Precision
from runner.contract.rank import RankCount
from runner.contract.schema import Model, Ordinal, SettingValue
from runner.contract.work_and_score import MOST_EPOCHS, Budget
from runner.workloads import lookup

Device = Literal["cpu", "gpu"]

DEFAULT_COOL_DOWN_S: dict[str, float] = {"cpu": 0.0, "gpu": 5.0}
"""By device of the job that follows: a GPU's clocks depend on how warm the last one left it."""


class Options(Question):
    """What a user asks for: a question, its axes, and what belongs to the machine.

    Each combination of the axes is a configuration. ``None`` among ``threads`` is the tool's own
    number, among ``batch_sizes`` the recipe's, among ``ranks`` all GPUs that jobs may use.
    ``against`` names a campaign or an image whose builds run beside those of now. ``python`` is
    what jobs run in with the launcher of that name. ``machine`` is the user's name for it; ``tags``
    and ``note`` are his words on all of its runs. ``conform``: whether it is proven of each build,
    once, what it does.
    """

    backends: list[str]
    modes: list[Mode] = ["as-written"]
    precisions: list[Precision] = ["float32"]
    variants: list[str] = ["default"]
    devices: list[Device] = ["cpu"]
    threads: list[Ordinal | None] = [None]
    batch_sizes: list[Ordinal | None] = [None]
    ranks: list[RankCount | None] = [None]
    batch_per_gpu: Ordinal | None = None
    machine: str | None = Field(default=None, pattern=this_machine.NAME)
    gpus: list[str] | None = None
    parallel_gpus: bool = False
    cores_per_gpu: int | None = Field(default=None, ge=0, le=1_000_000)
    overrides: dict[str, SettingValue] = {}
    against: str | None = None
    data_dir: Path | None = None
    launcher: LauncherWord = "auto"
    python: Path | None = None
    memory_limit_bytes: Ordinal | None = None
    allow_unpinned: bool = False
    conform: bool = True
    tags: list[Tag] = []
    note: Note | None = None


class Configuration(Model):
    """One combination of the axes; ``image`` is an earlier build's, ``None`` what is built now.

    ``ranks``: the first so many GPUs, or so many parts of a CPU; ``None`` is all GPUs.
    """

    backend: str
    mode: Mode = "as-written"
    precision: Precision = "float32"
    variant: str = "default"
    device: Device
    threads: Ordinal | None = None
    batch_size: Ordinal | None = None
    ranks: RankCount | None = None
    image: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")

    def share(self, gpus: int) -> float:
        """The part that a job of it takes of so many GPUs which jobs share out, or of one place."""
        return min(1.0, (self.ranks or 1) / gpus)

    def __str__(self) -> str:
        words = [self.backend, *([self.mode] if self.mode != "as-written" else [])]
        words += [*([self.variant] if self.variant != "default" else []), self.device]
        if self.ranks:
            word = "GPU" if self.device == "gpu" else "rank"
            words.append(f"{self.ranks} {word}{'s' if self.ranks > 1 else ''}")
        words += particulars(self.precision, self.threads, self.batch_size)
        return " ".join(words + ([f"image {self.image[7:19]}"] if self.image else []))


def particulars(precision: Precision, threads: int | None, batch_size: int | None) -> list[str]:
    """Words for what is not the usual, the tool's or the recipe's own."""
    words: list[str] = [precision] if precision != "float32" else []
    words += [f"{threads} thread{'s' if threads > 1 else ''}"] if threads else []
    return words + ([f"batch {batch_size}"] if batch_size else [])


class PlannedJob(Model):
    """One job to be: number ``position`` (from 1), the ``repeat``-th start of a configuration.

    ``settings`` are those of an earlier build; ``None``: as image.toml has them.
    """

    position: Ordinal
    repeat: Ordinal
    seed: int = Field(ge=0, lt=2**31)
    configuration: Configuration
    settings: Settings | None = None


class Skipped(Model):
    """A combination that cannot run, and why; it stays in the record of its campaign."""

    configuration: Configuration
    reason: str


def budget(options: Options) -> Budget:
    """How long each job trains: as asked for, else as the workload has it.

    Raises:
        UsageError: it is given twice, in epochs to a workload of none, beyond what there is, or
            too small to teach anything.
    """
    workload = lookup.load(options.workload)
    own = workload.budget
    if options.epochs is not None and own.unit != "epochs":
        raise UsageError(
            f"workload {options.workload} has no epochs: it is trained for {own}",
            f"--budget N is in its {own.unit}",
        )
    if options.epochs is not None and options.budget is not None:
        raise UsageError("--epochs together with --budget", "they say the same: give one")
    asked = options.epochs or options.budget or own.count
    if own.unit == "epochs" and asked > MOST_EPOCHS:
        raise UsageError(f"{asked} epochs", f"at most {MOST_EPOCHS:,}")
    if own.unit == "fits" and asked > 1:
        raise UsageError(
            f"a budget of {asked} with workload {options.workload}",
            "it is fitted once, until it has converged: leave --budget out",
        )
    if asked < workload.least_budget:
        raise UsageError(
            f"a budget of {asked:,} {own.unit} with workload {options.workload}",
            f"it learns from {own.unit[:-1]} {workload.least_budget:,} on: ask for more",
        )
    return Budget(unit=own.unit, count=asked)


def new_seed() -> int:
    """A seed for :func:`order`, drawn anew."""
    return secrets.randbelow(2**31)


def order(configurations: Sequence[Configuration], options: Options, seed: int) -> list[PlannedJob]:
    """The jobs in the order of running: one shuffled block a repeat, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - an order, not a secret
    jobs: list[PlannedJob] = []
    for repeat in range(1, options.repeat + 1):
        block = list(configurations)
        draw.shuffle(block)
        jobs += [
            PlannedJob(
                position=position,
                repeat=repeat,
                seed=(options.seed + repeat - 1) % 2**31,
                configuration=configuration,
            )
            for position, configuration in enumerate(block, len(jobs) + 1)
        ]
    return jobs
