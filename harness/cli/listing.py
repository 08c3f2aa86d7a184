"""``benchdl list``: backends with their modes and variants, and workloads."""

from __future__ import annotations

import click

from harness import catalog
from harness.cli import out
from harness.errors import BenchdlError
from runner.workloads import lookup


@click.command("list")
def command() -> None:
    """List backends, their modes and variants, and workloads."""
    backends = catalog.names()
    out.line("backends")
    for name in backends:
        try:
            spec = catalog.load(name).spec
        except BenchdlError as error:  # one broken file must not hide the others
            out.line(f"  {name:<14} broken: {error}")
            continue
        out.line(f"  {name:<14} {spec.title}: {spec.description}")
        if spec.tuned:
            out.line(f"    {'mode tuned':<12} {spec.tuned.description}")
        for variant, facts in sorted(spec.variants.items()):
            out.line(f"    {variant:<12} {facts.description}")
    out.line("workloads")
    for name in lookup.names():
        workload = lookup.load(name)
        out.line(f"  {name:<14} {workload.title} ({workload.network.parameters():,} parameters)")
