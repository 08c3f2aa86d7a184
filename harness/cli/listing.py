"""``benchdl list``: backends with their modes and variants, and workloads."""

from __future__ import annotations

import click

from harness import catalog
from harness.catalog import Backend
from harness.cli import out
from harness.errors import BenchdlError
from runner.workloads import lookup


@click.command("list")
def command() -> None:
    """List backends, their modes and variants, and workloads with the backends that have them."""
    names = catalog.names()
    sound: list[Backend] = []
    out.line("backends")
    for name in names:
        try:
            sound.append(catalog.load(name))
        except BenchdlError as error:  # one broken file must not hide the others
            out.line(f"  {name:<14} broken: {error}")
            continue
        spec = sound[-1].spec
        out.line(f"  {name:<14} {spec.title}: {spec.description}")
        if spec.tuned:
            out.line(f"    {'mode tuned':<12} {spec.tuned.description}")
        for variant, facts in sorted(spec.variants.items()):
            out.line(f"    {variant:<12} {facts.description}")
    out.line("workloads")
    for name in lookup.names():
        workload = lookup.load(name)
        trained = workload.parameters()
        words = [*([f"{trained:,} parameters"] if trained else []), str(workload.budget)]
        out.line(f"  {name:<14} {workload.title} ({', '.join(words)})")
        having = [backend.name for backend in sound if backend.runs(name)]
        out.line(f"    {'backends':<12} {', '.join(having) or 'none'}")
