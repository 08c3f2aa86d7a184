"""``benchdl peak``: what a product of matrices reaches here, the yardstick of every row."""

from __future__ import annotations

import json
from typing import Literal

import click

from harness.campaign.question import MOST
from harness.cli import common, out
from harness.doctor import peaks
from harness.launchers import choice
from runner.contract.precision import Precision

_TERA = 1e12


@click.command("peak")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="auto takes the GPUs if there are any.",
)
@common.precision_option
@click.option(
    "--threads", type=click.IntRange(1, MOST), help="Of the CPU (default: one for each core)."
)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(
    device: Literal["auto", "cpu", "gpu"],
    precisions: tuple[Precision, ...],
    threads: int | None,
    as_json: bool,
) -> None:
    """Measure how fast the CPU or each GPU multiplies matrices.

    It takes about a second each. Every job measures the same of its own device once it has trained
    (docs/method.md).
    """
    wanted = list(dict.fromkeys(precisions)) or ["float32"]
    found = peaks.of_machine(choice.device(device, out.say), wanted, threads)
    if as_json:
        out.json(json.dumps([peak.model_dump() for peak in found], indent=1))
        return
    for peak in found:
        with_what = f"{peak.size} x {peak.size}, {peak.library}"
        if peak.threads:
            with_what += f", {peak.threads} thread{'s' if peak.threads > 1 else ''}"
        rate = f"{peak.flop_per_s / _TERA:.3g} TFLOP/s"
        out.line(f"{peak.device}  {peak.multiplied_in:<8}  {rate}  ({with_what})")
