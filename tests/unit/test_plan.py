"""Plans: every configuration once a block, shuffled by a seed; what cannot run is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from harness import catalog
from harness.campaign import checked, plan
from harness.campaign.plan import Configuration, Options
from harness.errors import UsageError


def options(**changes):
    return Options(**{"backends": ["tf", "theano"], **changes})


def ordered(seed, **changes):
    wanted = options(**changes)
    return plan.order(checked.combined(wanted).configurations, wanted, seed)


MANY = {"variants": ["default", "pool"], "threads": [None, 1], "batch_sizes": [None, 64]}
MANY = {**MANY, "backends": ["tf"], "repeat": 20}


def test_every_block_is_a_permutation_of_all_configurations():
    wanted = options(**MANY)
    configurations = checked.combined(wanted).configurations
    assert len(configurations) == 8
    jobs = plan.order(configurations, wanted, 7)
    assert [job.position for job in jobs] == list(range(1, 161))
    blocks = [jobs[first : first + 8] for first in range(0, 160, 8)]
    for number, block in enumerate(blocks, 1):
        assert {job.repeat for job in block} == {number}
        assert {job.seed for job in block} == {123 + number - 1}
        assert Counter(job.configuration for job in block) == Counter(configurations)
    assert len({tuple(job.configuration for job in block) for block in blocks}) > 15


def test_the_same_seed_is_the_same_order_and_another_is_another():
    assert ordered(7, **MANY) == ordered(7, **MANY)
    assert len({tuple(str(job) for job in ordered(seed, **MANY)) for seed in range(20)}) == 20


@pytest.mark.slow
def test_no_configuration_has_a_favourite_place():
    first = Counter(
        block[0].configuration.backend
        for block in (ordered(seed) for seed in range(400))
        if block[0].repeat == 1
    )
    assert 160 < first["tf"] < 240  # 200 expected; four standard deviations are 40


def test_a_configuration_asked_for_twice_is_one():
    assert len(checked.combined(options(backends=["tf", "tf"])).configurations) == 1
    both = checked.combined(options(backends=["tf"], batch_sizes=[None, 128]))  # 128: the recipe's
    assert both.configurations == (Configuration(backend="tf", device="cpu"),)


def test_modes_are_an_axis_and_all_is_every_backend_that_has_the_workload():
    question = checked.combined(
        options(backends=["all"], modes=["as-written", "tuned"], unsupported="skip")
    )
    having = set(catalog.having("cnn-mnist"))
    assert {wanted.backend for wanted in question.configurations} == having < set(catalog.names())
    tuned = {wanted.backend for wanted in question.configurations if wanted.mode == "tuned"}
    refused = {left_out.configuration.backend for left_out in question.skipped}
    assert tuned | refused == having
    assert not tuned & refused
    assert str(Configuration(backend="tf", mode="tuned", device="cpu")) == "tf tuned cpu"


def test_configurations_have_names_that_tell_them_apart():
    names = {str(wanted) for wanted in checked.combined(options(**MANY)).configurations}
    assert len(names) == 8
    assert {"tf cpu", "tf pool cpu 1 thread batch 64"} <= names


def test_a_combination_that_does_not_exist_is_refused_or_skipped_with_its_reason():
    wanted = {"variants": ["default", "no-pool"]}  # tf has no variant no-pool
    with pytest.raises(UsageError, match="backend 'tf' has no variant 'no-pool'"):
        checked.combined(options(**wanted))
    question = checked.combined(options(**wanted, unsupported="skip"))
    assert {(sound.backend, sound.variant) for sound in question.configurations} == {
        ("tf", "default"),
        ("theano", "default"),
        ("theano", "no-pool"),
    }
    (left_out,) = question.skipped
    assert str(left_out.configuration) == "tf no-pool cpu"
    assert "no variant 'no-pool'" in left_out.reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"backends": []}, "no backend given"),
        ({"backends": ["teano"]}, "did you mean 'theano'?"),
        ({"backends": ["teano"], "unsupported": "skip"}, "did you mean 'theano'?"),
        ({"workload": "cnn-minst"}, "did you mean 'cnn-mnist'?"),
        ({"parallel_gpus": True, "devices": ["cpu", "gpu"]}, "--parallel-gpus with device cpu"),
        ({"variants": ["nothing"], "unsupported": "skip"}, "no combination can run"),
    ],
)
def test_wrong_requests(changes, words):
    with pytest.raises(UsageError, match=words.replace("?", "[?]")):
        checked.combined(options(**changes))


def test_gpu_settings_of_cpu_jobs_are_told():
    wanted = options(variants=["default", "no-cudnn"], unsupported="skip",
                     overrides={"lib.cnmem": 0.5}, devices=["cpu"])  # fmt: skip
    lines = list(checked.combined(wanted).without_effect())
    assert "note: lib.cnmem is about the GPU; this is the cpu" in lines
    assert any("variant no-cudnn of theano" in line for line in lines)
    on_gpu = wanted.model_copy(update={"devices": ["gpu"]})
    assert list(checked.combined(on_gpu).without_effect()) == []


@pytest.fixture
def without_workload(monkeypatch):
    """A catalogue in which theano has another workload than the one that is asked for."""
    real = catalog.load

    def load(name):
        backend = real(name)
        changes = {"workloads": ["mlp-flights"]} if name == "theano" else {}
        return replace(backend, spec=backend.spec.model_copy(update=changes))

    monkeypatch.setattr(catalog, "load", load)


def test_a_workload_that_a_backend_does_not_have_is_refused_in_one_line(without_workload):
    words = "backend 'theano' does not have workload 'cnn-mnist' *.*it has: mlp-flights"
    with pytest.raises(UsageError, match=words) as refused:
        checked.combined(options())
    assert "\n" not in str(refused.value)
    with pytest.raises(UsageError, match=words):
        checked.given([Configuration(backend="theano", device="cpu")], options())


def test_or_left_out_where_the_campaign_says_so(without_workload):
    question = checked.combined(options(unsupported="skip"))
    assert [configuration.backend for configuration in question.configurations] == ["tf"]
    (left_out,) = question.skipped
    assert left_out.configuration.backend == "theano"
    assert "does not have workload 'cnn-mnist'" in left_out.reason


def test_an_image_of_before_that_names_no_workloads_is_not_refused(monkeypatch):
    real = catalog.load
    monkeypatch.setattr(
        catalog,
        "load",
        lambda name: replace(
            real(name), spec=real(name).spec.model_copy(update={"workloads": None})
        ),
    )
    assert len(checked.combined(options()).configurations) == 2
