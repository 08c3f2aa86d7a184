"""The layers of texts as modules of PyTorch, each of (samples, time, values)."""

from __future__ import annotations

from typing import Any

from runner.networks.layers import LSTM, Conv1D, Shape


def last_output(layer: LSTM, nn: Any, inputs: Shape) -> Any:
    """``nn.LSTM`` and its last step. Its second bias, which the statement lacks, is kept at 0."""

    class LastOutput(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(inputs[-1], layer.units, batch_first=True)
            self.lstm.bias_hh_l0.requires_grad_(requires_grad=False)
            nn.init.zeros_(self.lstm.bias_hh_l0)

        def forward(self, x: Any) -> Any:
            steps, _ = self.lstm(x)
            return steps[:, -1]

    return LastOutput()


def convolution(layer: Conv1D, nn: Any, inputs: Shape) -> Any:
    """``nn.Conv1d``, which wants time last."""

    class OverTime(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.convolution = nn.Conv1d(inputs[-1], layer.filters, layer.width)

        def forward(self, x: Any) -> Any:
            return self.convolution(x.transpose(1, 2)).transpose(1, 2)

    return OverTime()


def maximum(nn: Any) -> Any:
    """The largest over time."""

    class GlobalMax(nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x.amax(1)

    return GlobalMax()
