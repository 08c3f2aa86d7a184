"""The charts, as Vega-Lite: what is drawn is stated here, the data and colours are the page's.

The page puts rows into the named data sets, the order of labels into ``sort``, its scales where a
scale says ``use``, and its theme's colours where a colour begins with ``@``. Shapes say what
colours say, for those who see them alike.
"""

from __future__ import annotations

from typing import Any

from harness.tables.columns import BY_KEY

BACKEND = {"field": "backend", "type": "nominal", "legend": None, "scale": {"use": "backend"}}
"""A tool has one colour in all charts."""


def specs() -> dict[str, Any]:
    """All charts by name."""
    return {"times": _times(), "phases": _phases(), "score": _score(), "timeline": _timeline()}


def _label_axis() -> dict[str, Any]:
    """Names of lines, wrapped where the page put a line break."""
    return {
        "field": "label",
        "type": "nominal",
        "sort": [],
        "title": None,
        "axis": {"labelExpr": "split(datum.label, '\\n')", "labelLimit": 260, "ticks": False,
                 "domain": False, "labelPadding": 8, "labelLineHeight": 14, "grid": True},
    }  # fmt: skip


def _times() -> dict[str, Any]:
    """One line a configuration: every raw run, the interval, the median; ghosts of elsewhere."""
    time = {
        "field": "time",
        "type": "quantitative",
        "title": BY_KEY["time_s"].head,
        "scale": {"use": "time"},
    }
    return {
        "encoding": {"y": _label_axis()},
        "layer": [
            {
                "data": {"name": "ghosts"},
                "mark": {"type": "point", "shape": "diamond", "filled": False, "size": 110,
                         "strokeWidth": 1.5, "color": "@ghost"},
                "encoding": {"x": time, "tooltip": {"field": "tip"}},
            },
            {
                "data": {"name": "points"},
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.6},
                "encoding": {
                    "x": time,
                    "yOffset": {"field": "jitter", "type": "quantitative", "scale":
                                {"domain": [-1, 1]}},
                    "color": BACKEND,
                    "shape": {"field": "status", "type": "nominal", "legend": None, "scale":
                              {"domain": ["ok", "suspect"], "range": ["circle", "triangle-up"]}},
                    "tooltip": {"field": "tip"},
                },
            },
            {
                "data": {"name": "lines"},
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": {"type": "rule", "strokeWidth": 2, "color": "@ink"},
                "encoding": {"x": {**time, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "data": {"name": "lines"},
                "mark": {"type": "tick", "thickness": 2.5, "size": 22, "color": "@ink"},
                "encoding": {"x": time, "tooltip": {"field": "tip"}},
            },
        ],
    }  # fmt: skip


def _phases() -> dict[str, Any]:
    """Where the time of a job goes: the parts of one run end to end."""
    return {
        "encoding": {"y": _label_axis()},
        "layer": [
            {
                "data": {"name": "segments"},
                "mark": {"type": "bar", "height": {"band": 0.62}},
                "encoding": {
                    "x": {"field": "seconds", "type": "quantitative", "stack": "zero",
                          "title": "Seconds"},
                    "color": {"field": "phase", "type": "nominal", "legend": None,
                              "scale": {"use": "phase"}},
                    "order": {"field": "order"},
                    "tooltip": {"field": "tip"},
                },
            },
        ],
    }  # fmt: skip


def _score() -> dict[str, Any]:
    """Time against score: every run small, the medians large with the sampling error.

    The axis of the score is named by the page, after the metric.
    """
    x = {"field": "time", "type": "quantitative", "title": BY_KEY["time_s"].head,
         "scale": {"use": "time"}}  # fmt: skip
    y = {"use": "score", "field": "score", "type": "quantitative",
         "scale": {"zero": False, "nice": True, "padding": 12},
         "axis": {"tickCount": 5}}  # fmt: skip
    shape = {"field": "mode", "type": "nominal", "legend": None, "scale":
             {"domain": ["as-written", "tuned"], "range": ["circle", "square"]}}  # fmt: skip
    shared = {"x": x, "y": y, "color": BACKEND, "shape": shape, "tooltip": {"field": "tip"}}
    return {
        "height": 240,
        "layer": [
            {"data": {"name": "middles"}, "mark": {"type": "rule", "strokeWidth": 1.5},
             "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"},
                          "color": BACKEND, "tooltip": {"field": "tip"}}},
            {"data": {"name": "points"}, "transform": [{"filter": "!datum.suspect"}],
             "mark": {"type": "point", "filled": True, "size": 36, "opacity": 0.5},
             "encoding": shared},
            {"data": {"name": "points"}, "transform": [{"filter": "datum.suspect"}],
             "mark": {"type": "point", "filled": False, "size": 36}, "encoding": shared},
            {"data": {"name": "middles"}, "mark": {"type": "point", "filled": False, "size": 130,
             "strokeWidth": 2}, "encoding": {**shared, "strokeDash": {
                 "condition": {"test": "datum.suspect", "value": [3, 2]}, "value": [1, 0]}}},
        ],
    }  # fmt: skip


def _timeline() -> dict[str, Any]:
    """GPU, cores and memory over the job, phases shaded behind; one panel each."""
    x = {"field": "t", "type": "quantitative", "axis": {"tickCount": 6, "grid": False},
         "scale": {"nice": False}, "title": None}  # fmt: skip
    shade: dict[str, Any] = {
        "data": {"name": "phases"},
        "mark": {"type": "rect", "opacity": 0.3},
        "encoding": {
            "x": {**x, "field": "start"}, "x2": {"field": "end"},
            "color": {"field": "phase", "type": "nominal", "legend": None, "scale":
                      {"use": "shade"}},
            "tooltip": {"field": "tip"},
        },
    }  # fmt: skip
    epochs: dict[str, Any] = {
        "data": {"name": "epochs"},
        "mark": {"type": "rule", "strokeWidth": 1, "strokeDash": [2, 3], "opacity": 0.6,
                 "color": "@ink"},
        "encoding": {"x": x},
    }  # fmt: skip

    def panel(name: str, title: str, height: int) -> dict[str, Any]:
        y = {"field": "value", "type": "quantitative", "title": title, "scale": {"zero": True},
             "axis": {"tickCount": 3, "minExtent": 34, "maxExtent": 34}}  # fmt: skip
        line = {
            "data": {"name": name},
            "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.4},
            "encoding": {
                "x": x,
                "y": y,
                "color": {"field": "series", "type": "nominal", "legend": None,
                          "scale": {"use": "series"}},
                "strokeDash": {"field": "series", "type": "nominal", "legend": None,
                               "scale": {"use": "dashes"}},
            },
        }  # fmt: skip
        return {
            "name": name,
            "height": height,
            "layer": [shade, line, epochs],
            "resolve": {"scale": {"color": "independent"}},
        }

    panels = [
        panel("gpu", "GPU busy (%)", 70),
        panel("cores", "Cores busy", 70),
        panel("memory", "Memory (GiB)", 70),
    ]
    panels[-1]["layer"][1]["encoding"]["x"] = {**x, "title": "Seconds"}
    return {"vconcat": panels, "spacing": 14, "resolve": {"scale": {"x": "shared"}}}
