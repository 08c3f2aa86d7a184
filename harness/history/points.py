"""The points of a line over time: what one campaign came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from harness.stats.describe import interval
from harness.tables import builds
from harness.tables.rows import Row
from harness.tables.sampled import moment, samples, usable


@dataclass(frozen=True)
class Point:
    """The runs of one configuration in one campaign, of one build.

    Args:
        campaign_id: the campaign's.
        at: when its first run began.
        row: the newest run, which says what it was built from.
        values: the figure of each run that counts, in seconds; none where every run was lost.
        run_ids: of those runs.
        interval_s: of their median; None where there are too few.
        suspect: it stands on suspect runs, since there are no better ones.
        lost: how many runs came to what else: ``{"failed": 2}``.
    """

    campaign_id: str
    at: datetime
    row: Row
    values: list[float]
    run_ids: list[str]
    interval_s: tuple[float, float] | None
    suspect: bool
    lost: dict[str, int]

    @property
    def median_s(self) -> float | None:
        """The median of the figure."""
        return median(self.values) if self.values else None


def of_rows(rows: Iterable[Row], figure: str) -> tuple[list[Point], int]:
    """Points in the order of time, and how many runs of earlier builds are left out of them.

    ``benchdl run --against`` runs an earlier build again, beside the one of then: a campaign's
    point is of the build that was first seen last.

    Args:
        rows: of one configuration on one machine.
        figure: key of the column.
    """
    campaigns: dict[str, list[Row]] = {}
    first_seen: dict[tuple[str | None, ...], str] = {}
    for row in sorted(rows, key=lambda row: row.started_at):
        campaigns.setdefault(row.campaign_id, []).append(row)
        first_seen.setdefault(_build(row), row.started_at)
    found, left_out = [], 0
    for campaign_id, members in campaigns.items():
        newest = max((first_seen[_build(row)], _build(row)) for row in members)[1]
        own = [row for row in members if _build(row) == newest]
        left_out += len(members) - len(own)
        found.append(_point(campaign_id, own, figure))
    return sorted(found, key=lambda point: point.at), left_out


def counted(points: Sequence[Point]) -> list[int]:
    """The numbers of the points whose figures count: suspect ones only if there are no others."""
    known = [number for number, point in enumerate(points) if point.values]
    sound = [number for number in known if not points[number].suspect]
    return sound or known


def _build(row: Row) -> tuple[str, ...]:
    return tuple(read(row) or "" for read in builds.PARTS.values())


def _point(campaign_id: str, rows: list[Row], figure: str) -> Point:
    good = usable(rows)
    known = samples(good, figure)
    values = [sample.value for sample in known]
    return Point(
        campaign_id=campaign_id,
        at=min(moment(row.started_at) for row in rows),
        row=rows[-1],
        values=values,
        run_ids=[sample.run_id for sample in known],
        interval_s=interval(values),
        suspect=bool(good) and good[0].status == "suspect",
        lost=dict(Counter(row.status for row in rows if row.status not in ("ok", "suspect"))),
    )
