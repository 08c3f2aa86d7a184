"""The keyword spotter of MLPerf Tiny: which word was said? Depthwise separable convolutions.

C. Banbury and others, "MLPerf Tiny Benchmark", 2021, reference model "keyword spotting", after Y.
Zhang and others, "Hello Edge: Keyword Spotting on Microcontrollers", 2017 (DS-CNN, small).
"""

from __future__ import annotations

from typing import Tuple

from runner.data.clip_format import Clips
from runner.networks.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    GlobalAverage,
    Layer,
    Pad,
)
from runner.networks.network import Network
from runner.networks.optimizers import Adam
from runner.networks.recipe import Recipe
from runner.workloads.learned import Learned
from runner.workloads.network_workload import classifier

_CLASSES = 12
_FILTERS = 64


def _normalised() -> Tuple[Layer, ...]:
    return BatchNorm(), Activate("relu")


def _separable() -> Tuple[Layer, ...]:
    """A convolution of each channel by itself, then one of each place by itself."""
    return (
        Pad((1, 1), (1, 1)),
        DepthwiseConv((3, 3), "linear"),
        *_normalised(),
        Conv(_FILTERS, (1, 1), "linear"),
        *_normalised(),
    )


# Preliminary and wide: of a seed with PyTorch at 4,000 clips (benchmarks/bands.py, on two cores of
# an EPYC, 2026-11-26). Sound runs reach any rate before the statistics have followed the weights.
_CEILINGS = ((250, 0.35), (690, 0.25))
_LOSSES = ((250, 1.2), (690, 0.8))

WORKLOAD = classifier(
    name="dscnn-speech",
    title="keyword spotter with depthwise convolutions",
    network=Network(
        input_shape=(49, 10, 1),
        layers=(
            Pad((4, 5), (1, 1)),
            Conv(_FILTERS, (10, 4), "linear", stride=(2, 2)),
            *_normalised(),
            Dropout(0.2),
            *(layer for _ in range(4) for layer in _separable()),
            Dropout(0.4),
            GlobalAverage(),
            Dense(_CLASSES, "softmax"),
        ),
    ),
    recipe=Recipe(batch_size=100, epochs=10, optimizer=Adam(0.001)),
    samples=Clips((49, 10), _CLASSES),
    learned={
        "speech-commands": Learned(0.02, _CEILINGS, {"train_loss": _LOSSES}),
        "spoken-words": Learned(0.0, _CEILINGS, {"train_loss": _LOSSES}),
        "synthetic-speech": Learned(0.0, _CEILINGS, {"train_loss": _LOSSES}),
    },
)
