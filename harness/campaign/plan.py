"""What a campaign is to do: configurations, checked, and the order of their jobs.

The order is drawn in blocks: each holds every configuration once, shuffled. What drifts over time
(heat, other load) then meets all configurations alike and is not taken for a difference of theirs.
"""

from __future__ import annotations

import itertools
import random
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from harness import catalog, overruled, settings
from harness.allotment import core_grant
from harness.campaign import limits
from harness.campaign.question import Question
from harness.catalog import Backend
from harness.errors import UsageError
from harness.hosts import this_machine
from harness.provision import workload_data
from runner.contract.job import Mode, Settings
from runner.contract.schema import Model, Ordinal, SettingValue
from runner.contract.work_and_score import MOST_EPOCHS, Budget
from runner.workloads import lookup

Device = Literal["cpu", "gpu"]

DEFAULT_COOL_DOWN_S: dict[str, float] = {"cpu": 0.0, "gpu": 5.0}
"""By device of the job that follows: a GPU's clocks depend on how warm the last one left it."""


class Options(Question):
    """What a user asks for: a question, its axes, and what belongs to the machine.

    Each combination of the axes is a configuration. ``None`` among ``threads`` is the tool's own
    number, among ``batch_sizes`` the recipe's. ``against`` names a campaign or an image whose
    builds run beside those of now. ``machine`` is the user's name for it. ``conform``:
    whether it is proven of each build, once, what it does.
    """

    backends: list[str]
    modes: list[Mode] = ["as-written"]
    variants: list[str] = ["default"]
    devices: list[Device] = ["cpu"]
    threads: list[Ordinal | None] = [None]
    batch_sizes: list[Ordinal | None] = [None]
    machine: str | None = Field(default=None, pattern=this_machine.NAME)
    gpus: list[str] | None = None
    parallel_gpus: bool = False
    overrides: dict[str, SettingValue] = {}
    against: str | None = None
    data_dir: Path | None = None
    memory_limit_bytes: Ordinal | None = None
    allow_unpinned: bool = False
    conform: bool = True


class Configuration(Model):
    """One combination of the axes; ``image`` is an earlier build's, ``None`` what is built now."""

    backend: str
    mode: Mode = "as-written"
    variant: str = "default"
    device: Device
    threads: Ordinal | None = None
    batch_size: Ordinal | None = None
    image: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")

    def __str__(self) -> str:
        words = [self.backend, *([self.mode] if self.mode != "as-written" else [])]
        words += [*([self.variant] if self.variant != "default" else []), self.device]
        words += particulars(self.threads, self.batch_size)
        return " ".join(words + ([f"image {self.image[7:19]}"] if self.image else []))


def particulars(threads: int | None, batch_size: int | None) -> list[str]:
    """Words for what is not the tool's or the recipe's own."""
    words = [f"{threads} thread{'s' if threads > 1 else ''}"] if threads else []
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


def check(options: Options) -> tuple[list[Configuration], list[Skipped]]:
    """Check everything that can be checked before anything is built or started.

    Returns:
        Every configuration once, and those left out with ``unsupported`` = ``skip``.

    Raises:
        UsageError: an unknown backend, workload or key, a combination that does not exist, or
            nothing that could run.
    """
    if not options.backends:
        raise UsageError("no backend given", f"backends: {', '.join(catalog.names())}")
    if options.parallel_gpus and "cpu" in options.devices:
        raise UsageError("--parallel-gpus with device cpu", "add --device gpu")
    _known(options)
    loaded = {name: catalog.load(name) for name in catalog.chosen(options.backends)}
    sound: list[Configuration] = []
    skipped: list[Skipped] = []
    for one in dict.fromkeys(_combinations(options)):
        try:
            _possible(loaded[one.backend], one, options)
        except UsageError as error:
            if options.unsupported == "refuse":
                raise
            skipped.append(Skipped(configuration=one, reason=str(error)))
        else:
            sound.append(one)
    if not sound:
        raise UsageError("no combination can run", f"the first: {skipped[0].reason}")
    return sound, skipped


def check_each(configurations: list[Configuration], options: Options) -> None:
    """As :func:`check`, for configurations that are given and not combined from the options' axes.

    Raises:
        UsageError: one cannot run, or a key or the workload is unknown.
    """
    _known(options)
    loaded = {name: catalog.load(name) for name in {one.backend for one in configurations}}
    for one in dict.fromkeys(configurations):
        _possible(loaded[one.backend], one, options)


def _known(options: Options) -> None:
    limits.check_memory(options.memory_limit_bytes)
    settings.check(options.overrides)
    if options.workload not in lookup.names():
        raise UsageError(
            f"unknown workload '{options.workload}'",
            catalog.suggestion(options.workload, lookup.names(), "workloads"),
        )
    data = workload_data.chosen(options.dataset, options.workload)
    limits.check_train_samples(options.train_samples, data)
    limits.check_batch_sizes(options.batch_sizes, options.train_samples, data)
    budget(options)


def budget(options: Options) -> Budget:
    """How long each job trains: as asked for, else as the workload has it.

    Raises:
        UsageError: it is given twice, or in epochs to a workload that has none.
    """
    own = lookup.load(options.workload).budget
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
    return Budget(unit=own.unit, count=asked)


def new_seed() -> int:
    """A seed for :func:`order`, drawn anew."""
    return secrets.randbelow(2**31)


def order(configurations: list[Configuration], options: Options, seed: int) -> list[PlannedJob]:
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


def without_effect(options: Options, configurations: list[Configuration]) -> Iterator[str]:
    """Settings of the GPU that are changed for CPU jobs: they are recorded, and do nothing."""
    on_cpu = [one for one in configurations if one.device == "cpu"]
    for name, variant in dict.fromkeys((one.backend, one.variant) for one in on_cpu):
        spec = catalog.load(name).spec.variants.get(variant)
        if spec and (spec.memory_pool or spec.cudnn or spec.strategy):
            yield f"note: variant {variant} of {name} is about the GPU; this is the cpu"
    for key in options.overrides:
        if on_cpu and not key.startswith(("precision.", "environment.")):
            yield f"note: {key} is about the GPU; this is the cpu"


def _combinations(options: Options) -> Iterator[Configuration]:
    own = lookup.load(options.workload).batch_size
    # One name for one thing: the recipe's batch size, asked for by its number, is the recipe's.
    sizes = [None if size == own else size for size in options.batch_sizes]
    for device, threads, size, backend, mode, variant in itertools.product(
        options.devices,
        options.threads,
        sizes,
        catalog.chosen(options.backends),
        options.modes,
        options.variants,
    ):
        yield Configuration(
            backend=backend,
            mode=mode,
            variant=variant,
            device=device,
            threads=threads,
            batch_size=size,
        )


def _possible(backend: Backend, one: Configuration, options: Options) -> None:
    if not backend.runs(options.workload):
        raise UsageError(
            f"backend '{backend.name}' does not have workload '{options.workload}'",
            f"it has: {', '.join(backend.spec.workloads or []) or 'none'}; benchdl list shows all",
        )
    if one.device not in backend.flavours():
        raise UsageError(f"backend '{backend.name}' has no {one.device} flavour")
    settings.resolve(backend, one.variant, options.overrides, mode=one.mode)
    overruled.refuse(backend.name, one.mode, one.threads, options.overrides)
    allotted = core_grant.limit() if one.threads else None
    if allotted:
        within_cores(one.threads, allotted.count, allotted.source)


def within_cores(threads: int | None, allotted: int, source: str) -> None:
    """Check a number of threads against the cores that ``source`` allots.

    Raises:
        UsageError: it is larger.
    """
    if threads and threads > allotted:
        raise UsageError(
            f"--threads {threads} is more than was allotted: {allotted} "
            f"core{'s' if allotted > 1 else ''} ({source})",
            "ask for fewer, or start benchdl where more is allotted",
        )
