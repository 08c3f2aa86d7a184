"""A question, checked before anything is built or started, with all that was read to check it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from harness import catalog, overruled, settings
from harness.allotment import core_grant
from harness.campaign import limits, sharing
from harness.campaign.plan import Configuration, Options, Skipped, budget
from harness.catalog import Backend
from harness.dataset_spec import DatasetSpec
from harness.errors import UsageError
from harness.provision import workload_data
from runner.contract.job import Settings
from runner.contract.work_and_score import Budget
from runner.workloads import lookup


@dataclass(frozen=True)
class Checked:
    """A question, and what it is about; nothing of it is read again.

    Attributes:
        options: as asked.
        backends: by name; each image.toml was read and parsed once.
        configurations: what is to run, each once.
        skipped: the combinations left out with ``unsupported`` = ``skip``.
        data: the dataset that the options mean.
        budget: of each job.
    """

    options: Options
    backends: Mapping[str, Backend]
    configurations: tuple[Configuration, ...]
    skipped: tuple[Skipped, ...]
    data: DatasetSpec
    budget: Budget

    def settings(
        self, wanted: Configuration, environment: dict[str, str] | None = None
    ) -> Settings:
        """The settings of a configuration's jobs, as image.toml and the options have them.

        ``environment`` stands in for that of image.toml where a job runs outside the image.
        """
        backend = self.backends[wanted.backend]
        return settings.resolve(
            backend,
            wanted.variant,
            sharing.overrides(backend, wanted, self.options),
            environment,
            wanted.mode,
            wanted.precision,
        )

    def without_effect(self) -> Iterator[str]:
        """Settings of the GPU that are changed for CPU jobs: they are recorded, and do nothing."""
        on_cpu = [wanted for wanted in self.configurations if wanted.device == "cpu"]
        for name, variant in dict.fromkeys((wanted.backend, wanted.variant) for wanted in on_cpu):
            spec = self.backends[name].spec.variants.get(variant)
            if spec and (spec.memory_pool or spec.cudnn):
                yield f"note: variant {variant} of {name} is about the GPU; this is the cpu"
        for key in self.options.overrides:
            if on_cpu and not key.startswith(("precision.", "environment.", "strategy")):
                yield f"note: {key} is about the GPU; this is the cpu"


def combined(options: Options) -> Checked:
    """Every combination of the options' axes.

    Raises:
        UsageError: an unknown backend, workload or key, a combination that does not exist, or
            nothing that could run.
    """
    if not options.backends:
        raise UsageError("no backend given", f"backends: {', '.join(catalog.names())}")
    if options.parallel_gpus and "cpu" in options.devices:
        raise UsageError("--parallel-gpus with device cpu", "add --device gpu")
    if options.cores_per_gpu is not None and not options.parallel_gpus:
        raise UsageError("--cores-per-gpu without --parallel-gpus", "add it: it is of such jobs")
    sharing.check_batch(options)
    data = _known(options)
    names = catalog.chosen(options.backends, options.workload)
    backends = _read(names, catalog.load)
    sound: list[Configuration] = []
    skipped: list[Skipped] = []
    for wanted in dict.fromkeys(_combinations(options, names)):
        try:
            _possible(backends[wanted.backend], wanted, options)
        except UsageError as error:
            if options.unsupported == "refuse":
                raise
            skipped.append(Skipped(configuration=wanted, reason=str(error)))
        else:
            sound.append(wanted)
    if not sound:
        raise UsageError("no combination can run", f"the first: {skipped[0].reason}")
    return Checked(options, backends, tuple(sound), tuple(skipped), data, budget(options))


def given(configurations: Iterable[Configuration], options: Options) -> Checked:
    """Configurations that are given, and not combined from the options' axes.

    Raises:
        UsageError: one cannot run, or a key or the workload is unknown.
    """
    data = _known(options)
    distinct = tuple(dict.fromkeys(configurations))
    backends = _read((wanted.backend for wanted in distinct), catalog.load)
    for wanted in distinct:
        _possible(backends[wanted.backend], wanted, options)
    return Checked(options, backends, distinct, (), data, budget(options))


def begun(
    configurations: Iterable[Configuration],
    options: Options,
    dataset: str,
    load: Callable[[str], Backend],
) -> Checked:
    """What is left of a campaign, which was checked when it began.

    Args:
        configurations: those of the jobs that are left.
        options: of the campaign.
        dataset: the one that it began with.
        load: as :func:`harness.catalog.load`.

    Raises:
        UsageError: a backend or the dataset is no longer known.
    """
    distinct = tuple(dict.fromkeys(configurations))
    backends = _read((wanted.backend for wanted in distinct), load)
    data = workload_data.chosen(dataset, options.workload)
    return Checked(options, backends, distinct, (), data, budget(options))


def here(question: Checked, refuse: Callable[[Backend], None]) -> Checked:
    """What of a question can run on this machine: the rest is refused, or skipped as was asked.

    Args:
        question: what was asked.
        refuse: raises UsageError for a backend that cannot.

    Raises:
        UsageError: of ``refuse``, unless that is to be skipped and something is left.
    """
    reasons: dict[str, str] = {}
    for name, backend in question.backends.items():
        try:
            refuse(backend)
        except UsageError as error:
            if question.options.unsupported == "refuse":
                raise
            reasons[name] = str(error)
    left = tuple(wanted for wanted in question.configurations if wanted.backend not in reasons)
    if not left:
        raise UsageError("no combination can run", f"the first: {next(iter(reasons.values()))}")
    skipped = tuple(
        Skipped(configuration=wanted, reason=reasons[wanted.backend])
        for wanted in question.configurations
        if wanted.backend in reasons
    )
    return replace(question, configurations=left, skipped=question.skipped + skipped)


def _read(names: Iterable[str], load: Callable[[str], Backend]) -> Mapping[str, Backend]:
    return MappingProxyType({name: load(name) for name in dict.fromkeys(names)})


def _known(options: Options) -> DatasetSpec:
    """See that all but the combinations makes sense; the dataset that is meant."""
    limits.check_memory(options.memory_limit_bytes)
    settings.check(options.overrides)
    if options.workload not in lookup.names():
        raise UsageError(
            f"unknown workload '{options.workload}'",
            catalog.suggestion(options.workload, lookup.names(), "workloads"),
        )
    data = workload_data.chosen(options.dataset, options.workload)
    workload = lookup.load(options.workload)
    limits.check_train_samples(options.train_samples, data, workload)
    sizes = [sharing.batch_size(asked, ranks, options)
             for asked in options.batch_sizes for ranks in options.ranks]  # fmt: skip
    limits.check_batch_sizes(sizes, options.train_samples, data, workload)
    budget(options)
    return data


def _combinations(options: Options, backends: list[str]) -> Iterator[Configuration]:
    own = lookup.load(options.workload).batch_size
    for device, ranks, threads, asked, backend, mode, precision, variant in itertools.product(
        options.devices,
        options.ranks,
        options.threads,
        options.batch_sizes,
        backends,
        options.modes,
        options.precisions,
        options.variants,
    ):
        size = sharing.batch_size(asked, ranks, options)
        yield Configuration(
            backend=backend,
            mode=mode,
            precision=precision,
            variant=variant,
            device=device,
            threads=threads,
            # One name for one thing: the recipe's, asked for by its number, is the recipe's.
            batch_size=None if size == own else size,
            ranks=ranks,
        )


def _possible(backend: Backend, wanted: Configuration, options: Options) -> None:
    if not backend.runs(options.workload):
        raise UsageError(
            f"backend '{backend.name}' does not have workload '{options.workload}'",
            f"it has: {', '.join(backend.spec.workloads or []) or 'none'}; benchdl list shows all",
        )
    if wanted.device not in backend.flavours():
        raise UsageError(f"backend '{backend.name}' has no {wanted.device} flavour")
    found = settings.resolve(
        backend,
        wanted.variant,
        sharing.overrides(backend, wanted, options),
        mode=wanted.mode,
        precision=wanted.precision,
    )
    sharing.check(backend, wanted, found, options)
    workload = lookup.load(options.workload)
    limits.check_precision(found.precision, backend, wanted.device, workload)
    limits.check_variant(
        wanted.variant, backend, wanted.device, wanted.mode, found.strategy, workload
    )
    overruled.refuse(backend.name, wanted.mode, wanted.threads, options.overrides)
    allotted = core_grant.limit() if wanted.threads else None
    if allotted:
        limits.check_threads(wanted.threads, allotted.count, allotted.source)
