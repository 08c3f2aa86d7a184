"""All that a check may look at: one start of one job, as the harness is about to store it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from harness.checks.seen import Seen
from runner.contract.conformance import Conformance
from runner.contract.job import Job
from runner.contract.measurement import Measurement
from runner.contract.result import Finding, Launch
from runner.workloads import lookup
from runner.workloads.workload import Workload


@dataclass(frozen=True)
class Proof:
    """What is known of the image of a job: its conformance, or why there is none.

    ``tried``: it was to be proven, and that came to nothing.
    """

    conformance: Conformance | None = None
    reason: str = "nobody has tried"
    tried: bool = False


@dataclass(frozen=True)
class Case:
    """One start of a job, and what came of it.

    Attributes:
        job: what was asked for.
        launch: what the harness saw from outside, with how quiet the machine was before
            (``launch.idle``) and what the job was kept within (``launch.allotment``).
        started_at, finished_at: by the wall clock, ISO 8601 with an offset.
        seen: the harness's own clock, and the samples.
        measurement: what the job measured; None where it came to no measurement.
        proof: what was proven of the job's image.
        test_samples: how many the dataset has; None is not known.
    """

    job: Job
    launch: Launch
    started_at: str
    finished_at: str
    seen: Seen
    measurement: Measurement | None = None
    proof: Proof = Proof()
    test_samples: int | None = None

    @property
    def measured(self) -> Measurement:
        """The measurement, for a check of those that look at one.

        Raises:
            ValueError: there is none; the registry runs no such check then.
        """
        if self.measurement is None:
            raise ValueError(f"{self.job.run_id} has no measurement")
        return self.measurement

    @cached_property
    def workload(self) -> Workload:
        """The workload as the job trains it: with the batch size that it asks for.

        Raises:
            KeyError: there is no such workload.
        """
        return lookup.of(self.job)


Check = Callable[[Case], Iterator[Finding]]
"""What every check is. It speaks only of what was measured: a figure that is missing is none."""
