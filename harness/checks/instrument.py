"""Did the instrument itself work: the sampler, the judge's process, the call that is timed?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.case import Case
from runner.contract.result import Finding

SAMPLER_OFF = "sampler-off"

_LATE_FACTOR = 2.0
_RETURN_SHARE = 0.1
_RETURN_MIN_S = 0.5


def sampler(case: Case) -> Iterator[Finding]:
    """There was a sampler, it held to the end, and it kept its rate."""
    facts, asked_s = case.measured.sampler, case.job.sample_interval_s
    if asked_s is None:
        yield Finding(
            code=SAMPLER_OFF,
            severity="invalid",
            evidence="the job ran without a sampler, to measure what the sampler costs",
            advice="a run of benchdl selftest: it belongs in no table",
        )
        return
    median_s = facts.interval_median_s
    late = median_s is not None and median_s > _LATE_FACTOR * asked_s
    if facts.problem:
        yield Finding(
            code="sampler-broke",
            severity="suspect",
            evidence=facts.problem,
            advice="the time is right, CPU and GPU figures are missing or partial: run again",
        )
    elif late or facts.samples == 0:
        yield Finding(
            code="sampler-late",
            severity="info" if facts.samples else "suspect",
            evidence=f"{facts.samples} samples, median interval {median_s} s "
            f"instead of {facts.interval_target_s} s",
            advice="CPU and GPU figures of this run are coarse; the time is not affected",
        )


def late_return(case: Case) -> Iterator[Finding]:
    """The training call returned when its last epoch had ended."""
    fit_s, laps = case.measured.phases.fit_s, case.measured.laps
    after_s = fit_s - sum(lap.duration_s for lap in laps)
    if laps and after_s > max(_RETURN_MIN_S, _RETURN_SHARE * fit_s):
        yield Finding(
            code="late-return",
            severity="info",
            evidence=f"the training call returned {after_s:.1f} s after its last epoch, "
            f"{after_s / fit_s:.0%} of Time (s)",
            advice="the tool tears down its input pipeline inside the training call (Keras on "
            "TensorFlow does, sometimes for seconds); compare steady epochs as well (--figure)",
        )


def exit_status(case: Case) -> Iterator[Finding]:
    """A runner that says all is well also ends well."""
    if case.launch.exit_code:
        yield Finding(
            code="bad-exit",
            severity="invalid",
            evidence="the runner wrote a good result and then ended with status "
            f"{case.launch.exit_code}",
            advice="the runner's last step is to end well: something ended it, and may have "
            "written in its place; look for what kills processes here and run again",
        )
