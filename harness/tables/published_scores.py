"""Scores that others published of the networks and models here: labelled, and never measured here.

Each was read in the source that its row names; what differs from the workload stands beside it.
"""

from __future__ import annotations

TITLE = "Published by others, not measured here: the last column says what differs."

HEADER = ("Workload", "Source", "Score", "Time", "What differs")

ROWS = (
    (
        "gpt-shakespeare",
        "nanoGPT, README (2022)",
        "loss 1.4697",
        "about 3 min, an A100",
        "another edition of 1.1 million characters, 65 of them different; windows drawn at random",
    ),
    (
        "gpt-shakespeare-small",
        "nanoGPT, README (2022)",
        "loss 1.88",
        "about 3 min, a laptop",
        "the same",
    ),
    (
        "resnet20-cifar10",
        "K. He and others (2015)",
        "8.75 % errors",
        "-",
        "64,000 updates, augmentation, weight decay, a falling rate",
    ),
    (
        "dscnn-speech",
        "Hello Edge (2017)",
        "4.6 % errors",
        "-",
        "10 of 40 cepstra, and another recipe",
    ),
    (
        "dscnn-speech",
        "MLPerf Tiny (2021)",
        "10 % errors allowed",
        "-",
        "10 of 40 cepstra, a regulariser, a falling rate",
    ),
    (
        "boosting-airline",
        "GBM-perf: XGBoost",
        "AUC 0.749",
        "2.7 s, a CPU; 1.3 s, a V100",
        "a million rows, levels one-hot, trees of depth 10",
    ),
    (
        "boosting-airline",
        "GBM-perf: LightGBM",
        "AUC 0.765",
        "4.0 s, a CPU; 9 s, a V100",
        "a million rows, levels as categories",
    ),
    (
        "forest-airline",
        "benchm-ml (2015)",
        "AUC 0.778 to 0.801",
        "-",
        "ten million rows",
    ),
    (
        "mlp-airline",
        "benchm-ml (2015)",
        "AUC 0.731 to 0.735",
        "-",
        "ten million rows, other networks",
    ),
)  # fmt: skip
