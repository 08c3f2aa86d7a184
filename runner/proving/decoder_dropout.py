"""Is a decoder's dropout what its network says, in each of the places where it drops?

After one update on a window of one character the weights tell by what did not move what was left
out: a value that was dropped after a kernel leaves the kernel's column as it was, one dropped after
the embeddings its place in the positions, a head of the attention its rows of the projection. With
these masks NumPy makes the same update.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Iterator, List

from runner.contract.conformance import Check
from runner.networks.decoder import Decoder
from runner.networks.layers import Attention, Dense, Dropout, Layer, Positions
from runner.networks.network import Network
from runner.networks.optimizers import SGD
from runner.proving.plans import drawn
from runner.proving.trials import Told, Trial
from runner.workloads.language_workload import LanguageWorkload
from runner.workloads.network_workload import NetworkWorkload

NAMES = ("dropout", "dropout-rate", "attention-dropout-rate")

_LAYERS, _HEADS, _UNITS = 4, 128, 512
"""512 + 4 * 2 * 512 = 4,608 draws of values, and 4 * 128 = 512 of heads."""

_DEVIATIONS = 4.0
"""Standard deviations of the binomial share: 0.024 of a share of 0.2 of 4,608, 0.07 of 512."""

# In the place of AdamW, whose first step has the same size whatever the gradient is.
_PROPORTIONAL = SGD(0.05, momentum=0.0)


def plan(workload: NetworkWorkload, seed: int) -> Trial:
    """One update on one character, by a wider network of the same layers.

    Raises:
        TypeError: the workload is not one of a text.
        ValueError: the places of the network's dropouts have several rates.
    """
    if not isinstance(workload, LanguageWorkload):
        raise TypeError(f"{workload.name} learns no text")
    (rate,) = rates(workload.network)
    decoder = Decoder(workload.classes, 1, _LAYERS, _HEADS, _UNITS, rate)
    wide = dataclasses.replace(
        workload,
        network=decoder.network(),
        format=dataclasses.replace(workload.format, block=1),
        recipe=dataclasses.replace(workload.recipe, batch_size=1, optimizer=_PROPORTIONAL),
    )
    return Trial(wide, drawn(1, wide, seed), epochs=1, seed=seed)


def rates(network: Network) -> List[float]:
    """Of all its dropouts, those of attention too, each once."""
    found = (_rate(layer) for layer, _ in network.leaves())
    return list(dict.fromkeys(rate for rate in found if rate is not None))


def checks(told: Told) -> List[Check]:
    """The rates that the weights show, and the update that these masks give in NumPy."""
    from runner.networks import sgd_in_numpy  # noqa: PLC0415 - NumPy
    from runner.proving.weights_apart import ONE_SAMPLE, apart, seen  # noqa: PLC0415 - as above

    workload, own = told.trial.workload, seen(told)
    (rate,) = rates(workload.network)
    moved = [after != before for before, after in zip(own.untrained, own.trained)]
    masks = list(_masks(workload.network, moved))
    state = sgd_in_numpy.updated(
        workload.network,
        workload.recipe,
        sgd_in_numpy.begin(workload.recipe, own.untrained),
        own.inputs,
        own.labels,
        iter([mask / (1.0 - rate) for mask in masks]),
    )
    values = [mask for mask in masks if mask.ndim == _VALUES]
    heads = [mask for mask in masks if mask.ndim != _VALUES]
    return [
        Check(
            name=NAMES[0],
            expected=0.0,
            seen=apart(workload.network, own.trained, state.weights, own.untrained),
            tolerance=ONE_SAMPLE,
            detail="one update on one character, with what the weights show was dropped",
        ),
        _share(NAMES[1], rate, values, "values"),
        _share(NAMES[2], rate, heads, "heads"),
    ]


_VALUES = 3
"""Axes of what comes out of a layer: samples, steps, units."""


def _masks(network: Network, moved: List[Any]) -> Iterator[Any]:
    """1 for what was kept and 0 for what was dropped, in the order of the network's dropouts."""
    last: Any = None
    for layer, arrays in network.by_leaf(moved):
        if isinstance(layer, Positions):
            (last,) = arrays
        elif isinstance(layer, Dense):
            last = arrays[0].any(axis=0)
        elif isinstance(layer, Attention):
            projection = arrays[1]
            rows = projection.any(axis=1).reshape(layer.heads, -1)
            yield rows.any(axis=1).astype(float).reshape(1, layer.heads, 1, 1)
            last = projection.any(axis=0)
        elif isinstance(layer, Dropout):
            yield last.astype(float).reshape(1, 1, -1)


def _share(name: str, rate: float, masks: List[Any], of: str) -> Check:
    count = sum(mask.size for mask in masks)
    gone = sum(float((mask == 0).sum()) for mask in masks)
    return Check(
        name=name,
        expected=rate,
        seen=gone / count,
        tolerance=_DEVIATIONS * math.sqrt(rate * (1 - rate) / count),
        detail=f"of {count} {of}",
    )


def _rate(layer: Layer) -> Any:
    if isinstance(layer, Attention):
        return layer.dropout
    return layer.rate if isinstance(layer, Dropout) else None
