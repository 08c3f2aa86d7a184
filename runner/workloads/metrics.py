"""The metrics that workloads of several kinds are judged by."""

from __future__ import annotations

from runner.workloads.workload import Metric

ERROR_RATE = Metric("error_rate", "share", "lower")
LOSS_PER_CHARACTER = Metric("loss_per_character", "nats", "lower")
AUC = Metric("auc", "", "higher")
"""The area under the ROC curve: 0.5 is chance, 1 is no mistake (runner/scoring/auc.py)."""
MEAN_RETURN = Metric("mean_return", "", "higher")
"""The sum of rewards of an episode, mean over those that the judge plays."""
