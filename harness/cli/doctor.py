"""``benchdl doctor``: what this machine has, line by line, each with the fix."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, out
from harness.doctor import answer, examination
from harness.doctor.line import State


@click.command("doctor")
@common.data_dir_option
@common.results_option
@click.option(
    "--python", metavar="PATH", help="Also what --launcher python could run in that Python."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(data_dir: Path | None, results: Path | None, python: str | None, as_json: bool) -> int:
    """Check this machine: engine, images, disk, data, Python, GPUs.

    Exit status 1 if anything is broken. What benchdl makes or fetches by itself when a run needs it
    is no fault: "first use".
    """
    found = examination.examine(data_dir, common.store(results).directory, python)
    if as_json:
        out.json(answer.as_json(found))
    elif out.on_screen():
        out.drawn(answer.drawn(found, out.width()))
    else:
        for text in answer.plain(found):
            out.line(text)
    return 1 if any(line.state is State.BROKEN for line in found) else 0
