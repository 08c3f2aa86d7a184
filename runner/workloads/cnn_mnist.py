"""The network of "Ceci n'est pas un benchmark" (benchm-dl, 2016): a small conv-net on MNIST."""

from __future__ import annotations

from runner.workloads.network import (
    Conv,
    Dense,
    Dropout,
    Flatten,
    Learned,
    MaxPool,
    Network,
    Recipe,
    Workload,
)

# About twice the highest error rate seen over 8 to 128 seeds with PyTorch and over 20 with Keras on
# TensorFlow 2.15, on both datasets; below 80 updates sound runs reach every rate.
_CEILINGS = ((80, 0.25), (140, 0.12), (400, 0.06), (1400, 0.025), (4500, 0.015))

WORKLOAD = Workload(
    name="cnn-mnist",
    title="conv-net on MNIST, the seed's network",
    classes=10,
    network=Network(
        input_shape=(28, 28, 1),
        layers=(
            Conv(32, (4, 4), "relu"),
            MaxPool((2, 2)),
            Conv(16, (3, 3), "relu"),
            MaxPool((2, 2)),
            Dropout(0.2),
            Flatten(),
            Dense(128, "relu"),
            Dense(64, "relu"),
            Dense(10, "softmax"),
        ),
    ),
    recipe=Recipe(batch_size=128, epochs=10, learning_rate=0.05, momentum=0.9, decay=1e-5),
    learned={
        "mnist": Learned(floor=0.002, ceilings=_CEILINGS),
        "synthetic-mnist": Learned(floor=0.001, ceilings=_CEILINGS),
    },
)
