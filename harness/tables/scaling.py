"""The side by number of GPUs: how much faster two, four or eight are than one, and for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.stats import verdicts
from harness.tables.column import Column, Value
from harness.tables.columns import BY_KEY
from harness.tables.kinds import Configuration, Kind
from harness.tables.rows import Row
from harness.tables.sampled import samples
from harness.tables.side import RATIO, Side, Times
from harness.tables.views import conditions, label, machine, mode, work

ONE = "1"

GPUS_OF_A_LINE = Column(
    "gpus",
    "Number",
    "of GPUs that share a job, or that it sees; on a CPU of its ranks.",
)
INTERVAL = Column(
    "speedup_low",
    "Interval",
    "of the speed-up, at 95 %: from runs of the same blocks where there are any.",
    digits=2,
    beside="speedup_high",
    joint=" to ",
)
EFFICIENCY = Column(
    "efficiency_percent",
    "Efficiency",
    "the speed-up over the number of GPUs: 100 % is as many times as fast.",
    unit="%",
    digits=0,
    better="higher",
)
ENERGY = Column(
    "energy_ratio",
    "Energy ratio",
    "GPU energy of the line over that of the same tool on one GPU: what the speed-up costs.",
    digits=2,
    better="lower",
)
VERDICT = Column(
    "verdict",
    "Verdict",
    "against one GPU: faster, slower, same, or ambiguous, as `benchdl compare` has it.",
)


def count(kind: Kind) -> int:
    """How many GPUs share a job, or are there for one that shares nothing; 1 for a whole CPU."""
    return kind.ranks or (kind.gpus_visible or 1 if kind.device == "gpu" else 1)


def _line(kind: Kind) -> Configuration:
    of_one = kind._replace(ranks=None)
    words = label(of_one) + (f", {mode(kind)}" if mode(kind) != "as-written" else "")
    return Configuration(words, str(count(kind)))


def _caption(kind: Kind) -> str:
    device = f"device {kind.device}" + (f" ({kind.gpu_name})" if kind.gpu_name else "")
    of_each = kind.batch_per_gpu
    told = conditions(kind._replace(batch_size=None) if of_each else kind)
    told += [f"batch {of_each} a GPU"] if of_each else []
    return " · ".join([work(kind), device, *told, *machine(kind)])


def _of_one(line: Configuration, times: Times) -> float | None:
    return times.get(line._replace(mode=ONE))


def _of_several_counts(times: Times) -> list[Configuration]:
    counts: dict[str, int] = {}
    for line in times:
        counts[line.label] = counts.get(line.label, 0) + 1
    return [line for line in times if counts[line.label] > 1]


def _told(line: Configuration, found: Mapping[Configuration, Sequence[Row]]) -> dict[str, Value]:
    """Efficiency, interval, verdict and energy of a line, against one GPU."""
    of_one = found.get(line._replace(mode=ONE))
    keys = (EFFICIENCY.key, INTERVAL.key, INTERVAL.beside, VERDICT.key, ENERGY.key)
    told: dict[str, Value] = dict.fromkeys(keys)
    if of_one is None or line.mode == ONE:
        return told
    against = verdicts.compare(samples(of_one), samples(found[line]))
    told[EFFICIENCY.key] = 100 / against.ratio / int(line.mode)
    told[VERDICT.key] = against.verdict
    energy_j, base_j = (_energy_j(rows) for rows in (found[line], of_one))
    if energy_j is not None and base_j:
        told[ENERGY.key] = energy_j / base_j
    if against.low and against.high:
        told |= {INTERVAL.key: 1 / against.high, INTERVAL.beside: 1 / against.low}
    return told


def _energy_j(rows: Sequence[Row]) -> float | None:
    column = BY_KEY["energy_j"]
    found: float | None = column.folded([row.values for row in rows])[column.key]
    return found


GPUS = Side(
    name="gpus",
    title="By number of GPUs",
    heads=(BY_KEY["tool"], GPUS_OF_A_LINE),
    ratio=Column(
        RATIO,
        "Speed-up",
        "Time (s) of the same tool on one GPU over that of the line.",
        digits=2,
        better="higher",
    ),
    empty="no tool has run the same work on several numbers of GPUs: "
    "benchdl run TOOL --gpus-axis 1,2,4",
    caption=_caption,
    line=_line,
    base=_of_one,
    keep=_of_several_counts,
    together=True,
    within=lambda line: int(line.mode),
    more=(INTERVAL, EFFICIENCY, VERDICT, BY_KEY["energy_j"], ENERGY),
    tell=_told,
)
