"""The network of "Ceci n'est pas un benchmark" (benchm-dl, 2016): a small conv-net on MNIST."""

from __future__ import annotations

from runner.networks.layers import Conv, Dense, Dropout, Flatten, MaxPool
from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.networks.recipe import Recipe
from runner.workloads.learned import Learned
from runner.workloads.network_workload import picture_classifier

# Half as much again as the worst of sound runs: 44 seeds with PyTorch, JAX and NumPy at 2,000 to
# 60,000 images of each dataset (benchmarks/bands.py, 2026-11-25), and 47 starts of TensorFlow,
# Keras 3 and PyTorch on the stand-in, of which one of TensorFlow, that of seed 123, was late
# (2026-11-27). Below 80 updates sound runs reach every rate. A smaller set is learned by heart with
# fewer updates, so these hold for any number.
_CEILINGS = (
    (80, 0.2), (94, 0.165), (141, 0.08), (235, 0.065), (470, 0.05), (1400, 0.025), (4500, 0.015)
)  # fmt: skip
_LOSSES = (
    (80, 0.6), (94, 0.45), (141, 0.25), (188, 0.19), (470, 0.115), (938, 0.075), (1876, 0.054),
    (2814, 0.036), (4690, 0.028),
)  # fmt: skip
_SYNTHETIC_LOSSES = (
    (80, 0.5), (94, 0.425), (141, 0.18), (188, 0.085), (470, 0.085), (938, 0.03), (1876, 0.027),
    (4690, 0.019),
)  # fmt: skip

WORKLOAD = picture_classifier(
    name="cnn-mnist",
    title="conv-net on MNIST, the network of the 2016 repository",
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
    recipe=Recipe(batch_size=128, epochs=10, optimizer=SGD(0.05, momentum=0.9, decay=1e-5)),
    learned={
        "mnist": Learned(0.002, _CEILINGS, {"train_loss": _LOSSES}),
        "synthetic-mnist": Learned(0.001, _CEILINGS, {"train_loss": _SYNTHETIC_LOSSES}),
    },
)
