"""Was the machine what the job was to have: idle before it, its cores, all of their time?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.case import Case
from harness.hosts.quiet import busy
from runner.contract.result import Finding

_THROTTLED_SHARE = 0.05
_THROTTLED_MIN_S = 0.2
_STEAL_SHARE, _STEAL_MIN_S = 0.05, 0.5


def not_idle(case: Case) -> Iterator[Finding]:
    """The machine was quiet when the job started, or became so in time."""
    idle = case.launch.idle
    if idle is not None and not idle.reached:
        yield Finding(
            code="not-idle",
            severity="info",
            evidence="the machine was still busy "
            f"({busy(idle.cpu_percent, idle.gpu_percent)}) after {idle.waited_s:.0f} s",
            advice="Close other programs or raise --idle-wait; the findings foreign-load and "
            "gpu-shared report whether the training itself was disturbed",
        )


def allotted_cores(case: Case) -> Iterator[Finding]:
    """The job saw no more cores than it was to have."""
    allotted, visible = case.launch.allotment, case.measured.cpu.visible_cores
    if allotted is None or allotted.cores is None or visible <= len(allotted.cores):
        return
    yield Finding(
        code="beyond-allotment",
        severity="suspect",
        evidence=f"{len(allotted.cores)} cores were allotted ({allotted.sources['cores']}), "
        f"the job saw {visible}",
        advice="the engine cannot keep a container to some cores (a rootless one needs the "
        "cpuset controller delegated): use --launcher local, or lift the limit",
    )


def quota(case: Case) -> Iterator[Finding]:
    """No quota of a control group stopped the job while it trained."""
    use = case.measured.cpu
    if not use.quota_periods or use.throttled_periods is None or use.throttled_s is None:
        return
    share = use.throttled_periods / use.quota_periods
    if share < _THROTTLED_SHARE or use.throttled_s < _THROTTLED_MIN_S:
        return
    size = f"of {use.quota_cores:g} cores " if use.quota_cores else ""
    yield Finding(
        code="cpu-throttled",
        severity="suspect",
        evidence=f"a quota {size}stopped the job in {use.throttled_periods} of "
        f"{use.quota_periods} periods of the fit window ({share:.0%}), for {use.throttled_s:.1f} s "
        "summed over cores",
        advice="the time is the quota's, not the processor's: lift it (docker run --cpus, cpu.max, "
        "CPUQuota=), or give whole cores instead (--cpuset-cpus, taskset)",
    )


def steal(case: Case) -> Iterator[Finding]:
    """The hypervisor gave this machine's cores to this machine."""
    use = case.measured.cpu
    offered_s = use.visible_cores * case.measured.phases.fit_s
    if use.steal_s is not None and use.steal_s > max(_STEAL_MIN_S, _STEAL_SHARE * offered_s):
        yield Finding(
            code="cpu-steal",
            severity="suspect",
            evidence=f"the hypervisor gave {use.steal_s:.1f} s of this machine's CPU time to "
            f"others in the fit window, {use.steal_s / offered_s:.0%} of it",
            advice="run on a machine with cores of its own, or when its neighbours are quiet",
        )
