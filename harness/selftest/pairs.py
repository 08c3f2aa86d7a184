"""Jobs against themselves: the sampler's cost, and A against A.

Each block holds three jobs of one configuration in shuffled order: two alike, and one without the
sampler. What differs between the first two is chance; between them and the third, the sampler.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console

from harness import counted
from harness.campaign import checked, display, litter, one_job, resolved
from harness.campaign.checked import Checked
from harness.campaign.one_job import Key, Site
from harness.campaign.plan import Options, PlannedJob
from harness.checks.instrument import SAMPLER_OFF
from harness.checks.verdict import verdict
from harness.errors import BenchdlError
from harness.hosts.host import Host
from harness.launchers.launcher import Launcher, Prepared
from harness.provision import obtain
from harness.selftest.outcome import Outcome
from harness.stats.describe import FEWEST, Sample
from harness.stats.verdicts import MARGIN, Comparison, compare
from harness.store import Store, new_run_id
from runner.contract.result import Result

Arm = Literal["A", "A again", "no sampler"]
ARMS: tuple[Arm, ...] = ("A", "A again", "no sampler")

SAMPLER_COST = 0.01
"""What the sampler may cost at the most: docs/method.md."""

_WITHOUT = {SAMPLER_OFF, "nvml-lost"}
"""Findings of a job that nobody sampled."""


@dataclass
class Runs:
    """Samples of each arm, and the jobs that gave none."""

    samples: dict[Arm, list[Sample]] = field(default_factory=lambda: {arm: [] for arm in ARMS})
    lost: list[str] = field(default_factory=list)


def run(
    question: Checked, blocks: int, launcher: Launcher, store: Store, say: Callable[[str], None]
) -> Runs:
    """Train every arm once a block.

    Args:
        question: one backend on one device, and its work.
        blocks: how often.
        launcher, store: as for a campaign.
        say: is told of each job.

    Raises:
        BenchdlError: as with :func:`harness.campaign.conduct.run`.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    (configuration,), options = question.configurations, question.options
    plan = resolved.asked(question, launcher, store)
    for note in plan.notes:
        say(note)
    litter.end_processes(launcher, say)
    store.staging()
    if configuration.device == "gpu":
        launcher.check_gpu(plan.backends[configuration.backend], say)
    data = obtain.resolve(options.dataset, options.workload, options.data_dir, say)
    ready = launcher.prepare(plan.backends[configuration.backend], configuration.device, say)
    launcher.check_data(list(data.served().values()), ready)
    prepared: dict[Key, Prepared] = {(configuration.backend, configuration.device, None): ready}
    campaign_id = new_run_id("selftest", configuration.device)
    site = Site(campaign_id, plan, store, data, prepared, host=Host(allotment=plan.allotment))
    watcher = display.Display(Console(quiet=True))  # the loop below tells of each job
    draw = random.Random(plan.order_seed)  # noqa: S311 - an order, not a secret
    runs, position, total = Runs(), 0, blocks * len(ARMS)
    for block in range(1, blocks + 1):
        for arm in draw.sample(ARMS, len(ARMS)):
            position += 1
            # One seed for all: the three of a block are to do the very same.
            planned = PlannedJob(
                position=position, repeat=block, seed=options.seed, configuration=configuration
            )
            job = one_job.job(site, planned, attempt=1)
            if arm == "no sampler":
                job = job.model_copy(update={"sample_interval_s": None})
            quiet = one_job.pause(site, job, watcher, first=position == 1, alone=True)
            result = one_job.run(site, job, quiet, watcher)
            say(f"[{position}/{total}] block {block}, {arm}: {_take(runs, arm, block, result)}")
    return runs


def _take(runs: Runs, arm: Arm, block: int, result: Result) -> str:
    """Keep the sample of a result that may be used; what is to be said of it."""
    ignored = _WITHOUT if arm == "no sampler" else set()
    found = [finding for finding in result.findings if finding.code not in ignored]
    status = verdict(result.status, found)
    if result.measurement is None or status not in ("ok", "suspect"):
        why = (
            result.failure.message
            if result.failure
            else ", ".join(finding.code for finding in found)
        )
        runs.lost.append(f"{arm}: {status}, {why}")
        return f"{status}, {why}"
    runs.samples[arm].append(Sample(result.measurement.phases.fit_s, ("selftest", block)))
    notes = [finding.code for finding in found if finding.severity == "suspect"]
    return f"{result.measurement.phases.fit_s:.2f} s" + (f" ({', '.join(notes)})" if notes else "")


def sampler_cost(runs: Runs) -> Outcome:
    """Time with the sampler over time without it."""
    name = "sampler on against off"
    found = _compared(runs, "no sampler", "A", SAMPLER_COST)
    if isinstance(found, str):
        return Outcome(name, "FAIL", found)
    said, limit = _said(found), 1 + SAMPLER_COST
    if found.low is None or found.high is None:
        return Outcome(name, "INCONCLUSIVE", f"{said}; {found.reason}")
    if found.high <= limit:
        return Outcome(name, "PASS", f"{said}: it costs less than {SAMPLER_COST:.0%}")
    if found.low > limit:
        return Outcome(name, "FAIL", f"{said}: it costs more than {SAMPLER_COST:.0%}")
    needed = (
        f"about {found.more} more blocks would probably tell"
        if found.more
        else "here and now no number of blocks would tell"
    )
    return Outcome(
        name,
        "INCONCLUSIVE",
        f"{said}, the goal is at most {limit:.2f}: the times scatter too much; {needed}",
    )


def a_against_a(runs: Runs) -> Outcome:
    """The same twice: a difference would be a false one."""
    name = "A against A"
    found = _compared(runs, "A", "A again", MARGIN)
    if isinstance(found, str):
        return Outcome(name, "FAIL", found)
    if found.median_same:
        return Outcome(name, "PASS", f"{_said(found)}: the medians are within {MARGIN:.0%}")
    said = f"{_said(found)}: {found.verdict}"
    if found.verdict == "ambiguous":
        more = f"about {found.more} more blocks would probably do" if found.more else found.hint
        return Outcome(name, "INCONCLUSIVE", f"{said}, {found.reason}{'; ' if more else ''}{more}")
    return Outcome(
        name,
        "FAIL",
        f"{said}, though both are the same; by chance that happens once in twenty times at the "
        "most: run again, and if it stays find out what changes between two jobs",
    )


def _compared(runs: Runs, a: Arm, b: Arm, margin: float) -> Comparison | str:
    sides = runs.samples[a], runs.samples[b]
    if not all(sides):
        return f"no usable job ({runs.lost[0]})"
    if runs.lost and min(map(len, sides)) < FEWEST:
        return f"{counted.things(len(runs.lost), 'job')} gave no time ({runs.lost[0]})"
    return compare(*sides, margin)


def _said(found: Comparison) -> str:
    span = "" if found.low is None else f" ({found.low:.3f} to {found.high:.3f})"
    spread = "" if found.a.spread is None else f", single runs scatter by {found.a.spread:.0%}"
    return f"ratio {found.ratio:.3f}{span} of {found.b.n} pairs{spread}"


def check(options: Options) -> Checked:
    """The question, unless it is one that these tests cannot ask.

    Raises:
        BenchdlError: it trains another number of configurations than one.
    """
    question = checked.combined(options)
    if len(question.configurations) != 1:
        raise BenchdlError("a self-test is of one backend on one device", "name one")
    return question
