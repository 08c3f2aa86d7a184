"""Independent jobs at the same time, each on GPUs of its own: never two on one.

A job takes as many GPUs as it needs once so many are free, each with cores of its own where there
are enough, and leaves them when it needs them no more. It may be overtaken by jobs of its own block
alone, so that what is compared stays near in time. A job ends when the campaign is interrupted or
another one met a problem that ends the campaign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from harness import interrupts
from harness.allotment import core_grant, core_lots
from harness.campaign import gpu_pool, limits
from harness.campaign.gpu_pool import Need, Start
from harness.campaign.plan import Options
from harness.campaign.watcher import Watcher
from harness.errors import UsageError
from harness.nvidia import host_driver
from runner.contract.result import Allotment, Result


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


def lots(
    options: Options,
    needs: Iterable[tuple[int | None, int]],
    chosen: Sequence[str],
    allotment: Allotment,
    can_keep: Callable[[Sequence[int]], bool],
) -> list[list[int]]:
    """The cores of each GPU's job, and of those that have left theirs; none: they share all.

    Args:
        options: the campaign's.
        needs: threads and GPUs of each of its jobs; one with more threads than fit into its own
            cores makes all share all, unless the user said how many cores there are for a GPU.
        chosen: the GPUs.
        allotment: what the campaign may use.
        can_keep: whether jobs can be kept to some of the cores; if not, all share all as well.

    Raises:
        UsageError: there are fewer cores than the user wants for the GPUs, or than threads; or jobs
            cannot be kept to them.
    """
    cores = core_grant.own() if allotment.cores is None else allotment.cores
    wanted = options.cores_per_gpu
    found = core_lots.share_out(cores, len(chosen), gpu_pool.judges_beside(len(cores)), wanted)
    if found and not can_keep(cores):
        if wanted:
            raise UsageError(
                "--cores-per-gpu: this engine cannot keep a container to some cores",
                "--cores-per-gpu 0, --launcher local, or delegate the cpuset controller to it",
            )
        return []
    for threads, count in needs if found else []:
        own = len(found[0]) * count
        if wanted:
            limits.check_threads(threads, own, f"--cores-per-gpu {wanted}")
        elif threads and threads > own:
            return []
    return found


def words(lots: Sequence[Sequence[int]]) -> str:
    """A note on them."""
    each = len(lots[0])
    return (
        f"side by side: each GPU comes with {each} core{'s' if each > 1 else ''} that no other job "
        "has (--cores-per-gpu)"
    )


def run(
    needs: Sequence[Need],
    chosen: Sequence[str],
    start: Start,
    watcher: Watcher,
    lots: Sequence[Sequence[int]] = (),
    late: Callable[[], bool] = lambda: False,
) -> list[Result]:
    """Run a job for each of ``needs``, each on as many of ``chosen`` as it needs, alone on them.

    With ``lots`` of cores, at least one for each GPU, it also has those of its GPUs for itself.
    Once it is ``late``, no further job begins.

    Returns:
        The results in the order of the jobs that began.

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
        judges = len(needs) if lots else gpu_pool.judges_beside(len(core_grant.own()))
        pool = gpu_pool.Pool(needs, chosen, start, watcher, judges, lots, late)
        pool.run()
        real = [problem for problem in pool.problems if not isinstance(problem, KeyboardInterrupt)]
        if interrupts.pending():
            for problem in real:
                watcher.say(f"while stopping: {problem}")
            interrupts.check()
        if pool.problems:
            raise (real or pool.problems)[0]
        return [pool.results[number] for number in sorted(pool.results)]
