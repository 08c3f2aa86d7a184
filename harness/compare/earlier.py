"""The builds of now against the earlier ones of ``benchdl run --against``."""

from __future__ import annotations

from harness.campaign.records import Campaign
from harness.compare import comparing
from harness.compare.comparing import Outcome
from harness.tables import rows
from runner.contract.result import Result


def outcome(campaign: Campaign, results: list[Result]) -> Outcome:
    """Both ran in the same shuffled blocks, so the ratio is that within the blocks.

    Args:
        campaign: one with earlier builds.
        results: its results.

    Raises:
        UsageError: one of the two has no usable run.
    """
    then = {job.position for job in campaign.jobs if job.configuration.image}
    sides: tuple[list[rows.Row], list[rows.Row]] = ([], [])
    for result in results:
        sides[result.job.campaign_position not in then].append(rows.row(result))
    names = (f"the build of {campaign.options.against}", "the build of now")
    return comparing.between(sides, ("image",), names=names)
