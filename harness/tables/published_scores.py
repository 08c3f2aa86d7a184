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
        "its largest network, not this small one; 10 of 40 cepstra, another recipe",
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
        "AUC 0.712 to 0.732",
        "20 to 1,200 s, a CPU",
        "500 trees; R, scikit-learn, H2O, Spark, XGBoost",
    ),
    (
        "forest-airline",
        "benchm-ml (2015)",
        "AUC 0.714 to 0.755",
        "170 to 2,000 s, a CPU",
        "a million rows, 500 trees; R ran out of memory",
    ),
    (
        "forest-airline",
        "benchm-ml (2015)",
        "AUC 0.763 to 0.801",
        "0.8 to 8 hours, a CPU",
        "ten million rows, 500 trees, of H2O up to 100 deep",
    ),
    (
        "mlp-airline",
        "benchm-ml (2015): H2O",
        "AUC 0.731",
        "270 s, a CPU",
        "ten million rows, two layers of 200, 1.8 epochs; the best of its 18 networks had 0.735",
    ),
)  # fmt: skip
