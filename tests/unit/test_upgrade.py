"""Schema 1 as this version reads it: nothing of it is lost, and it is as strict as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.tables.rows import row
from runner.contract.job import Job, job_text, load_job
from runner.contract.result import load_result
from runner.contract.schema import ContractError
from runner.contract.work_and_score import Budget

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def old():
    """A result of schema 1, with everything that a judge of then said."""
    data = json.loads((GOLDEN / "schema-1" / "tf-docker.json").read_text())
    data["measurement"]["learning"] = {
        "parameters": 65_402,
        "train_samples": 2000,
        "test_samples": 10_000,
        "batch_size": 128,
        "updates": 32,
        "test_loss": 0.5,
        "error_rate": 0.15,
        "initial_loss": 2.31,
        "reference_loss": 0.5,
        "reference_error_rate": 0.15,
        "claimed_loss": 0.51,
        "claimed_error_rate": 0.151,
        "train_loss": 0.45,
        "tensors": 10,
        "tensors_unmoved": [2, 9],
        "weight_bits": 23,
    }
    return data


def upgraded(data):
    return load_result(json.dumps(data))


def test_what_was_learned_is_work_score_and_proofs(old):
    measured = upgraded(old).measurement
    epochs = len(old["measurement"]["epochs"])
    work = measured.work
    assert (work.unit, work.count, work.batch_size, work.parameters) == ("updates", 32, 128, 65_402)
    assert (work.train_samples, work.samples) == (2000, 2000 * epochs)
    score = measured.score
    assert (score.metric, score.value, score.unit, score.better) == (
        "error_rate", 0.15, "share", "lower",
    )  # fmt: skip
    assert (score.claimed, score.samples, score.verified) == (0.151, 10_000, True)
    assert score.sampling_error == pytest.approx(0.00357, abs=1e-5)
    proofs = {proof.name: proof for proof in measured.proofs}
    values = {name: proof.value for name, proof in proofs.items()}
    assert values == {
        "test_loss": 0.5,
        "initial_loss": 2.31,
        "train_loss": 0.45,
        "tensors_moved": 8,
        "weight_bits": 23,
    }
    assert proofs["test_loss"].claimed == 0.51
    assert (proofs["tensors_moved"].expected, proofs["tensors_moved"].detail) == (
        10, "not number 3, 10",
    )  # fmt: skip


def test_epochs_are_the_laps_and_the_budget(old):
    result = upgraded(old)
    told = old["measurement"]["epochs"]
    assert [(lap.number, lap.duration_s, lap.loss) for lap in result.measurement.laps] == [
        (epoch["number"], epoch["duration_s"], epoch["loss"]) for epoch in told
    ]
    assert result.job.budget == Budget(unit="epochs", count=old["job"]["epochs"])


def test_without_a_second_opinion_the_score_is_the_backends_word(old):
    for name in ("reference_loss", "reference_error_rate", "claimed_loss", "claimed_error_rate"):
        del old["measurement"]["learning"][name]
    measured = upgraded(old).measurement
    assert (measured.score.value, measured.score.claimed) == (0.15, 0.15)
    assert not measured.score.verified
    (loss,) = [proof for proof in measured.proofs if proof.name == "test_loss"]
    assert (loss.value, loss.claimed) == (None, 0.5)


def test_the_first_second_opinions_are_kept_beside_the_backends_word(old):
    learned = old["measurement"]["learning"]
    del learned["claimed_loss"], learned["claimed_error_rate"]
    learned["reference_error_rate"] = 0.149
    measured = upgraded(old).measurement
    assert measured.score.value == 0.15
    (rate,) = [proof for proof in measured.proofs if proof.name == "error_rate"]
    assert (rate.value, rate.claimed) == (0.149, 0.15)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda data: data["measurement"]["learning"].update(error_rate=1.1),
            "learning.error_rate",
        ),
        (lambda data: data["measurement"]["learning"].update(surprise=1), "learning.surprise"),
        (lambda data: data["measurement"].pop("learning"), "learning.parameters"),
        (lambda data: data["measurement"].pop("epochs"), "measurement.epochs"),
        (lambda data: data["measurement"].update(epochs={}), "measurement.epochs"),
        (lambda data: data["measurement"].update(learning=[]), "measurement.learning"),
        (lambda data: data["measurement"].update(score={}), "measurement.score came later"),
        (lambda data: data["job"].update(epochs=0), "job.epochs"),
        (lambda data: data["job"].update(epochs=10_001), "job.epochs"),
        (lambda data: data["job"].pop("epochs"), "job.epochs"),
        (lambda data: data["job"].update(budget={}), "job.budget came later"),
        (lambda data: data.update(job=3), "job"),
        (lambda data: data["job"].update(schema_version=2), "job"),
    ],
)
def test_what_schema_1_did_not_allow_is_refused(old, change, words):
    change(old)
    with pytest.raises(ContractError, match=words) as refused:
        upgraded(old)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("part", ["measurement", "job"])
def test_the_form_of_schema_1_is_none_of_schema_2(old, part):
    result = json.loads(upgraded(old).model_dump_json())
    result[part] = old[part]
    with pytest.raises(ContractError, match=part):
        upgraded(result)


def test_an_older_runner_gets_epochs_and_nobody_else(make_result):
    job = make_result().job
    told = json.loads(job_text(job))
    assert (told["schema_version"], told["epochs"]) == (1, 10)
    assert "budget" not in told
    rounds = job.model_copy(update={"budget": Budget(unit="rounds", count=7)})
    told = json.loads(job_text(rounds))
    assert (told["schema_version"], told["budget"]["count"]) == (2, 7)
    assert load_job(job_text(rounds)) == rounds
    assert Job.model_validate(rounds.model_dump()) == rounds


def test_a_budget_has_a_bound_in_its_unit():
    with pytest.raises(ValueError, match="more than 10000"):
        Budget(unit="epochs", count=10_001)
    assert str(Budget(unit="steps", count=200_000)) == "200,000 steps"
    assert str(Budget(unit="epochs", count=1)) == "1 epoch"


def test_rows_of_schema_1_have_the_new_columns_as_well(old):
    values = row(upgraded(old)).values
    assert (values["metric"], values["score"], values["score_better"]) == (
        "error_rate", 0.15, "lower",
    )  # fmt: skip
    assert (values["work"], values["work_unit"]) == (32, "updates")
    assert values["error_rate_percent"] == pytest.approx(15.0)


def test_what_was_called_mirrored_is_data_parallel():
    data = json.loads((GOLDEN / "schema-2-mirrored" / "tf.json").read_text())
    assert data["job"]["settings"]["strategy"] == "mirrored"
    assert upgraded(data).job.settings.strategy == "data-parallel"


@pytest.mark.parametrize(("backend", "word"), [("tf", "mirrored"), ("torch", "data-parallel")])
def test_an_older_image_is_told_the_word_that_it_knows_or_refuses(old, backend, word):
    job = upgraded(old).job
    settings = job.settings.model_copy(update={"strategy": "data-parallel"})
    changes = {"backend": backend, "settings": settings, "device": "gpu", "ranks": 2}
    shared = job.model_copy(update=changes)
    assert ("ranks" in json.loads(job_text(shared))) == (backend != "tf")
    assert json.loads(job_text(shared))["settings"]["strategy"] == word
    assert load_job(job_text(shared)).settings.strategy == "data-parallel"
