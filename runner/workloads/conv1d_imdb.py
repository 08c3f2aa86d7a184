"""A convolution over the words of a review of a film. After Keras' example ``imdb_cnn``.

Two classes at the end in place of one, so that the loss is that of all networks here.
"""

from __future__ import annotations

from typing import Optional

from runner.contract.text_ids import IDS, LENGTH
from runner.data.text_format import Texts
from runner.networks.layers import Conv1D, Dense, Embedding, GlobalMax
from runner.networks.network import Network
from runner.networks.optimizers import Adam
from runner.networks.recipe import Recipe
from runner.workloads.learned import Learned
from runner.workloads.network_workload import NetworkWorkload, classifier


def _network(ids: int, tokens: int, units: int, filters: int) -> Network:
    return Network(
        input_shape=(tokens,),
        layers=(
            Embedding(ids, units),
            Conv1D(filters, 3, "relu"),
            GlobalMax(),
            Dense(filters, "relu"),
            Dense(2, "softmax"),
        ),
    )


# As those of lstm-imdb: of 8 seeds with PyTorch and 8 with JAX on an H100 (2026-11-26).
_LOSSES = ((151, 0.083), (302, 0.023), (453, 0.012))
_SYNTHETIC_LOSSES = ((782, 0.138), (1564, 0.033))


def _stated(
    network: Network, samples: Texts, small: Optional[NetworkWorkload] = None
) -> NetworkWorkload:
    return classifier(
        name="conv1d-imdb",
        title="convolution over the last 400 words of a text",
        network=network,
        recipe=Recipe(batch_size=32, epochs=2, optimizer=Adam(1e-3)),
        samples=samples,
        small=small,
        learned={
            "imdb": Learned(0.08, ((782, 0.45),)),
            "spamassassin": Learned(0.001, ((151, 0.25),), {"train_loss": _LOSSES}),
            "synthetic-imdb": Learned(0.035, ((782, 0.45),), {"train_loss": _SYNTHETIC_LOSSES}),
        },
    )


WORKLOAD = _stated(
    _network(IDS, LENGTH, 50, 250),
    Texts(words=IDS, length=LENGTH, tokens=LENGTH),
    small=_stated(_network(60, 12, 16, 24), Texts(words=60, length=15, tokens=12)),
)
