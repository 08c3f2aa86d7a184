"""Mixed precision as PyTorch documents it: autocast, and of float16 a scaled loss.

Source: PyTorch documentation, "Automatic Mixed Precision package" and "CUDA Graphs".
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any, ContextManager, List

from runner.backends.common.loss_scale import LOSS_SCALE
from runner.contract.precision import MIXED, Precision


class TorchPrecision:
    """Around the way forward and its loss, and between the loss and an update."""

    def __init__(self, torch: Any, device: Any, precision: Precision, captured: bool) -> None:
        """``captured``: updates become part of a CUDA graph, where nothing is read on the host."""
        self._torch, self._kind = torch, device.type
        self._dtype = getattr(torch, precision) if precision in MIXED else None
        self._scaler: Any = None
        if precision == "float16":
            self._scaler = (
                _InGraph(torch)
                if captured
                else torch.amp.GradScaler(
                    self._kind, init_scale=LOSS_SCALE, growth_interval=2**31 - 1
                )
            )

    def forward(self) -> ContextManager[Any]:
        """In which products are in the precision."""
        if self._dtype is None:
            return nullcontext()
        context: ContextManager[Any] = self._torch.autocast(self._kind, self._dtype)
        return context

    def backward(self, loss: Any, optimizer: Any, times: Any = None) -> None:
        """Leave the gradients of ``loss``, a tensor of no axes, where ``optimizer`` takes them.

        Args:
            times: a tensor of no axes that each is multiplied by; None: as they are.
        """
        if self._scaler is None:
            loss.backward(gradient=times)
            return
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(optimizer)
        if times is not None:  # not on the way back: a small factor would undo the scale there
            self._torch._foreach_mul_(_gradients(optimizer), times)

    def step(self, optimizer: Any) -> None:
        """The update, after :meth:`backward`; it is left out where a gradient overflowed."""
        if self._scaler is None:
            optimizer.step()
            return
        self._scaler.step(optimizer)
        self._scaler.update()

    def left_out(self) -> int:
        """How many updates were: each halved the scale."""
        if self._scaler is None:
            return 0
        return round(math.log2(LOSS_SCALE / self._scaler.get_scale()))


class _InGraph:
    """A scale that stays: PyTorch's own scaler reads on the host whether a gradient overflowed."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch

    def scale(self, loss: Any) -> Any:
        return loss * LOSS_SCALE

    def unscale_(self, optimizer: Any) -> None:
        self._torch._foreach_mul_(_gradients(optimizer), 1.0 / LOSS_SCALE)

    def step(self, optimizer: Any) -> None:
        optimizer.step()

    def update(self) -> None:
        """The scale stays."""

    def get_scale(self) -> float:
        return LOSS_SCALE


def _gradients(optimizer: Any) -> List[Any]:
    values = [value for group in optimizer.param_groups for value in group["params"]]
    return [value.grad for value in values if value.grad is not None]
