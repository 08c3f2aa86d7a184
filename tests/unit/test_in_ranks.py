"""What ranks attest, held against each other and against the job."""

from __future__ import annotations

import pytest
from checking import case as case_of

from harness.checks import in_ranks

WEIGHTS = "a" * 64


def rank(number, **changes):
    own = {"number": number, "device": "cpu", "name": f"cpu:{number}", "updates": 4690,
           "versions": {"torch": "2.14.1"}, "weights_sha256": WEIGHTS}  # fmt: skip
    return {**own, **changes}


def codes(make_result, ranks, strategy="data-parallel", asked=2, **changes):
    job = {"settings": {"strategy": strategy}, "ranks": asked, **changes.pop("job", {})}
    result = make_result(job=job, measurement={"ranks": ranks, **changes})
    case = case_of(result)
    return [
        (f.code, f.evidence) for check in (in_ranks.present, in_ranks.alike) for f in check(case)
    ]


def test_ranks_that_are_alike_are_nothing_to_speak_of(make_result):
    assert codes(make_result, [rank(0), rank(1)]) == []
    assert codes(make_result, [], strategy="default", asked=None) == []


@pytest.mark.parametrize(
    ("second", "code", "words"),
    [
        ({"weights_sha256": "b" * 64}, "ranks-differ", "other weights than rank 0: rank 1"),
        ({"updates": 3}, "ranks-differ", "not in all 4690 updates: rank 1"),
        ({"versions": {"torch": "2.13"}}, "ranks-differ", "other versions than rank 0: rank 1"),
        ({"device": "gpu"}, "ranks-missing", "not on the cpu: rank 1"),
    ],
)
def test_a_rank_that_differs_is_named(make_result, second, code, words):
    assert codes(make_result, [rank(0), rank(1, **second)]) == [(code, words)]


def test_ranks_that_agree_on_what_was_not_judged_are_found(make_result):
    ranks = [rank(0), rank(1)]
    assert codes(make_result, ranks, weights_sha256=WEIGHTS) == []
    assert codes(make_result, ranks, weights_sha256="b" * 64) == [
        ("ranks-differ", "other weights than those that were judged: all of them")
    ]


def test_fewer_ranks_than_were_asked_for_are_not_the_job(make_result):
    assert codes(make_result, [rank(0)]) == [("ranks-missing", "1 ranks instead of 2")]
    assert codes(make_result, []) == [("ranks-missing", "0 ranks instead of 2")]


@pytest.mark.parametrize(("backend", "severity"), [("tf", "suspect"), ("torch", "invalid")])
def test_only_an_older_image_of_tf_may_have_ranks_that_say_nothing(make_result, backend, severity):
    job = {"backend": backend, "settings": {"strategy": "data-parallel"}, "ranks": 2}
    (found,) = in_ranks.present(case_of(make_result(job=job)))
    assert found.severity == severity


def test_two_ranks_on_one_gpu_are_found(make_result):
    devices = [{"index": n, "uuid": f"GPU-{n}", "name": "H100", "used": True} for n in range(2)]
    ranks = [rank(n, device="gpu", uuid="GPU-0") for n in range(2)]
    found = codes(make_result, ranks, asked=None, job={"device": "gpu"},
                  gpu={"state": "ok", "devices": devices})  # fmt: skip
    assert found == [("ranks-missing", "two ranks on one GPU")]
