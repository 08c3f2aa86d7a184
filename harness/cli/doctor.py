"""``benchdl doctor``: what this machine has, line by line, each with the fix."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, out
from harness.doctor import examination


@click.command("doctor")
@common.data_dir_option
@common.results_option
def command(data_dir: Path | None, results: Path | None) -> int:
    """Check engine, images, disk, data and Python; exit 1 if nothing can run here."""
    report = examination.examine(data_dir, common.store(results).directory)
    for line in report:
        mark = "ok    " if line.ok else "not ok"
        fix = f"  -> {line.fix}" if line.fix and not line.ok else ""
        out.line(f"{mark} {line.subject}: {line.found}{fix}")
    return 0 if examination.usable(report) else 1
