"""``benchdl run``: run jobs and print their table."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from harness.campaign.question import MOST, Question
from harness.cli import common, completion, gpu_shares, out, spoken


@click.command("run")
@click.argument(
    "backends", nargs=-1, metavar="BACKEND...", shell_complete=completion.backends_or_all
)
@click.option(
    "--campaign",
    "file",
    type=common.UserPath(),
    metavar="FILE.toml",
    help="A file with a matrix of backends, modes, variants, devices, ...: instead of BACKEND.",
)
@spoken.options(Question, "workload")
@common.launcher_option
@common.python_option
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="auto takes a GPU if there is one.",
)
@common.machine_option
@common.gpus_option
@click.option(
    "--parallel-gpus",
    is_flag=True,
    help="Run jobs side by side, each on GPUs of its own: one, or as many as --gpus-axis says.",
)
@click.option(
    "--cores-per-gpu",
    metavar="N",
    type=click.IntRange(0, 1_000_000),
    help="Of jobs side by side: cores that no other job has, for each GPU of a job; 0: all for "
    "every job (default: an equal share, if that is 4 or more).",
)
@gpu_shares.options
@common.injection_option
@common.engine_wait_option
@common.stop_after_option
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice(["as-written", "tuned"]),
    help="As the tool's users write it (default), or the best it can do; repeat for both.",
)
@common.precision_option
@click.option(
    "--variant",
    "variants",
    multiple=True,
    shell_complete=completion.variants,
    help="Another configuration of the tool, as no-pool (see benchdl list); repeat for several.",
)
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting of image.toml for this run; recorded in the result.",
)
@click.option(
    "--against",
    metavar="CAMPAIGN|IMAGE",
    help="Run each configuration also in its image of that campaign, or in that image: old and "
    "new in the same shuffled blocks, compared at the end.",
)
@spoken.options(
    Question,
    "epochs", "budget", "train_samples", "repeat", "order_seed", "cool_down_s", "idle_wait_s",
    "unsupported",
)  # fmt: skip
@click.option(
    "--threads", type=click.IntRange(1, MOST), help="CPU threads (default: the tool's own)."
)
@click.option("--batch-size", type=click.IntRange(1, MOST), help="Default: the workload's.")
@click.option(
    "--batch-per-gpu",
    type=click.IntRange(1, MOST),
    help="A batch of so many samples for each GPU of --gpus-axis.",
)
@spoken.options(Question, "seed")
@common.dataset_option
@common.data_dir_option
@common.results_option
@spoken.options(Question, "timeout_s")
@click.option(
    "--memory",
    type=common.Finite(min=0, min_open=True),
    metavar="GIB",
    help="Memory limit of a container (default: 90 % of the machine's, or of what was allotted).",
)
@common.allow_unpinned_option
@common.tags_option
@common.note_option
@common.conform_option
@common.make_base_option
@common.dry_run_option
@common.quiet_option
@common.verbose_option
@click.option("--json", "as_json", is_flag=True, help="Print only results, as JSON.")  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context,
    /,
    dry_run: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
    results: Path | None,
    stop_after: float | None,
    **asked: Any,
) -> int:
    """Train with each BACKEND (or all) and print the table.

    Every result is stored. A run that was stopped goes on with `benchdl resume`.
    """
    from harness.campaign import checked, conduct, resolved
    from harness.campaign.display import Display
    from harness.cli import finish, request
    from harness.launchers import choice

    begin = time.monotonic()
    display = Display(out.console(), quiet=quiet, verbose=verbose)
    store = common.store(results)
    options = request.options(ctx, asked, display.say)
    question = checked.combined(options)
    launcher = choice.launcher(
        options.launcher,
        python=options.python,
        make_base=asked["make_base"],
        injection=asked["injection"],
        engine_wait_s=asked["engine_wait"],
        say=display.say,
    )
    choice.check_limits(launcher, memory=asked["memory"], injection=asked["injection"])
    plan = resolved.asked(question, launcher, store)
    if dry_run:
        from harness.campaign import preview

        return finish.preview(preview.of(plan, store), as_json=as_json, display=display)
    until_s = None if stop_after is None else begin + stop_after
    try:
        done = conduct.run(plan, store, display, until_s=until_s)
    finally:
        display.close()
    return finish.show(
        done,
        as_json=as_json,
        begin=begin,
        store=store,
        display=display,
        quiet=quiet,
        verbose=verbose,
    )
