"""Did all ranks of a data-parallel job do their part, and end with the same weights?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.case import Case
from runner.contract.rank import Rank
from runner.contract.result import Finding

_ADVICE = "one job's ranks do one training: do not compare this row; benchdl show -v has each rank"


def present(case: Case) -> Iterator[Finding]:
    """As many ranks as the job has GPUs, or as it asked for, each on the device that was asked."""
    job, ranks = case.job, case.measured.ranks
    if job.settings.strategy != "data-parallel":
        return
    gpus = len(case.measured.gpu.devices) if job.device == "gpu" else 0
    due = job.ranks or gpus
    wrong = []
    if due and len(ranks) != due:
        wrong.append(f"{len(ranks)} ranks instead of {due}")
    elsewhere = [rank.number for rank in ranks if rank.device != job.device]
    if elsewhere:
        wrong.append(f"not on the {job.device}: {_named(elsewhere)}")
    if job.device == "gpu" and len({_device(rank) for rank in ranks}) < len(ranks):
        wrong.append("two ranks on one GPU")
    if wrong:
        # An image of tf from before ranks spoke for themselves cannot know better.
        older = job.backend == "tf" and not ranks
        yield Finding(
            code="ranks-missing",
            severity="suspect" if older else "invalid",
            evidence=", ".join(wrong),
            advice=_ADVICE,
        )


def alike(case: Case) -> Iterator[Finding]:
    """All took part in every update, ran the same versions, and ended with the same weights: those
    that the judge was given.
    """
    ranks, updates = case.measured.ranks, case.measured.work.count
    if not ranks:
        return
    first, wrong = ranks[0], []
    idle = [rank.number for rank in ranks if rank.updates != updates]
    if idle:
        wrong.append(f"not in all {updates} updates: {_named(idle)}")
    apart = [rank.number for rank in ranks if rank.weights_sha256 != first.weights_sha256]
    if apart:
        wrong.append(f"other weights than rank 0: {_named(apart)}")
    scored = case.measured.weights_sha256
    if scored is not None and not apart and first.weights_sha256 != scored:
        wrong.append("other weights than those that were judged: all of them")
    others = [rank.number for rank in ranks if rank.versions != first.versions]
    if others:
        wrong.append(f"other versions than rank 0: {_named(others)}")
    if wrong:
        yield Finding(
            code="ranks-differ", severity="invalid", evidence="; ".join(wrong), advice=_ADVICE
        )


def _named(numbers: list[int]) -> str:
    return f"rank{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:8]))}"


def _device(rank: Rank) -> str:
    return rank.uuid or rank.name
