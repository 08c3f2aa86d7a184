"""The layers of texts as blocks of Gluon, each of (samples, time, values)."""

from __future__ import annotations

from typing import Any, Dict

from runner.networks.layers import Conv1D


def last_output(mx: Any, units: int, options: Dict[str, Any]) -> Any:
    """Gluon's ``rnn.LSTM`` and its last step.

    Its second bias, which the statement lacks, is kept at 0. The step is cut out by ``slice_axis``:
    MXNet 1.9.1 crashes in the gradient of ``SequenceLast``.
    """

    class LastOutput(mx.gluon.HybridBlock):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            with self.name_scope():
                self.lstm = mx.gluon.rnn.LSTM(units, layout="NTC", **options)
            for second in self.lstm.collect_params(".*h2h_bias").values():
                second.grad_req = "null"

        def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - Gluon calls it by this name
            last = F.slice_axis(self.lstm(x), axis=1, begin=-1, end=None)
            return F.squeeze(last, axis=1)

    return LastOutput()


def convolution(mx: Any, layer: Conv1D, options: Dict[str, Any]) -> Any:
    """``Conv1D``, which wants time last."""

    class OverTime(mx.gluon.HybridBlock):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            with self.name_scope():
                self.convolution = mx.gluon.nn.Conv1D(layer.filters, layer.width, **options)

        def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - as above
            found = self.convolution(F.swapaxes(x, 1, 2))
            return F.swapaxes(found, 1, 2)

    return OverTime()


def maximum(mx: Any) -> Any:
    """The largest over time."""
    return mx.gluon.nn.HybridLambda(lambda space, x: space.max(x, axis=1))
