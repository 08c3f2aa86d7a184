"""Jobs on several GPUs, planned: which GPUs, among how many a batch is shared, what is refused."""

from __future__ import annotations

import pytest

from harness.campaign import checked, matrix, sharing
from harness.campaign.plan import Options
from harness.cli import command
from harness.errors import UsageError
from harness.nvidia import host_driver


@pytest.fixture(autouse=True)
def no_driver(monkeypatch):
    monkeypatch.setattr(host_driver, "gpus", lambda: (0, "no NVIDIA driver answers"))


def planned(**words):
    return checked.combined(Options(**{"backends": ["torch"], "devices": ["gpu"], **words}))


def test_each_number_of_gpus_is_a_configuration_on_the_first_so_many():
    question = planned(ranks=[1, 2, 4], gpus=["3", "1", "0", "2"])
    strategies = [question.settings(wanted).strategy for wanted in question.configurations]
    assert strategies == ["default", "data-parallel", "data-parallel"]
    gpus = [sharing.gpus(wanted, question.options) for wanted in question.configurations]
    assert gpus == [["3"], ["3", "1"], ["3", "1", "0", "2"]]
    assert [str(wanted) for wanted in question.configurations] == [
        "torch gpu 1 GPU", "torch gpu 2 GPUs", "torch gpu 4 GPUs",
    ]  # fmt: skip


def test_without_names_the_first_gpus_are_those_of_the_driver():
    question = planned(ranks=[2])
    assert sharing.gpus(question.configurations[0], question.options) == ["0", "1"]


def test_the_strategy_that_a_user_names_stays():
    question = planned(ranks=[1, 2], overrides={"strategy": "default"})
    found = [
        (settings.strategy, sharing.ranks(wanted, settings, question.options))
        for wanted in question.configurations
        if (settings := question.settings(wanted))
    ]
    assert found == [("default", None), ("default", None)]
    question = planned(ranks=[1], overrides={"strategy": "data-parallel"})
    (wanted,) = question.configurations
    assert sharing.ranks(wanted, question.settings(wanted), question.options) == 1


def test_all_gpus_share_where_no_number_is_named(monkeypatch):
    question = planned(overrides={"strategy": "data-parallel"}, gpus=["0", "2"])
    (wanted,) = question.configurations
    settings = question.settings(wanted)
    assert sharing.ranks(wanted, settings, question.options) == 2
    monkeypatch.setattr(host_driver, "gpus", lambda: (4, ""))
    of_all = question.options.model_copy(update={"gpus": None})
    assert sharing.ranks(wanted, settings, of_all) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"ranks": [3]}, "a batch of 128 does not divide by 3 GPUs"),
        ({"ranks": [8], "batch_sizes": [4]}, "a batch of 4 does not divide by 8 GPUs"),
        ({"ranks": [8], "batch_sizes": [4], "devices": ["cpu"]}, "by 8 ranks"),
        ({"ranks": [2], "workload": "dqn-bricks"}, "with workload dqn-bricks"),
        ({"ranks": [2], "backends": ["theano"]}, "'theano' has no strategy 'data-parallel'"),
        ({"devices": ["cpu"], "overrides": {"strategy": "data-parallel"}}, "on the CPU"),
        ({"devices": ["cpu"], "ranks": [2], "overrides": {"strategy": "default"}}, "--ranks 2"),
    ],
)
def test_what_cannot_be_shared_is_refused_before_anything_starts(words, said):
    with pytest.raises(UsageError) as error:
        planned(**words)
    assert said in str(error.value)
    assert error.value.advice


def last_batches(mode, **words):
    return planned(backends=["keras3-jax"], workload="gpt-shakespeare", modes=[mode], **words)


def test_keras_on_jax_as_written_shares_only_what_divides_to_the_end():
    with pytest.raises(UsageError) as error:
        last_batches("as-written", ranks=[2])
    assert str(error.value).startswith(
        "keras3-jax as-written shares batches that divide by 2 GPUs alone: of 17,779 samples the "
        "last one has 51"
    )
    assert error.value.advice == "--mode tuned or --train-samples 17778"
    for words in ({"train_samples": 17778}, {"train_samples": 17728, "ranks": [2, 4]}):
        assert last_batches("as-written", **{"ranks": [2], **words}).configurations
    assert last_batches("tuned", ranks=[2, 4, 8]).configurations
    assert planned(backends=["keras3-jax"], ranks=[1, 2, 4, 8]).configurations


@pytest.mark.parametrize("backend", ["tf", "keras3-tf"])
@pytest.mark.parametrize(
    ("words", "said", "advice"),
    [
        ({"train_samples": 257, "ranks": [2]}, "1", "--train-samples 256 or another --batch-size"),
        ({"train_samples": 133, "ranks": [4]}, "5", "--train-samples 128 or another --batch-size"),
        ({"train_samples": 1, "ranks": [2]}, "1", "another --batch-size"),
    ],
)
def test_tensorflow_leaves_no_replica_without_a_sample(backend, words, said, advice):
    with pytest.raises(UsageError) as error:
        planned(backends=[backend], **words)
    assert f"without a sample: of {words['train_samples']} training samples" in str(error.value)
    assert f"the last batch has {said}:" in str(error.value)
    assert error.value.advice == advice


def test_tensorflow_leaves_no_replica_without_a_test_sample():
    with pytest.raises(UsageError, match="10,000 test samples the last batch has 1"):
        planned(backends=["tf"], train_samples=1111, batch_sizes=[1111], ranks=[11])


@pytest.mark.parametrize("samples", [128, 131, 168, 256, 60_000])
def test_tensorflow_takes_a_last_batch_of_which_each_replica_has_some(samples):
    ranks = [2] if samples == 131 else [2, 4]
    question = planned(backends=["tf", "keras3-tf"], train_samples=samples, ranks=ranks)
    assert len(question.configurations) == 2 * len(ranks)


def test_a_batch_for_each_gpu_grows_with_their_number():
    question = planned(ranks=[1, 2, 4], batch_per_gpu=128)
    assert [wanted.batch_size for wanted in question.configurations] == [None, 256, 512]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"batch_per_gpu": 64},
            "without a number of GPUs: add --gpus-axis, as in --gpus-axis 1,2, or --ranks",
        ),
        ({"batch_per_gpu": 64, "ranks": [2], "batch_sizes": [128]}, "together with --batch-size"),
        ({"batch_per_gpu": 20_000, "ranks": [1, 4]}, "of 80,000 with 60,000 training samples"),
        ({"batch_per_gpu": 64, "ranks": [2], "train_samples": 100}, "of 128 with 100 training"),
    ],
)
def test_a_batch_for_each_gpu_needs_their_number_and_nothing_else(words, said):
    with pytest.raises(UsageError, match=said):
        planned(**words)


@pytest.mark.parametrize("backend", ["sklearn", "xgboost", "lightgbm"])
def test_tools_of_tables_share_nothing(backend):
    workload = {"sklearn": "forest-flights"}.get(backend, "boosting-flights")
    with pytest.raises(UsageError, match="has no strategy 'data-parallel'"):
        planned(backends=[backend], workload=workload, ranks=[2], devices=["cpu"])


@pytest.mark.parametrize(("asked", "there", "advice"), [([1, 3], 2, "1,2"), ([2], 1, "axis 1")])
def test_more_gpus_than_there_are_is_one_line(monkeypatch, asked, there, advice):
    monkeypatch.setattr(host_driver, "gpus", lambda: (there, ""))
    question = planned(ranks=asked, batch_sizes=[12])
    with pytest.raises(UsageError, match=f"{max(asked)} GPUs are asked for") as error:
        sharing.check_there(question.configurations, question.options)
    assert error.value.advice.endswith(advice)


def test_where_nobody_knows_the_number_nothing_is_refused():
    question = planned(ranks=[4])
    sharing.check_there(question.configurations, question.options)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--gpus-axis", "1,two"], "expected numbers separated by commas"),
        (["--gpus-axis", ""], "expected numbers separated by commas"),
        (["--gpus-axis", "0,1"], "each from 1 to 1024"),
        (["--gpus-axis", "2,2"], "has a number twice"),
        (["--gpus-axis", "99999999999999999999"], "each from 1 to 1024"),
        (["--gpus-axis", "1,2", "--device", "cpu"], "--gpus-axis with device cpu"),
        (["--ranks", "2", "--device", "gpu"], "--ranks with device gpu"),
        (["--strategy", "default", "--set", "strategy=default"], "they say the same"),
    ],
)
def test_odd_words_are_one_line(capsys, words, said):
    if "--device" not in words:
        words = [*words, "--device", "gpu"]
    assert command.run(["run", "torch", *words, "--dry-run"]) != 0
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_a_campaign_file_has_the_axis(tmp_path):
    file = tmp_path / "campaign.toml"
    file.write_text('[matrix]\nbackends = ["torch"]\ndevices = ["gpu"]\ngpus_axis = [1, 2, 4]\n')
    assert matrix.read(file, lambda word: word).ranks == [1, 2, 4]
    file.write_text('[matrix]\nbackends = ["torch"]\ngpus_axis = [0]\n')
    with pytest.raises(UsageError, match="gpus_axis"):
        matrix.read(file, lambda word: "cpu")
