"""The sides from which the same runs are looked at: by tool, by instance, by device, by variant.

Whatever the side, a line holds runs of one configuration on one machine, and its figures are their
medians.
"""

from __future__ import annotations

from harness import counted, scores
from harness.tables.column import Column
from harness.tables.columns import BY_KEY
from harness.tables.columns_work import judged_by, recipe_batch_size, samples_word
from harness.tables.kinds import Configuration, Kind
from harness.tables.rewritten import REWRITTEN, marked
from harness.tables.side import RATIO, Side, Times
from runner.contract.work_and_score import amount

_VS_LOWEST = Column(
    RATIO, "vs lowest", "Time (s) over the lowest of its table.", digits=2, better="lower"
)

_CPU = ("cpu", f"cpu, {REWRITTEN}")

_INSTANCE = Column(
    "instance",
    "Instance",
    "its name, processor, cores and memory that the job may use, and the GPUs that it sees.",
)


def label(kind: Kind) -> str:
    """The tool with its variant, what ``--set`` changed, and how many share a job."""
    words = [kind.variant] if kind.variant != "default" else []
    words += [kind.overrides] if kind.overrides else []
    if kind.ranks:
        words.append(counted.things(kind.ranks, "GPU" if kind.device == "gpu" else "rank"))
    return f"{kind.tool}{', ' if words else ''}{', '.join(words)}"


def mode(kind: Kind) -> str:
    """The mode, with a mark where convolutions are not the tool's own."""
    return marked(kind.mode, kind)


def samples(kind: Kind) -> str:
    """How many training samples, by what they are called; what is played has none."""
    if kind.budget_unit == "steps":
        return "played"
    word = samples_word(kind.workload)
    return f"{kind.train_samples:,} {word}" if kind.train_samples else f"all {word}"


def work(kind: Kind) -> str:
    """What was trained, of how much data, and how it was started."""
    return " · ".join(
        [
            kind.workload,
            f"dataset {kind.dataset}",
            f"{samples(kind)}, {amount(kind.budget, kind.budget_unit)}",
            f"launcher {kind.launcher}",
        ]
    )


def instance(kind: Kind) -> str:
    """The machine with its GPUs, as the job saw both."""
    count = f"{kind.gpus_visible} × " if kind.gpus_visible and kind.gpus_visible > 1 else ""
    gpus = [f"{count}{kind.gpu_name}"] if kind.device == "gpu" and kind.gpu_name else []
    return " · ".join([kind.machine or "unknown machine", *gpus])


def _device(kind: Kind) -> str:
    return f"device {kind.device}" + (f" ({kind.gpu_name})" if kind.gpu_name else "")


def conditions(kind: Kind) -> list[str]:
    """Precision, and the batch size and threads that are not the recipe's or the tool's own."""
    parts = [kind.precision]
    if kind.batch_size and kind.batch_size != recipe_batch_size(kind.workload):
        parts.append(f"batch {kind.batch_size}")
    if kind.threads:
        parts.append(counted.things(kind.threads, "thread"))
    return parts


def machine(kind: Kind) -> list[str]:
    """Its name, if it is known."""
    return [kind.machine] if kind.machine else []


def _caption(kind: Kind) -> str:
    return " · ".join([work(kind), _device(kind), *conditions(kind), *machine(kind)])


def _data(kind: Kind) -> str:
    """The data and what models of it are judged by, whatever they are."""
    metric = judged_by(kind.workload)
    return " · ".join(
        [
            f"dataset {kind.dataset}",
            samples(kind),
            *([f"judged by {scores.title(metric)}"] if metric else []),
            f"launcher {kind.launcher}",
            _device(kind),
            *conditions(kind),
            *machine(kind),
        ]
    )


def _lowest(_: Configuration, times: Times) -> float | None:
    return min(times.values())


def _cpu_of_the_same(line: Configuration, times: Times) -> float | None:
    """Of the same build, or of the only one that the CPU has."""
    cpus = [candidate for candidate in times if _cpu(candidate)]
    same = [candidate for candidate in cpus if candidate.label == line.label]
    only = [candidate for candidate in cpus if candidate.label == line.plain]
    return min((times[candidate] for candidate in same or only), default=None)


def _default_variant(line: Configuration, times: Times) -> float | None:
    same = times.get(line._replace(label=f"default{line.build}"))
    return times.get(line._replace(label="default")) if same is None else same


def _lowest_of_the_workload(line: Configuration, times: Times) -> float | None:
    return min(time_s for other, time_s in times.items() if other.mode == line.mode)


def _several_workloads(times: Times) -> list[Configuration]:
    workloads = {line.mode.partition(",")[0] for line in times}
    return list(times) if len(workloads) > 1 else []


def _two(times: Times) -> list[Configuration]:
    return list(times) if len(times) > 1 else []


def _cpu(line: Configuration) -> bool:
    """Whether a line of devices is that of a CPU, whose convolutions may be rewritten."""
    return line.mode in _CPU


def _on_both_devices(times: Times) -> list[Configuration]:
    devices: dict[str, set[bool]] = {}
    for line in times:
        devices.setdefault(line.plain, set()).add(_cpu(line))
    return [line for line in times if len(devices[line.plain]) == 2]


TOOL = Side(
    name="tool",
    title="By tool",
    heads=(BY_KEY["tool"], BY_KEY["mode"]),
    ratio=_VS_LOWEST,
    empty="no results yet: make bench",
    caption=_caption,
    line=lambda kind: Configuration(label(kind), mode(kind)),
    base=_lowest,
    keep=list,
)

INSTANCE = Side(
    name="instance",
    title="By instance",
    heads=(_INSTANCE, BY_KEY["device"]),
    ratio=_VS_LOWEST,
    empty="no tool has run the same work on two instances: run it elsewhere, then benchdl import",
    caption=lambda kind: " · ".join([label(kind), mode(kind), work(kind), *conditions(kind)]),
    line=lambda kind: Configuration(instance(kind), kind.device),
    base=_lowest,
    keep=_two,
    more=(BY_KEY["energy_j"],),
)

DEVICE = Side(
    name="device",
    title="GPU and CPU",
    heads=(BY_KEY["tool"], BY_KEY["device"]),
    ratio=Column(
        RATIO,
        "Speed-up over CPU",
        "Time (s) of the same tool on the CPU of the same machine over that of the line: how many "
        "times faster the GPU is.",
        digits=2,
        better="higher",
    ),
    empty="no tool has run the same work on CPU and GPU of one machine: "
    "benchdl run TOOL --device cpu, and again with --device gpu",
    caption=lambda kind: " · ".join([work(kind), *conditions(kind), *machine(kind)]),
    line=lambda kind: Configuration(
        label(kind) + (f", {kind.mode}" if kind.mode != "as-written" else ""),
        marked("cpu" if kind.device == "cpu" else kind.gpu_name or "gpu", kind),
    ),
    base=_cpu_of_the_same,
    keep=_on_both_devices,
    together=True,
)

VARIANT = Side(
    name="variant",
    title="By variant",
    heads=(BY_KEY["variant"], BY_KEY["mode"]),
    ratio=Column(
        RATIO,
        "vs default",
        "Time (s) over that of the variant `default` of the same table.",
        digits=2,
        better="lower",
    ),
    empty="no tool has run in two variants: benchdl list names them, benchdl run TOOL "
    "--variant default --variant NAME compares them",
    caption=lambda kind: " · ".join([kind.tool, mode(kind), _caption(kind)]),
    line=lambda kind: Configuration(
        ", ".join([kind.variant, *([kind.overrides] if kind.overrides else [])]), mode(kind)
    ),
    base=_default_variant,
    keep=_two,
)

DATASET = Side(
    name="dataset",
    title="By dataset",
    heads=(BY_KEY["tool"], BY_KEY["workload"]),
    ratio=Column(
        RATIO,
        "vs lowest",
        "Time (s) over the lowest of the same workload and budget in its table.",
        digits=2,
        better="lower",
    ),
    empty="no two workloads have run on one dataset under one metric: benchdl list names them, "
    "benchdl run TOOL --workload NAME --dataset NAME",
    caption=_data,
    line=lambda kind: Configuration(
        label(kind) + (f", {mode(kind)}" if mode(kind) != "as-written" else ""),
        f"{kind.workload}, {amount(kind.budget, kind.budget_unit)}",
    ),
    base=_lowest_of_the_workload,
    keep=_several_workloads,
    more=(BY_KEY["energy_j"],),
)
