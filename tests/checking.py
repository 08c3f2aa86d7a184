"""What the harness saw of a job, for tests that check a measurement without running one."""

from __future__ import annotations

from harness.checks.case import Case, Proof
from harness.checks.seen import Seen
from harness.checks.witness import Witness
from runner.contract.conformance import Check, Conformance
from runner.contract.samples import Samples


def seen(wall_s):
    """Nothing but the duration of the job."""
    return Seen(Witness(wall_s=wall_s), Samples())


def conformance(*checks):
    """What was proven of an image: by itself one check that holds."""
    return Conformance(
        backend="tf",
        mode="as-written",
        device="cpu",
        at="2026-11-23T12:00:00+00:00",
        took_s=20.0,
        checks=list(checks) or [Check(name="update", expected=0.0, seen=1e-6, tolerance=0.02)],
    )


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
        proof=Proof(conformance()),
        test_samples=10_000,
    )
