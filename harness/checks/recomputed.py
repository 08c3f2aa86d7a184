"""CPU, GPU and memory figures, computed by the harness from samples.csv: not the runner's word."""

from __future__ import annotations

import io
from pathlib import Path

from harness import files
from harness.errors import BenchdlError
from runner.contract.measurement import Measurement
from runner.contract.samples import Samples, facts_path, parse_samples
from runner.meters import cpu_figures, gpu_figures

_MAX_BYTES, _MAX_FACTS_BYTES = 256 * 2**20, 4 * 2**20


def read(file: Path) -> Samples:
    """The samples that a job left, read as what a stranger wrote; none where that cannot be."""
    try:
        content = files.read_plain(file, _MAX_BYTES)
        facts = files.read_plain(facts_path(file), _MAX_FACTS_BYTES)
    except BenchdlError:
        return Samples()
    with io.TextIOWrapper(io.BytesIO(content), "ascii", "replace", newline="") as lines:
        return parse_samples(lines, facts)


def recomputed(measured: Measurement, samples: Samples) -> Measurement:
    """``measured`` with the figures that ``samples`` give over the window that the judge heard.

    Without the marks of that window (a runner from before there were any) it stays as it is. Of
    samples that no sampler writes, there are no figures.
    """
    marks = measured.marks
    if "fit" not in marks or "fit_end" not in marks:
        return measured
    try:
        return _recomputed(measured, samples, (marks["fit"], marks["fit_end"]))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return _recomputed(measured, Samples(), (marks["fit"], marks["fit_end"]))


def _recomputed(
    measured: Measurement, samples: Samples, window: tuple[float, float]
) -> Measurement:
    cores = {} if samples.cores else {"visible_cores": measured.cpu.visible_cores}
    problem = {"problem": measured.sampler.problem}
    return measured.model_copy(
        update={
            "cpu": cpu_figures.cpu_use(samples, *window).model_copy(update=cores),
            "gpu": gpu_figures.gpu_use(samples, *window),
            "memory": cpu_figures.memory_use(samples, *window),
            "sampler": cpu_figures.sampler_facts(samples, *window).model_copy(update=problem),
        }
    )
