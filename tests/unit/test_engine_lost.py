"""A campaign whose engine went away: the job is cut off and run again, and ends once."""

from __future__ import annotations

import pytest
from test_campaign import ONCE_EACH, Launcher, ended, resume, run, store  # noqa: F401

from harness.errors import BenchdlError
from harness.launchers.launcher import Exit


class Losing(Launcher):
    """Loses its engine at these starts."""

    def __init__(self, make_result, *lost):
        super().__init__(make_result)
        self.lost = lost

    def start(self, order, on_event):
        if len(self.started) + 1 in self.lost:
            self.started.append(order.job)
            return Exit("engine-lost", detail="lost the Docker engine at X")
        return super().start(order, on_event)


def test_the_job_is_run_again_as_a_further_attempt(make_result, store):  # noqa: F811
    launcher = Losing(make_result, 2)
    run(launcher, store)
    results, _ = store.load()
    assert ended(results) == ONCE_EACH
    (cut,) = [result for result in results if result.status == "interrupted"]
    assert (cut.failure.reason, cut.job.attempt) == ("engine-lost", 1)
    again = [
        result for result in results if result.job.campaign_position == cut.job.campaign_position
    ]
    assert sorted(result.job.attempt for result in again) == [1, 2]
    assert launcher.settled == len(results)


def test_a_job_that_always_takes_its_engine_along_ends_the_campaign(make_result, store):  # noqa: F811
    launcher = Losing(make_result, 2, 3, 4)
    with pytest.raises(BenchdlError, match="went away 3 times while job 2 ran"):
        run(launcher, store)
    assert len(launcher.started) == 4
    results = resume(Launcher(make_result), store)
    assert ended(results) == ONCE_EACH
