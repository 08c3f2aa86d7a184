"""``benchdl resume``: go on with a campaign that was stopped."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import common, completion, out
from harness.counted import things
from harness.errors import UsageError
from harness.launchers.gpu_options import InjectionWord

if TYPE_CHECKING:
    from harness.campaign.records import Campaign
    from harness.store import Store


@click.command("resume")
@click.argument("campaign", default="latest", shell_complete=completion.campaigns)
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Go on although environment or machine changed; further results are suspect.",
)
@click.option(
    "--own-settings",
    is_flag=True,
    help="The variables that the campaign sets for programs on this host are your own.",
)
@common.python_option
@common.injection_option
@common.engine_wait_option
@common.stop_after_option
@common.results_option
@common.make_base_option
@common.quiet_option
@common.verbose_option
@click.option("--json", "as_json", is_flag=True, help="Print only results, as JSON.")  # fmt: skip
def command(
    campaign: str,
    accept_changes: bool,
    own_settings: bool,
    python: str | None,
    injection: InjectionWord,
    engine_wait: float,
    stop_after: float | None,
    results: Path | None,
    make_base: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Run what is left of a campaign.

    CAMPAIGN is its id, a part of it, or `latest`, which is the default.

    Jobs that finished or failed do not run again. One that was cut off is stored as interrupted
    and runs again as a further attempt.
    """
    from harness import catalog, settings
    from harness.bundle import plain
    from harness.campaign import conduct, records
    from harness.campaign.display import Display
    from harness.cli import finish
    from harness.launchers import choice

    begin = time.monotonic()
    display = Display(out.console(), quiet=quiet, verbose=verbose)
    store = common.store(results)
    record = records.find(store, campaign, display.say)
    if record.bundle_sha256:
        raise UsageError(
            f"campaign {record.campaign_id} repeats a bundle", f"go on with: {record.how_to_go_on}"
        )
    settings.check(record.options.overrides)
    load = functools.cache(catalog.load)
    doubtful = plain.doubtful_on_host(record, load)
    # A folder of results may be anybody's; only what would run again matters.
    if doubtful and not own_settings and _left(record, store):
        raise UsageError(
            f"campaign {record.campaign_id} sets {doubtful[0][:80]!a} for programs on this host",
            "if you began it yourself: --own-settings",
        )
    launcher = choice.launcher(
        record.launcher,
        python=_python(record, python),
        make_base=make_base,
        injection=injection,
        engine_wait_s=engine_wait,
        say=display.say,
    )
    display.say(f"campaign {record.campaign_id}: {things(len(record.jobs), 'job')}, planned "
                f"{record.created_at}")  # fmt: skip
    until_s = None if stop_after is None else begin + stop_after
    try:
        done = conduct.resume(
            record,
            launcher,
            store,
            display,
            accept_changes=accept_changes,
            load=load,
            until_s=until_s,
        )
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


def _python(record: Campaign, named: str | None) -> Path | None:
    """Where its jobs go on: never started is a program that only a record names.

    Raises:
        UsageError: they ran in another Python than is named, or would be started.
    """
    from harness.launchers import choice

    found, then = choice.python(record.launcher, named), record.options.python
    if named is None and found != then:
        raise UsageError(
            f"campaign {record.campaign_id} ran in {then}, and `python` starts {found} here",
            f"name the one that you mean: {record.how_to_go_on}",
        )
    return found


def _left(record: Campaign, store: Store) -> bool:
    """Whether jobs of the campaign would be run."""
    from harness.campaign import records

    return bool(record.left(records.results_of(store, record.campaign_id, lambda _: None)))
