"""A transformer's decoder, as nanoGPT has it (A. Karpathy, 2022): GPT-2's, without biases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Tuple

from runner.networks.layers import (
    Attention,
    Dense,
    Dropout,
    Embedding,
    Gelu,
    Layer,
    LayerNorm,
    Normal,
    Positions,
    Residual,
)
from runner.networks.network import Network

_START = Normal(0.02)


@dataclass(frozen=True)
class Decoder:
    """How large it is.

    Attributes:
        characters: how many different ones there are.
        block: characters of a window.
        layers: blocks of attention and of two dense layers, one after the other.
        heads: of the attention.
        units: of a character.
        dropout: after the embeddings, in the attention, and after what each block adds.
    """

    characters: int
    block: int
    layers: int
    heads: int
    units: int
    dropout: float

    def network(self) -> Network:
        """From ids (block,) to the probabilities of what comes next, (block, characters).

        Kernels start from the normal distribution: with 0.02, and those whose product is added to
        what they came from with 0.02 / sqrt(2 layers) (A. Radford et al., 2019, section 2.3). The
        last kernel is its own: nanoGPT takes the embeddings there once more.
        """
        blocks = (part for _ in range(self.layers) for part in (self._mixed(), self._dense()))
        return Network(
            input_shape=(self.block,),
            layers=(
                Embedding(self.characters, self.units, _START),
                Positions(_START),
                *self._dropped(),
                *blocks,
                LayerNorm(),
                Dense(self.characters, "softmax", bias=False, start=_START),
            ),
        )

    def _mixed(self) -> Layer:
        attention = Attention(self.heads, self.dropout, _START, self._added())
        return Residual((LayerNorm(), attention, *self._dropped()))

    def _dense(self) -> Layer:
        widened = Dense(4 * self.units, "linear", bias=False, start=_START)
        narrowed = Dense(self.units, "linear", bias=False, start=self._added())
        return Residual((LayerNorm(), widened, Gelu(), narrowed, *self._dropped()))

    def _added(self) -> Normal:
        return Normal(_START.deviation / math.sqrt(2 * self.layers))

    def _dropped(self) -> Tuple[Layer, ...]:
        return (Dropout(self.dropout),) if self.dropout else ()
