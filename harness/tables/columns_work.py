"""Columns of what was done and how well: score, parameters, and the work as it was asked for."""

from __future__ import annotations

import functools
from typing import Any

from harness import scores
from harness.provision import discovery
from harness.tables import rewritten
from harness.tables.column import Column, measured
from runner.contract.measurement import Measurement
from runner.contract.result import Result
from runner.workloads import lookup


@functools.cache
def recipe_batch_size(workload: str) -> int | None:
    """Of the workload's own recipe; None if this version does not know the workload."""
    return lookup.load(workload).batch_size if workload in lookup.names() else None


@functools.cache
def samples_word(workload: str) -> str:
    """What the samples of a workload are called; images if this version does not know it."""
    return lookup.load(workload).samples_word if workload in lookup.names() else "images"


@functools.cache
def judged_by(workload: str) -> str | None:
    """The name of a workload's metric; None if this version does not know it."""
    return lookup.load(workload).metric.name if workload in lookup.names() else None


def _error_rate(measurement: Measurement) -> float | None:
    score = measurement.score
    return 100 * score.value if score.metric == "error_rate" else None


def _error_rate_se(measurement: Measurement) -> float | None:
    score = measurement.score
    error = scores.sampling_error(score) if score.metric == "error_rate" else None
    return None if error is None else 100 * error


def _epochs(result: Result) -> int | None:
    budget = result.job.budget
    return budget.count if budget.unit == "epochs" else None


@functools.cache
def _all_samples(workload: str, dataset: str) -> int | None:
    """How many there are; None of what is played, or if this version does not know one of both."""
    if workload not in lookup.names() or dataset not in discovery.names():
        return None
    return lookup.load(workload).train_samples_of(discovery.load(dataset).train_samples) or None


def _train_samples(result: Result) -> int | None:
    """Of a run that failed those it was to use, so that it stands with the runs that did."""
    job, measurement = result.job, result.measurement
    if measurement:
        return measurement.work.train_samples
    return job.train_samples or _all_samples(job.workload, job.dataset)


def _ranks(result: Result) -> int | None:
    job, measurement = result.job, result.measurement
    if job.settings.strategy == "default":
        return None
    return job.ranks or (len(measurement.gpu.devices) if measurement else None) or None


def _batch_size(result: Result) -> int | None:
    measurement = result.measurement
    return (
        result.job.batch_size
        or recipe_batch_size(result.job.workload)
        or (measurement.work.batch_size if measurement else None)
    )


def _layout(measurement: Measurement) -> str | None:
    said = measurement.attestation.framework.get("layout")
    return said if isinstance(said, str) else None


def _number(key: str, title: str, definition: str, more: str = "", **own: Any) -> Column:
    """A whole number that is told as a fact about the run."""
    return Column(key, title, definition, more, digits=0, shown={"about": 1}, **own)


LEARNING = (
    Column(
        "error_rate_percent",
        "Error rate",
        "of the test samples, ± its standard error: others would give another.",
        "Share of them that are classified wrongly after training; MNIST has 10,000.",
        read=measured(_error_rate),
        unit="%",
        unit_in_cell=True,
        digits=2,
        better="lower",
        only={"metric": "error_rate"},
        beside="error_rate_se_points",
        joint=" ±",
    ),
    Column(
        "error_rate_se_points",
        "± of it",
        "standard error of the error rate in percentage points, since only so many samples were "
        "asked.",
        "Binomial, about sqrt(p (1 - p) / n), as half of Wilson's interval so that it is never 0. "
        "Two rates differ from about 2.8 times as much on (two standard errors of a difference): "
        "0.25 points at 0.83 %. Repeats do not lower it: their test samples are the same.",
        read=measured(_error_rate_se),
        digits=2,
        only={"metric": "error_rate"},
    ),
    Column(
        "metric",
        "Metric",
        "what the workload is judged by.",
        read=measured(lambda m: m.score.metric),
    ),
    Column(
        "score",
        "Score",
        "of the trained model on the test data, in the workload's metric, ± its standard error "
        "where there is one.",
        "In tables its head is the metric, and an error rate is in percent.",
        read=measured(lambda m: m.score.value),
        unit_in_cell=True,
        digits=4,
        shown={"table": 7, "chart": 8, "detail": 1, "runs": 8},
        beside="score_error",
        joint=" ±",
    ),
    Column(
        "score_error",
        "± of it",
        "standard error of the score: other test samples would give another.",
        read=measured(lambda m: scores.sampling_error(m.score)),
        digits=4,
    ),
    Column(
        "score_unit",
        "Unit",
        "of the score; a `share` is from 0 to 1.",
        read=measured(lambda m: m.score.unit),
    ),
    Column(
        "score_better",
        "Better",
        "which way the score is better: `lower` or `higher`.",
        read=measured(lambda m: m.score.better),
    ),
    Column(
        "parameters",
        "Parameters",
        "trained weights and biases, counted from the live model's arrays.",
        read=measured(lambda m: m.work.parameters),
        digits=0,
        grouped=True,
        shown={"detail": 1},
    ),
)

WORK = (
    _number(
        "work",
        "Work",
        "what was done, in the unit of the workload.",
        read=measured(lambda m: m.work.count),
        grouped=True,
        beside="work_unit",
        joint=" ",
    ),
    Column(
        "work_unit",
        "Work in",
        "updates of weights, boosting rounds, trees of a forest, fits, or steps of an environment.",
        read=measured(lambda m: m.work.unit),
    ),
    _number(
        "budget",
        "Budget",
        "how long it was to train, in the workload's unit.",
        read=lambda result: result.job.budget.count,
        grouped=True,
        beside="budget_unit",
        joint=" ",
    ),
    Column(
        "budget_unit",
        "Budget in",
        "epochs, updates, rounds, trees, fits or steps.",
        read=lambda result: result.job.budget.unit,
    ),
    Column(
        "epochs",
        "Epochs",
        "passes over the training data that were asked for.",
        read=_epochs,
        digits=0,
        only={"budget_unit": "epochs"},
    ),
    _number(
        "train_samples",
        "Samples",
        "different training samples used, such as images; of a run that failed, to be used.",
        read=_train_samples,
        grouped=True,
    ),
    _number(
        "threads",
        "Threads",
        "as asked for by `--threads`; `null`: the tool's own number.",
        read=lambda result: result.job.threads,
    ),
    _number(
        "ranks",
        "Ranks",
        "GPUs, or parts of a CPU, that share each batch; `null`: nothing is shared.",
        read=_ranks,
    ),
    _number(
        "batch_per_gpu",
        "Batch a GPU",
        "as asked for by `--batch-per-gpu`; the batch size is of all GPUs together.",
        read=lambda result: result.job.batch_per_gpu,
    ),
    _number(
        "batch_size",
        "Batch size",
        "samples of one update, as asked for: the workload's own, or that of `--batch-size`.",
        read=_batch_size,
    ),
    _number(
        "seed",
        "Seed",
        "the seed used; each further block adds 1.",
        read=lambda result: result.job.seed,
    ),
    _number("repeat", "Repeat", "number of the block.", read=lambda result: result.job.repeat),
    _number(
        "campaign_position",
        "Position",
        "number of the job in its campaign's order of running, from 1.",
        "`null`: of a version without.",
        read=lambda result: result.job.campaign_position,
    ),
    _number(
        "attempt",
        "Attempt",
        "which start of its job this is.",
        read=lambda result: result.job.attempt,
    ),
    Column(
        "precision",
        "Precision",
        "of products: `float32`, `tf32`, or mixed `bfloat16` or `float16`, as was asked for.",
        "A row in which other products ran is `invalid`.",
        read=lambda result: result.job.settings.precision,
    ),
    Column(
        "layout",
        "Layout",
        "the order of axes that the backend says it has.",
        read=measured(_layout),
        shown={"about": 1},
    ),
    Column(
        "convolutions",
        "Convolutions",
        "`rewritten`: products of matrices in the place of the tool's own operation; `null`: its "
        "own, or none.",
        "Tables have the mark behind the mode, or behind the device where lines are devices.",
        read=measured(rewritten.convolutions),
        shown={"about": 1},
    ),
    Column(
        "overrides",
        "Overrides",
        "what `--set` changed.",
        read=lambda result: " ".join(f"{k}={v}" for k, v in result.job.overrides.items()),
        shown={"about": 1},
    ),
)
