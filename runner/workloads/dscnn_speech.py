"""The keyword spotter of MLPerf Tiny: which word was said? Depthwise separable convolutions.

C. Banbury and others, "MLPerf Tiny Benchmark", 2021, reference model "keyword spotting", after Y.
Zhang and others, "Hello Edge: Keyword Spotting on Microcontrollers", 2017 (DS-CNN, small).
"""

from __future__ import annotations

from typing import Optional, Tuple

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
from runner.workloads.network_workload import NetworkWorkload, classifier

# Half as much again as the worst of sound runs: 8 seeds each with PyTorch and JAX at all clips of
# spoken-words, 8 with PyTorch at all of synthetic-speech (benchmarks/bands.py, on one H100,
# 2026-11-26), and one with PyTorch at 4,000 of these on a CPU. Sound runs reach any rate before the
# statistics have followed the weights.
_CEILINGS = ((140, 0.4), (210, 0.26), (280, 0.17), (350, 0.13))
_LOSSES = ((140, 1.5), (210, 0.8), (280, 0.52), (350, 0.4))
_SYNTHETIC_CEILINGS = ((160, 0.15), (370, 0.025))
_SYNTHETIC_LOSSES = ((160, 0.6), (370, 0.09), (740, 0.03))
# A guess: nobody who wrote this had the recordings.
_UNSEEN_CEILINGS, _UNSEEN_LOSSES = ((1000, 0.4),), ((1000, 1.3),)
_LEARNED = {
    "speech-commands": Learned(0.02, _UNSEEN_CEILINGS, {"train_loss": _UNSEEN_LOSSES}),
    "spoken-words": Learned(0.002, _CEILINGS, {"train_loss": _LOSSES}),
    "synthetic-speech": Learned(0.0, _SYNTHETIC_CEILINGS, {"train_loss": _SYNTHETIC_LOSSES}),
}


def _normalised() -> Tuple[Layer, ...]:
    return BatchNorm(), Activate("relu")


def _separable(filters: int) -> Tuple[Layer, ...]:
    """A convolution of each channel by itself, then one of each place by itself."""
    return (
        Pad((1, 1), (1, 1)),
        DepthwiseConv((3, 3), "linear"),
        *_normalised(),
        Conv(filters, (1, 1), "linear"),
        *_normalised(),
    )


def _network(samples: Clips, filters: int, blocks: int) -> Network:
    return Network(
        input_shape=(*samples.shape, 1),
        layers=(
            Pad((4, 5), (1, 1)),
            Conv(filters, (10, 4), "linear", stride=(2, 2)),
            *_normalised(),
            Dropout(0.2),
            *(layer for _ in range(blocks) for layer in _separable(filters)),
            Dropout(0.4),
            GlobalAverage(),
            Dense(samples.classes, "softmax"),
        ),
    )


def _stated(
    samples: Clips, filters: int, blocks: int, small: Optional[NetworkWorkload] = None
) -> NetworkWorkload:
    return classifier(
        name="dscnn-speech",
        title="keyword spotter with depthwise convolutions",
        network=_network(samples, filters, blocks),
        recipe=Recipe(batch_size=100, epochs=10, optimizer=Adam(0.001)),
        samples=samples,
        learned=_LEARNED,
        small=small,
    )


WORKLOAD = _stated(Clips((49, 10), 12), 64, 4, small=_stated(Clips((17, 6), 4), 8, 2))
