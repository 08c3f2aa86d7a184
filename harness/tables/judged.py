"""The figures that ``compare`` and ``history`` judge, and why a cost is none of them."""

from __future__ import annotations

from harness import catalog
from harness.errors import UsageError
from harness.stats.verdicts import MARGIN
from harness.tables.columns import BY_KEY, COMPARED
from harness.tables.costs import TIMES


def key(word: str) -> str:
    """The key of the column of a figure.

    Raises:
        UsageError: it is no figure, or one without a verdict.
    """
    why = refusal(word)
    if why:
        raise UsageError(why)
    if word not in COMPARED:
        advice = catalog.suggestion(word, list(COMPARED), "figures")
        raise UsageError(f"unknown figure '{word}'", advice)
    return COMPARED[word].key


def refusal(word: str) -> str:
    """Why a cost has no verdict, and what has one in its place; empty for any other word."""
    if word not in TIMES:
        return ""
    figure = BY_KEY[TIMES[word]].compared
    named = f" (figure {figure})" if figure else ""
    return (
        f"{word} has no verdict: it is a time at a price of yours. On one machine compare its "
        f"time{named}; benchdl table --by instance --price TYPE=PRICE shows what machines cost"
    )


def margin(share: float | None) -> float:
    """Within which two figures are the same; the usual one for None.

    Raises:
        UsageError: it is no share above 0 and up to 1.
    """
    if share is None:
        return MARGIN
    if not 0 < share <= 1:
        raise UsageError(f"margin {share:g} is no share above 0 and up to 1", "0.03 is 3 %")
    return share
