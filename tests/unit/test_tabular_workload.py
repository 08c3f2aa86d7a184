"""Workloads of a table whose model is no network: what they count, and how they are judged."""

from __future__ import annotations

import numpy as np
import pytest
from sampled_tables import table_job

from harness.campaign import limits, plan
from harness.errors import UsageError
from harness.provision import discovery
from runner.contract.work_and_score import Budget
from runner.data.contents import DatasetError
from runner.data.picture_format import Pictures
from runner.data.table_format import Table
from runner.scoring import log_loss
from runner.tabular.forest import Forest
from runner.workloads import lookup
from runner.workloads.tabular_workload import TabularWorkload, of_table

STATED = [lookup.load(name) for name in lookup.names()]
NAMES = [
    workload.name
    for workload in STATED
    if isinstance(workload, TabularWorkload) and isinstance(workload.format, Table)
]
BOOSTING, FOREST, LOGISTIC = (
    lookup.load(f"{name}-flights") for name in ("boosting", "forest", "logistic")
)
SAID = {"test_loss": 0.4, "auc": 0.7}


def test_there_are_three_of_the_flights_and_two_of_benchm_ml():
    assert NAMES == [
        "boosting-airline", "boosting-flights", "forest-airline", "forest-flights",
        "logistic-flights",
    ]  # fmt: skip


def test_each_counts_in_its_own_unit():
    assert [workload.unit for workload in (BOOSTING, FOREST, LOGISTIC)] == [
        "rounds", "trees", "fits",
    ]  # fmt: skip
    assert [str(workload.budget) for workload in (BOOSTING, LOGISTIC)] == ["100 rounds", "1 fit"]
    asked = Budget(unit="rounds", count=7)
    assert BOOSTING.count(2000, asked) == 7
    assert BOOSTING.seen(2000, asked) == 14_000
    assert LOGISTIC.seen(2000, LOGISTIC.budget) is None
    assert BOOSTING.laps(asked) == 0


def test_bands_are_of_all_rows(tmp_path):
    job = table_job(tmp_path, "boosting-flights", rows=20)
    work = {
        rows: BOOSTING.at_recipe(job.model_copy(update={"train_samples": rows}), 100)
        for rows in (None, 228_521, 228_520, 2000)
    }
    assert work == {None: 100, 228_521: 100, 228_520: 0, 2000: 0}
    whole = job.model_copy(update={"train_samples": None})
    assert BOOSTING.at_recipe(whole, 101) == 0  # more rounds may learn the rows by heart


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("-airline")])
def test_what_nobody_ran_is_demanded_little_of(name):
    for learned in lookup.load(name).learned.values():
        assert learned.worst_score(100) == 0.65
        assert learned.worst_score(99) is None
        assert learned.best == 0.85


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("-flights")])
def test_bands_of_a_whole_run_are_above_chance_and_below_what_is_believed(name):
    workload = lookup.load(name)
    for learned in workload.learned.values():
        worst = learned.worst_score(workload.budget.count)
        assert 0.68 < worst < learned.best < 0.81
        assert learned.worst_score(0) is None
        assert 0.4 < learned.highest_proof("test_loss", workload.budget.count) < 0.5


def test_a_trainer_gets_codes_or_what_networks_get(tmp_path):
    job = table_job(tmp_path, "boosting-flights", rows=20)
    codes = BOOSTING.load(job)
    assert (codes.train_inputs.shape, codes.train_inputs.dtype) == ((20, 8), np.int16)
    inputs = LOGISTIC.load(job)
    assert (inputs.train_inputs.shape, inputs.train_inputs.dtype) == ((20, 175), np.float32)
    assert (inputs.test_labels == codes.test_labels).all()


@pytest.mark.parametrize("workload", [BOOSTING, LOGISTIC], ids=lambda workload: workload.name)
def test_rows_of_one_class_alone_are_refused_in_a_line(tmp_path, workload):
    job = table_job(tmp_path, workload.name, rows=20, train_samples=1)
    with pytest.raises(
        DatasetError, match=r"all 1 rows to train with are of class [01]: "
    ) as error:
        workload.load(job)
    assert "\n" not in str(error.value)
    assert len(workload.evidence(job)) == 1  # the judge looks at the test rows


def test_the_judge_finds_auc_and_loss_itself(tmp_path):
    evidence = BOOSTING.evidence(table_job(tmp_path, "boosting-flights", rows=20))
    labels = evidence.test_labels
    likely = np.where(labels == 1, 0.75, 0.25).astype("float32")
    wrong = likely.copy()
    wrong[0] = 1 - wrong[0]
    opinion = BOOSTING.opinion([], [likely], evidence, SAID)
    assert (opinion.score.value, opinion.score.samples) == (1.0, 20)
    assert (opinion.score.claimed, opinion.score.verified) == (0.7, True)
    assert opinion.parameters is None
    (loss,) = opinion.proofs
    assert loss.value == pytest.approx(-np.log(0.75))
    assert loss.claimed == 0.4
    assert BOOSTING.opinion([], [wrong], evidence, SAID).score.value < 1
    assert BOOSTING.opinion([], [wrong], evidence, SAID).score.sampling_error > 0


@pytest.mark.parametrize(
    ("untrained", "trained", "words"),
    [
        ([np.zeros(3)], [np.zeros(20)], "1 arrays before"),
        ([], [], "0 after"),
        ([], [np.zeros(20), np.zeros(20)], "2 after"),
        ([], [np.full(19, 0.5)], "shape"),
        ([], [np.full((20, 2), 0.5)], "shape"),
        ([], [np.full(20, 1.01)], "from 0 to 1"),
        ([], [np.full(20, np.nan)], "from 0 to 1"),
    ],
)
def test_what_is_handed_over_has_to_be_probabilities(tmp_path, untrained, trained, words):
    evidence = BOOSTING.evidence(table_job(tmp_path, "boosting-flights", rows=20))
    with pytest.raises(ValueError, match=words):
        BOOSTING.opinion(untrained, trained, evidence, SAID)


@pytest.mark.parametrize("name", NAMES)
def test_the_judge_takes_a_probability_of_every_test_row(name):
    workload = lookup.load(name)
    most = max(discovery.load(data).test_samples for data in workload.datasets)
    assert workload.most_numbers() >= most == 100_000


def test_log_loss_of_certainty_is_finite():
    assert log_loss.of_two_classes([1.0, 0.0], [1, 0]) == 0
    assert log_loss.of_two_classes([0.0], [1]) == pytest.approx(23 * np.log(2))


def test_a_statement_that_makes_no_sense_is_refused():
    stated = {
        "name": "x", "title": "x", "model": Forest(), "rows": 1, "learned": {},
        "budget": Budget(unit="trees", count=1), "table": FOREST.format,
    }  # fmt: skip
    assert of_table(**stated).unit == "trees"
    with pytest.raises(ValueError, match="10 classes"):
        of_table(**{**stated, "table": Pictures((28, 28, 1), 10)})
    with pytest.raises(ValueError, match="no epochs"):
        of_table(**{**stated, "budget": Budget(unit="epochs", count=1)})


def test_a_split_looks_at_the_root_of_the_columns():
    assert [Forest().columns_of(count) for count in (1, 3, 8, 9, 100)] == [1, 1, 2, 3, 10]


def options(workload, **words):
    return plan.Options(backends=["sklearn"], workload=workload, **words)


def test_what_is_fitted_once_has_no_other_budget():
    assert plan.budget(options("logistic-flights")) == Budget(unit="fits", count=1)
    with pytest.raises(UsageError, match="a budget of 2 with workload"):
        plan.budget(options("logistic-flights", budget=2))
    with pytest.raises(ValueError, match="2 fits"):
        Budget(unit="fits", count=2)
    with pytest.raises(UsageError, match="no epochs: it is trained for 100 rounds"):
        plan.budget(options("boosting-flights", epochs=2))


def test_what_has_no_batches_has_no_batch_size():
    flights = discovery.load("flights")
    limits.check_batch_sizes([None], None, flights, BOOSTING)
    with pytest.raises(UsageError, match="boosting-flights, which has no batches"):
        limits.check_batch_sizes([None, 128], None, flights, BOOSTING)
