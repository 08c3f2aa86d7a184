"""Which runs a verb is about: the parts of a selection, and words that are nothing known."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from harness.errors import UsageError
from harness.tables.selection import Selection

FAILED = {
    "status": "failed",
    "measurement": None,
    "failure": {"reason": "timeout", "message": "it took too long"},
}
INSTANCE = {"machine": "g5.xlarge, AMD EPYC 7R32, 4 cores"}


@pytest.fixture
def runs(make_result):
    """By what sets them apart: a backend, a workload, a machine, a campaign, a date, an end."""
    campaign = "20261125t115900z-campaign-cpu-0badcafe"
    return {
        "plain": make_result(),
        "theano": make_result(job={"backend": "theano"}),
        "flights": make_result(job={"workload": "mlp-flights"}),
        "instance": make_result(launch=INSTANCE),
        "campaign": make_result(job={"campaign_id": campaign}),
        "later": make_result(started_at="2026-11-25T12:00:00+00:00"),
        "dateless": make_result(started_at=""),
        "tagged": make_result(job={"tags": ["nightly", "h100"]}),
        "failed": make_result(**FAILED),
    }


def names(runs, **parts):
    fitting = Selection(**parts).of(list(runs.values()))
    return [name for name, result in runs.items() if result in fitting]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"backends": ("theano",)}, ["theano"]),
        ({"workloads": ("mlp-flights",)}, ["flights"]),
        ({"machines": ("G5.XLARGE",)}, ["instance"]),
        ({"campaign": "0badcafe"}, ["campaign"]),
        ({"campaign": "latest"}, ["campaign"]),
        ({"since": datetime(2026, 11, 24, tzinfo=timezone.utc)}, ["later"]),
        ({"tags": ("h100", "nightly")}, ["tagged"]),
        ({"statuses": ("failed", "interrupted")}, ["failed"]),
        ({"backends": ("theano",), "statuses": ("failed",)}, []),
    ],
)
def test_each_part_chooses(runs, parts, expected):
    assert names(runs, **parts) == expected


def test_words_of_one_part_are_alternatives(runs):
    assert names(runs, backends=("theano", "tf")) == list(runs)


def test_without_a_part_all_are_chosen(runs):
    assert not Selection()
    assert names(runs) == list(runs)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"backends": ("tff",)}, "no stored run has the backend 'tff': there are: tf, theano"),
        ({"workloads": ("mnist",)}, "no stored run has the workload 'mnist'"),
        ({"tags": ("night",)}, "no stored run has the tag 'night': there are: h100, nightly"),
        ({"machines": ("g6",)}, "no stored run has the machine 'g6'"),
        ({"machines": ("g5", "")}, "an empty word is no part of a machine's name: leave it out"),
        ({"machines": (" ",)}, "an empty word is no part of a machine's name: leave it out"),
        ({"campaign": "20270101"}, "no campaign '20270101' among the stored runs"),
        ({"campaign": "campaign"}, "'campaign' fits 2 campaigns"),
        ({"campaign": " "}, "an empty name is no campaign"),
    ],
)
def test_a_word_that_is_nothing_known_is_no_empty_answer(runs, parts, expected):
    with pytest.raises(UsageError) as refused:
        names(runs, **parts)
    assert str(refused.value).startswith(expected)


def test_a_backend_of_ours_without_runs_is_an_empty_answer(runs):
    assert names(runs, backends=("mxnet",), workloads=("cnn-mnist",)) == []
