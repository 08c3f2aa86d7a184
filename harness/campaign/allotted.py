"""A request held against what was allotted to this process: a limit, never a wish."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import psutil

from harness.allotment import gpu_grant, grant
from harness.campaign import limits
from harness.campaign.plan import Configuration, Options
from harness.errors import UsageError
from runner.contract.result import Allotment
from runner.workloads import lookup


def within(
    options: Options, needed: Iterable[Configuration], say: Callable[[str], None]
) -> tuple[Options, Allotment]:
    """The request, with the GPUs that were allotted where it names none, and all that was allotted.

    Args:
        options: the request.
        needed: the configurations that are to run.
        say: is told of what was allotted, if that is not the whole machine.

    Raises:
        UsageError: it asks for more than was allotted, or the workload does not fit into memory.
    """
    allotted = grant.read()
    line = grant.words(allotted)
    if line:
        say(f"allotted: {line}")
    for note in _notes(options):
        say(note)
    memory, asked = allotted.memory_bytes, options.memory_limit_bytes
    if memory and asked and asked > memory:
        raise UsageError(
            f"--memory {grant.gib(asked)} is more than was allotted: {grant.gib(memory)} GiB "
            f"({allotted.sources['memory_bytes']})",
            "ask for less, or start benchdl where more is allotted",
        )
    limits.check_fits(lookup.load(options.workload), _bounds_of_memory(allotted, asked))
    if allotted.cores is not None:
        for configuration in needed:
            limits.check_threads(
                configuration.threads, len(allotted.cores), allotted.sources["cores"]
            )
    if "gpu" not in options.devices:
        return options, allotted
    gpus = gpu_grant.within(options.gpus, gpu_grant.limit())
    return options.model_copy(update={"gpus": gpus}), allotted


def _bounds_of_memory(allotted: Allotment, asked: int | None) -> Iterator[tuple[int, str]]:
    """What a job may take, in bytes, each with what says so."""
    yield int(psutil.virtual_memory().total), "all that this machine has"
    if allotted.memory_bytes:
        yield allotted.memory_bytes, allotted.sources["memory_bytes"]
    if asked:
        yield asked, "--memory"


def _notes(options: Options) -> Iterator[str]:
    """What the surroundings say that jobs do not follow."""
    threads = os.environ.get("OMP_NUM_THREADS", "").strip()
    if threads and options.threads == [None]:
        yield (
            f"note: OMP_NUM_THREADS={threads} is not given to jobs, which use the tool's own "
            "number: --threads sets it"
        )
