"""What the weights of a network prove without the framework that trained them."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from runner.contract.work_and_score import Proof
from runner.networks.network import Network

_MANTISSA_BITS = 23
_SHARE = 0.99
_SHOWN = 8


class Few(NamedTuple):
    """On how many samples the judge computes what it proves: NumPy is to take no longer than a job.

    ``test``: samples of the test set, on which the trainer evaluates as well; all if None.
    ``train``: of those that train. Both are evenly spread over all that there are. ``untrained``:
    the first so many of the test, before training.
    """

    test: Optional[int] = None
    train: int = 2000
    untrained: int = 1000


USUAL = Few()


class Judged(NamedTuple):
    """What the weights of a classifier prove.

    ``likely``: probabilities (n, classes) of the test samples; ``error_rate`` of these;
    ``untrained``: probabilities of the first of them before training.
    """

    untrained: Any
    likely: Any
    error_rate: float
    proofs: List[Proof]


def of_classifier(
    network: Network,
    untrained: Sequence[Any],
    trained: Sequence[Any],
    data: Any,
    claims: Mapping[str, float],
    at_first: int,
) -> Judged:
    """What ``trained`` gives on the test samples, and what else the weights prove.

    Args:
        network: the layers.
        untrained: all weights before training.
        trained: and after.
        data: :class:`runner.data.arrays.Arrays`.
        claims: ``test_loss`` as the backend says it is.
        at_first: on how many test samples the untrained network is tried.

    Raises:
        ValueError: the weights do not fit the network, or are no numbers.
    """
    from runner.networks import in_numpy  # noqa: PLC0415 - imports NumPy

    finite(trained)

    def judged(
        weights: Sequence[Any], inputs: Any, labels: Any, claimed: Optional[float] = None
    ) -> Tuple[Any, float, float]:
        likely = in_numpy.probabilities(network, weights, inputs)
        return (likely, *in_numpy.loss_and_error(likely, labels, claimed))

    few = slice(at_first)
    chance, start, _ = judged(untrained, data.test_inputs[few], data.test_labels[few])
    test = (data.test_inputs, data.test_labels, claims["test_loss"])
    likely, loss, error_rate = judged(trained, *test)
    _, train_loss, _ = judged(trained, data.train_inputs, data.train_labels)
    proofs = [
        Proof(name="initial_loss", value=start, unit="nats"),
        Proof(name="test_loss", value=loss, unit="nats", claimed=claims["test_loss"]),
        Proof(name="train_loss", value=train_loss, unit="nats"),
        moved(untrained, trained),
        Proof(name="weight_bits", value=mantissa_bits(network.trained(trained)), unit="bits"),
    ]
    return Judged(chance, likely, error_rate, proofs)


def finite(trained: Sequence[Any]) -> None:
    """Look whether all weights are numbers.

    Raises:
        ValueError: some are not a number, or infinite.
    """
    import numpy  # noqa: PLC0415 - as above

    wrong = sum(int((~numpy.isfinite(weight)).sum()) for weight in trained)
    if wrong:
        raise ValueError(f"{wrong:,} of the trained weights are no numbers: the training diverged")


def moved(before: Sequence[Any], after: Sequence[Any]) -> Proof:
    """How many tensors changed, of how many: one in which not one value did has not moved."""
    unmoved = [
        number
        for number, (old, new) in enumerate(zip(before, after), 1)
        if old.shape == new.shape and bool((old == new).all())
    ]
    numbers = ", ".join(map(str, unmoved[:_SHOWN]))
    return Proof(
        name="tensors_moved",
        value=len(after) - len(unmoved),
        unit="tensors",
        expected=len(after),
        detail=f"not number {numbers}" if unmoved else "",
    )


def mantissa_bits(weights: Sequence[Any]) -> int:
    """How many bits of the mantissa it takes to hold 99 % of the weights exactly.

    Weights trained in float32 take 17 or more (the chance that the last n bits are all zero is
    2**-n), those that were kept in bfloat16 7, in float16 10.
    """
    import numpy  # noqa: PLC0415 - as above

    values = numpy.concatenate([weight.reshape(-1) for weight in weights])
    values = values[values != 0].astype("<f4").view("<u4")
    for bits in range(_MANTISSA_BITS):
        rest = (1 << (_MANTISSA_BITS - bits)) - 1
        if float(((values & rest) == 0).mean() if len(values) else 1.0) >= _SHARE:
            return bits
    return _MANTISSA_BITS
