"""``benchdl selftest``: does the instrument work on this machine?"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.campaign.question import DEFAULT_IDLE_WAIT_S, MOST
from harness.cli import common, out

if TYPE_CHECKING:  # it imports the engine's client, which --help needs not
    from harness.launchers.choice import DeviceWord
    from harness.launchers.launcher import LauncherWord

_BLOCKS = 12
_QUICK_BLOCKS = 6


@click.command("selftest")
@click.argument("backend", default="tf")
@click.option("--quick", is_flag=True, help=f"{_QUICK_BLOCKS} blocks, shorter loads.")
@click.option(
    "--blocks",
    type=click.IntRange(2, 1000),
    help=f"Blocks of three jobs (default: {_BLOCKS}; more make the intervals narrower).",
)
@common.launcher_option
@common.python_option
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "gpu"]), default="cpu", show_default=True
)
@click.option("--epochs", type=click.IntRange(1, 10_000), default=2, show_default=True)
@click.option(
    "--train-samples",
    type=click.IntRange(1, MOST),
    default=6000,
    show_default=True,
    help="Work of each job: a few seconds are best.",
)
@click.option("--no-training", is_flag=True, help="Only clock and meters, which need no backend.")
@click.option("--strict", is_flag=True, help="Exit with 1 also if a test is inconclusive.")
@click.option(
    "--keep",
    type=common.UserPath(file_okay=False),
    help="Keep the jobs' results in this folder (default: they are removed).",
)
@click.option(
    "--idle-wait",
    type=common.Finite(0, 3600),
    default=DEFAULT_IDLE_WAIT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long a busy machine is waited for before each job.",
)
@common.dataset_option
@common.data_dir_option
@common.make_base_option
def command(
    backend: str,
    quick: bool,
    blocks: int | None,
    launcher: LauncherWord,
    python: str | None,
    device: DeviceWord,
    epochs: int,
    train_samples: int,
    no_training: bool,
    strict: bool,
    keep: Path | None,
    idle_wait: float,
    dataset: str,
    data_dir: Path | None,
    make_base: bool,
) -> int:
    """Test the instrument: does it measure right on this machine?

    Tested are clock, CPU meters, the sampler's cost, and that A against A is no difference.
    BACKEND trains three jobs a block: twice alike, once without sampler. A line a test: PASS, FAIL
    or INCONCLUSIVE, with the numbers. Exit status: 0, or 1 if a test failed.
    """
    from harness.campaign.plan import Options
    from harness.launchers import choice
    from harness.selftest import meters, pairs, timekeeping
    from harness.store import Store

    options = Options(
        backends=[backend],
        devices=[choice.device(device, out.say)],
        epochs=epochs,
        train_samples=train_samples,
        idle_wait_s=idle_wait,
        dataset=dataset,
        python=choice.python(launcher, python),
        data_dir=data_dir and data_dir.absolute(),
    )
    question = None if no_training else pairs.check(options)
    outcomes = []

    def tell(*found: object) -> None:
        for outcome in found:
            outcomes.append(outcome)
            out.line(str(outcome))

    tell(timekeeping.resolution(), timekeeping.rate(1.0 if quick else 5.0))
    seconds, tries = (3.0, 2) if quick else (6.0, 5)
    tell(meters.calibrate("spin", seconds, tries))
    tell(meters.calibrate("duty", seconds, tries))
    if question is not None:
        chosen = choice.launcher(launcher, python=options.python, make_base=make_base, say=out.say)
        with contextlib.ExitStack() as stack:
            folder = keep or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="benchdl-selftest-"))
            )
            count = blocks or (_QUICK_BLOCKS if quick else _BLOCKS)
            runs = pairs.run(question, count, chosen, Store(folder), out.say)
        tell(pairs.sampler_cost(runs), pairs.a_against_a(runs))
    words = [str(outcome).split(maxsplit=1)[0] for outcome in outcomes]
    failed = "FAIL" in words or (strict and "INCONCLUSIVE" in words)
    return 1 if failed else 0
