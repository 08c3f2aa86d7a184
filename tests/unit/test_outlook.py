"""How far a campaign is, and how long it takes: from what was seen, and from nothing else."""

from __future__ import annotations

import pytest

from harness.campaign.outlook import Outlook, duration
from harness.campaign.plan import Configuration, PlannedJob

TF = Configuration(backend="tf", device="cpu")
POOL = Configuration(backend="tf", variant="pool", device="cpu")
THEANO = Configuration(backend="theano", device="cpu")


def jobs(*configurations):
    return [
        PlannedJob(position=n, repeat=1, seed=1, configuration=configuration)
        for n, configuration in enumerate(configurations, 1)
    ]


@pytest.fixture
def ended(make_result):
    def make(position, wall_s, status="ok", waited_s=0.0, cool_down_s=0.0):
        idle = {"reached": True, "waited_s": waited_s, "cool_down_s": cool_down_s}
        failure = {"failure": {"reason": "crashed", "message": "it did"}, "measurement": None}
        return make_result(
            job={"campaign_position": position},
            launch={"wall_s": wall_s, "idle": idle},
            status=status,
            **({} if status == "ok" else failure),
        )

    return make


def test_nothing_is_guessed_before_a_job_ended(ended):
    outlook = Outlook(jobs(TF, TF))
    assert outlook.standing().left_s is None
    assert str(outlook.standing()) == "0 of 2 done, 2 left"
    outlook.started(1)
    assert str(outlook.standing()) == "0 of 2 done, 1 running, 1 left"


def test_the_rest_takes_the_median_of_its_like_with_pauses(ended):
    outlook = Outlook(jobs(TF, TF, TF, THEANO, TF, THEANO))
    for position, wall_s in enumerate((10, 100, 12), 1):
        outlook.ended(ended(position, wall_s, waited_s=1, cool_down_s=2))
    outlook.ended(ended(4, 497, waited_s=3))
    assert outlook.standing().left_s == 15 + 500
    assert str(outlook.standing()) == "4 of 6 done, 2 left, about 9 min to go"


def test_unseen_configurations_take_as_long_as_their_nearest(ended):
    outlook = Outlook(jobs(TF, THEANO, POOL), [ended(1, 10), ended(2, 90)])
    assert outlook.standing().left_s == 10
    outlook = Outlook(jobs(TF, POOL, THEANO), [ended(1, 10), ended(2, 20)])
    assert outlook.standing().left_s == 15


def test_a_failure_tells_nothing_of_others_but_of_its_own_repeats(ended):
    outlook = Outlook(jobs(TF, POOL, TF), [ended(1, 1, "failed")])
    assert outlook.standing().left_s is None
    outlook.ended(ended(2, 30))
    assert outlook.standing().left_s == 1
    assert str(outlook.standing()).startswith("2 of 3 done (1 failed), 1 left")


def test_what_has_run_of_a_job_is_taken_off(ended):
    now = [0.0]
    outlook = Outlook(jobs(TF, TF, TF), [ended(1, 10)], clock=lambda: now[0])
    outlook.started(2)
    now[0] = 4.0
    assert outlook.standing().left_s == 16
    now[0] = 25.0
    assert outlook.standing().left_s == 10  # it takes longer than expected: not below zero


def test_jobs_side_by_side_share_the_time(ended):
    outlook = Outlook(jobs(TF, TF, TF), [ended(1, 10)], side_by_side=2)
    assert outlook.standing().left_s == 10


def test_an_interrupted_job_is_left(ended):
    outlook = Outlook(jobs(TF), [ended(1, 3, "interrupted")])
    assert outlook.standing().states == {TF: ["left"]}


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (99.4, "99 s"), (600, "10 min"), (7265, "2 h 01 min")]
)
def test_durations_for_readers(seconds, words):
    assert duration(seconds) == words


def test_thousands_of_jobs_are_counted_quickly(ended):
    result = ended(1, 10)
    outlook = Outlook(jobs(*[TF, POOL, THEANO] * 1000), [result])
    assert outlook.standing().left_s == 2999 * 10
