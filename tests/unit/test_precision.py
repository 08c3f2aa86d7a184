"""Precision as an axis: what may be asked for, what older files mean, and what really ran."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy
import pytest

from harness import catalog
from harness.campaign import checked
from harness.campaign.plan import Options
from harness.checks import products
from harness.cli import command
from harness.errors import UsageError
from harness.precisions import Precisions
from harness.tables import rows, views
from runner.backends.keras import keras_precision
from runner.contract import upgrade
from runner.contract.job import Settings, job_text, load_job
from runner.contract.precision import PRECISIONS, UNIT_ROUNDOFF, factors
from runner.proving import in_format


def options(**words):
    return Options(**{"backends": ["torch"], "devices": ["cpu"], **words})


def test_each_precision_is_a_configuration():
    wanted = checked.combined(options(precisions=["float32", "bfloat16"])).configurations
    assert [configuration.precision for configuration in wanted] == ["float32", "bfloat16"]
    assert [str(configuration) for configuration in wanted] == ["torch cpu", "torch cpu bfloat16"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"precisions": ["float16"]}, "backend 'torch' has no precision float16 on the cpu"),
        ({"precisions": ["tf32"]}, "it has there: float32, bfloat16"),
        ({"backends": ["theano"], "precisions": ["bfloat16"]}, "'theano' has no precision"),
        ({"backends": ["sklearn"], "precisions": ["bfloat16"], "workload": "forest-flights"},
         "'sklearn' has no precision"),
        ({"precisions": ["bfloat16"], "workload": "dqn-bricks"},
         "workload dqn-bricks is not trained in bfloat16: it has: float32, tf32"),
        ({"backends": ["tf"], "precisions": ["bfloat16"], "workload": "lstm-imdb"},
         "backend 'tf' does not train lstm-imdb in bfloat16: take another precision"),
    ],
)  # fmt: skip
def test_what_a_backend_does_not_have_is_refused_before_anything_starts(words, said):
    with pytest.raises(UsageError) as refused:
        checked.combined(options(**words))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_workloads_without_a_precision_are_ones_that_the_backend_has():
    lacking = 0
    for name in catalog.names():
        spec = catalog.load(name).spec
        for precision, workloads in spec.precision.not_for.items():
            assert precision in {*spec.precision.cpu, *spec.precision.gpu}, name
            assert set(workloads) <= set(spec.workloads), name
            lacking += len(workloads)
    assert lacking, "or this test proves nothing"


def test_what_a_backend_does_not_have_is_skipped_where_that_is_asked_for():
    question = checked.combined(
        options(backends=["torch", "theano"], precisions=["bfloat16"], unsupported="skip")
    )
    assert [configuration.backend for configuration in question.configurations] == ["torch"]
    (left_out,) = question.skipped
    assert "no precision bfloat16 on the cpu" in left_out.reason


def test_every_backend_begins_with_float32():
    for name in catalog.names():
        backend = catalog.load(name)
        for device in backend.flavours():
            assert backend.precisions(device)[0] == "float32"
            assert set(backend.precisions(device)) <= set(PRECISIONS)


def test_an_older_image_toml_says_the_usual():
    old = Precisions.model_validate({"dtype": "float32", "tf32": False})
    assert old == Precisions(cpu=["float32"], gpu=["float32", "tf32"])
    with pytest.raises(ValueError, match="tf32"):
        Precisions.model_validate({"dtype": "float32", "tf32": True})


@pytest.mark.parametrize(
    ("old", "precision"),
    [
        ({"precision": "float32", "tf32": False}, "float32"),
        ({"precision": "float32", "tf32": True}, "tf32"),
        ({"tf32": True}, "tf32"),
        ({"precision": "bfloat16"}, "bfloat16"),
        ({}, "float32"),
    ],
)
def test_settings_of_before_mean_what_they_meant(old, precision):
    assert Settings.model_validate(old).precision == precision


@pytest.mark.parametrize(
    "wrong", [{"precision": "bfloat16", "tf32": True}, {"tf32": "yes"}, {"tf32": 1}]
)
def test_settings_that_contradict_themselves_are_refused(wrong):
    with pytest.raises(ValueError, match="tf32"):
        Settings.model_validate(wrong)


def test_an_older_image_gets_the_words_that_it_knows(make_result):
    def told(precision):
        job = make_result(job={"settings": {"precision": precision}}).job
        text = job_text(job)
        assert load_job(text).settings == job.settings
        return json.loads(text).get("settings", {})

    assert "precision" not in told("float32")
    found = told("tf32")
    assert found["tf32"] is True
    assert "precision" not in found
    assert told("bfloat16")["precision"] == "bfloat16"


def test_what_is_no_mapping_is_for_the_model_to_refuse():
    assert upgrade.settings("tf32") == "tf32"


def test_several_ranks_share_a_job_in_mixed_precision():
    wanted = checked.combined(options(precisions=["float32", "bfloat16"], ranks=[2]))
    assert [str(each) for each in wanted.configurations] == [
        "torch cpu 2 ranks", "torch cpu 2 ranks bfloat16",
    ]  # fmt: skip


def findings(make_result, precision, counted, *ranks):
    told = [
        {"number": number, "device": "cpu", "name": "cpu", "updates": 1, "weights_sha256": 64 * "a",
         "products_in": own} for number, own in enumerate(ranks)
    ]  # fmt: skip
    result = make_result(
        job={"settings": {"precision": precision}},
        measurement={"attestation": {"framework": counted}, "ranks": told},
    )

    class Case:
        job, measured = result.job, result.measurement

    return [(found.severity, found.evidence) for found in products.formats(Case)]


@pytest.mark.parametrize(
    ("precision", "counted"),
    [
        ("float32", {"products_in": {"float32": 12}}),
        ("tf32", {"products_in": {"float32": 12}}),
        ("bfloat16", {"products_in": {"bfloat16": 12, "float32": 0}}),
        ("float32", {}),
        ("float32", {"products_in": "none"}),
    ],
)
def test_products_in_what_was_asked_for_are_no_finding(make_result, precision, counted):
    assert findings(make_result, precision, counted) == []


@pytest.mark.parametrize(
    ("precision", "counted", "seen"),
    [
        ("bfloat16", {"float32": 12}, "12 in float32"),
        ("float32", {"bfloat16": 12}, "12 in bfloat16"),
        ("float16", {"bfloat16": 2, "float16": 10}, "2 in bfloat16, 10 in float16"),
        ("bfloat16", {"bfloat16": 11, "bfloat16 by float32": 1}, "1 in bfloat16 by float32"),
    ],
)
def test_one_product_in_another_format_is_invalid(make_result, precision, counted, seen):
    ((severity, evidence),) = findings(make_result, precision, {"products_in": counted})
    assert severity == "invalid"
    assert evidence.startswith(f"{precision} was asked for")
    assert seen in evidence


@pytest.mark.parametrize("counted", [{}, {"products_in": {}}, {"products_in": {"bfloat16": "x"}}])
def test_a_tool_that_does_not_tell_is_suspect(make_result, counted):
    ((severity, evidence),) = findings(make_result, "bfloat16", counted)
    assert (severity, evidence) == (
        "suspect",
        "bfloat16 was asked for, and the backend does not tell what ran",
    )


@pytest.mark.parametrize(
    ("second", "severity", "words"),
    [
        ({"float32": 12}, "invalid", "products of a training step of rank 1: 12 in float32"),
        ({}, "suspect", "the backend does not tell what ran of rank 1"),
    ],
)
def test_each_rank_multiplies_in_what_was_asked_for(make_result, second, severity, words):
    own = {"bfloat16": 12}
    assert findings(make_result, "bfloat16", {"products_in": own}, own, own) == []
    ((found, evidence),) = findings(make_result, "bfloat16", {"products_in": own}, own, second)
    assert found == severity
    assert words in evidence


def test_older_ranks_that_tell_no_products_are_no_finding_in_float32(make_result):
    assert findings(make_result, "float32", {"products_in": {"float32": 1}}, {}, {}) == []


def test_precisions_never_share_a_line(make_result):
    results = [
        make_result(job={"settings": {"precision": precision}})
        for precision in ("float32", "bfloat16")
    ]
    kinds = {rows.row(result).kind for result in results}
    assert len(kinds) == 2
    assert len({views.TOOL.caption(kind) for kind in kinds}) == 2


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ({"__version__": "2.11.0"}, {"dynamic": False, "initial_scale": 1024.0}),
        ({}, {"dynamic": False, "initial_scale": 1024.0}),  # tensorflow.keras of 2.15
        ({"__version__": "3.15.1"}, {"initial_scale": 1024.0, "dynamic_growth_steps": 2**31 - 1}),
    ],
)
def test_a_loss_is_scaled_by_a_number_that_stays(said, options):
    policy = SimpleNamespace(name="mixed_float16")
    scaled = SimpleNamespace(
        global_policy=lambda: policy, LossScaleOptimizer=lambda own, **given: (own, given)
    )
    keras = SimpleNamespace(mixed_precision=scaled, **said)
    assert keras_precision.scaling(keras, "its own") == ("its own", options)
    policy.name = "mixed_bfloat16"
    assert keras_precision.scaling(keras, "its own") == "its own"


def test_the_roundoff_is_that_of_the_format():
    for name in ("float32", "float16"):
        assert UNIT_ROUNDOFF[name] == numpy.finfo(name).eps / 2
    assert factors("tf32") == "float32"


def test_a_coarser_format_may_stray_farther_but_not_anywhere():
    assert in_format.tolerance("bfloat16") == pytest.approx(0.375)
    assert in_format.tolerance("float16") == pytest.approx(0.1326, abs=1e-4)


def test_only_mixed_precision_has_a_trial_of_its_own(make_result):
    for precision, has in {"float32": False, "tf32": False, "bfloat16": True}.items():
        job = make_result(job={"settings": {"precision": precision}}).job
        assert (in_format.plan_of(job) is not None) is has
        assert in_format.float32(job).settings.precision == "float32"


def test_the_brief_proof_is_of_float32(capsys):
    assert command.run(["conform", "torch", "--brief", "--precision", "bfloat16"]) == 2
    assert "--brief with --precision bfloat16" in capsys.readouterr().err
