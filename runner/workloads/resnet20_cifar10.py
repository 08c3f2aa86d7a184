"""ResNet-20 on CIFAR-10: K. He and others, "Deep Residual Learning", 2015.

Without weight decay, which no two tools put in the same place, and without augmentation.
"""

from __future__ import annotations

from typing import Optional

from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.networks.recipe import Recipe
from runner.networks.resnet import resnet, small_resnet
from runner.workloads.learned import Learned
from runner.workloads.network_workload import NetworkWorkload, picture_classifier


# The error of 9 to 12 starts with PyTorch and JAX on the generated pictures, on an H100
# (benchmarks/bands.py, 2026-11-26), was 0.03 to 0.056 after 1,564 updates, but 0.28 in one of them
# an epoch before: at this rate it leaps. So little is demanded, and nothing of the training loss.
# The photographs could not be had: there it is a guess.
def _stated(network: Network, small: Optional[NetworkWorkload] = None) -> NetworkWorkload:
    return picture_classifier(
        name="resnet20-cifar10",
        title="ResNet-20 on CIFAR-10",
        classes=10,
        network=network,
        recipe=Recipe(batch_size=128, epochs=10, optimizer=SGD(0.1, momentum=0.9)),
        learned={
            "cifar10": Learned(0.05, ((1955, 0.6), (3910, 0.45))),
            "synthetic-cifar10": Learned(0.0005, ((1955, 0.5), (3910, 0.4))),
        },
        start_margin=0.3,
        small=small,
    )


WORKLOAD = _stated(
    resnet((32, 32, 3), (16, 32, 64), blocks=3, classes=10),
    small=_stated(small_resnet(classes=10)),
)
