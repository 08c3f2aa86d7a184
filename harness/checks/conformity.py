"""Does the image do the work that the workload states? What was proven of it, once for all jobs."""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.case import Case
from runner.contract.conformance import Check
from runner.contract.result import Finding

_MOST = 5


def image(case: Case) -> Iterator[Finding]:
    """What is wrong is invalid. What could not be shown is suspect, what nobody tried is told."""
    proof = case.proof
    if proof.conformance is None:
        yield _unproven(proof.reason, tried=proof.tried)
        return
    wrong, unsettled = proof.conformance.wrong(), proof.conformance.unsettled()
    if wrong:
        yield Finding(
            code="not-conformant",
            severity="invalid",
            evidence=_words(wrong),
            advice="in a few updates, compared with NumPy's, the image trains otherwise than the "
            "workload states; read the backend's module, do not compare this row",
        )
    elif unsettled:
        yield _unproven(_words(unsettled), tried=True)
    elif proof.conformance.skipped():
        yield _unproven(_words(proof.conformance.skipped()), tried=False)


def _unproven(reason: str, *, tried: bool) -> Finding:
    return Finding(
        code="unproven",
        severity="suspect" if tried else "info",
        evidence=f"that the image does the workload's updates is not proven: {reason}",
        advice="benchdl conform tries it, and says more",
    )


def _words(checks: list[Check]) -> str:
    said = [f"{check.name} {in_words(check)}" for check in checks[:_MOST]]
    return "; ".join(said) + ("; ..." if len(checks) > _MOST else "")


def in_words(check: Check) -> str:
    """What was expected of one check, and what was seen, on one line."""
    if check.seen is None:
        return check.detail[:300] or "nothing was seen"
    margin = f" (within {check.tolerance:.2g})" if check.tolerance else ""
    return f"{check.seen:.4g}, expected {check.expected:.6g}{margin}: {check.detail[:300]}"
