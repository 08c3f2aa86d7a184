"""Which of the stored runs are meant: by backend, workload, machine, campaign, tag, age, status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from harness import catalog
from harness.checks.verdict import verdict
from harness.errors import UsageError
from harness.newest import fitting, nothing
from harness.tables import job_machine
from harness.tables.sampled import moment
from runner.contract.result import Result
from runner.workloads import lookup

STATUSES = ("ok", "suspect", "invalid", "failed", "interrupted")
_MOST_NAMED = 8


@dataclass(frozen=True)
class Selection:
    """What runs have to be; an empty part asks for nothing.

    Several words of one part are alternatives, and all parts have to fit. ``machines`` are parts of
    a machine's name, in upper or lower case. ``campaign`` is an id, a part of it, or ``latest``.
    ``since`` has its zone; a run whose start is not known is before it.
    """

    backends: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    campaign: str | None = None
    since: datetime | None = None
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it asks for anything."""
        return self != Selection()

    def of(self, results: Sequence[Result], say: Callable[[str], None] = nothing) -> list[Result]:
        """Those of ``results`` that fit, in their order.

        ``say`` is told if ``latest`` passes over a campaign that is dated in the future.

        Raises:
            UsageError: a word that no result has and that is no name of ours, or a campaign of
                which there is none, or that several have.
        """
        if not self or not results:
            return list(results)
        self._check_words(results)
        campaign = None
        if self.campaign is not None:
            campaign = campaign_of(self.campaign, (r.job.campaign_id for r in results), say)
        return [
            result
            for result in results
            if campaign in (None, result.job.campaign_id)
            if self.since is None or moment(result.started_at) >= self.since
            if not self.statuses or verdict(result.status, result.findings) in self.statuses
            if _any_of(self.backends, [result.job.backend])
            if _any_of(self.workloads, [result.job.workload])
            if _any_of(self.tags, result.job.tags)
            if not self.machines or any(_on(result, part) for part in self.machines)
        ]

    def _check_words(self, results: Sequence[Result]) -> None:
        """Refuse a typing error, which would look like an answer."""
        backends = {result.job.backend for result in results}
        _check(self.backends, backends, "backend", catalog.names())
        workloads = {result.job.workload for result in results}
        _check(self.workloads, workloads, "workload", lookup.names())
        _check(self.tags, {tag for result in results for tag in result.job.tags}, "tag")
        for part in self.machines:
            if not part.strip():
                raise UsageError("an empty word is no part of a machine's name", "leave it out")
            if not any(_on(result, part) for result in results):
                known = {words for result in results if (words := job_machine.words(result))}
                raise _unknown("machine", part, known)


ALL = Selection()
"""Every stored run."""


def campaign_of(
    word: str, campaign_ids: Iterable[str], say: Callable[[str], None] = nothing
) -> str:
    """The one campaign of ``campaign_ids`` that is or contains ``word``; ``latest`` is the newest.

    Raises:
        UsageError: none or several fit.
    """
    known = sorted(set(campaign_ids))
    if not word.strip():
        raise UsageError("an empty name is no campaign", "`latest` is the newest")
    chosen = fitting(word, known, say)
    if not chosen:
        there = f"the newest: {', '.join(known[:-4:-1])}" if known else "benchdl run makes one"
        raise UsageError(f"no campaign '{word}' among the stored runs", there)
    if len(chosen) > 1:
        raise UsageError(f"'{word}' fits {len(chosen)} campaigns", f"as in {', '.join(chosen[:4])}")
    return chosen[0]


def _any_of(wanted: Sequence[str], having: Iterable[str]) -> bool:
    return not wanted or any(word in wanted for word in having)


def _on(result: Result, part: str) -> bool:
    return part.casefold() in (job_machine.words(result) or "").casefold()


def _check(wanted: Sequence[str], stored: set[str], what: str, ours: Iterable[str] = ()) -> None:
    for word in wanted:
        if word not in {*stored, *ours}:
            raise _unknown(what, word, stored)


def _unknown(what: str, word: str, stored: set[str]) -> UsageError:
    named = sorted(stored)
    more = f", and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    there = f"there are: {', '.join(named[:_MOST_NAMED])}{more}" if named else "none has any"
    return UsageError(f"no stored run has the {what} '{word}'", there)
