"""What the harness saw of a job, for tests that check a measurement without running one."""

from __future__ import annotations

from harness.checks.case import Case
from harness.checks.seen import Seen
from harness.checks.witness import Witness
from runner.contract.samples import Samples


def seen(wall_s):
    """Nothing but the duration of the job."""
    return Seen(Witness(wall_s=wall_s), Samples())


def case(result, known=None, **launch):
    """What a check gets of ``result``: seen as ``known``, its launch changed by ``launch``.

    By itself the harness saw nothing but how long the job took, as the launch says.
    """
    return Case(
        job=result.job,
        launch=result.launch.model_copy(update=launch),
        started_at=result.started_at,
        finished_at=result.finished_at,
        seen=known or seen(launch.get("wall_s", result.launch.wall_s)),
        measurement=result.measurement,
    )
