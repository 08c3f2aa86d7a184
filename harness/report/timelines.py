"""What a job did over its time: samples.csv in at most 300 steps, with the phases beside it.

Counters are read at the edges of the steps, so that a step's figure is its exact mean, and so are
NVML's periods of utilisation; gauges are the mean (utilisation without periods) or the highest
(memory) of the step's samples.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import checksums, files
from harness.files import FileError
from harness.launchers.exchange import MAX_RESULT_BYTES, MAX_SAMPLES_BYTES
from harness.report import gpu_series
from runner.contract.measurement import Measurement
from runner.contract.result import Result

STEPS = 300
SHORTEST_STEP_S = 0.2  # /proc counts in ticks of 10 ms: a shorter step would show those

_GIB = 2**30
_SLACK_S = 1.0
_LARGEST = 1e20  # above any counter: bytes of 64 bits are 1.8e19
_Array = NDArray[np.float64]


def timeline(result: Result, folder: Path) -> dict[str, Any] | None:
    """The series of one run, or None where there are no usable samples.

    Returns:
        ``step_s``, lists ``cores`` and ``job_cores`` (cores busy: of the machine, by the job),
        ``memory_gib`` (resident, of the job), per GPU ``gpu_percent`` and ``gpu_memory_gib``, all
        with one figure a step; ``phases`` as [name, start, end] and ``epochs`` as their ends, in
        seconds of the same time; and ``samples``, the number that was read.
    """
    columns = _read(folder / "samples.csv")
    if columns is None:
        return None
    times = columns["t_s"]
    span = float(times[-1] - times[0])
    steps = max(1, min(STEPS, int(span / SHORTEST_STEP_S)))
    edges = np.linspace(times[0], times[-1], steps + 1)
    cores = [name for name in columns if re.fullmatch(r"cpu\d+_busy_s", name)]
    gpus = sorted({int(m[1]) for name in columns if (m := re.match(r"gpu(\d+)_", name))})
    phases, epochs = _phases(result.measurement, span, folder)
    busy = [rate for core in cores if (rate := _rate(columns[core], times, edges)) is not None]
    return {
        "step_s": round(span / steps, 4),
        "cores": _listed(np.sum(busy, axis=0) if busy else None),
        "job_cores": _listed(_rate(columns.get("job_cpu_s"), times, edges)),
        "memory_gib": _listed(_peak(columns.get("rss_bytes"), times, edges), _GIB),
        "gpu_percent": [_listed(_gpu_percent(columns, gpu, times, edges)) for gpu in gpus],
        "gpu_memory_gib": [
            _listed(_peak(columns.get(f"gpu{gpu}_memory_bytes"), times, edges), _GIB)
            for gpu in gpus
        ],
        "phases": phases,
        "epochs": epochs,
        "samples": len(times),
    }


def _read(file: Path) -> dict[str, _Array] | None:
    """Columns by name, "not available" as NaN; None if there are not two sound samples."""
    header, _, body = _stored(file).partition("\n")
    names = header.split(",")
    whole = body[: body.rfind("\n") + 1]  # a sampler that was killed leaves half a line
    while ",," in whole:
        whole = whole.replace(",,", ",nan,")
    whole = whole.replace(",\n", ",nan\n")
    if names[0] != "t_s" or whole.count("\n") < 2:
        return None
    try:
        table = np.loadtxt(io.StringIO(whole), delimiter=",", ndmin=2)
    except ValueError:
        return None
    if table.shape[1] != len(names) or np.any(np.abs(table) > _LARGEST):
        return None
    times = table[:, 0]
    if np.any(np.isnan(times)) or not np.all(np.diff(times) > 0):
        return None
    return dict(zip(names, table.T, strict=True))


def _stored(file: Path) -> str:
    """The text of the samples; empty where it cannot be read, or is not what was stored."""
    try:
        content = files.read_plain(file, MAX_SAMPLES_BYTES)
        sound = checksums.holds(file.parent, file.name, content)
        return content.decode("ascii") if sound else ""
    except (FileError, UnicodeDecodeError):
        return ""


def _rate(counter: _Array | None, times: _Array, edges: _Array) -> _Array | None:
    """Mean growth a second of a cumulative counter within each step."""
    if counter is None:
        return None
    known = ~np.isnan(counter)
    if known.sum() < 2:
        return None
    return np.diff(np.interp(edges, times[known], counter[known])) / np.diff(edges)


def _gpu_percent(
    columns: dict[str, _Array], gpu: int, times: _Array, edges: _Array
) -> _Array | None:
    """How busy a GPU was in each step: by NVML's own periods, else by its readings."""
    readings = _mean(columns.get(f"gpu{gpu}_util_percent"), times, edges)
    ends, percents = (columns.get(f"gpu{gpu}_period_{part}") for part in ("end_s", "percent"))
    return gpu_series.by_periods(ends, percents, edges, readings)


def _mean(values: _Array | None, times: _Array, edges: _Array) -> _Array | None:
    """Mean of the samples within each step."""
    return _gauge(values, times, edges, np.add, mean=True)


def _peak(values: _Array | None, times: _Array, edges: _Array) -> _Array | None:
    """The highest of the samples within each step."""
    return _gauge(values, times, edges, np.maximum, mean=False)


def _gauge(
    values: _Array | None, times: _Array, edges: _Array, fold: np.ufunc, *, mean: bool
) -> _Array | None:
    """``fold`` of the samples within each step; a step without any is interpolated."""
    if values is None:
        return None
    known = ~np.isnan(values)
    if not known.any():
        return None
    times, values = times[known], values[known]
    result: _Array = np.interp((edges[:-1] + edges[1:]) / 2, times, values)
    bounds = np.searchsorted(times, edges, side="left")
    bounds[-1] = len(times)  # the last sample is at the last edge
    filled = np.flatnonzero(np.diff(bounds))
    result[filled] = fold.reduceat(values, bounds[filled])
    if mean:
        result[filled] /= np.diff(bounds)[filled]
    return result


def _phases(
    measured: Measurement | None, span: float, folder: Path
) -> tuple[list[list[Any]], list[float]]:
    """Phases and ends of epochs on the samples' time; empty where the two cannot be laid together.

    The sampler's last sample is taken when the evaluation has ended, so the phases are laid from
    there backwards, by their measured durations (runner/judge.py).
    """
    if measured is None or _ended(folder) != "stopped":
        return [], []
    lasted = measured.phases
    durations = {
        "import": lasted.import_s,
        "load": lasted.load_s,
        "build": lasted.build_s,
        "compile": lasted.compile_s or 0.0,
        "train": lasted.fit_s,
        "evaluate": lasted.evaluate_s,
    }
    if sum(durations.values()) > span + _SLACK_S:
        return [], []
    phases: list[list[Any]] = []
    end = span
    for name, duration in reversed(durations.items()):
        if duration > 0:
            start = max(0.0, end - duration)
            phases.insert(0, [name, round(start, 3), round(end, 3)])
            end = start
    begin = span - lasted.evaluate_s - lasted.fit_s
    ends = np.cumsum([lap.duration_s for lap in measured.laps]) + begin
    return phases, [round(float(moment), 3) for moment in ends]


def _ended(folder: Path) -> str | None:
    """Why the sampling ended, as the file beside the samples says."""
    try:
        facts = files.read_json(folder / "samples.json", MAX_RESULT_BYTES)
    except FileError:
        return None
    said = facts.get("ended") if isinstance(facts, dict) else None
    return said if isinstance(said, str) else None


def _listed(values: _Array | None, unit: float = 1.0) -> list[float] | None:
    return None if values is None else np.round(values / unit, 3).tolist()
