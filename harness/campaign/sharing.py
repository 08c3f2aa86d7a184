"""How many GPUs, or parts of a CPU, share the batches of a job: strategy ``data-parallel``.

A configuration that names a number of GPUs gets the first so many of those that the campaign may
use. For more than one the strategy is ``data-parallel``, unless the user says another: ``default``
shows what the tool makes of several GPUs by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness.campaign.plan import Configuration, Options
from harness.catalog import Backend
from harness.errors import UsageError
from harness.nvidia import host_driver
from harness.provision import workload_data
from runner.contract.job import Settings
from runner.contract.schema import SettingValue
from runner.workloads import lookup

DATA_PARALLEL = "data-parallel"


def overrides(backend: Backend, wanted: Configuration, options: Options) -> dict[str, SettingValue]:
    """The settings that the user overrides, and the strategy that follows from the number."""
    spec = backend.spec.variants.get(wanted.variant)
    said = "strategy" in options.overrides or (spec is not None and spec.strategy is not None)
    if said or not wanted.ranks or wanted.ranks == 1:
        return options.overrides
    return {**options.overrides, "strategy": DATA_PARALLEL}


def gpus(wanted: Configuration, options: Options) -> list[str] | None:
    """The GPUs of a job, as ``--gpus`` names them; None is all, and of a CPU job none."""
    if wanted.device == "cpu":
        return None
    if wanted.ranks is None:
        return options.gpus
    return (options.gpus or [str(index) for index in range(wanted.ranks)])[: wanted.ranks]


def ranks(wanted: Configuration, settings: Settings, options: Options) -> int | None:
    """How many share each batch; None where nothing is shared, or nobody here knows how many."""
    if settings.strategy != DATA_PARALLEL:
        return None
    return wanted.ranks or (_there(options) if wanted.device == "gpu" else None)


def needed(wanted: Configuration, settings: Settings, options: Options) -> int:
    """How many GPUs a job takes of those that jobs share out: one, if it shares nothing."""
    return wanted.ranks or ranks(wanted, settings, options) or 1


def batch_size(asked: int | None, count: int | None, options: Options) -> int | None:
    """Of all GPUs of a job together; None is the recipe's own. All else of the recipe stays."""
    return options.batch_per_gpu * (count or 1) if options.batch_per_gpu else asked


def check_batch(options: Options) -> None:
    """See that a batch a GPU is asked for of jobs whose number of GPUs is known.

    Raises:
        UsageError: it is not known, or a batch of all of them is asked for as well.
    """
    if not options.batch_per_gpu:
        return
    if any(options.batch_sizes):
        raise UsageError("--batch-per-gpu together with --batch-size", "give one of them")
    if None in options.ranks:
        raise UsageError(
            "--batch-per-gpu without a number of GPUs",
            "add --gpus-axis, as in --gpus-axis 1,2, or --ranks on a CPU",
        )


def check(backend: Backend, wanted: Configuration, settings: Settings, options: Options) -> None:
    """See that the batch of a configuration can be shared.

    Raises:
        UsageError: it cannot, or it is not said among how many.
    """
    if settings.strategy != DATA_PARALLEL:
        if wanted.device == "cpu" and wanted.ranks and wanted.ranks > 1:
            raise UsageError(
                f"--ranks {wanted.ranks} with strategy {settings.strategy}",
                f"parts of a CPU share a job with --strategy {DATA_PARALLEL} alone",
            )
        return
    if wanted.device == "cpu" and wanted.ranks is None:
        raise UsageError(
            f"--strategy {DATA_PARALLEL} on the CPU", "add --ranks N: so many parts of it share"
        )
    workload = lookup.load(options.workload)
    batch = wanted.batch_size or workload.batch_size
    if batch is None or workload.unit != "updates":
        raise UsageError(
            f"--strategy {DATA_PARALLEL} with workload {workload.name}",
            "only what is trained in batches of samples is shared: leave it out",
        )
    count = ranks(wanted, settings, options)
    if count and batch % count:
        near = max(count, batch - batch % count)
        raise UsageError(
            f"a batch of {batch} does not divide by {count} {_word(wanted)}",
            f"--batch-size {near}, or another number of them",
        )
    if count and wanted.mode in backend.spec.whole_shares:
        _check_whole(backend, wanted, options, batch, count)
    if count and wanted.mode in backend.spec.filled_shares:
        _check_filled(backend, wanted, options, batch, count)


def _samples(options: Options) -> tuple[int, int]:
    """How many are trained on, and how many the test data has."""
    data = workload_data.chosen(options.dataset, options.workload)
    workload = lookup.load(options.workload)
    train = options.train_samples or workload.train_samples_of(data.train_samples)
    return train, workload.test_samples_of(data.test_samples)


def _check_whole(
    backend: Backend, wanted: Configuration, options: Options, batch: int, count: int
) -> None:
    """See that an epoch's smaller last batch divides as well."""
    samples, _ = _samples(options)
    over = samples % batch % count
    if over:
        others = [mode for mode in backend.modes if mode not in backend.spec.whole_shares]
        fewer = [f"--train-samples {samples - over}"] if samples > over else []
        raise UsageError(
            f"{backend.name} {wanted.mode} shares batches that divide by {count} {_word(wanted)} "
            f"alone: of {samples:,} samples the last one has {samples % batch}",
            " or ".join([*(f"--mode {mode}" for mode in others), *fewer]),
        )


def _check_filled(
    backend: Backend, wanted: Configuration, options: Options, batch: int, count: int
) -> None:
    """See that each rank has a sample of every batch.

    TensorFlow cuts a smaller last one into equal parts, rounded up: the last ranks get the rest.
    """
    train, test = _samples(options)
    for samples, whose in ((train, "training"), (test, "test")):
        last = samples % batch
        if last > math.ceil(last / count) * (count - 1) or not last:
            continue
        fewer = whose == "training" and samples > last
        raise UsageError(
            f"{backend.name} leaves one of {count} {_word(wanted)} without a sample: of "
            f"{samples:,} {whose} samples the last batch has {last}",
            (f"--train-samples {samples - last} or " if fewer else "") + "another --batch-size",
        )


def check_there(needed: Iterable[Configuration], options: Options) -> None:
    """See that there are so many GPUs; those of a machine whose driver is not seen are not counted.

    Raises:
        UsageError: there are fewer than one asks for.
    """
    most = max((wanted.ranks or 0 for wanted in needed if wanted.device == "gpu"), default=0)
    there = _there(options) if most else None
    if there is not None and most > there:
        raise UsageError(
            f"{most} GPUs are asked for, there {'is' if there == 1 else 'are'} {there}",
            "ask for no more, as in --gpus-axis 1" + (f",{there}" if there > 1 else ""),
        )


def _there(options: Options) -> int | None:
    return len(options.gpus) if options.gpus else host_driver.gpus()[0] or None


def _word(wanted: Configuration) -> str:
    return "GPUs" if wanted.device == "gpu" else "ranks"
