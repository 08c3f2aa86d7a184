"""``benchdl run``: run jobs and print their table."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import click

from harness import settings
from harness.cli import common
from harness.errors import UsageError


def _finite(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number of anything", ctx, param)
    return value


@click.command("run")
@click.argument("backends", nargs=-1, required=True, metavar="BACKEND...")
@click.option("--workload", default="cnn-mnist", show_default=True, help="What to train.")
@click.option(
    "--launcher",
    type=click.Choice(["auto", "docker", "local"]),
    default="auto",
    show_default=True,
    help="In containers, or in environments on this host.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="auto takes a GPU if there is one.",
)
@click.option("--gpus", help="all, or indices or UUIDs separated by commas (default: all).")
@click.option(
    "--parallel-gpus",
    is_flag=True,
    help="Run single-GPU jobs side by side, one on each GPU.",
)
@click.option(
    "--injection",
    type=click.Choice(["auto", "cdi", "request", "runtime"]),
    default="auto",
    show_default=True,
    help="How a container gets its GPUs; auto asks the engine.",
)
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice(["as-written", "tuned"]),
    help="As the tool's users write it (default), or the best it can do; repeat for both.",
)
@click.option("--variant", "variants", multiple=True, help="Repeat for several (see benchdl list).")
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting of image.toml for this run; recorded in the result.",
)
@click.option("--epochs", type=click.IntRange(1, 10_000), help="Default: the workload's (10).")
@click.option("--train-samples", type=click.IntRange(1), help="Only the first N training images.")
@click.option(
    "--repeat",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Starts of each configuration, interleaved.",
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads (default: the tool's own).")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=123,
    show_default=True,
    help="Seed of the first repeat; each further one adds 1.",
)
@click.option(
    "--dataset",
    type=click.Choice(["auto", "mnist", "synthetic-mnist"]),
    default="auto",
    show_default=True,
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder with the four IDX files.")
@common.results_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    default=7200.0,
    show_default=True,
    help="Seconds after which a job is ended.",
)
@click.option(
    "--memory",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    metavar="GIB",
    help="Memory limit of a container (default: 90 % of the machine's).",
)
@click.option(
    "--allow-unpinned",
    is_flag=True,
    help="A job that ran something else than is pinned becomes suspect instead of invalid.",
)
@click.option("--make-base", is_flag=True, help="Make the Debian base if it cannot be pulled.")
@click.option("--json", "as_json", is_flag=True, help="Print only results, as JSON.")  # fmt: skip
def command(as_json: bool, results: Path | None, **asked: Any) -> int:
    """Train with each BACKEND (or all) and print the table; every result is stored."""
    from harness import campaign, rows, tables
    from harness.launchers import choice
    from harness.progress import Display

    display = Display(common.console())
    device = choice.device(asked["device"], display.say)
    gpus = _gpus(asked["gpus"], device)
    options = campaign.Options(
        backends=list(asked["backends"]),
        workload=asked["workload"],
        device=device,
        gpus=gpus,
        parallel_gpus=asked["parallel_gpus"],
        modes=list(dict.fromkeys(asked["modes"])) or ["as-written"],
        variants=list(asked["variants"]) or ["default"],
        overrides=settings.parse(list(asked["pairs"])),
        epochs=asked["epochs"],
        train_samples=asked["train_samples"],
        repeat=asked["repeat"],
        threads=asked["threads"],
        seed=asked["seed"],
        dataset=asked["dataset"],
        data_dir=asked["data_dir"],
        timeout_s=asked["timeout"],
        memory_limit_bytes=int(asked["memory"] * 2**30) if asked["memory"] else None,
        allow_unpinned=asked["allow_unpinned"],
    )
    campaign.check(options)
    launcher = choice.launcher(
        asked["launcher"],
        make_base=asked["make_base"],
        injection=asked["injection"],
        say=display.say,
    )
    begin = time.monotonic()
    try:
        done = campaign.run(options, launcher, common.store(results), display)
    finally:
        display.close()
    table = [rows.row(result) for result in done]
    if as_json:
        click.echo(tables.to_json(table))
    else:
        click.echo("\n" + tables.to_markdown(table))
        display.say(f"{len(done)} result(s) in {time.monotonic() - begin:.0f} s, stored in "
                    f"{common.store(results).directory}")  # fmt: skip
    return 0 if all(row.status in ("ok", "suspect") for row in table) else 1


def _gpus(text: str | None, device: str) -> list[str] | None:
    if text is None or text == "all":
        return None
    if device != "gpu":
        raise UsageError(f"--gpus {text} with device {device}", "add --device gpu")
    chosen = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() or part.startswith(("GPU-", "MIG-")) for part in chosen):
        raise UsageError(f"--gpus {text}: expected all, or indices or UUIDs, as in --gpus 0,2")
    if len(set(chosen)) < len(chosen):
        raise UsageError(f"--gpus {text} names a GPU twice")
    return chosen
