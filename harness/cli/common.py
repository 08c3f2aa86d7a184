"""What several verbs share: options that mean the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from harness import files, named_paths, paths
from harness.cli import completion, out
from harness.errors import UsageError
from harness.provision import discovery
from harness.store import Store
from runner.contract.precision import PRECISIONS

Command = TypeVar("Command", bound=Callable[..., Any])


class UserPath(click.Path):
    """A path of the command line: ``~`` is a home folder, an empty name is refused."""

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path that was meant."""
        where = param.opts[0] if isinstance(param, click.Option) else str(param and param.name)
        return super().convert(named_paths.named(value, where), param, ctx)


class Finite(click.FloatRange):
    """A number in a range, and a number it is: ``nan`` lies in every range, ``inf`` has no end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} must be a finite number", param, ctx)
        return number


precision_option = click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=click.Choice(PRECISIONS),
    help="Of products, weights staying in float32 (default: float32); repeat for several.",
)
results_option = click.option(
    "--results",
    "results",
    type=UserPath(file_okay=False),
    help="Folder of the results (default: $BENCHDL_RESULTS or ./results).",
)

several_results_option = click.option(
    "--results",
    "results",
    multiple=True,
    type=UserPath(file_okay=False),
    help="Folder of the results (default: $BENCHDL_RESULTS or ./results); repeat for several.",
)

data_dir_option = click.option(
    "--data-dir", type=UserPath(), help="Folder with the files of the dataset."
)
dataset_option = click.option(
    "--dataset",
    type=click.Choice([discovery.AUTO, *discovery.names()]),
    default=discovery.AUTO,
    show_default=True,
)
gpus_option = click.option(
    "--gpus", help="all, or indices or UUIDs separated by commas (default: all)."
)
machine_option = click.option(
    "--machine",
    metavar="NAME",
    help="What tables call this machine (default: $BENCHDL_MACHINE, or what its firmware says).",
)
injection_option = click.option(
    "--injection",
    type=click.Choice(["auto", "cdi", "request", "runtime"]),
    default="auto",
    show_default=True,
    help="How a container gets its GPUs; auto asks the engine.",
)
launcher_option = click.option(
    "--launcher",
    type=click.Choice(["auto", "docker", "local", "python"]),
    default="auto",
    show_default=True,
    help="In Docker, in virtual environments made on this host, or in a Python that is there.",
)
python_option = click.option(
    "--python",
    metavar="PATH",
    help="The Python that jobs run in, for --launcher python (default: what `python` starts).",
)
engine_wait_option = click.option(
    "--engine-wait",
    type=Finite(0, 86_400),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a campaign waits for a Docker engine that went away or is full.",
)
stop_after_option = click.option(
    "--stop-after",
    type=Finite(0, 1_000_000_000, min_open=True),
    metavar="SECONDS",
    help="Begin no further job after so long; what runs then ends, and `benchdl resume` goes on.",
)
runs_argument = click.argument("runs", nargs=-1, metavar="[RUN...]", shell_complete=completion.runs)
campaigns_option = click.option(
    "--campaign",
    "campaigns",
    multiple=True,
    metavar="CAMPAIGN",
    shell_complete=completion.campaigns,
    help="Its record and all of its runs; repeat for several.",
)
allow_unpinned_option = click.option(
    "--allow-unpinned",
    is_flag=True,
    help="A job that ran something else than is pinned becomes suspect instead of invalid.",
)
tags_option = click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="WORD",
    help="A word to find the runs again (benchdl runs --tag WORD); repeat for several.",
)
note_option = click.option(
    "--note", metavar="TEXT", help="A remark that is kept with each run and shown."
)
conform_option = click.option(
    "--conform/--no-conform",
    default=True,
    envvar="BENCHDL_CONFORM",
    show_default=True,
    help="Prove of each build once what it does with a few updates; without it rows are unproven.",
)
dry_run_option = click.option(
    "--dry-run",
    is_flag=True,
    help="Only check it and show what would run; nothing is built, downloaded or stored.",
)
make_base_option = click.option(
    "--make-base", is_flag=True, help="Make the Debian base if it cannot be pulled."
)
quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="Only what was asked for: no notes, no progress."
)
verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="Also what columns mean, and what else there is to tell."
)


def output_folder(name: str, told: str) -> Callable[[Command], Command]:
    """``--output`` for what is a folder, which has to be named; the command gets it as ``name``."""
    return click.option(
        "-o", "--output", name, required=True, type=UserPath(file_okay=False), help=told
    )


def format_option(*forms: str) -> Callable[[Command], Command]:
    """``--format``: ``text`` is for a terminal and its default; elsewhere that is Markdown."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=lambda: "text" if out.on_screen() else "md",
        help="Default: text, which is fitted to the terminal; md where it goes elsewhere.",
    )


def store(results: Path | None) -> Store:
    """The store of ``--results``."""
    return Store(paths.results_dir(results))


def stores(results: Sequence[Path]) -> list[Store]:
    """The stores of a repeated ``--results``; a folder that is named twice counts once.

    Raises:
        UsageError: one that is named is not there, as after a slip of the pen.
    """
    for folder in results:
        if not files.exists(folder):
            raise UsageError(
                f"there is no folder {files.shown(folder)}", "name one of results with --results"
            )
    named = {files.real(folder): folder for folder in reversed(results)}
    return [store(folder) for folder in reversed(named.values())] or [store(None)]
