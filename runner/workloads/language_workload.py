"""Workloads of a text, character by character: after each of them, what comes next?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Tuple

from runner.contract.job import Job
from runner.contract.work_and_score import Budget, Proof, Score
from runner.data.character_format import Windows
from runner.networks import proof
from runner.networks.decoder import Decoder
from runner.networks.recipe import Recipe
from runner.workloads.learned import Learned
from runner.workloads.metrics import LOSS_PER_CHARACTER
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Margin, Start

_START_MARGIN = 0.15  # of a decoder's logits before training; others are NaN or chance's own loss
_ENOUGH = 600  # windows of training, for the bands of the losses to hold
_MARGINS = {
    "loss_per_character": Margin(0.002, 0.002),
    "test_loss": Margin(0.002, 0.002),
    "error_rate": Margin(0.002),
}


@dataclass(frozen=True)
class LanguageWorkload(NetworkWorkload):
    """A decoder that tells for each character of a window what comes next.

    Its samples are windows.
    """

    format: Windows

    def train_samples_of(self, count: int) -> int:
        """Windows of a text of so many characters."""
        return self.format.train_count(count)

    def test_samples_of(self, count: int) -> int:
        """As many windows of a text of so many characters as are judged."""
        return super().test_samples_of(self.format.count(count))

    def at_recipe(self, job: Job, count: int) -> int:
        """None of few windows, which are known by heart before anything else is learned."""
        few = (job.train_samples or _ENOUGH) < _ENOUGH
        return 0 if few else super().at_recipe(job, count)

    def score_of(
        self, judged: proof.Judged, labels: Any, claims: Mapping[str, float]
    ) -> Tuple[Score, List[Proof]]:
        """The loss per character; windows are what its sampling error is of."""
        from runner.networks import in_numpy  # noqa: PLC0415 - imports NumPy

        # Characters of one window are not independent of each other.
        claimed, count = claims["test_loss"], len(labels)
        losses = in_numpy.losses(judged.likely, labels, claimed).mean(axis=1)
        error = float(losses.std(ddof=1)) / math.sqrt(count) if count > 1 else None
        wrong = Proof(
            name="error_rate", value=judged.error_rate, unit="share", claimed=claims["error_rate"]
        )
        return self.metric.score(float(losses.mean()), count, claimed, error), [wrong]


def next_character(
    *,
    name: str,
    title: str,
    decoder: Decoder,
    recipe: Recipe,
    train_windows: Optional[int],
    judged: proof.Few,
    learned: Mapping[str, Learned],
    small: Optional[NetworkWorkload] = None,
) -> LanguageWorkload:
    """A decoder that learns a text; ``learned`` names its datasets.

    Args:
        name, title, recipe, learned, small: as of every network.
        decoder: the network.
        train_windows: only the first so many of the training text; all if None.
        judged: windows on which NumPy takes about as long as a start of the framework.
    """
    return LanguageWorkload(
        name=name,
        title=title,
        datasets=tuple(learned),
        unit="updates",
        budget=Budget(unit="epochs", count=recipe.epochs),
        lap=1,
        metric=LOSS_PER_CHARACTER,
        told=("test_loss", "error_rate"),
        margins=_MARGINS,
        start=Start("initial_loss", math.log(decoder.characters), _START_MARGIN),
        learned=learned,
        network=decoder.network(),
        recipe=recipe,
        format=Windows(decoder.characters, decoder.block, train_windows),
        small=small,
        judged=judged,
    )
