"""``tfidf-imdb``: what scikit-learn gets of the texts, and how its probabilities are judged."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from runner.backends.tabular.sklearn_texts import TextTrainer
from runner.contract.job import Settings
from runner.data.arrays import Arrays
from runner.workloads import lookup

WORKLOAD = lookup.load("tfidf-imdb")
TEXTS = np.array([[0, 1, 3, 7], [1, 2, 7, 7], [0, 0, 1, 5], [0, 1, 3, 5]], np.int16)
LABELS = np.array([1, 1, 0, 0])


class Weights:
    """Counts in the place of scikit-learn's weights."""

    def __init__(self, **words):
        self.words = words

    def fit_transform(self, texts):
        self.known = sorted({word for text in texts for word in text.split()})
        return self.transform(texts)

    def transform(self, texts):
        self.given = texts
        return np.array([[text.split().count(word) for word in self.known] for text in texts])


class Regression:
    def __init__(self, **words):
        self.words, self.n_iter_ = words, np.array([3])

    def fit(self, rows, labels):
        self.rows, self.labels = rows, labels

    def predict_proba(self, rows):
        likely = np.array([0.9, 0.4, 0.2, 0.5])[: len(rows)]
        return np.stack([1 - likely, likely], axis=1)


@pytest.fixture
def trainer():
    text = SimpleNamespace(TfidfVectorizer=Weights)
    sklearn = SimpleNamespace(
        feature_extraction=SimpleNamespace(text=text),
        linear_model=SimpleNamespace(LogisticRegression=Regression),
        metrics=SimpleNamespace(
            log_loss=lambda labels, likely: 0.5,
            roc_auc_score=lambda labels, likely: 0.75,
            accuracy_score=lambda labels, found: float((labels == found).mean()),
        ),
    )
    job = SimpleNamespace(settings=Settings(), threads=1)
    made = TextTrainer(sklearn, job, WORKLOAD.model, 7)
    made.prepare(Arrays(TEXTS, LABELS, TEXTS, LABELS))
    return made


def test_scikit_learn_gets_strings_of_words_without_paddings(trainer):
    assert trainer.fit(1, None) == 1
    assert trainer._weigh.known == ["3", "5", "7"]
    assert trainer._estimator.rows.tolist() == [[1, 0, 1], [0, 0, 2], [0, 1, 0], [1, 1, 0]]
    assert trainer._estimator.words["C"] == pytest.approx(10)
    assert trainer._estimator.words["solver"] == "lbfgs"
    assert trainer.evaluate() == (0.5, 0.5)
    assert trainer.handover()[0].tolist() == pytest.approx([0.9, 0.4, 0.2, 0.5])


def judged(likely, claims=None):
    evidence = Arrays(TEXTS[:1], LABELS[:1], TEXTS, LABELS)
    claims = claims or {"error_rate": 0.5, "test_loss": 0.5}
    return WORKLOAD.opinion([], [np.array(likely, "float32")], evidence, claims)


def test_the_judge_counts_the_errors_itself():
    opinion = judged([0.9, 0.4, 0.2, 0.5])
    assert opinion.score.metric == "error_rate"
    assert opinion.score.value == 0.5  # the second and, at the border, the fourth
    assert opinion.score.claimed == 0.5
    assert opinion.score.sampling_error == WORKLOAD.metric.standard_error(0.5, 4)
    (loss,) = opinion.proofs
    wanted = -np.log([0.9, 0.4, 0.8, 0.5]).mean()
    assert (loss.name, loss.value) == ("test_loss", pytest.approx(wanted, abs=1e-6))


@pytest.mark.parametrize("likely", [[1.5, 0, 0, 0], [float("nan")] * 4, [0.5] * 3])
def test_what_is_no_probability_of_each_text_is_refused(likely):
    with pytest.raises(ValueError, match="probabilit"):
        judged(likely)


def test_bands_are_of_all_texts():
    job = SimpleNamespace(train_samples=None)
    assert WORKLOAD.at_recipe(job, 1) == 1
    assert WORKLOAD.at_recipe(SimpleNamespace(train_samples=4_825), 1) == 0
    assert WORKLOAD.samples_word == "texts"
