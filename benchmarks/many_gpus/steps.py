"""What is run on a host of several GPUs, the most important first: words of ``benchdl run``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness import catalog

TOOLS = ("torch", "jax", "keras3-jax")
SMALL, FILLING = "cnn-mnist", ("gpt-shakespeare", "wide-resnet-cifar10")
"""The network of 2016; and what fills a GPU, the first that a tool has (H100, 2026-11-25)."""

ALONE, BESIDE, LOADED = "by-itself", "side-by-side", "foreign-load"
COUNTS = (1, 2, 4, 8)

_EPOCHS = {SMALL: 3}
_EACH_S = {SMALL: 14.0, ALONE: 20.0}
"""A first guess at how long a job takes, start, proof of the result and peaks included."""
_USUAL_S = 25.0


@dataclass(frozen=True)
class Machine:
    """The GPUs, or the parts of a CPU in their place to try it where there are none."""

    count: int
    device: str = "gpu"

    @property
    def counts(self) -> tuple[int, ...]:
        """Among how many a job is shared: 1, 2, 4, 8 as far as there are so many."""
        return tuple(count for count in COUNTS if count <= self.count)


@dataclass(frozen=True)
class Step:
    """One ``benchdl run``.

    Attributes:
        name: also the tag of its results.
        words: behind ``run``, but for what all steps share.
        jobs: how many that is.
        each_s: how long one takes, as far as is known before anything ran.
        loaded: whether somebody else works on the last GPU meanwhile.
    """

    name: str
    words: tuple[str, ...]
    jobs: int
    each_s: float
    loaded: bool = False


def planned(machine: Machine, tools: Sequence[str] = TOOLS) -> list[Step]:
    """All steps for a machine, in the order of what is missed most."""
    shared = list(_shared(machine, tools))
    if machine.device == "cpu" or machine.count < 2:
        return shared
    first = shared[: len(tools)]
    return [
        _by_itself(machine, tools),
        *first[:2],
        _loaded(machine, tools[0]),
        _side_by_side(machine, tools[0]),
        *first[2:],
        *shared[len(tools) :],
    ]


def filling(tool: str) -> str | None:
    """The workload that fills a GPU; None where the tool has none of them."""
    known = catalog.load(tool).spec.workloads or []
    return next((name for name in FILLING if name in known), None)


def _shared(machine: Machine, tools: Sequence[str]) -> Iterator[Step]:
    """Data-parallel over all counts: what fills a GPU first, float32 before bfloat16."""
    counts = ",".join(map(str, machine.counts))
    axis = ("--gpus-axis" if machine.device == "gpu" else "--ranks", counts)
    for fills in (True, False):
        for precision in ("float32", "bfloat16"):
            for tool in tools:
                workload = filling(tool) if fills else SMALL
                if workload is None or precision not in catalog.load(tool).precisions(
                    machine.device
                ):
                    continue
                words = (tool, "--mode", "tuned", "--precision", precision, *axis, *_work(workload))
                each_s = _EACH_S.get(workload, _USUAL_S)
                yield Step(f"{tool}-{workload}-{precision}", words, len(machine.counts), each_s)


def _by_itself(machine: Machine, tools: Sequence[str]) -> Step:
    """As the tools do it with all GPUs before them, beside one."""
    axis = ("--gpus-axis", f"1,{machine.count}", "--strategy", "default")
    return Step(ALONE, (*tools, *axis, *_work(SMALL)), 2 * len(tools), _EACH_S[ALONE])


def _side_by_side(machine: Machine, tool: str) -> Step:
    """A job on each GPU, all at once: as long as one."""
    words = (tool, "--mode", "tuned", "--parallel-gpus", "--repeat", str(machine.count))
    return Step(BESIDE, (*words, *_work(filling(tool) or SMALL)), 1, 2 * _USUAL_S)


def _loaded(machine: Machine, tool: str) -> Step:
    """A job that all GPUs share, on the last of which somebody else works."""
    words = (tool, "--mode", "tuned", "--gpus-axis", str(machine.count))
    return Step(LOADED, (*words, *_work(filling(tool) or SMALL)), 1, 2 * _USUAL_S, loaded=True)


def _work(workload: str) -> tuple[str, ...]:
    return ("--workload", workload, "--epochs", str(_EPOCHS.get(workload, 1)))
