"""What a shell completes: names of backends, variants and workloads, ids of runs and campaigns.

Ids are read from the names of files, since a shell does not wait for results to be parsed. A
completion that cannot be had is none: nothing is printed into the user's line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from harness import catalog, paths
from harness.errors import BenchdlError
from harness.store import CAMPAIGNS, Store
from runner.workloads import lookup

Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
_MOST = 200
"""Of the newest ids: a shell that shows thousands shows nothing."""


def _of(names: Callable[[click.Context], Iterable[str]]) -> Completion:
    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del param
        try:
            return [CompletionItem(name) for name in names(ctx) if name.startswith(incomplete)]
        except (BenchdlError, OSError):
            return []

    return complete


def _variants(_: click.Context) -> list[str]:
    """Of all backends: click hands over none of a line that ends with an option."""
    specs = [catalog.load(name).spec for name in catalog.names()]
    return sorted({"default", *(variant for spec in specs for variant in spec.variants)})


def _results(ctx: click.Context) -> list[Path]:
    given = ctx.params.get("results")
    return list(given) if isinstance(given, tuple) and given else [paths.results_dir(given or None)]


def _newest(names: Iterable[str]) -> list[str]:
    return sorted(names, reverse=True)[:_MOST]


def _runs(ctx: click.Context) -> list[str]:
    ids = _newest({run.name for folder in _results(ctx) for run in Store(folder).folders()})
    return ["latest", *ids] if ids else []


def _campaigns(ctx: click.Context) -> list[str]:
    records = [file for folder in _results(ctx) for file in (folder / CAMPAIGNS).glob("*.json")]
    ids = _newest({file.stem for file in records})
    return ["latest", *ids] if ids else []


backends = _of(lambda _: catalog.names())
backends_or_all = _of(lambda _: [*catalog.names(), "all"])
variants = _of(_variants)
workloads = _of(lambda _: lookup.names())
runs = _of(_runs)
campaigns = _of(_campaigns)
