"""``benchdl resume``: go on with a campaign that was stopped."""

from __future__ import annotations

import time
from pathlib import Path

import click

from harness.cli import common, out
from harness.errors import UsageError
from harness.launchers.gpu import InjectionWord


@click.command("resume")
@click.argument("campaign", default="latest")
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Go on although environment or machine changed; further results are suspect.",
)
@common.injection_option
@common.engine_wait_option
@common.results_option
@common.make_base_option
@click.option("--json", "as_json", is_flag=True, help="Print only results, as JSON.")  # fmt: skip
def command(
    campaign: str,
    accept_changes: bool,
    injection: InjectionWord,
    engine_wait: float,
    results: Path | None,
    make_base: bool,
    as_json: bool,
) -> int:
    """Run what is left of a campaign: CAMPAIGN is its id, a part of it, or `latest`.

    Jobs that ended, well or not, are not run again. One that was cut off is stored as interrupted
    and run again as a further attempt.
    """
    from harness import campaign as campaigns
    from harness.campaign import records
    from harness.campaign.progress import Display
    from harness.cli import finish
    from harness.launchers import choice

    begin = time.monotonic()
    display = Display(out.console())
    store = common.store(results)
    record = records.find(store, campaign, display.say)
    if record.bundle_sha256:
        raise UsageError(
            f"campaign {record.campaign_id} repeats a bundle", f"go on with: {record.how_to_go_on}"
        )
    launcher = choice.launcher(
        record.launcher,
        make_base=make_base,
        injection=injection,
        engine_wait_s=engine_wait,
        say=display.say,
    )
    display.say(f"campaign {record.campaign_id}: {len(record.jobs)} jobs, planned "
                f"{record.created_at}")  # fmt: skip
    try:
        done = campaigns.resume(record, launcher, store, display, accept_changes=accept_changes)
    finally:
        display.close()
    return finish.show(done, as_json=as_json, begin=begin, store=store, display=display)
