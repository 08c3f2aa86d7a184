"""Were the products in the precision that was asked for, by what really ran and not by a switch?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.case import Case
from runner.contract.precision import MIXED, factors
from runner.contract.result import Finding


def formats(case: Case) -> Iterator[Finding]:
    """Every product of a training step has factors of the precision's format.

    All of them: what a tool keeps in float32 on purpose (losses, softmax, statistics, updates) is
    no product of matrices and no convolution.
    """
    asked = case.job.settings.precision
    counted = _counted(case)
    others = {name: count for name, count in counted.items() if count and name != factors(asked)}
    if not any(counted.values()):
        if asked in MIXED:
            yield Finding(
                code="precision-mismatch",
                severity="suspect",
                evidence=f"{asked} was asked for, and the backend does not tell what ran",
                advice="it may have been float32: log.txt may say why nothing was told",
            )
    elif others:
        seen = ", ".join(f"{count} in {name[:40]}" for name, count in sorted(counted.items()))
        yield Finding(
            code="precision-mismatch",
            severity="invalid",
            evidence=f"{asked} was asked for; products of a training step: {seen}",
            advice="the tool took another precision for them: do not compare this row",
        )


def _counted(case: Case) -> dict[str, int]:
    """Products by the type of their factors, as far as the backend tells."""
    told = case.measured.attestation.framework.get("products_in")
    pairs = told.items() if isinstance(told, dict) else ()
    return {str(name): count for name, count in pairs if type(count) is int}
