"""``benchdl runs``: which runs are stored, the newest first."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, filters, out, runs_archive, runs_rm
from harness.errors import UsageError
from harness.tables import fitted, run_list
from harness.tables.data_formats import to_csv, to_json
from harness.tables.selection import Selection


@click.group("runs", invoke_without_command=True, no_args_is_help=False)
@common.format_option("text", "md", "csv", "json")
@click.option("-q", "--quiet", is_flag=True, help="Only the ids of the runs, one a line.")
@filters.options()
@common.several_results_option
@click.pass_context
def command(
    ctx: click.Context,
    form: str,
    quiet: bool,
    selection: Selection,
    results: tuple[Path, ...],
) -> None:
    """List stored runs, the newest first.

    Every verb takes a part of a run's id. CSV and JSON have every figure, as `benchdl table` does.
    """
    given = ctx.get_parameter_source("form") == click.core.ParameterSource.COMMANDLINE
    if given and quiet:
        raise UsageError("--quiet together with --format", "ids alone have no other form: give one")
    if ctx.invoked_subcommand is not None:
        if selection or given or quiet or results:
            raise UsageError(
                f"options before '{ctx.invoked_subcommand}'",
                f"benchdl runs -q with them prints ids: give those to {ctx.invoked_subcommand}",
            )
        return
    found = filters.rows(results, selection)[::-1]
    if quiet:
        for row in found:
            out.line(row.run_id)
    elif form in ("csv", "json"):
        out.json(to_json(found)) if form == "json" else out.document(to_csv(found))
    elif not found:
        if not selection:
            out.say("no runs yet: benchdl run BACKEND")
    elif form == "text":
        lines = run_list.lines(found, whole=False)
        out.drawn(fitted.tables(run_list.heads(found, whole=False), lines, out.width(), blocks=1))
    else:
        out.document(run_list.to_markdown(found) + "\n")


command.add_command(runs_archive.command)
command.add_command(runs_rm.command)
