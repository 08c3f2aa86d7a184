"""The cores shared out between jobs side by side: a lot of them for each GPU, no core in two lots.

Jobs that share all cores wait for each other: what one compiles takes all of them for seconds,
and PyTorch starts a thread for each that it sees (docs/measurements/2026-11-27-four-h100-all.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import UsageError

LEAST = 4
"""Of an equal share. A job on fewer would wait for itself: its trainer, what that starts to load
or compile, the sampler."""

_TOPOLOGY = Path("/sys/devices/system/cpu")


def share_out(
    cores: Sequence[int], gpus: int, judges: int, wanted: int | None, topology: Path = _TOPOLOGY
) -> list[list[int]]:
    """Lots of equal size; none where every job is to use all cores.

    Args:
        cores: the numbers of all that there are to share out.
        gpus: each needs a lot for the job that trains on it.
        judges: so many more, one for two GPUs at the most, are for jobs that have left their GPUs,
            if they are an equal share: a judge takes 15 to 40 s of jobs of 60 to 400 s, and what
            its share takes of theirs they compile for longer
            (docs/measurements/2026-11-27-four-h100-cores.md).
        wanted: cores of a lot; 0 is all for every job, None an equal share of ``LEAST`` or more.
        topology: says which cores are threads of one physical core, and of one processor.

    Returns:
        At least ``gpus`` lots, or none. Threads of one physical core are in one lot where they fit.

    Raises:
        UsageError: there are fewer cores than are wanted.
    """
    there = len(cores)
    if wanted and wanted * gpus > there:
        raise UsageError(
            f"--cores-per-gpu {wanted} is {wanted * gpus} cores for {gpus} "
            f"GPU{'s' if gpus > 1 else ''}, there are {there}",
            "ask for fewer, or for fewer GPUs with --gpus",
        )
    places = {core: _place(core, topology) for core in cores}
    each = wanted
    if each is None:
        threads = max(map(len, places.values()), default=2) - 1
        beside = min(judges, (gpus + 1) // 2)
        each = _equal(there, gpus + beside, threads) or _equal(there, gpus, threads)
    if not each:
        return []
    near = sorted(cores, key=lambda core: (places[core], core))
    count = min(there // each, 2 * gpus)
    return [sorted(near[number * each : (number + 1) * each]) for number in range(count)]


def _equal(there: int, lots: int, threads: int) -> int:
    """The cores of each of so many equal lots, in whole physical ones; 0 where they are too few."""
    each = there // lots
    each -= each % threads
    return each if each >= LEAST else 0


def _place(core: int, topology: Path) -> tuple[int, ...]:
    """The processor of a core, then all that are threads of the same physical one."""
    folder = topology / f"cpu{core}" / "topology"
    try:
        package = int((folder / "physical_package_id").read_text())
        return package, *_numbers((folder / "thread_siblings_list").read_text())
    except (OSError, ValueError):  # a kernel that does not say
        return 0, core


def _numbers(words: str) -> list[int]:
    """The kernel's list format: ``0,32`` or ``0-1``."""
    found: list[int] = []
    for part in words.strip().split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found
