"""Independent jobs at the same time, each on GPUs of its own: never two on one.

A job takes as many GPUs as it needs once so many are free, and leaves them when it needs them no
more. It may be overtaken by jobs of its own block alone, so that what is compared stays near in
time. A job ends when the campaign is interrupted or another one met a problem that ends the
campaign.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from harness import interrupts
from harness.campaign import gpu_pool
from harness.campaign.gpu_pool import Need, Start
from harness.campaign.watcher import Watcher
from harness.errors import UsageError
from harness.nvidia import host_driver
from runner.contract.result import Result


def gpus(asked: list[str] | None) -> list[str]:
    """The GPUs to share out: those asked for, or all that the host's driver shows.

    Raises:
        UsageError: they are not known, or one is named twice (once by index, once by UUID).
    """
    driver = host_driver.examine()
    if asked is None and not driver.gpus:
        raise UsageError(
            f"--parallel-gpus: which GPUs there are is not known here ({driver.problem})",
            "name them: --gpus 0,1",
        )
    chosen = asked if asked is not None else [str(gpu.index) for gpu in driver.gpus]
    uuids = {str(gpu.index): gpu.uuid for gpu in driver.gpus}
    if len({uuids.get(gpu, gpu) for gpu in chosen}) < len(chosen):
        raise UsageError(f"--gpus {','.join(chosen)} names a GPU twice")
    return chosen


def run(
    needs: Sequence[Need], chosen: Sequence[str], start: Start, watcher: Watcher
) -> list[Result]:
    """Run a job for each of ``needs``, each on as many of ``chosen`` as it needs, alone on them.

    Returns:
        The results in the order of the jobs.

    Raises:
        UsageError: a job needs more GPUs than there are.
        KeyboardInterrupt: Ctrl-C or SIGTERM, once every thread has ended and cleaned up its job.
        Exception: the first problem of any thread, likewise.
    """
    most = max((need.gpus for need in needs), default=0)
    if most > len(chosen):
        raise UsageError(
            f"a job needs {most} GPUs, there are {len(chosen)} to share out",
            "ask for no more in --gpus-axis, or name more with --gpus",
        )
    with interrupts.held():
        judges = gpu_pool.judges_beside(len(os.sched_getaffinity(0)))
        pool = gpu_pool.Pool(needs, chosen, start, watcher, judges)
        pool.run()
        real = [problem for problem in pool.problems if not isinstance(problem, KeyboardInterrupt)]
        if interrupts.pending():
            for problem in real:
                watcher.say(f"while stopping: {problem}")
            interrupts.check()
        if pool.problems:
            raise (real or pool.problems)[0]
        return [pool.results[number] for number in range(len(needs))]
