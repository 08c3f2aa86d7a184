"""What several verbs share: options that mean the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click

from harness import paths
from harness.store import Store

results_option = click.option(
    "--results",
    "results",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the results (default: $BENCHDL_RESULTS or ./results).",
)

data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Folder with the four IDX files."
)
dataset_option = click.option(
    "--dataset",
    type=click.Choice(["auto", "mnist", "synthetic-mnist"]),
    default="auto",
    show_default=True,
)
gpus_option = click.option(
    "--gpus", help="all, or indices or UUIDs separated by commas (default: all)."
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
    type=click.Choice(["auto", "docker", "local"]),
    default="auto",
    show_default=True,
    help="In containers, or in environments on this host.",
)
engine_wait_option = click.option(
    "--engine-wait",
    type=click.FloatRange(0, 86_400),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a campaign waits for a Docker engine that went away or is full.",
)
make_base_option = click.option(
    "--make-base", is_flag=True, help="Make the Debian base if it cannot be pulled."
)


def store(results: Path | None) -> Store:
    """The store of ``--results``."""
    return Store(paths.results_dir(results))
