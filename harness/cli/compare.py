"""``benchdl compare A B``: is B faster than A, by how much, and how sure is that?"""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, compared, failing, filters, on_screen, out
from harness.tables import judged
from harness.tables.selection import Selection


@click.command("compare")
@click.argument("a")
@click.argument("b")
@compared.options("compare", "A difference that does not matter: within it two are the same.")
@click.option("--force", is_flag=True, help="Compare what differs in more than was asked.")
@click.option(
    "--fail-on",
    "fail_on",
    multiple=True,
    type=click.Choice(["regression", "ambiguous"]),
    help="Exit with 1 if B is slower than A, or if a verdict is ambiguous; repeat for both.",
)
@filters.options()
@common.format_option("text", "md", "json")
@common.quiet_option
@common.verbose_option
@common.several_results_option  # fmt: skip
def command(
    a: str,
    b: str,
    figure: str,
    margin: float,
    force: bool,
    fail_on: tuple[str, ...],
    selection: Selection,
    form: str,
    quiet: bool,
    verbose: bool,
    results: tuple[Path, ...],
) -> int:
    """Say which of two is faster, and how sure that is.

    The answer is the ratio of B's time to A's, its interval, and a verdict: faster, slower, same
    or ambiguous.

    A and B are two backends, as in tf, tf:tuned, theano:no-pool, tf:gpu:docker:threads=4:batch=64
    or tf:image=1a2b3c; or two campaigns (id, part of it, latest); or two folders of results, of two
    machines. What is not named has to be equal on both sides.

    The verdict is withheld where two tools did not do quite the same work (they lay out pictures
    differently): the ratio is shown, and neither is called faster. Campaigns of different times
    are ambiguous, unless 4 further campaigns tell how much campaigns differ: benchdl run --against
    puts old and new into one.

    Exit status: 0 compared; 1 by --fail-on; 2 nothing that may be compared, or a problem.
    """
    from harness.compare import comparing, sides, text

    with failing.apart():
        found = sides.resolve((a, b), common.stores(results), out.say, selection)
        outcome = comparing.between(
            found.rows,
            found.questions,
            names=found.names,
            figure=judged.key(figure),
            margin=margin / 100,
            force=force,
            others=found.others,
        )
    if form == "text":
        on_screen.comparison(outcome, quiet=quiet, verbose=verbose)
    elif form == "md":
        out.document(text.to_text(outcome) + "\n")
    else:
        out.json(text.to_json(outcome))
    return _status([line.verdict for line in outcome.lines], fail_on)


def _status(verdicts: list[str], fail_on: tuple[str, ...]) -> int:
    """What ``--fail-on`` makes of the verdicts; whatever it does not fail on, it tells."""
    counts = {word: verdicts.count(word) for word in ("slower", "ambiguous", "withheld")}
    failed = bool("regression" in fail_on and counts["slower"])
    failed = failed or bool("ambiguous" in fail_on and counts["ambiguous"])
    if fail_on:
        told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        out.say(f"--fail-on {' '.join(fail_on)}: {'failed' if failed else 'passed'}"
                f" ({told or 'nothing slower'})")  # fmt: skip
    return failing.FOUND if failed else 0
