"""The chart of the side by number of GPUs: speed-up against one, and what would be ideal.

As the other charts (:mod:`harness.report.charts`): drawn here, with the page's data and colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import counted
from harness.tables.columns import BY_KEY
from harness.tables.scaling import INTERVAL
from harness.tables.sections import Line, Section
from harness.tables.side import RATIO

_ENERGY = BY_KEY["energy_j"]
MOST_DOUBLINGS = 13
"""Ticks of the axes: 1, 2, 4, ... GPUs, as many as a job may have."""


def points(section: Section) -> list[dict[str, Any]]:
    """A point for each line with a speed-up: ``label``, ``backend``, ``gpus``, ``speedup``, its
    interval ``low`` and ``high``, None where there are too few runs, and its words, ``tip``.
    """
    return [
        {
            "label": line.name.label,
            "backend": line.members[0].backend,
            "gpus": int(line.name.mode),
            "speedup": line.values[RATIO],
            "low": line.values[INTERVAL.key],
            "high": line.values[INTERVAL.beside],
            "tip": _tip(line),
        }
        for line in section.lines
        if line.values[RATIO] is not None
    ]


def _tip(line: Line) -> str:
    """Parts of a CPU are ranks, and no GPU of theirs takes energy."""
    gpu = line.members[0].device == "gpu"
    many = counted.things(int(line.name.mode), "GPU" if gpu else "rank")
    energy = f", {_ENERGY.head} {_ENERGY.text(line.values)}" if gpu else ""
    return f"{line.name.label}, {many}\nSpeed-up {line.values[RATIO]:.2f}{energy}"


def ideal(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The line along which N GPUs are N times as fast as one, as far as any of ``found`` goes."""
    most = max((point["gpus"] for point in found), default=1)
    return [{"gpus": count, "speedup": count} for count in (1, most)]


def spec(backend: dict[str, Any], marker: dict[str, Any]) -> dict[str, Any]:
    """Vega-Lite over the data sets ``scaling`` (:func:`points`) and ``ideal``.

    Args:
        backend: how tools are coloured, the same in all charts.
        marker: their shapes.
    """
    axis = {
        "type": "quantitative",
        "scale": {"type": "log", "base": 2, "nice": False},
        "axis": {"values": [2**power for power in range(MOST_DOUBLINGS)]},
    }
    x = {**axis, "field": "gpus", "title": "GPUs, or ranks on a CPU"}
    y = {**axis, "field": "speedup", "title": "Speed-up over one"}
    series = {"x": x, "color": backend, "detail": {"field": "label"}}
    return {
        "height": 260,
        "layer": [
            {
                "data": {"name": "ideal"},
                "mark": {"type": "line", "strokeDash": [4, 4], "color": "@ghost"},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"name": "scaling"},
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {**series, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "data": {"name": "scaling"},
                "mark": {"type": "line"},
                "encoding": {
                    **series,
                    "y": y,
                    "strokeDash": {"field": "label", "type": "nominal", "legend": None},
                },
            },
            {
                "data": {"name": "scaling"},
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {**series, "y": y, "shape": marker, "tooltip": {"field": "tip"}},
            },
        ],
    }
