"""Did a job stay on the cores that were allotted?"""

from __future__ import annotations

from runner.contract.measurement import Measurement
from runner.contract.result import Allotment, Finding


def findings(measured: Measurement, allotted: Allotment) -> list[Finding]:
    """A job that saw more cores than it was to have."""
    if allotted.cores is None or measured.cpu.visible_cores <= len(allotted.cores):
        return []
    return [
        Finding(
            code="beyond-allotment",
            severity="suspect",
            evidence=f"{len(allotted.cores)} cores were allotted ({allotted.sources['cores']}), "
            f"the job saw {measured.cpu.visible_cores}",
            advice="the engine cannot keep a container to some cores (a rootless one needs the "
            "cpuset controller delegated): use --launcher local, or lift the limit",
        )
    ]
