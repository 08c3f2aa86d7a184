"""CPU, GPU and memory figures, computed by the harness from samples.csv: not the runner's word."""

from __future__ import annotations

from runner.measurement import Measurement
from runner.meters import figures, gpu_figures
from runner.meters.window import Samples


def recomputed(measured: Measurement, samples: Samples) -> Measurement:
    """``measured`` with the figures that ``samples`` give over the window that the judge heard.

    Without the marks of that window (a runner of before schema 1 had them) it stays as it is.
    """
    marks = measured.marks
    if "fit" not in marks or "fit_end" not in marks:
        return measured
    window = (marks["fit"], marks["fit_end"])
    problem = measured.sampler.problem
    return measured.model_copy(
        update={
            "cpu": figures.cpu_use(samples, *window).model_copy(
                update={} if samples.cores else {"visible_cores": measured.cpu.visible_cores}
            ),
            "gpu": gpu_figures.gpu_use(samples, *window),
            "memory": figures.memory_use(samples, *window),
            "sampler": figures.sampler_facts(samples, *window).model_copy(
                update={"problem": problem}
            ),
        }
    )
