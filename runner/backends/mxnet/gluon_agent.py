"""Q-learning with Gluon: two blocks, its Huber loss and its trainer."""

from __future__ import annotations

from typing import Any, List, Tuple

from runner.backends.base import Facts
from runner.backends.mxnet import gluon_layers, gluon_optimizers
from runner.networks.layout import channels_first, from_outputs_first, shape_channels_first
from runner.workloads.game_workload import GameWorkload


class GluonAgent:
    """Channels first: MXNet's default layout. Tuned, blocks and loss keep their memory.

    As written the loss of each update is read on the host, as in Gluon's own tutorials; tuned, with
    those of its lap.
    """

    def __init__(self, mx: Any, context: Any, workload: GameWorkload, tuned: bool) -> None:
        self._mx, self._context, self._workload, self._tuned = mx, context, workload, tuned
        options = {"static_alloc": True, "static_shape": True} if tuned else {}
        self._net, self._copy = self._block(options), self._block(options)
        self._loss = mx.gluon.loss.HuberLoss(rho=1)
        if tuned:
            self._loss.hybridize(**options)
        self._trainer = mx.gluon.Trainer(
            self._net.collect_params(), gluon_optimizers.translated(workload.recipe.optimizer, mx)
        )
        self.copy_target()

    def _block(self, options: Any) -> Any:
        mx, network = self._mx, self._workload.network
        net = gluon_layers.sequence(mx, network.layers, network.input_shape)
        net.initialize(ctx=self._context)
        first = (1, *shape_channels_first(network.input_shape))
        net(mx.nd.zeros(first, ctx=self._context))  # sizes the layers
        net.hybridize(**options)
        return net

    def compile(self) -> bool:
        """A hybridised network is traced at its first call."""
        return False

    def act(self, states: Any) -> Any:
        """Q, read on the host."""
        return self._net(self._inputs(states)).asnumpy()

    def target(self, states: Any) -> Any:
        """The copy's Q, read on the host."""
        return self._copy(self._inputs(states)).asnumpy()

    def copy_target(self) -> None:
        """Parameter by parameter."""
        pairs = zip(self._net.collect_params().values(), self._copy.collect_params().values())
        for own, other in pairs:
            other.set_data(own.data(self._context))

    def learn(self, states: Any, actions: Any, targets: Any) -> Any:
        """One update."""
        nd, context = self._mx.nd, self._context
        chosen, wanted = nd.array(actions, ctx=context), nd.array(targets, ctx=context)
        with self._mx.autograd.record():
            values = self._net(self._inputs(states)).pick(chosen, axis=1)
            loss = self._loss(values, wanted)
        loss.backward()
        self._trainer.step(len(actions))
        mean = loss.mean()
        return _Unread(mean) if self._tuned else float(mean.asscalar())

    def weights(self) -> List[Any]:
        """Gluon has outputs and channels first."""
        kept = [
            value for value in self._net.collect_params().values() if gluon_layers.is_stated(value)
        ]
        values = [value.data(self._context).asnumpy() for value in kept]
        return from_outputs_first(self._workload.network, values)

    def attest(self) -> Tuple[str, Facts]:
        """Where the parameters are."""
        device = next(iter(self._net.collect_params().values())).list_data()[0].context
        facts = {"layout": "channels_first", "weights_on": str(device)}
        return ("gpu" if str(device.device_type) == "gpu" else "cpu"), facts

    def _inputs(self, states: Any) -> Any:
        return self._mx.nd.array(channels_first(states), ctx=self._context, dtype="float32")


class _Unread:
    """A loss that is read when it is asked for."""

    def __init__(self, mean: Any) -> None:
        self._mean = mean

    def __float__(self) -> float:
        return float(self._mean.asscalar())
