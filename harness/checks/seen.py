"""What the harness knows of a job besides the runner's word: its own clock, and the samples."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.checks.witness import Witness
from runner.contract.measurement import Measurement
from runner.contract.samples import JOB_CPU_COLUMN, Samples, gpu_column


@dataclass(frozen=True)
class Seen:
    """``samples`` is what samples.csv holds, empty where the sampler left nothing.

    ``beside`` are by run id those of other jobs of the campaign that ran at the same time.
    """

    witness: Witness
    samples: Samples
    beside: dict[str, Samples] = field(default_factory=dict)

    def job_cpu_s(self, measured: Measurement, first: str, last: str) -> float | None:
        """CPU seconds of the job between two marks; None where they or samples are missing."""
        marks = measured.marks
        if first not in marks or last not in marks:
            return None
        window = self.samples.covered(marks[first], marks[last])
        return self.samples.growth(JOB_CPU_COLUMN, *window) if window else None

    def gpu_busy_s(self, measured: Measurement, first: str, last: str) -> float | None:
        """Seconds that kernels ran between two marks, summed over GPUs; None where not known."""
        marks = measured.marks
        if first not in marks or last not in marks:
            return None
        window = self.samples.covered(marks[first], marks[last])
        columns = [gpu_column(gpu.index, "util_percent") for gpu in measured.gpu.devices]
        if window is None or not columns:
            return None
        percent_s = [self.samples.integral(column, *window) for column in columns]
        return sum(area / 100 for area in percent_s if area is not None)
