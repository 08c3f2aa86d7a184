"""The trials that show what is dropped: for each rate of a network one update on one sample.

What a dropout does is read off the dense layer that it goes into (:mod:`runner.proving.dropout`).
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Dict, List, Optional, Tuple

from runner.networks.layers import Attention, Conv, Dense, Dropout, Flatten, Layer
from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.proving import decoder_dropout
from runner.proving.plans import drawn
from runner.proving.questions import Plan
from runner.proving.trials import Trial
from runner.workloads.network_workload import NetworkWorkload

DRAWS = 12_800
"""Inputs of the dropout, at least. Of the 400 of ``cnn-mnist`` itself some 200 would be bright
enough to tell, and 4 deviations of a share of 0.2 among them are 0.11."""

_NAMES = ("dropout", "dropout-rate", "dropout-scale")

_PROPORTIONAL = SGD(0.05, momentum=0.9)
"""In the place of optimizers whose first step has the same size whatever the gradient is."""


def rates(network: Network) -> List[float]:
    """Of its dropouts, each once, in their order."""
    found = [layer.rate for layer, _ in network.leaves() if isinstance(layer, Dropout)]
    return list(dict.fromkeys(found))


def by_names(network: Network) -> Dict[Tuple[str, ...], Plan]:
    """The plan for each rate, by the names of its checks; those of the first are without a rate."""
    if any(isinstance(layer, Attention) for layer, _ in network.leaves()):
        return {decoder_dropout.NAMES: decoder_dropout.plan} if network.drops() else {}
    return {
        tuple(f"{name} of {rate:g}" for name in _NAMES) if number else _NAMES: functools.partial(
            one_sample, rate=rate
        )
        for number, rate in enumerate(rates(network))
    }


def one_sample(workload: NetworkWorkload, seed: int, rate: Optional[float] = None) -> Trial:
    """One update on one sample: the weights tell what the first dropout of ``rate`` dropped.

    Dropouts before it drop nothing. Where something else than a dense layer follows, it goes into
    one that tells the classes apart, and the rest of the network is left out. The layer whose
    output is dropped has more filters or units than the workload's, since each of them is one more
    draw of the same rate.

    Args:
        workload: whose network has dropouts.
        seed: of the sample, and of the training.
        rate: None: that of the first dropout.

    Raises:
        ValueError: the dropout is inside of another layer.
    """
    network, place = _told_apart(workload, rates(workload.network)[0] if rate is None else rate)
    recipe = dataclasses.replace(workload.recipe, batch_size=1)
    if not isinstance(recipe.optimizer, SGD):
        recipe = dataclasses.replace(recipe, optimizer=_PROPORTIONAL)
    wide = dataclasses.replace(workload, network=_widened(network, place), recipe=recipe)
    return Trial(wide, drawn(1, workload, seed), epochs=1, seed=seed)


def _told_apart(workload: NetworkWorkload, rate: float) -> Tuple[Network, int]:
    """The network whose only dropout is one of ``rate`` before a dense layer, and its place."""
    layers = list(workload.network.layers)
    own = [number for number, layer in enumerate(layers) if layer == Dropout(rate)]
    if not own:
        raise ValueError(f"a dropout of {rate} is inside of another layer")
    place = own[0]
    after: List[Layer] = [layer for layer in layers[place + 1 :] if not isinstance(layer, Flatten)]
    if not isinstance(after[0], Dense):
        layers[place + 1 :] = [Flatten(), Dense(workload.classes, "softmax")]
    network = dataclasses.replace(workload.network, layers=tuple(layers)).without_chance()
    still = network.layers
    only = (*still[:place], Dropout(rate), *still[place + 1 :])
    return dataclasses.replace(network, layers=only), place


def _widened(network: Network, place: int) -> Network:
    """``network`` with ``DRAWS`` inputs of layer ``place``; as it is, if nothing widens them."""
    layers = list(network.layers)
    times = math.ceil(DRAWS / math.prod(network.shapes()[place]))
    for number in reversed(range(place)):
        layer = layers[number]
        if isinstance(layer, Conv):
            layers[number] = dataclasses.replace(layer, filters=times * layer.filters)
        elif isinstance(layer, Dense):
            layers[number] = dataclasses.replace(layer, units=times * layer.units)
        else:
            continue
        return dataclasses.replace(network, layers=tuple(layers))
    return network
