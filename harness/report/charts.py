"""The charts, as Vega-Lite: what is drawn is stated here, the data and colours are the page's.

The page puts rows into the named data sets, the order of labels into ``sort``, its scales where a
scale says ``use``, and its theme's colours where a colour begins with ``@``. Shapes and words say
what colours say, for those who see them alike. A mark whose row has ``run`` opens that run.
"""

from __future__ import annotations

from typing import Any

from harness.report import over_time, scaling_chart
from harness.tables.columns import BY_KEY

BACKEND = {"field": "backend", "type": "nominal", "legend": None, "scale": {"use": "backend"}}
"""A tool has one colour in all charts,"""

MARKER = {"field": "backend", "type": "nominal", "legend": None, "scale": {"use": "marker"}}
"""and one shape."""

SOUND: dict[str, Any] = {"filter": "!datum.suspect"}
SUSPECT: dict[str, Any] = {"filter": "datum.suspect"}


def specs() -> dict[str, Any]:
    """All charts by name."""
    return {
        "relative": _relative(),
        "times": _times(),
        "scaling": scaling_chart.spec(BACKEND, MARKER),
        "history": over_time.chart(BACKEND, MARKER),
        "phases": _phases(),
        "score": _score(),
        "timeline": _timeline(),
    }


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


def _relative() -> dict[str, Any]:
    """A bar a line: one figure of each beside the best, with its interval and its number.

    As-written bars are pale with an edge, tuned ones full; the edge of a suspect one is broken.
    The tool's marker stands before its bar (``key``), or at the figure (``dot``) where the scale
    has no 0 that a bar could begin at: the page takes away what it does not need, and names the
    axis.
    """
    x = {"use": "figure", "field": "middle", "type": "quantitative", "scale": {"use": "ratio"},
         "axis": {"tickCount": 6, "grid": True}}  # fmt: skip
    y = _label_axis()
    y["axis"] |= {"labelPadding": 22, "grid": False}
    pale = {"condition": {"test": "datum.tuned", "value": 0.9}, "value": 0.25}
    broken = {"condition": {"test": "datum.suspect", "value": [4, 3]}, "value": [1, 0]}
    bars = {"name": "bars"}
    known = [{"filter": "isValid(datum.low)"}]
    marker = {"color": BACKEND, "shape": MARKER, "tooltip": {"field": "tip"}}
    return {
        "encoding": {"y": y},
        "layer": [
            {
                "name": "bar",
                "data": bars,
                "mark": {"type": "bar", "height": {"band": 0.6}, "strokeWidth": 1.5},
                "encoding": {"x": x, "color": BACKEND, "stroke": BACKEND, "fillOpacity": pale,
                             "strokeDash": broken, "tooltip": {"field": "tip"}},
            },
            {
                "data": bars,
                "transform": known,
                "mark": {"type": "rule", "strokeWidth": 1.5, "color": "@ink"},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            *(
                {
                    "data": bars,
                    "transform": known,
                    "mark": {"type": "tick", "thickness": 1.5, "size": 9, "color": "@ink"},
                    "encoding": {"x": {**x, "field": end}},
                }
                for end in ("low", "high")
            ),
            {
                "name": "dot",
                "data": bars,
                "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
                "encoding": {"x": x, **marker},
            },
            {
                "name": "key",
                "data": bars,
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {"x": {"value": -11}, **marker},
            },
            {
                "data": bars,
                "mark": {"type": "text", "align": "left", "dx": 9, "color": "@ink",
                         "fontSize": 12.5},
                "encoding": {"x": {**x, "field": "end"}, "text": {"field": "words"}},
            },
        ],
    }  # fmt: skip


def _times() -> dict[str, Any]:
    """One line a configuration: every raw run, the interval, the median; ghosts of elsewhere."""
    time = {
        "field": "time",
        "type": "quantitative",
        "title": BY_KEY["time_s"].head,
        "scale": {"use": "time"},
    }
    runs = {
        "x": time,
        "yOffset": {"field": "jitter", "type": "quantitative", "scale": {"domain": [-1, 1]}},
        "color": BACKEND,
        "shape": MARKER,
        "tooltip": {"field": "tip"},
    }
    return {
        "encoding": {"y": _label_axis()},
        "layer": [
            {
                "data": {"name": "ghosts"},
                "mark": {"type": "text", "text": "2016", "fontSize": 11, "fontStyle": "italic",
                         "color": "@ghost"},
                "encoding": {"x": time, "tooltip": {"field": "tip"}},
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
            *_runs(runs, 60),
        ],
    }  # fmt: skip


def _runs(encoding: dict[str, Any], size: int) -> list[dict[str, Any]]:
    """Every run as its tool's marker; one that is suspect hollow, with a broken edge."""
    data = {"name": "points"}
    return [
        {"data": data, "transform": [SOUND], "encoding": encoding,
         "mark": {"type": "point", "filled": True, "size": size, "opacity": 0.85}},
        {"data": data, "transform": [SUSPECT], "encoding": encoding,
         "mark": {"type": "point", "filled": False, "size": size, "strokeWidth": 1.5,
                  "strokeDash": [2, 1.5], "opacity": 1}},
    ]  # fmt: skip


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

    The two ways of using a tool are joined by a line. The axis of the score is named by the page,
    after the metric.
    """
    x = {"field": "time", "type": "quantitative", "title": BY_KEY["time_s"].head,
         "scale": {"use": "time"}}  # fmt: skip
    y = {"use": "score", "field": "score", "type": "quantitative",
         "scale": {"zero": False, "nice": True, "padding": 12},
         "axis": {"tickCount": 5}}  # fmt: skip
    shared = {"x": x, "y": y, "color": BACKEND, "shape": MARKER, "tooltip": {"field": "tip"}}
    full = {"condition": {"test": "datum.suspect", "value": 0}, "value": 1}
    broken = {"condition": {"test": "datum.suspect", "value": [3, 2]}, "value": [1, 0]}
    return {
        "height": 240,
        "layer": [
            {"data": {"name": "middles"},
             "mark": {"type": "line", "strokeWidth": 1, "strokeDash": [1, 3], "point": False},
             "encoding": {"x": x, "y": y, "color": BACKEND, "detail": {"field": "pair"}}},
            {"data": {"name": "middles"}, "mark": {"type": "rule", "strokeWidth": 1.5},
             "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"},
                          "color": BACKEND, "tooltip": {"field": "tip"}}},
            *_runs(shared, 30),
            {"data": {"name": "middles"},
             "mark": {"type": "point", "filled": False, "size": 150, "strokeWidth": 2,
                      "opacity": 1},
             "encoding": {**shared, "fill": BACKEND, "fillOpacity": full, "strokeDash": broken}},
            {"data": {"name": "middles"}, "transform": [{"filter": "datum.tuned"}],
             "mark": {"type": "text", "text": "tuned", "align": "left", "dx": 11, "dy": -1,
                      "fontSize": 11, "color": "@ink"},
             "encoding": {"x": x, "y": y}},
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
    edges: dict[str, Any] = {
        "data": {"name": "phases"},
        "mark": {"type": "rule", "strokeWidth": 1, "color": "@ghost"},
        "encoding": {"x": {**x, "field": "start"}},
    }
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
            "layer": [shade, edges, line, epochs],
            "resolve": {"scale": {"color": "independent"}},
        }

    panels = [
        panel("gpu", "GPU busy (%)", 70),
        panel("cores", "Cores busy", 70),
        panel("memory", "Memory (GiB)", 70),
    ]
    panels[-1]["layer"][2]["encoding"]["x"] = {**x, "title": "Seconds"}
    return {"vconcat": panels, "spacing": 14, "resolve": {"scale": {"x": "shared"}}}
