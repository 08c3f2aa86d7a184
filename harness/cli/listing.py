"""``benchdl list``: backends with their modes and variants, workloads with backends and data."""

from __future__ import annotations

import json
from typing import Any

import click

from harness import catalog
from harness.catalog import Backend
from harness.cli import on_screen, out
from harness.errors import BenchdlError
from runner.workloads import lookup

_NAMES = 21
"""Characters of the longest name."""


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(as_json: bool) -> None:
    """List backends and workloads, and what each of them has."""
    sound: list[Backend] = []
    broken: dict[str, str] = {}
    for name in catalog.names():
        try:
            sound.append(catalog.load(name))
        except BenchdlError as error:  # one broken file must not hide the others
            broken[name] = str(error)
    backends = [_backend(backend) for backend in sound]
    backends += [{"name": name, "broken": why} for name, why in broken.items()]
    backends.sort(key=lambda facts: str(facts["name"]))
    workloads = [_workload(name, sound) for name in lookup.names()]
    if as_json:
        out.json(json.dumps({"backends": backends, "workloads": workloads}, indent=1))
        return
    out.line("backends")
    for facts in backends:
        _told(str(facts["name"]), **_of_backend(facts))
    out.line("workloads")
    for facts in workloads:
        _told(str(facts["name"]), **_of_workload(facts))


def _told(name: str, words: str, parts: dict[str, str]) -> None:
    """A name with what it is; what belongs to it below, all texts in one column."""
    on_screen.facts({name: words}, 2, _NAMES)
    on_screen.facts(parts, 4, _NAMES - 2)


def _of_backend(facts: dict[str, Any]) -> dict[str, Any]:
    if "broken" in facts:
        return {"words": f"broken: {facts['broken']}", "parts": {}}
    parts = {"mode tuned": facts["tuned"]} if facts["tuned"] else {}
    for device, precisions in facts["precisions"].items():
        parts[f"on the {device}"] = ", ".join(precisions)
    for precision, workloads in facts["precisions_not_for"].items():
        parts[f"no {precision}"] = ", ".join(workloads)
    return {
        "words": f"{facts['title']}: {facts['description']}",
        "parts": {**parts, **facts["variants"]},
    }


def _of_workload(facts: dict[str, Any]) -> dict[str, Any]:
    trained = [f"{facts['parameters']:,} parameters"] if facts["parameters"] else []
    size = ", ".join([*trained, facts["budget"]])
    return {
        "words": f"{facts['title']} ({size})",
        "parts": {
            "backends": ", ".join(facts["backends"]) or "none",
            "datasets": ", ".join(facts["datasets"]),
        },
    }


def _backend(backend: Backend) -> dict[str, Any]:
    spec = backend.spec
    return {
        "name": backend.name,
        "title": spec.title,
        "description": spec.description,
        "tuned": spec.tuned.description if spec.tuned else None,
        "precisions": {device: backend.precisions(device) for device in backend.flavours()},
        "precisions_not_for": backend.spec.precision.not_for,
        "variants": {name: facts.description for name, facts in sorted(spec.variants.items())},
    }


def _workload(name: str, backends: list[Backend]) -> dict[str, Any]:
    workload = lookup.load(name)
    return {
        "name": name,
        "title": workload.title,
        "parameters": workload.parameters() or None,
        "budget": str(workload.budget),
        "backends": [backend.name for backend in backends if backend.runs(name)],
        "datasets": list(workload.datasets),
    }
