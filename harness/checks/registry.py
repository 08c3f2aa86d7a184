"""All checks in their order: what the harness concludes about a result, and not from inside.

A check is a function from a :class:`~harness.checks.case.Case` to findings; its module is named
after what it guards. To add one, write the function and its line here, and its row in
docs/definitions.md.

A workload brings no code of checks but data: what the untrained model gives, margins, bands of
score and proofs (runner/workloads/workload.py), which learning.py and work.py hold against what
was measured. Its module is part of every image, and code from inside an image is not believed.
"""

from __future__ import annotations

from harness.checks import (
    clocks,
    conformity,
    contention,
    effort,
    gpu_access,
    gpu_conditions,
    in_ranks,
    instrument,
    isolation,
    learning,
    machine,
    products,
    software,
    threads,
    work,
)
from harness.checks.case import Case, Check
from runner.contract.result import Finding

OF_A_MEASUREMENT: tuple[Check, ...] = (
    work.model,
    work.amount,
    in_ranks.present,
    in_ranks.alike,
    threads.as_told,
    threads.at_work,
    learning.start,
    learning.second_opinion,
    learning.score,
    learning.proven,
    learning.moved,
    learning.precision,
    products.formats,
    learning.proven_figures,
    conformity.image,
    software.pinned,
    gpu_access.device,
    gpu_access.hidden,
    gpu_access.given,
    isolation.inside,
    isolation.outside,
    instrument.sampler,
    instrument.late_return,
    instrument.exit_status,
    gpu_access.lost,
    gpu_access.idle,
    gpu_conditions.throttled,
    gpu_conditions.clocks,
    gpu_conditions.shared,
    gpu_conditions.shared_by_the_host,
    gpu_conditions.busy_before,
    gpu_conditions.compiled_first,
    gpu_conditions.driver,
    effort.too_fast,
    effort.too_much_cpu,
    effort.parts,
    effort.idle_training,
    effort.elsewhere,
    clocks.contradictions,
    clocks.unexplained,
    contention.others,
    machine.quota,
    machine.steal,
    machine.allotted_cores,
)
"""Those that look at what a job measured."""

OF_EVERY_START: tuple[Check, ...] = (clocks.wall_clock, machine.not_idle)
"""Those that speak of a job that failed as well."""


def findings(case: Case) -> list[Finding]:
    """All findings on one start of a job, in the order of the checks."""
    checks = OF_EVERY_START
    if case.measurement is not None:
        checks = OF_A_MEASUREMENT + OF_EVERY_START
    return [finding for check in checks for finding in check(case)]
