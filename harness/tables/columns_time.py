"""Columns of time: wall clock on ``CLOCK_MONOTONIC``, inside the job."""

from __future__ import annotations

from statistics import median

from harness.tables.column import Column, measured
from runner.contract.result import Result


def _epochs(result: Result) -> list[float]:
    """The duration of each epoch; none of laps that are something else."""
    if result.measurement is None or result.job.budget.unit != "epochs":
        return []
    return [lap.duration_s for lap in result.measurement.laps]


def _first(result: Result) -> float | None:
    return next(iter(_epochs(result)), None)


def _steady(result: Result) -> float | None:
    """Median duration of all epochs but the first, which compiles and warms up."""
    later = _epochs(result)[1:]
    return median(later) if later else None


def _after_last(result: Result) -> float | None:
    """What the training call took once its last lap had ended."""
    if result.measurement is None or not result.measurement.laps:
        return None
    return result.measurement.phases.fit_s - sum(lap.duration_s for lap in result.measurement.laps)


COLUMNS = (
    Column(
        "time_s",
        "Time",
        "wall clock of the training call, data in memory, compilation ahead left out.",
        "From the call of the training function (`model.fit`) to its return. Data is in memory "
        "before, in the layout that the tool takes. The loss of the last epoch was read on the "
        "host, so the device has finished.",
        read=measured(lambda m: m.phases.fit_s),
        unit="s",
        digits=1,
        better="lower",
        shown={"table": 1, "chart": 1, "detail": 1, "runs": 4},
        compared="time",
    ),
    Column(
        "first_epoch_s",
        "First epoch",
        "the first, with what the tool compiles or warms up lazily.",
        read=_first,
        unit="s",
        digits=2,
        better="lower",
        only={"budget_unit": "epochs"},
        shown={"phases": 4, "detail": 1},
        compared="first-epoch",
    ),
    Column(
        "steady_epoch_s",
        "Steady epoch",
        "median of all epochs but the first.",
        "`null` for a run of one epoch.",
        read=_steady,
        unit="s",
        digits=2,
        better="lower",
        only={"budget_unit": "epochs"},
        shown={"phases": 5, "chart": 3, "detail": 1, "runs": 5},
        compared="steady-epoch",
    ),
    Column(
        "after_last_lap_s",
        "After the last lap",
        "of Time (s), from the end of its last lap to the return of the training call.",
        "Keras on TensorFlow ends its input pipeline there, sometimes for seconds "
        "(finding `late-return`).",
        read=_after_last,
        unit="s",
        digits=2,
        better="lower",
        shown={"detail": 1},
    ),
    Column(
        "import_s",
        "Import",
        "importing the framework.",
        read=measured(lambda m: m.phases.import_s),
        unit="s",
        digits=2,
        better="lower",
        shown={"phases": 1, "detail": 1},
    ),
    Column(
        "build_s",
        "Build",
        "translating the network and laying out the data.",
        read=measured(lambda m: m.phases.build_s),
        unit="s",
        digits=2,
        better="lower",
        shown={"phases": 2, "detail": 1},
    ),
    Column(
        "compile_s",
        "Compile",
        "ahead of Time (s), where the tool tells it apart; `-`: in the first epoch, which is "
        "longer by it.",
        "In both modes `theano` does: it generates and compiles C++, keeps that between jobs, and "
        "`attestation.framework.compile_cache` says whether the cache was cold or warm. In mode "
        "`tuned` `jax` and `keras3-jax` compile an epoch, `torch` and `keras3-torch` on a GPU "
        "capture a step as a CUDA graph, and `xgboost` and `lightgbm` cut their rows into bins.",
        read=measured(lambda m: m.phases.compile_s),
        unit="s",
        digits=2,
        better="lower",
        shown={"phases": 3, "detail": 1},
    ),
    Column(
        "time_and_compile_s",
        "Time + compile",
        "Time (s) with what was compiled ahead: for every tool the same.",
        "A note says where the ranks by it are others than by Time (s).",
        read=measured(lambda m: m.phases.fit_s + (m.phases.compile_s or 0.0)),
        unit="s",
        digits=2,
        better="lower",
        shown={"phases": 6, "chart": 2, "detail": 1},
    ),
    Column(
        "env_s",
        "Playing",
        "of Time (s), the game and the memory of what was played.",
        read=measured(lambda m: m.phases.env_s),
        unit="s",
        digits=2,
        better="lower",
        only={"budget_unit": "steps"},
        shown={"detail": 1},
    ),
    Column(
        "act_s",
        "Acting",
        "of Time (s), Q of the states that are played in.",
        read=measured(lambda m: m.phases.act_s),
        unit="s",
        digits=2,
        better="lower",
        only={"budget_unit": "steps"},
        shown={"detail": 1},
    ),
    Column(
        "learn_s",
        "Learning",
        "of Time (s), the updates with what they aim at, and the copies.",
        "A tool whose calls return before they are done is waited for where a number of it is "
        "needed next, which may be while it acts.",
        read=measured(lambda m: m.phases.learn_s),
        unit="s",
        digits=2,
        better="lower",
        only={"budget_unit": "steps"},
        shown={"detail": 1},
    ),
    Column(
        "evaluate_s",
        "Evaluate",
        "the score and the loss on the test data.",
        read=measured(lambda m: m.phases.evaluate_s),
        unit="s",
        digits=2,
        better="lower",
        shown={"detail": 1},
    ),
    Column(
        "total_s",
        "Total",
        "from the start of the runner to the end of the evaluation.",
        read=measured(lambda m: m.phases.total_s),
        unit="s",
        digits=2,
        better="lower",
        shown={"phases": 7, "detail": 1},
        compared="total",
    ),
)
