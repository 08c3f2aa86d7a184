"""The page: template, style, scripts, data and the charting library in one file."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import jinja2

from harness import printable
from harness.report import library
from harness.report.document import Source, build, timelines
from harness.report.packing import packed

_SCRIPTS = (
    "data", "state", "dom", "looks", "sorted_table", "charts", "chart_keys", "chart_data",
    "answers", "side", "figures", "view_history", "view_runs", "view_invalid", "view_findings",
    "view_reference", "view_about", "timeline", "drawer", "views", "main",
)  # fmt: skip
_TIMELINES_A_CHUNK = 25
_STATIC_SECTIONS = 30


def render(source: Source) -> str:
    """The whole page as HTML; without results there is nothing to draw, and no charting library.

    Raises:
        BenchdlError: the cache of the charting library cannot be written.
    """
    document = build(source)
    chunks, where = _chunks(timelines(source))
    document["timelines"] = where
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )
    return environment.get_template("page.html.j2").render(
        about=document["about"],
        runs=len(source.results),
        side=document["sides"]["tool"],
        sections=document["scopes"][""]["tool"],
        shown=_STATIC_SECTIONS,
        style=_static("report.css"),
        script="\n".join(_static(f"{name}.js") for name in _SCRIPTS),
        library=library.script() if source.results else "",
        licence=library.LICENCE,
        document=packed(document),
        chunks=chunks,
    )


def _chunks(made: dict[str, Any]) -> tuple[list[str], dict[str, int]]:
    """Timelines packed by a few, since a reader opens a few; and the chunk of each run."""
    names = list(made)
    chunks: list[str] = []
    where: dict[str, int] = {}
    for begin in range(0, len(names), _TIMELINES_A_CHUNK):
        some = names[begin : begin + _TIMELINES_A_CHUNK]
        where.update(dict.fromkeys(some, len(chunks)))
        chunks.append(packed({name: made[name] for name in some}))
    return chunks, where


def _shown(value: Any) -> Any:
    """What a template prints: texts without characters that turn or hide others."""
    return printable.document(value) if type(value) is str else value


@functools.cache
def _static(name: str) -> str:
    return (resources.files("harness.report") / "static" / name).read_text(encoding="utf-8")
