"""Limits that a user gives: one that rounds to none, or that no job could live with, is refused."""

from __future__ import annotations

from collections.abc import Iterable

from harness.catalog import Backend, Flavour
from harness.dataset_spec import DatasetSpec
from harness.errors import UsageError
from runner.contract.job import Mode, Strategy
from runner.contract.precision import Precision
from runner.workloads.workload import Workload

LEAST_MEMORY_BYTES = 6 * 2**20
"""Docker takes no less, and 0 for no limit. Source: "Runtime options with Memory" in its manual."""

MOST_MEMORY_BYTES = 2**50

LEAST_TIMEOUT_S = 1.0
LONGEST_TIMEOUT_S = 1e9  # thirty years


def memory(gib: float) -> int:
    """A number of GiB in bytes.

    Raises:
        UsageError: as with :func:`check_memory`.
    """
    size = gib * 2**30
    bytes_ = int(size) if size <= MOST_MEMORY_BYTES else MOST_MEMORY_BYTES + 1
    check_memory(bytes_)
    return bytes_


def check_memory(size_bytes: int | None) -> None:
    """Check a limit of memory; None is the launcher's own.

    Raises:
        UsageError: the engine would take it for no limit, or not at all.
    """
    if size_bytes is not None and not LEAST_MEMORY_BYTES <= size_bytes <= MOST_MEMORY_BYTES:
        raise UsageError(
            f"a memory limit of {size_bytes / 2**30:.3g} GiB",
            f"from {LEAST_MEMORY_BYTES / 2**30:.3g} GiB (6 MiB, Docker's least) to "
            f"{MOST_MEMORY_BYTES // 2**30:,} GiB; training takes about 1 GiB",
        )


def check_fits(workload: Workload, bounds: Iterable[tuple[int, str]]) -> None:
    """See that what a workload keeps in memory fits there, before anything is started.

    Args:
        workload: which may say how much it needs at least.
        bounds: of memory, in bytes, each with its source.

    Raises:
        UsageError: it would not fit.
    """
    needed = workload.memory_bytes() or 0
    bound, source = min(bounds)
    if needed > bound:
        raise UsageError(
            f"workload {workload.name} needs {needed / 2**30:.3g} GiB of memory at least, there "
            f"are {bound / 2**30:.3g} ({source})",
            "give it more, or run it where there is more",
        )


def check_train_samples(count: int | None, data: DatasetSpec, workload: Workload) -> None:
    """Check a number of training samples; None is all of them.

    Raises:
        UsageError: the dataset has not so many.
    """
    if count is not None and data.played:
        raise UsageError(
            f"{count:,} training samples asked for, {data.title} has none: it is played",
            "leave --train-samples out; --budget says for how many steps",
        )
    available = workload.train_samples_of(data.train_samples)
    if count is not None and count > available:
        raise UsageError(
            f"{count:,} training samples asked for, {data.title} has {available:,}",
            "ask for fewer, or leave --train-samples out for all",
        )


def check_precision(
    precision: Precision, backend: Backend, device: Flavour, workload: Workload
) -> None:
    """Make sure that a backend trains a workload on a device in this precision.

    Raises:
        UsageError: it does not; the message names those that it has there.
    """
    own, trained = backend.precisions(device), workload.precisions
    if precision not in own:
        raise UsageError(
            f"backend '{backend.name}' has no precision {precision} on the {device}",
            f"it has there: {', '.join(own)}; docs/precision.md says why",
        )
    if precision not in trained:
        raise UsageError(
            f"workload {workload.name} is not trained in {precision}",
            f"it has: {', '.join(trained)}",
        )
    if workload.name in backend.spec.precision.not_for.get(precision, ()):
        raise UsageError(
            f"backend '{backend.name}' does not train {workload.name} in {precision}",
            "take another precision; docs/precision.md says why",
        )


def check_variant(
    name: str, backend: Backend, device: Flavour, mode: Mode, strategy: Strategy, workload: Workload
) -> None:
    """See that a variant changes something of a job.

    Raises:
        UsageError: it would be the same without.
    """
    variant = backend.spec.variants.get(name)
    if variant is None:
        return
    asked = {"mode": mode, "device": device, "strategy": strategy}
    for key, needed in variant.only.model_dump(exclude_none=True).items():
        if asked[key] != needed:
            raise UsageError(
                f"variant {name} of {backend.name} changes nothing with {key} {asked[key]}",
                f"add --{key} {needed}, or leave --variant {name} out",
            )
    if workload.name in variant.not_for:
        raise UsageError(
            f"variant {name} of {backend.name} changes nothing of workload {workload.name}",
            f"leave --variant {name} out",
        )


def check_batch_sizes(
    sizes: list[int | None], train_samples: int | None, data: DatasetSpec, workload: Workload
) -> None:
    """Check batch sizes that are asked for; None is the recipe's.

    Raises:
        UsageError: the workload has no batches, or one is larger than all training samples: no
            batch would be of that size. What is played has as many as are asked for.
    """
    if workload.batch_size is None and any(sizes):
        raise UsageError(
            f"a batch size with workload {workload.name}, which has no batches",
            "leave --batch-size out",
        )
    count = train_samples or workload.train_samples_of(data.train_samples)
    for size in sizes:
        if size is not None and size > count and not data.played:
            raise UsageError(
                f"a batch size of {size:,} with {count:,} training samples",
                "no batch would be of that size: ask for a smaller one",
            )


def check_threads(threads: int | None, allotted: int, source: str) -> None:
    """Check a number of threads against the cores that ``source`` allots; None is the tool's own.

    Raises:
        UsageError: it is larger.
    """
    if threads and threads > allotted:
        raise UsageError(
            f"--threads {threads} is more than was allotted: {allotted} "
            f"core{'s' if allotted > 1 else ''} ({source})",
            "ask for fewer, or start benchdl where more is allotted",
        )
