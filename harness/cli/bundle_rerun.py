"""``benchdl bundle rerun``: the jobs of a bundle, shown first, run here, and compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness import counted
from harness.campaign.question import Question
from harness.cli import common, out, spoken

if TYPE_CHECKING:
    from harness.bundle.rerun import Sources, Where
    from harness.launchers.gpu_options import InjectionWord


@click.command("rerun")
@click.argument("file", type=common.UserPath())
@click.option(
    "--sources",
    type=click.Choice(["auto", "bundle", "here"]),
    default="auto",
    show_default=True,
    help="Whose environments: auto takes the bundle's images if it holds any, else this "
    "checkout's sources if they are the same; bundle builds from the bundle's sources.",
)
@click.option(
    "--launcher",
    type=click.Choice(["docker", "local"]),
    default="docker",
    show_default=True,
    help="local runs the jobs of a campaign that ran without containers: as you, unprotected.",
)
@click.option(
    "--trust-maker",
    is_flag=True,
    help="Allow what no container confines: --launcher local, and --sources bundle, which runs "
    "the bundle's build steps and code.",
)
@common.dry_run_option
@spoken.options(Question, "timeout_s")
@click.option(
    "--memory",
    type=common.Finite(min=0, min_open=True),
    metavar="GIB",
    help="Memory limit of a container (default: as with run).",
)
@click.option("--max-jobs", type=click.IntRange(1), help="Refuse more jobs (default: 500).")
@click.option("--max-epochs", type=click.IntRange(1), help="Refuse more epochs (default: 100).")
@click.option(
    "--allow-unpinned",
    is_flag=True,
    help="A job that ran something else than is pinned becomes suspect instead of invalid.",
)
@click.option("--resume", is_flag=True, help="Go on with the newest repetition that was stopped.")
@common.data_dir_option
@common.gpus_option
@common.injection_option
@common.engine_wait_option
@common.results_option
@common.make_base_option
def command(
    file: Path,
    sources: Sources,
    launcher: Where,
    trust_maker: bool,
    dry_run: bool,
    timeout_s: float,
    memory: float | None,
    max_jobs: int | None,
    max_epochs: int | None,
    allow_unpinned: bool,
    resume: bool,
    data_dir: Path | None,
    gpus: str | None,
    injection: InjectionWord,
    engine_wait: float,
    results: Path | None,
    make_base: bool,
) -> int:
    """Run here what the bundle ran, and compare.

    It first shows what it would run. Same jobs, order, seeds, settings and data; limits are yours.
    What is no plain setting is refused. Exit status 1 if a configuration could not be compared;
    what the verdict is does not change it.
    """
    from harness.bundle import plain, reading
    from harness.bundle import rerun as running
    from harness.campaign import limits
    from harness.campaign.display import Display
    from harness.cli import request
    from harness.compare import text
    from harness.tables import rows
    from harness.tables.markdown import to_markdown

    store = common.store(results)
    display = Display(out.console())
    allowed = plain.Limits(
        timeout_s=timeout_s,
        memory_limit_bytes=None if memory is None else limits.memory(memory),
        jobs=max_jobs or plain.DEFAULT_JOBS,
        epochs=max_epochs or plain.DEFAULT_EPOCHS,
        allow_unpinned=allow_unpinned,
    )
    with reading.opened(file, display.say) as bundle:
        record = bundle.campaign()
        here = running.Here(
            sources=sources,
            launcher=launcher,
            trusted=trust_maker,
            limits=allowed,
            data_dir=data_dir and data_dir.absolute(),
            gpus=request.gpus(gpus, [job.configuration.device for job in record.jobs]),
            injection=injection,
            engine_wait_s=engine_wait,
            make_base=make_base,
            resume=resume,
            only_show=dry_run,
        )
        try:
            done = running.rerun(bundle, here, store, display)
        finally:
            display.close()
        if dry_run:
            return 0
        out.document("\n" + to_markdown([rows.row(result) for result in done]) + "\n\n")
        display.say(
            f"{counted.things(len(done), 'result')}, stored in {store.directory.absolute()}"
        )
        outcome = running.verdict(bundle, done)
    out.document(text.to_text(outcome) + "\n")
    return 0 if len(outcome.lines) == len({job.configuration for job in record.jobs}) else 1
