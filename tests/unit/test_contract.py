"""The contract: what is accepted, and what is refused with words that help."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from pydantic import Field, ValidationError, create_model

from runner.contract.job import Job, job_text, load_job
from runner.contract.result import load_result
from runner.contract.schema import SCHEMA_VERSION, ContractError


def changed(result, **changes):
    return json.dumps({**json.loads(result.model_dump_json()), **changes})


def test_result_survives_the_round_trip(make_result):
    result = make_result()
    assert load_result(result.model_dump_json()) == result


def test_job_survives_the_round_trip(make_result):
    job = make_result(
        job={
            "gpus": ["0", "2"],
            "overrides": {"cudnn.enabled": False, "memory_pool.fraction": 0.5},
            "settings": {"memory_pool": {"mode": "fraction", "fraction": 0.5}},
        }
    ).job
    again = load_job(job.model_dump_json())
    assert again == job
    assert again.overrides["cudnn.enabled"] is False


def test_failed_result_needs_no_measurement(make_result):
    failure = {"reason": "timeout", "message": "it took too long"}
    result = make_result(status="failed", measurement=None, failure=failure)
    assert load_result(result.model_dump_json()).measurement is None


def test_unknown_key_is_refused_by_name(make_result):
    with pytest.raises(ContractError, match="surprise: Extra inputs"):
        load_result(changed(make_result(), surprise=1))


def test_unknown_nested_key_is_refused_with_its_path(make_result):
    text = make_result().model_dump_json().replace('"import_s"', '"import_ms":1,"import_s"')
    with pytest.raises(ContractError, match=r"measurement\.phases\.import_ms"):
        load_result(text)


def test_models_are_frozen(make_result):
    result = make_result()
    with pytest.raises(ValidationError, match="frozen"):
        result.status = "failed"
    with pytest.raises(ValidationError, match="frozen"):
        result.measurement.score.value = 0.0


@pytest.mark.parametrize("load", [load_job, load_result])
def test_newer_schema_is_named_and_asks_for_an_upgrade(load):
    newer = SCHEMA_VERSION + 1
    with pytest.raises(ContractError, match=f"schema version {newer}.*upgrade benchdl"):
        load(json.dumps({"schema_version": newer, "whatever": "it has"}))


@pytest.mark.parametrize("version", [None, 0, -1, "1", 1.5, []])
def test_senseless_schema_version_is_refused(make_result, version):
    with pytest.raises(ContractError, match="no usable schema_version"):
        load_result(changed(make_result(), schema_version=version))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("Segmentation fault", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"schema_version": ' + "9" * 5000 + "}", "not valid JSON"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ('"ok"', "not a JSON object"),
    ],
    ids=["empty", "cut off", "words", "too deep", "too long a number", "list", "null", "text"],
)
@pytest.mark.parametrize("load", [load_job, load_result])
def test_what_is_no_object_is_refused(load, text, words):
    with pytest.raises(ContractError, match=words) as caught:
        load(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("key", ["sampling_error", "fit_s", "value", "busy_cores"])
def test_numbers_that_are_none_are_refused(make_result, key, number):
    before = json.loads(make_result().model_dump_json())["measurement"]
    value = next(part[key] for part in before.values() if isinstance(part, dict) and key in part)
    text = make_result().model_dump_json().replace(f'"{key}":{value}', f'"{key}":{number}')
    assert number in text
    with pytest.raises(ContractError, match=key):
        load_result(text)


@pytest.mark.parametrize(
    "run_id", ["../../../etc/passwd", "a/b-and-so-on", "short", "UPPER-case-id", "", "x" * 121]
)
def test_run_id_is_safe_as_a_name_of_a_folder(make_result, run_id):
    with pytest.raises(ContractError, match="run_id"):
        load_result(changed(make_result(), run_id=run_id))


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("work", "count", 0),
        ("score", "metric", "Error rate"),
        ("score", "better", "more"),
        ("phases", "fit_s", 0),
        ("cpu", "busiest_core_percent", 101),
        ("isolation", "capabilities_effective", "not hexadecimal"),
    ],
)
def test_figures_out_of_range_are_refused(make_result, part, key, value):
    data = json.loads(make_result().model_dump_json())
    data["measurement"][part][key] = value
    with pytest.raises(ContractError, match=rf"measurement\.{part}\.{key}"):
        load_result(json.dumps(data))


def test_the_runner_of_an_older_image_takes_a_job_that_uses_nothing_new(make_result):
    job = make_result().job
    assert load_job(job_text(job)) == job
    newer = {"campaign_position", "attempt", "batch_size", "threads", "overrides"}
    fields = {
        name: (field.annotation, field)
        for name, field in Job.model_fields.items()
        if name not in {*newer, "budget", "schema_version"}
    }
    fields |= {"schema_version": (Literal[1], 1), "epochs": (int, Field())}
    older = create_model("Job", __config__=Job.model_config, **fields)
    assert older.model_validate_json(job_text(job)).run_id == job.run_id
    with pytest.raises(ValidationError, match="batch_size"):
        older.model_validate_json(job_text(job.model_copy(update={"batch_size": 64})))
