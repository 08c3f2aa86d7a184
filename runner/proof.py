"""What the judge proves without the framework, from the data and the weights alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Sequence

from runner.contract.job import Job
from runner.workloads.workload import Workload

if TYPE_CHECKING:  # the judge imports NumPy once the trainer is a process of its own
    from runner.datasets import Arrays

TRAIN_SAMPLES = 2000
"""Training images on which the judge computes the loss, spread evenly over all that are trained."""

_UNTRAINED_IMAGES = 1000  # enough: over 300 seeds the loss was within 2.28 and 2.34
_MANTISSA_BITS = 23
_SHARE = 0.99


def evidence(job: Job) -> Arrays:
    """The judge's own copy of the data: all test images, and a sample of the training images.

    Raises:
        DatasetError: it cannot be used.
    """
    from runner import datasets  # noqa: PLC0415 - imports NumPy

    return datasets.evidence(
        Path(job.data_dir), job.dataset_sha256, job.train_samples, TRAIN_SAMPLES
    )


def opinion(
    workload: Workload, untrained: Sequence[Any], trained: Sequence[Any], data: Arrays
) -> Dict[str, Any]:
    """What the weights before and after training give in NumPy, as fields of ``Learning``.

    Raises:
        ValueError: the weights do not fit the network.
    """
    from runner.networks import in_numpy  # noqa: PLC0415 - imports NumPy

    network, few = workload.network, slice(_UNTRAINED_IMAGES)
    start, _ = in_numpy.loss_and_error(
        network, untrained, data.test_images[few], data.test_labels[few]
    )
    loss, error_rate = in_numpy.loss_and_error(network, trained, data.test_images, data.test_labels)
    train_loss, _ = in_numpy.loss_and_error(network, trained, data.train_images, data.train_labels)
    return {
        "parameters": sum(int(weight.size) for weight in trained),
        "initial_loss": start,
        "reference_loss": loss,
        "reference_error_rate": error_rate,
        "train_loss": train_loss,
        "tensors": len(trained),
        "tensors_unmoved": unmoved(untrained, trained),
        "weight_bits": mantissa_bits(trained),
    }


def unmoved(before: Sequence[Any], after: Sequence[Any]) -> List[int]:
    """The numbers (from 0) of the tensors in which not one value changed."""
    return [
        number
        for number, (old, new) in enumerate(zip(before, after))
        if old.shape == new.shape and bool((old == new).all())
    ]


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
