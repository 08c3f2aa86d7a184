"""The first page of a gallery: all measurements in one table, with a search; the bundles below."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from typing import Any

import jinja2

from harness import printable
from harness.gallery.listed import Listed, Measured, figures

FACETS = {
    "machine": "Machine",
    "instance": "Type",
    "gpu": "GPU",
    "backend": "Backend",
    "workload": "Workload",
}
"""What lines can be chosen by: the fields of :class:`Measured`, and what the page calls them."""


@dataclass(frozen=True)
class Refused:
    """A file that is not in the gallery, and why."""

    name: str
    reason: str


def page(bundles: Sequence[Listed], refused: Sequence[Refused]) -> str:
    """The page as HTML, which asks no other file for anything.

    Its policy allows the one script and the one style that it holds, by their checksums, and no
    request: whatever a bundle says is text.
    """
    lines = sorted((line for bundle in bundles for line in bundle.lines), key=_order)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.gallery"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )
    style, script = _static("gallery.css"), _static("gallery.js")
    return environment.get_template("gallery.html.j2").render(
        bundles=bundles,
        refused=refused,
        lines=lines,
        machines=len({(line.instance, line.machine) for line in lines}),
        figures=figures(lines),
        facets=_facets(lines),
        version=metadata.version("benchdl"),
        style=style,
        script=script,
        style_sum=_sum(style),
        script_sum=_sum(script),
    )


def _order(line: Measured) -> tuple[Any, ...]:
    time_s = line.values["time_s"]
    return (line.workload, line.work, time_s is None, time_s or 0.0, line.campaign, line.tool)


def _facets(lines: Sequence[Measured]) -> dict[str, dict[str, Any]]:
    """Of each facet that lines differ in its title and all values."""
    found = {
        name: {"title": title, "values": sorted({getattr(line, name) for line in lines} - {""})}
        for name, title in FACETS.items()
    }
    return {name: facet for name, facet in found.items() if facet["values"]}


def _sum(text: str) -> str:
    """How a content security policy names a text: Content Security Policy Level 3, hash-source."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _shown(value: Any) -> Any:
    """What a template prints: texts without characters that turn or hide others."""
    return printable.document(value) if type(value) is str else value


@functools.cache
def _static(name: str) -> str:
    return (resources.files("harness.gallery") / "static" / name).read_text(encoding="utf-8")
