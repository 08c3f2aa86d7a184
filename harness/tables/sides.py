"""The sides from which the same runs are looked at: by tool, by instance, by device, by variant.

A side says which rows may share a table, what a line of it is, and what its ratio is to. Whatever
the side, a line holds runs of one configuration on one machine, and its figures are their medians.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.tables.phases import Configuration
from harness.tables.rows import Row, recipe_batch_size

Times = dict[Configuration, float]
"""Configuration to the median of its Time (s)."""


@dataclass(frozen=True)
class Side:
    """One way to lay runs out in tables.

    ``heads`` are the first two columns. ``base`` is the time that a line is compared with, or None
    for no ratio; ``faster`` says that the ratio is how many times faster the line is, and not how
    many times longer it took. ``keep`` are the lines worth a table: what compares needs two.
    ``together``: lines of one label follow one another, the quickest label first.
    """

    name: str
    title: str
    heads: tuple[str, str]
    ratio: str
    definition: str
    empty: str
    caption: Callable[[Row], str]
    line: Callable[[Row], Configuration]
    base: Callable[[Configuration, Times], float | None]
    keep: Callable[[Times], list[Configuration]]
    faster: bool = False
    together: bool = False

    def order(self, times: Times) -> list[Configuration]:
        """The lines that are shown, in their order."""
        kept = sorted(self.keep(times), key=lambda one: times[one])
        if not self.together:
            return kept
        first = {one.label: times[one] for one in reversed(kept)}
        return sorted(kept, key=lambda one: (first[one.label], one.label))

    def quotient(self, time_s: float, base_s: float) -> float:
        """The ratio of a line."""
        return base_s / time_s if self.faster else time_s / base_s


def label(row: Row) -> str:
    """The tool with its variant and what ``--set`` changed."""
    words = [row.variant] if row.variant != "default" else []
    words += [row.overrides] if row.overrides else []
    return f"{row.tool}{', ' if words else ''}{', '.join(words)}"


def work(row: Row) -> str:
    """What was trained, of how much data, and how it was started."""
    images = f"{row.train_samples:,} images" if row.train_samples else "all images"
    return " · ".join(
        [
            row.workload,
            f"dataset {row.dataset}",
            f"{images}, {row.epochs} epoch{'s' if row.epochs > 1 else ''}",
            f"launcher {row.launcher}",
        ]
    )


def instance(row: Row) -> str:
    """The machine with its GPUs, as the job saw both."""
    count = f"{row.gpus_visible} × " if row.gpus_visible and row.gpus_visible > 1 else ""
    gpus = [f"{count}{row.gpu_name}"] if row.device == "gpu" and row.gpu_name else []
    return " · ".join([row.machine or "unknown machine", *gpus])


def _device(row: Row) -> str:
    return f"device {row.device}" + (f" ({row.gpu_name})" if row.gpu_name else "")


def _conditions(row: Row) -> list[str]:
    """Precision, and the batch size and threads that are not the recipe's or the tool's own."""
    parts = [row.precision]
    if row.batch_size and row.batch_size != recipe_batch_size(row.workload):
        parts.append(f"batch {row.batch_size}")
    if row.threads:
        parts.append(f"{row.threads} thread{'s' if row.threads > 1 else ''}")
    return parts


def _machine(row: Row) -> list[str]:
    return [row.machine] if row.machine else []


def _caption(row: Row) -> str:
    return " · ".join([work(row), _device(row), *_conditions(row), *_machine(row)])


def _lowest(_: Configuration, times: Times) -> float | None:
    return min(times.values())


def _cpu_of_the_same(one: Configuration, times: Times) -> float | None:
    return times.get(one._replace(mode="cpu"))


def _default_variant(one: Configuration, times: Times) -> float | None:
    return times.get(one._replace(label="default"))


def _two(times: Times) -> list[Configuration]:
    return list(times) if len(times) > 1 else []


def _on_both_devices(times: Times) -> list[Configuration]:
    devices: dict[str, set[bool]] = {}
    for one in times:
        devices.setdefault(one.label, set()).add(one.mode == "cpu")
    return [one for one in times if len(devices[one.label]) == 2]


TOOL = Side(
    name="tool",
    title="By tool",
    heads=("Tool", "Mode"),
    ratio="vs lowest",
    definition="vs lowest: Time (s) over the lowest of its table.",
    empty="no results yet: make bench",
    caption=_caption,
    line=lambda row: Configuration(label(row), row.mode),
    base=_lowest,
    keep=list,
)

INSTANCE = Side(
    name="instance",
    title="By instance",
    heads=("Instance", "Device"),
    ratio="vs lowest",
    definition="Instance: processor, cores that the job may use, GPUs that it sees. "
    "vs lowest: Time (s) over the lowest of its table.",
    empty="no tool has run the same work on two instances: run the same command elsewhere, "
    "and copy its results beside these",
    caption=lambda row: " · ".join([label(row), row.mode, work(row), *_conditions(row)]),
    line=lambda row: Configuration(instance(row), row.device),
    base=_lowest,
    keep=_two,
)

DEVICE = Side(
    name="device",
    title="GPU and CPU",
    heads=("Tool", "Device"),
    ratio="CPU / this",
    definition="CPU / this: Time (s) of the same tool on the CPU of the same machine over that of "
    "the line: how many times faster the GPU is.",
    empty="no tool has run the same work on CPU and GPU of one machine: "
    "benchdl run TOOL --device cpu, and again with --device gpu",
    caption=lambda row: " · ".join([work(row), *_conditions(row), *_machine(row)]),
    line=lambda row: Configuration(
        label(row) + (f", {row.mode}" if row.mode != "as-written" else ""),
        "cpu" if row.device == "cpu" else row.gpu_name or "gpu",
    ),
    base=_cpu_of_the_same,
    keep=_on_both_devices,
    faster=True,
    together=True,
)

VARIANT = Side(
    name="variant",
    title="By variant",
    heads=("Variant", "Mode"),
    ratio="vs default",
    definition="vs default: Time (s) over that of the variant `default` of the same table.",
    empty="no tool has run in two variants: benchdl list names them, benchdl run TOOL "
    "--variant default --variant NAME compares them",
    caption=lambda row: " · ".join([row.tool, row.mode, _caption(row)]),
    line=lambda row: Configuration(
        ", ".join([row.variant, *([row.overrides] if row.overrides else [])]), row.mode
    ),
    base=_default_variant,
    keep=_two,
)

SIDES = {side.name: side for side in (TOOL, INSTANCE, DEVICE, VARIANT)}
