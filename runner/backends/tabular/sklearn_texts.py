"""A regression on weighed words as scikit-learn does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Tuple

from runner.backends.base import LapSeen
from runner.backends.tabular.sklearn_trainers import SolverTrainer
from runner.contract.job import Job
from runner.contract.text_ids import FIRST_WORD, IDS
from runner.tabular.tfidf import TfidfRegression

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


_NUMBER = r"\S+"


class TextTrainer(SolverTrainer):
    """``TfidfVectorizer`` and ``LogisticRegression``, as scikit-learn's guide to texts has them.

    As written, a text is a string of words, here of their numbers, and the vectorizer takes it
    apart. Tuned, words are counted as the numbers that they are. Both are within the time.
    """

    def __init__(self, sklearn: Any, job: Job, model: TfidfRegression, seed: int) -> None:
        super().__init__(sklearn, job, model.regression, seed)
        text = sklearn.feature_extraction.text
        # scikit-learn's own defaults are the statement's weights.
        if self._tuned:
            self._weigh = text.TfidfTransformer()
        else:
            self._weigh = text.TfidfVectorizer(token_pattern=_NUMBER)

    def prepare(self, data: Arrays) -> None:
        """Texts as strings, or their ids."""
        super().prepare(data)
        if not self._tuned:
            self._rows, self._test_rows = _strings(self._rows), _strings(self._test_rows)

    def fit(self, epochs: int, lap_seen: LapSeen) -> int:
        """Words and weights, then one fit; none if it has not converged."""
        self._rows = self._weigh.fit_transform(self._counted(self._rows))
        return super().fit(epochs, lap_seen)

    def evaluate(self) -> Tuple[float, float]:
        """Log-loss and error rate by scikit-learn's own metrics."""
        self._test_rows = self._weigh.transform(self._counted(self._test_rows))
        loss, _ = super().evaluate()
        right = self._sklearn.metrics.accuracy_score(self._test_labels, self.likely >= 0.5)
        return loss, 1.0 - float(right)

    def _counted(self, texts: Any) -> Any:
        """Ids (n, length) as how often each comes, sparse (n, words); strings as they are."""
        if not self._tuned:
            return texts
        import numpy as np
        import scipy.sparse

        text, _ = known = (texts >= FIRST_WORD).nonzero()
        once = np.ones(len(text))
        return scipy.sparse.csr_matrix((once, (text, texts[known])), (len(texts), IDS))


def _strings(texts: Any) -> List[str]:
    return [" ".join(map(str, ids[ids >= FIRST_WORD])) for ids in texts]
