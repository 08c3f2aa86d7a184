"""Residual networks of small pictures, as K. He and others have them (2015, section 4.2)."""

from __future__ import annotations

from typing import List, Tuple

from runner.networks.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    GlobalAverage,
    Layer,
    Pad,
    Residual,
    Shape,
)
from runner.networks.network import Network


def resnet(input_shape: Shape, widths: Tuple[int, ...], blocks: int, classes: int) -> Network:
    """A convolution, a stage of ``blocks`` blocks for each width, the average, a dense layer.

    Each stage but the first halves the picture in its first block. Where shapes change the shortcut
    is a convolution of 1 x 1 (their option B), which Keras' example has, too.
    """
    layers: List[Layer] = [*_normalised(widths[0], 3, 1), Activate("relu")]
    inputs = widths[0]
    for stage, width in enumerate(widths):
        for number in range(blocks):
            stride = 2 if stage and not number else 1
            layers.append(_block(inputs, width, stride))
            inputs = width
    return Network(input_shape, (*layers, GlobalAverage(), Dense(classes, "softmax")))


def small_resnet(classes: int) -> Network:
    """Every kind of block once, for proofs.

    TensorFlow 2.21 on a CPU with AVX-512 writes beyond its memory where a convolution of stride 2
    makes fewer than 16 channels of an odd batch (not with TF_ENABLE_ONEDNN_OPTS=0).
    """
    return resnet((10, 10, 3), (16, 32), blocks=1, classes=classes)


def _block(inputs: int, width: int, stride: int) -> Residual:
    body = (*_normalised(width, 3, stride), Activate("relu"), *_normalised(width, 3, 1))
    alike = stride == 1 and inputs == width
    return Residual(body, () if alike else _normalised(width, 1, stride), "relu")


def _normalised(width: int, side: int, stride: int) -> Tuple[Layer, ...]:
    """A convolution that keeps the picture's size, but for its stride, and a normalisation."""
    kernel, strides, edge = (side, side), (stride, stride), (side // 2, side // 2)
    convolution = Conv(width, kernel, "linear", strides, bias=False)
    pad = (Pad(edge, edge),) if side > 1 else ()
    return (*pad, convolution, BatchNorm())
