"""The layers of a transformer's decoder as modules of PyTorch, each of (samples, time, units)."""

from __future__ import annotations

from typing import Any, Iterator

from runner.backends.torch.torch_modules import modules
from runner.networks.layers import Attention, Gelu, LayerNorm, Positions, Shape


def positions(nn: Any, inputs: Shape) -> Any:
    """A parameter (time, units) that is added."""

    class Positions(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.rows = nn.Embedding(*inputs).weight

        def forward(self, x: Any) -> Any:
            return x + self.rows

    return Positions()


def attention(layer: Attention, nn: Any, inputs: Shape) -> Any:
    """``scaled_dot_product_attention``, which takes the fastest of its kernels."""
    time, units = inputs
    functions = nn.functional

    class CausalAttention(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.mixing = nn.Linear(units, 3 * units, bias=False)
            self.projection = nn.Linear(units, units, bias=False)

        def forward(self, x: Any) -> Any:
            queries, keys, values = (
                part.view(-1, time, layer.heads, units // layer.heads).transpose(1, 2)
                for part in self.mixing(x).split(units, dim=2)
            )
            dropped = layer.dropout if self.training else 0.0
            heads = functions.scaled_dot_product_attention(
                queries, keys, values, dropout_p=dropped, is_causal=True
            )
            return self.projection(heads.transpose(1, 2).reshape(-1, time, units))

    return CausalAttention()


@modules.register
def _positions(layer: Positions, nn: Any, inputs: Shape) -> Iterator[Any]:
    del layer
    yield positions(nn, inputs)


@modules.register
def _layer_norm(layer: LayerNorm, nn: Any, inputs: Shape) -> Iterator[Any]:
    yield nn.LayerNorm(inputs[-1], eps=layer.epsilon, bias=False)


@modules.register
def _gelu(layer: Gelu, nn: Any, inputs: Shape) -> Iterator[Any]:
    del layer, inputs
    yield nn.GELU(approximate="tanh")


@modules.register
def _attention(layer: Attention, nn: Any, inputs: Shape) -> Iterator[Any]:
    yield attention(layer, nn, inputs)
