"""A loss of Keras 3 on PyTorch that is compiled where it can be."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runner.backends.keras.keras3_torch_loop import Fused
from runner.backends.torch import torch_compiler


class Loss:
    """What a loss does on its way back."""

    def __init__(self, value):
        self.value = value

    def backward(self):
        if self.value < 0:
            raise RuntimeError("no kernel\n for it")


def fused(monkeypatch, compiled, there=True):
    monkeypatch.setattr(torch_compiler, "is_there", lambda: there)
    torch = SimpleNamespace(compile=lambda function, **how: lambda *given: Loss(compiled))
    return Fused(torch, lambda inputs, labels: Loss(1))


def test_it_is_compiled(monkeypatch):
    loss = fused(monkeypatch, 2)
    loss.attempt(None, None)
    assert loss(None, None).value == 2
    assert loss.facts() == {
        "torch_compile": "inductor", "not_compiled": None, "cuda_graphs": True
    }  # fmt: skip


@pytest.mark.parametrize(
    ("compiled", "there", "why"),
    [(-1, True, "RuntimeError: no kernel for it"), (2, False, "there is no C compiler")],
)
def test_where_it_cannot_be_it_is_as_it_is_and_why_is_told(
    monkeypatch, capsys, compiled, there, why
):
    loss = fused(monkeypatch, compiled, there)
    loss.attempt(None, None)
    assert loss(None, None).value == 1
    assert loss.facts()["not_compiled"] == why
    assert loss.facts()["torch_compile"] is None
    assert ("no kernel" in capsys.readouterr().err) == there
