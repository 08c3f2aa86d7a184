"""What the harness knows of a job besides the runner's word: its own clock, and the samples."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.checks.witness import Witness
from runner.contract.measurement import Measurement
from runner.contract.samples import JOB_CPU_COLUMN, Samples, gpu_column
from runner.meters import gpu_periods


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
        if window is None or not measured.gpu.devices:
            return None
        return sum(self._busy_s(gpu.index, *window) for gpu in measured.gpu.devices)

    def _busy_s(self, index: int, start_s: float, end_s: float) -> float:
        """By NVML's periods, else by its readings: those of a phase reach into the next."""
        percent = gpu_periods.utilisation(self.samples, index, start_s, end_s)
        if percent is not None:
            return percent / 100 * (end_s - start_s)
        area = self.samples.integral(gpu_column(index, "util_percent"), start_s, end_s)
        return 0.0 if area is None else area / 100
