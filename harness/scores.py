"""A score, or any figure with a unit, in words: ``error rate 0.83%``, ``AUC 0.7870``."""

from __future__ import annotations

from runner.contract.work_and_score import Score, share_error


def title(metric: str) -> str:
    """The metric's name as a person writes it: ``error rate``, ``AUC``."""
    return " ".join("AUC" if word == "auc" else word for word in metric.split("_"))


def figure(value: float, unit: str) -> str:
    """A figure in its unit; a share in percent."""
    if unit == "share":
        return f"{value:.2%}"
    return f"{value:.4f}{' ' if unit else ''}{unit}"


def words(score: Score) -> str:
    """The metric and its value."""
    return f"{title(score.metric)} {figure(score.value, score.unit)}"


def sampling_error(score: Score) -> float | None:
    """The standard error of a score; of a share it follows from what it is and from how many."""
    if score.unit == "share" and score.samples is not None:
        return share_error(score.value, score.samples)
    return score.sampling_error
