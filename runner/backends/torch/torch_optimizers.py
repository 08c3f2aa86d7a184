"""The optimizers of recipes with those of ``torch.optim``: backward, then one update.

``update``, the number of an update from 0, is an integer, or a tensor on the GPU: a CUDA graph
counts for itself.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any, List

from typing_extensions import Protocol

from runner.backends.common.translation import UntranslatedError
from runner.backends.torch.torch_precision import TorchPrecision
from runner.networks.optimizers import PLAIN, SGD, AdamW, Maths, Moments, Optimizer


class Stepper(Protocol):
    """An optimizer with its parameters."""

    def step(self, loss: Any, update: Any) -> None:
        """Backward from ``loss``, a tensor of no axes, and update number ``update``."""

    def clear(self) -> None:
        """Drop the gradients."""

    def forget(self) -> None:
        """Set what it keeps beside the weights to zero, in place."""


@singledispatch
def stepper(
    optimizer: Optimizer,
    torch: Any,
    parameters: List[Any],
    precision: TorchPrecision,
    captured: bool,
) -> Stepper:
    """What updates ``parameters``; ``captured``: its steps become part of a CUDA graph."""
    del torch, parameters, precision, captured
    raise UntranslatedError("PyTorch", optimizer)


class _Stepper:
    """What is the same whatever the optimizer."""

    def __init__(self, torch: Any, own: Any, precision: TorchPrecision) -> None:
        self._torch, self._own, self._precision = torch, own, precision

    def clear(self) -> None:
        self._own.zero_grad(set_to_none=True)

    def forget(self) -> None:
        for kept in self._own.state.values():
            for value in kept.values():
                if self._torch.is_tensor(value):
                    value.zero_()


class _SGD(_Stepper):
    """``torch.optim.SGD`` multiplies its momentum by the learning rate of the present update, the
    recipe by those of the past ones. With a learning rate of 1 and gradients that are multiplied
    by the recipe's rate both are the same: v = m v + rate g; w = w - v.
    """

    def __init__(
        self, torch: Any, optimizer: SGD, parameters: List[Any], precision: TorchPrecision
    ) -> None:
        own = torch.optim.SGD(parameters, lr=1.0, momentum=optimizer.momentum)
        super().__init__(torch, own, precision)
        self._optimizer = optimizer

    def step(self, loss: Any, update: Any) -> None:
        rate = self._optimizer.rate(update)
        counted = self._torch.is_tensor(rate)
        times = rate if counted else self._torch.full_like(loss, rate)
        self._precision.backward(loss, self._own, times)
        self._precision.step(self._own)


class _Moments(_Stepper):
    """``torch.optim.AdamW``, of which Adam is the case without decay.

    PyTorch adds its epsilon after the correction, the recipe before it: so it is another one in
    each update.
    """

    def __init__(
        self,
        torch: Any,
        optimizer: Moments,
        parameters: List[Any],
        precision: TorchPrecision,
        captured: bool,
    ) -> None:
        decay = optimizer.weight_decay if isinstance(optimizer, AdamW) else 0.0
        trained = [value for value in parameters if value.requires_grad]
        groups = [
            {"params": [value for value in trained if value.ndim > 1], "weight_decay": decay},
            {"params": [value for value in trained if value.ndim <= 1], "weight_decay": 0.0},
        ]
        own = torch.optim.AdamW(
            [group for group in groups if group["params"]],
            betas=(optimizer.beta_1, optimizer.beta_2),
            capturable=captured,
        )
        super().__init__(torch, own, precision)
        self._optimizer, self._parameters, self._captured = optimizer, trained, captured
        self._most = optimizer.clip_norm if isinstance(optimizer, AdamW) else None
        self._maths: Maths = _Tensors(torch) if captured else PLAIN
        if captured:
            # Read anew by each replay, so they stay where they are. PyTorch would read a single
            # epsilon on the host, which no capture allows: it gets one for each parameter.
            self._rate = torch.zeros((), device=trained[0].device)
            self._epsilon = torch.zeros((), device=trained[0].device)
            for group in own.param_groups:
                group.update(lr=self._rate, eps=[self._epsilon] * len(group["params"]))

    def step(self, loss: Any, update: Any) -> None:
        self._precision.backward(loss, self._own)
        if self._most is not None:
            self._torch.nn.utils.clip_grad_norm_(self._parameters, self._most)
        rate = self._optimizer.rate(update, self._maths)
        epsilon = self._optimizer.corrected_epsilon(update, self._maths)
        if self._captured:
            self._rate.fill_(rate)
            self._epsilon.fill_(epsilon)
        else:
            for group in self._own.param_groups:
                group.update(lr=rate, eps=epsilon)
        self._precision.step(self._own)


class _Tensors:
    """PyTorch's functions by NumPy's names, of a tensor and a number."""

    def __init__(self, torch: Any) -> None:
        self.cos, self.sqrt = torch.cos, torch.sqrt

    def minimum(self, first: Any, second: Any) -> Any:
        """Of a number and a tensor."""
        return second.clamp(max=first)

    def maximum(self, first: Any, second: Any) -> Any:
        """Of a number and a tensor."""
        return second.clamp(min=first)


@stepper.register
def _stepper_sgd(
    optimizer: SGD,
    torch: Any,
    parameters: List[Any],
    precision: TorchPrecision,
    captured: bool,
) -> Stepper:
    del captured
    return _SGD(torch, optimizer, parameters, precision)


@stepper.register
def _stepper_moments(
    optimizer: Moments,
    torch: Any,
    parameters: List[Any],
    precision: TorchPrecision,
    captured: bool,
) -> Stepper:
    return _Moments(torch, optimizer, parameters, precision, captured)
