"""Is it the same here? Each configuration of a bundle against its repetition on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness import tables
from harness.campaign.plan import Configuration
from harness.campaign.records import Campaign
from harness.stats import verdicts
from harness.stats.verdicts import Comparison
from harness.tables import rows
from harness.tables.rows import Row
from harness.tables.sampled import samples, usable
from runner.contract import Job, Result

HEADER = ("Configuration", "Bundle (s)", "Here (s)", "Runs", "Here / bundle", "95 % interval",
          "Verdict")  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """One configuration: the comparison of Time (s), or why there is none.

    ``differs`` are conditions that are not the same besides the machine, in words.
    """

    configuration: Configuration
    comparison: Comparison | None
    missing: str = ""
    differs: tuple[str, ...] = ()


def compare(then: list[Result], now: list[Result]) -> list[Verdict]:
    """Every configuration of either side; verdicts hold together (Holm's method)."""
    sides = [_by_configuration(side) for side in (then, now)]
    found: list[Verdict] = []
    for configuration in dict.fromkeys([*sides[0], *sides[1]]):
        both = [usable(side.get(configuration, [])) for side in sides]
        lacking = [
            name for name, usable_rows in zip(("bundle", "here"), both, strict=True)
            if not usable_rows
        ]  # fmt: skip
        if lacking:
            found.append(Verdict(configuration, None, f"no usable run: {' and '.join(lacking)}"))
            continue
        made = verdicts.compare(samples(both[0]), samples(both[1]))
        found.append(Verdict(configuration, made, differs=_differences(both[0][-1], both[1][-1])))
    held = iter(verdicts.corrected([one.comparison for one in found if one.comparison]))
    return [
        Verdict(one.configuration, next(held), differs=one.differs) if one.comparison else one
        for one in found
    ]


def to_markdown(found: Sequence[Verdict], then: Campaign, machine: str) -> str:
    """The table, with the two machines, which are the question, above it and reasons below."""
    parts = [
        f"**{then.campaign_id}, repeated: is it the same here?**\n",
        f"- bundle: {then.machine}",
        f"- here: {machine}\n",
        tables.markdown(HEADER, [_line(one) for one in found]),
        "",
    ]
    for one in found:
        if one.comparison is None:
            parts.append(f"- {one.configuration}: {one.missing}")
            continue
        more = one.comparison.more
        words = f"; about {more} more repeats of each would settle it" if more else ""
        parts.append(
            f"- {one.configuration}: {one.comparison.verdict}: {one.comparison.reason}{words}"
        )
        parts += [f"- {one.configuration}: differs besides the machine: {d}" for d in one.differs]
    return "\n".join(parts)


def _line(one: Verdict) -> tuple[str, ...]:
    made = one.comparison
    if made is None:
        return (str(one.configuration), "-", "-", "-", "-", "-", "-")
    known = made.low is not None and made.high is not None
    return (
        str(one.configuration),
        f"{made.a.median:.2f}",
        f"{made.b.median:.2f}",
        f"{made.a.n} and {made.b.n}",
        f"{made.ratio:.3f}",
        f"{made.low:.3f} to {made.high:.3f}" if known else "-",
        made.verdict,
    )


def _by_configuration(results: list[Result]) -> dict[Configuration, list[Row]]:
    found: dict[Configuration, list[Row]] = {}
    for result in results:
        found.setdefault(_configuration(result.job), []).append(rows.row(result))
    return found


def _configuration(job: Job) -> Configuration:
    return Configuration(
        backend=job.backend,
        mode=job.settings.mode,
        variant=job.variant,
        device=job.device,
        threads=job.threads,
        batch_size=job.batch_size,
    )


def _differences(then: Row, now: Row) -> tuple[str, ...]:
    names = ("software", "settings", "gpu_name", "layout", "precision")
    pairs = ((name, getattr(then, name), getattr(now, name)) for name in names)
    return tuple(f"{name} was {a}, is {b}" for name, a, b in pairs if a != b)
