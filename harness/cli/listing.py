"""``benchdl list``: backends with their modes and variants, and workloads."""

from __future__ import annotations

import json
from typing import Any

import click

from harness import catalog
from harness.catalog import Backend
from harness.cli import out
from harness.errors import BenchdlError
from runner.workloads import lookup


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(as_json: bool) -> None:
    """List backends, their modes and variants, and workloads with the backends that have them."""
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
        if "broken" in facts:
            out.line(f"  {facts['name']:<14} broken: {facts['broken']}")
            continue
        out.line(f"  {facts['name']:<14} {facts['title']}: {facts['description']}")
        if facts["tuned"]:
            out.line(f"    {'mode tuned':<12} {facts['tuned']}")
        for device, precisions in facts["precisions"].items():
            out.line(f"    {f'on the {device}':<12} {', '.join(precisions)}")
        for variant, description in facts["variants"].items():
            out.line(f"    {variant:<12} {description}")
    out.line("workloads")
    for facts in workloads:
        trained = [f"{facts['parameters']:,} parameters"] if facts["parameters"] else []
        words = ", ".join([*trained, facts["budget"]])
        out.line(f"  {facts['name']:<14} {facts['title']} ({words})")
        out.line(f"    {'backends':<12} {', '.join(facts['backends']) or 'none'}")


def _backend(backend: Backend) -> dict[str, Any]:
    spec = backend.spec
    return {
        "name": backend.name,
        "title": spec.title,
        "description": spec.description,
        "tuned": spec.tuned.description if spec.tuned else None,
        "precisions": {device: backend.precisions(device) for device in backend.flavours()},
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
    }
