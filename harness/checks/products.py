"""Were the products in the precision that was asked for, by what really ran and not by a switch?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.checks.case import Case
from runner.contract.precision import MIXED, Precision, factors
from runner.contract.result import Finding


def formats(case: Case) -> Iterator[Finding]:
    """Every product of a training step has factors of the precision's format, in every rank.

    All of them: what a tool keeps in float32 on purpose (losses, softmax, statistics, updates) is
    no product of matrices and no convolution.
    """
    told: dict[str, Mapping[str, int]] = {"": _counted(case)}
    for rank in case.measured.ranks[1:]:  # the first one's are those of the job
        told[f" of rank {rank.number}"] = rank.products_in
    for whose, counted in told.items():
        found = _of(whose, counted, case.job.settings.precision)
        if found is not None:
            yield found
            return


def _of(whose: str, counted: Mapping[str, int], asked: Precision) -> Finding | None:
    others = {name: count for name, count in counted.items() if count and name != factors(asked)}
    if not any(counted.values()):
        if asked not in MIXED:
            return None
        return Finding(
            code="precision-mismatch",
            severity="suspect",
            evidence=f"{asked} was asked for, and the backend does not tell what ran{whose}",
            advice="it may have been float32: log.txt may say why nothing was told",
        )
    if not others:
        return None
    seen = ", ".join(f"{count} in {name[:40]}" for name, count in sorted(counted.items()))
    return Finding(
        code="precision-mismatch",
        severity="invalid",
        evidence=f"{asked} was asked for; products of a training step{whose}: {seen}",
        advice="the tool took another precision for them: do not compare this row",
    )


def _counted(case: Case) -> dict[str, int]:
    """Products by the type of their factors, as far as the backend tells."""
    told = case.measured.attestation.framework.get("products_in")
    pairs = told.items() if isinstance(told, dict) else ()
    return {str(name): count for name, count in pairs if type(count) is int}
