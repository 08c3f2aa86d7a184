"""From a framework's order of axes to the reference's: height, width, channels."""

from __future__ import annotations

from typing import Any, List, Sequence

from runner.networks.layers import Conv, Dense, Network


def in_reference_order(network: Network, weights: Sequence[Any], channels_first: bool) -> List[Any]:
    """``weights`` with the rows of the first dense kernel in the order height, width, channels.

    Args:
        network: the layers.
        weights: kernels (convolutions: height, width, inputs, filters; dense: inputs, units) and
            biases of the layers in their order.
        channels_first: whether Flatten put channels before height and width.
    """
    ordered = list(weights)
    if channels_first:
        trained = [layer for layer in network.layers if isinstance(layer, (Conv, Dense))]
        first = next(n for n, layer in enumerate(trained) if isinstance(layer, Dense))
        height, width, channels = network.flattened()
        kernel = ordered[2 * first].reshape(channels, height, width, -1)
        ordered[2 * first] = kernel.transpose(1, 2, 0, 3).reshape(height * width * channels, -1)
    return ordered


def from_outputs_first(network: Network, weights: Sequence[Any]) -> List[Any]:
    """The reference's weights from those of a framework that puts outputs and channels first.

    Args:
        network: the layers.
        weights: kernels (convolutions: filters, inputs, height, width; dense: units, inputs) and
            biases of the layers in their order, as PyTorch and MXNet have them.
    """
    axes = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}
    turned = [weight.transpose(axes[weight.ndim]) for weight in weights]
    return in_reference_order(network, turned, channels_first=True)
