"""What the findings on a result come to: the status of a row."""

from __future__ import annotations

from collections.abc import Iterable

from runner.contract.result import Finding


def verdict(status: str, found: Iterable[Finding]) -> str:
    """``ok``, ``suspect``, ``invalid``, ``failed`` or ``interrupted``; ``status`` is the job's."""
    if status != "ok":
        return status
    severities = {finding.severity for finding in found}
    for worst in ("invalid", "suspect"):
        if worst in severities:
            return worst
    return "ok"
