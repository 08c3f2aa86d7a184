"""Gluon on several contexts, as its tutorial on many GPUs has it: one process, gradients summed."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from runner.backends.base import Facts
from runner.backends.common import rank_facts, shares
from runner.backends.mxnet import gluon_layers, gluon_optimizers, gluon_precision
from runner.backends.mxnet.gluon_trainer import GluonTrainer
from runner.networks.layout import from_outputs_first
from runner.networks.weights_digest import digest
from runner.workloads.network_workload import NetworkWorkload


class ContextsTrainer(GluonTrainer):
    """The same loop, whose batches are cut into a part for each context.

    The parameters are on all of them, and a store of kind ``device`` sums their gradients there.
    Statistics of batches and what is dropped are each context's own.
    """

    def __init__(
        self, mx: Any, contexts: Sequence[Any], workload: NetworkWorkload, tuned: bool
    ) -> None:
        super().__init__(mx, contexts[0], workload, tuned)
        self._contexts = list(contexts)
        parameters = self._net.collect_params()
        parameters.reset_ctx(self._contexts)
        self._trainer = mx.gluon.Trainer(
            parameters,
            gluon_optimizers.translated(workload.recipe.optimizer, mx),
            kvstore="device",
        )

    def _placed(self, array: Any) -> Any:
        """As the iterator gives it: its parts go to their contexts."""
        return array

    def _step(self, inputs: Any, labels: Any) -> Any:
        count, losses = len(labels), []
        with self._mx.autograd.record():
            for number, context in enumerate(self._contexts):
                (part,) = shares.of_epoch(count, count, number, len(self._contexts))
                some, wanted = (
                    array[part.first : part.stop].as_in_context(context)
                    for array in (inputs, labels)
                )
                loss = self._loss(self._net(some), wanted)
                losses.append(loss if part.weight else loss * 0)
        for loss in losses:
            loss.backward()
        self._trainer.step(count)  # divides the sum of the gradients
        first = self._contexts[0]
        return self._mx.nd.concat(*(loss.as_in_context(first) for loss in losses), dim=0)

    def ranks(self) -> List[Facts]:
        """Each context with its own copy of the weights."""
        network = self._workload.network
        kept = [
            value for value in self._net.collect_params().values() if gluon_layers.is_stated(value)
        ]
        versions: Dict[str, str] = {"mxnet": self._mx.__version__}
        products_in = gluon_precision.formats(self._mx, self._net)  # of one network for all
        return [
            rank_facts.told(
                number,
                "gpu" if context.device_type == "gpu" else "cpu",
                str(context),
                int(self._trainer.optimizer.num_update),
                digest(
                    network,
                    from_outputs_first(network, [v.data(context).asnumpy() for v in kept]),
                ),
                versions,
                products_in,
            )
            for number, context in enumerate(self._contexts)
        ]
