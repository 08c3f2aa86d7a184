"""Backends of models of tables, their tools replaced by stand-ins that note what they are told."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from sampled_tables import table_job

from runner import libraries
from runner.backends import loading
from runner.backends.tabular import openmp
from runner.contract.job import Settings
from runner.workloads import lookup

ROWS = 40
TREE = "num_leaves=3\nsplit_feature=0 1\nnum_leaves=2\n"


class Xgboost:
    """Its module; ``device`` is what its booster says that it trained on."""

    __version__ = "3.2.0"

    def __init__(self, rounds=None, device="cpu", cuda=True):
        self.rounds, self.device, self.cuda = rounds, device, cuda
        self.told, self.made = {}, []

    def build_info(self):
        return {"USE_CUDA": self.cuda}

    def DMatrix(self, rows, label, **words):  # noqa: N802 - their name
        self.made.append(("DMatrix", words))
        return rows

    def QuantileDMatrix(self, rows, label, **words):  # noqa: N802 - their name
        self.made.append(("QuantileDMatrix", words))
        return rows

    def train(self, words, rows, rounds):
        self.told = words
        done = rounds if self.rounds is None else self.rounds
        config = {"learner": {"generic_param": {"device": self.device}}}
        return SimpleNamespace(
            num_boosted_rounds=lambda: done,
            predict=lambda rows: np.full(len(rows), 0.25, "float32"),
            set_param=lambda pairs: self.made.append(("metrics", pairs)),
            eval=lambda rows, name: f"[0]\t{name}-logloss:0.5\t{name}-auc:0.75",
            save_config=lambda: json.dumps(config),
            get_dump=lambda: ["0:[f0<1]\n1:leaf=0.1\n2:leaf=0.2\n"] * done,
        )


class Lightgbm:
    __version__ = "4.7.0"

    def __init__(self, trees=None):
        self.trees, self.calls = trees, []

    def Dataset(self, rows, labels, **words):  # noqa: N802 - their name
        self.calls.append(("Dataset", words))
        return SimpleNamespace(construct=lambda: self.calls.append(("construct", {})))

    def Booster(self, words, rows):  # noqa: N802 - their name
        self.calls.append(("Booster", words))
        said = [("training", "binary_logloss", 0.5, False), ("training", "auc", 0.75, True)]
        return SimpleNamespace(eval_train=lambda: said)

    def train(self, words, rows, rounds, **more):
        self.calls.append(("train", {**words, **more}))
        return SimpleNamespace(
            num_trees=lambda: rounds if self.trees is None else self.trees,
            predict=lambda rows, raw_score=False: np.full(len(rows), -1.0 if raw_score else 0.25),
            model_to_string=lambda: TREE,
        )


class Estimator:
    """Any of scikit-learn's; ``steps`` is how many its solver took."""

    def __init__(self, steps, **words):
        self.words, self.n_iter_ = words, np.array([steps])
        self.n_jobs = words.get("n_jobs")
        tree = SimpleNamespace(get_n_leaf_nodes=lambda: 7, get_n_leaves=lambda: 7)
        self._predictors = [(tree,)] * words.get("max_iter", 0) if steps is None else []
        if steps is None:
            self.n_iter_ = words.get("max_iter", 0)
        self.estimators_ = [tree] * words.get("n_estimators", 0)

    def fit(self, rows, labels):
        self.rows = rows

    def predict_proba(self, rows):
        return np.tile([0.75, 0.25], (len(rows), 1))


def sklearn(steps=None):
    module = SimpleNamespace(__version__="1.9.1", made=[])

    def estimator(**words):
        module.made.append(Estimator(steps, **words))
        return module.made[-1]

    module.ensemble = SimpleNamespace(
        HistGradientBoostingClassifier=estimator, RandomForestClassifier=estimator
    )
    module.linear_model = SimpleNamespace(LogisticRegression=estimator)
    module.metrics = SimpleNamespace(
        log_loss=lambda labels, likely: 0.5, roc_auc_score=lambda labels, likely: 0.75
    )
    return module


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """What a backend makes of a job on a few rows: its trainer, its work, and its claims."""

    def call(name, module, workload="boosting-flights", tuned=False, **words):
        stated = {"mode": "tuned" if tuned else "as-written"}
        job = table_job(
            tmp_path, workload, ROWS, **{"settings": Settings(**stated), "seed": 77, **words}
        )
        parts = ("ensemble", "linear_model", "metrics", "feature_extraction",
                 "feature_extraction.text")  # fmt: skip
        for dotted in (name, *(f"{name}.{part}" for part in parts)):
            monkeypatch.setitem(sys.modules, dotted, module)
        monkeypatch.setenv("OMP_NUM_THREADS", "9")
        backend = loading.load(name)
        backend.configure(job)
        backend.start()
        known = lookup.of(job)
        trainer = backend.trainer(known, job.seed)
        trainer.prepare(known.load(job))
        compiled = trainer.compile()
        assert trainer.handover() == []
        count = trainer.fit(job.budget.count, None)
        assert trainer.evaluate() == (0.5, 0.75)
        (likely,) = trainer.handover()
        assert np.allclose(likely, np.full(ROWS, 0.25))
        return SimpleNamespace(
            backend=backend, trainer=trainer, count=count, compiled=compiled, job=job
        )

    return call


@pytest.mark.parametrize("name", ["xgboost", "lightgbm", "sklearn"])
def test_what_is_no_model_of_a_table_is_refused_in_a_line(name):
    backend = loading.load(name)
    assert "that of cnn-mnist is none" in backend.supports(lookup.load("cnn-mnist"))
    assert backend.supports(lookup.load("boosting-flights")) is None
    forest = backend.supports(lookup.load("forest-flights"))
    assert forest is None if name == "sklearn" else "of the model Forest" in forest


def test_xgboost_gets_the_model_in_its_words(trained):
    tool = Xgboost()
    done = trained("xgboost", tool, threads=3, budget=12)
    share = done.trainer._labels.mean()
    assert 0 < share < 1
    assert tool.told == {
        "objective": "binary:logistic", "tree_method": "hist", "device": "cpu", "eta": 0.1,
        "grow_policy": "lossguide", "max_leaves": 512, "max_depth": 0, "lambda": 1.0,
        "max_bin": 255, "seed": 77, "nthread": 3,
        "min_child_weight": pytest.approx(20 * share * (1 - share)),
    }  # fmt: skip
    assert (done.count, done.compiled) == (12, False)
    assert [what for what, _ in tool.made] == ["DMatrix", "DMatrix", "metrics"]
    device, facts = done.trainer.attest()
    assert device == "cpu"
    assert (facts["trees"], facts["leaves"], facts["most_leaves"]) == (12, 24, 2)
    assert facts["intra_op_threads"] == 1


def test_xgboost_tuned_cuts_ahead_and_has_its_own_threads(trained):
    tool = Xgboost()
    done = trained("xgboost", tool, tuned=True)
    assert done.compiled
    assert tool.made[0] == ("QuantileDMatrix", {"max_bin": 255, "nthread": None})
    assert "nthread" not in tool.told


def test_what_xgboost_trained_on_is_its_boosters_word(trained):
    on_gpu = trained("xgboost", Xgboost(device="cuda:0"), device="gpu")
    assert on_gpu.trainer.attest()[0] == "gpu"
    assert on_gpu.trainer._parameters["device"] == "cuda"
    fell_back = trained("xgboost", Xgboost(device="cpu"), device="gpu")
    assert fell_back.trainer.attest()[0] == "cpu"


def test_xgboost_without_cuda_does_not_begin_a_gpu_job(trained):
    with pytest.raises(RuntimeError, match="build is without CUDA"):
        trained("xgboost", Xgboost(cuda=False), device="gpu")


def test_fewer_trees_than_asked_for_are_told(trained):
    assert trained("xgboost", Xgboost(rounds=5), budget=12).count == 5
    assert trained("lightgbm", Lightgbm(trees=4), budget=12).count == 4


@pytest.mark.parametrize("tuned", [False, True])
def test_lightgbm_gets_the_model_in_its_words(trained, tuned):
    tool = Lightgbm()
    done = trained("lightgbm", tool, tuned=tuned, threads=2, budget=12)
    (words,) = (words for what, words in tool.calls if what == "train")
    own = {"force_col_wise": True} if tuned else {}
    assert words == {
        "objective": "binary", "learning_rate": 0.1, "num_leaves": 512, "max_depth": -1,
        "min_data_in_leaf": 20, "lambda_l2": 1.0, "max_bin": 255, "seed": 77, "verbosity": -1,
        "num_threads": 2, "keep_training_booster": tuned, **own,
    }  # fmt: skip
    assert (done.count, done.compiled) == (12, tuned)
    assert [what for what, _ in tool.calls].count("construct") == tuned
    guesses = tool.calls[-2][1]["init_score"]
    assert (guesses == -1).all()
    device, facts = done.trainer.attest()
    assert (device, facts["trees"], facts["leaves"], facts["most_leaves"]) == ("cpu", 2, 5, 3)


def test_scikit_learn_gets_boosting_in_its_words(trained):
    tool = sklearn()
    done = trained("sklearn", tool, budget=12)
    (made,) = tool.made
    assert made.words == {
        "learning_rate": 0.1, "max_iter": 12, "max_leaf_nodes": 512, "min_samples_leaf": 20,
        "l2_regularization": 1.0, "max_bins": 255, "early_stopping": False, "random_state": 77,
    }  # fmt: skip
    assert done.count == 12
    assert done.trainer.attest()[1]["leaves"] == 84
    assert made.rows.dtype == np.int16


@pytest.mark.parametrize(
    ("tuned", "threads", "jobs"), [(False, None, None), (True, None, -1), (False, 2, 2)]
)
def test_a_forest_takes_the_cores_of_its_mode(trained, monkeypatch, tuned, threads, jobs):
    tool = sklearn()
    done = trained(
        "sklearn", tool, workload="forest-flights", tuned=tuned, threads=threads, budget=3
    )
    (made,) = tool.made
    assert made.words == {
        "n_estimators": 3, "criterion": "gini", "min_samples_leaf": 5, "max_features": 2,
        "bootstrap": True, "n_jobs": jobs, "random_state": 77,
    }  # fmt: skip
    assert done.count == 3
    workers = SimpleNamespace(effective_n_jobs=lambda asked: {None: 1, -1: 8}.get(asked, asked))
    monkeypatch.setitem(sys.modules, "joblib", workers)
    assert done.trainer.attest()[1]["intra_op_threads"] == {None: 1, -1: 8, 2: 2}[jobs]


def test_a_regression_that_did_not_converge_is_no_fit(trained, monkeypatch):
    pools = [{"user_api": "blas", "num_threads": 4}, {"user_api": "openmp", "num_threads": 6}]
    monkeypatch.setitem(
        sys.modules, "threadpoolctl", SimpleNamespace(threadpool_info=lambda: pools)
    )
    tool = sklearn(steps=36)
    done = trained("sklearn", tool, workload="logistic-flights")
    assert done.count == 1
    assert done.trainer.attest() == ("cpu", {"steps": 36, "intra_op_threads": 4})
    (made,) = tool.made
    assert made.words == {
        "C": 1.0, "tol": 1e-4, "max_iter": 1000, "solver": "lbfgs", "random_state": 77,
    }  # fmt: skip
    assert made.rows.shape == (ROWS, 175)
    assert trained("sklearn", sklearn(steps=1000), workload="logistic-flights").count == 0


def test_live_versions_have_the_names_of_the_pins(trained):
    live, facts = trained("xgboost", Xgboost()).backend.attest()
    assert live["xgboost"] == live["xgboost-cpu"] == "3.2.0"
    assert facts["build_cuda"] is True


def test_threads_are_counted_by_the_kernels_word(monkeypatch):
    assert openmp.alive() >= 1
    monkeypatch.setattr(openmp, "alive", lambda: 9)
    assert [openmp.team(before) for before in (6, 9, 12)] == [4, 1, 1]


def test_openmp_is_there_if_its_file_is_mapped(monkeypatch):
    maps = "/usr/lib/libgomp.so.1", "/venv/x.libs/libgomp-e985bcbb.so.1.0.0", "/lib/libc.so.6"
    lines = "".join(f"7f00-7f01 r-xp 00000000 00:00 0    {path}\n" for path in maps)
    monkeypatch.setattr(libraries, "_MAPS", SimpleNamespace(read_text=lambda **_: lines))
    assert openmp.runtimes() == ["libgomp-e985bcbb.so.1.0.0", "libgomp.so.1"]
