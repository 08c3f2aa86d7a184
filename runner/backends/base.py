"""What a backend is: the calls that the trainer makes, in this order (weights twice)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Protocol, Tuple

from runner.contract.job import Job
from runner.workloads.workload import Workload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.datasets import Arrays

EpochSeen = Callable[[int, float], None]
"""Called at the end of each epoch with its number (from 1) and its loss, read on the host."""


class Backend(Protocol):
    """One tool with a high-level API.

    A module in ``runner/backends/`` exports ``create()`` that returns one of these. Nothing of the
    framework, nor NumPy, may be imported before :meth:`start`: their thread counts and devices
    are fixed by environment variables at import.
    """

    def configure(self, job: Job) -> None:
        """Set environment variables from the job's settings. Imports nothing heavy."""

    def start(self, job: Job) -> None:
        """Import the framework and apply settings that have no environment variable."""

    def build(self, job: Job, workload: Workload) -> int:
        """Translate the network; returns the number of trainable parameters it really has."""

    def prepare(self, data: Arrays) -> None:
        """Bring the arrays into the form that fit takes (layout, one-hot labels), in memory."""

    def weights(self) -> List[Any]:
        """Host copies of what is trained, as :mod:`runner.networks.in_numpy` reads them.

        Kernel and bias of each layer in the network's order: kernels of convolutions
        (height, width, inputs, filters) for a correlation, of dense layers (inputs, units), the
        first of which takes height, width, channels flattened in this order.
        """

    def compile(self) -> bool:
        """Compile ahead of training, where the tool tells it apart; False if it does not."""

    def fit(self, epochs: int, epoch_seen: EpochSeen) -> int:
        """Train; returns the number of updates performed, after a device synchronisation."""

    def evaluate(self) -> Tuple[float, float]:
        """Loss and error rate (a share) on the test images."""

    def attest(self) -> Tuple[str, Dict[str, str], Dict[str, Any]]:
        """Device really used ("cpu" or "gpu"), versions of live modules, framework facts."""
