"""The side by number of GPUs: how much faster two, four or eight are than one, and for what."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from harness.stats import verdicts
from harness.tables import builds
from harness.tables.column import Column, Value
from harness.tables.columns import BY_KEY
from harness.tables.kinds import Configuration, Kind
from harness.tables.rows import Row
from harness.tables.sampled import samples
from harness.tables.side import RATIO, Side, Times
from harness.tables.views import conditions, label, machine, mode, work

ONE = "1"
_BY_ITSELF = ", by itself"
_ONE_RANK = ", one rank"

GPUS_OF_A_LINE = Column(
    "gpus",
    "Number",
    "of GPUs that share a job, or that it sees where the tool is left to itself; on a CPU of its "
    "ranks.",
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
    "against one GPU: faster, slower, same, or ambiguous, as `benchdl compare` has it of two lines "
    "alone.",
)


def count(kind: Kind) -> int:
    """How many GPUs share a job, or are there for one that shares nothing; 1 for a whole CPU."""
    return kind.ranks or (kind.gpus_visible or 1 if kind.device == "gpu" else 1)


def _line(kind: Kind) -> Configuration:
    """A tool left to itself with several GPUs is no job that they share, nor is one rank alone."""
    words = label(kind._replace(ranks=None))
    words += f", {mode(kind)}" if mode(kind) != "as-written" else ""
    if kind.ranks == 1:
        words += _ONE_RANK
    elif not kind.ranks and count(kind) > 1:
        words += _BY_ITSELF
    return Configuration(words, str(count(kind)))


def _tool(line: Configuration) -> str:
    """What the lines that are held against each other have in common: all but how many GPUs."""
    return line.plain.removesuffix(_BY_ITSELF).removesuffix(_ONE_RANK)


def _base(line: Configuration, having: Container[Configuration]) -> Configuration | None:
    """The line of the same tool and build on one GPU."""
    alone = Configuration(_tool(line) + line.build, ONE)
    one_rank = Configuration(_tool(line) + _ONE_RANK + line.build, ONE)
    return next((base for base in (alone, one_rank) if base in having), None)


def _settings(row: Row) -> str:
    """Without the strategy, which the line says."""
    return ", ".join(said for said in row.settings.split(", ") if not said.startswith("strategy "))


def _caption(kind: Kind) -> str:
    device = f"device {kind.device}" + (f" ({kind.gpu_name})" if kind.gpu_name else "")
    of_each = kind.batch_per_gpu
    told = conditions(kind._replace(batch_size=None) if of_each else kind)
    told += [f"batch {of_each} a GPU"] if of_each else []
    return " · ".join([work(kind), device, *told, *machine(kind)])


def _of_one(line: Configuration, times: Times) -> float | None:
    base = _base(line, times)
    return None if base is None else times[base]


def _of_several_counts(times: Times) -> list[Configuration]:
    counts: dict[str, set[str]] = {}
    for line in times:
        counts.setdefault(_tool(line), set()).add(line.mode)
    return [line for line in times if len(counts[_tool(line)]) > 1]


def _told(line: Configuration, found: Mapping[Configuration, Sequence[Row]]) -> dict[str, Value]:
    """Efficiency, interval, verdict and energy of a line, against one GPU."""
    base = _base(line, found)
    keys = (EFFICIENCY.key, INTERVAL.key, INTERVAL.beside, VERDICT.key, ENERGY.key)
    told: dict[str, Value] = dict.fromkeys(keys)
    if base is None or base == line:
        return told
    of_one = found[base]
    against = verdicts.compare(samples(of_one), samples(found[line]))
    told[RATIO] = 1 / against.ratio
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
        "Time (s) of the same tool on one GPU over that of the line; of runs in the same blocks "
        "the median of their ratios.",
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
    held=_tool,
    parts={**builds.PARTS, "settings": _settings},
)
