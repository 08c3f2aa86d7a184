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


def fused(monkeypatch, whole, in_parts=3, there=True):
    """Its value is 1 as it is; the others are told, negative where it cannot be compiled.

    Of 0 nothing is compiled, without a word.
    """
    monkeypatch.setattr(torch_compiler, "is_there", lambda: there)

    monkeypatch.setattr(torch_compiler.Compiled, "_backend", lambda *given: None)

    def compiled(function, fullgraph, backend, **how):
        value = whole if fullgraph else in_parts
        return lambda *given: (value and backend(None, None), Loss(value))[1]

    return Fused(SimpleNamespace(compile=compiled), lambda inputs, labels: Loss(1))


def test_it_is_compiled(monkeypatch):
    loss = fused(monkeypatch, 2)
    loss.attempt(None, None)
    assert loss(None, None).value == 2
    assert loss.facts() == {
        "torch_compile": "inductor", "not_compiled": None, "cuda_graphs": True
    }  # fmt: skip


def test_where_it_cannot_be_whole_it_is_compiled_in_parts_and_why_is_told(monkeypatch, capsys):
    loss = fused(monkeypatch, -1, in_parts=3)
    loss.attempt(None, None)
    assert loss(None, None).value == 3
    assert loss.facts() == {
        "torch_compile": "inductor, in parts",
        "not_compiled": "RuntimeError: no kernel for it",
        "cuda_graphs": True,
    }
    assert "no kernel" in capsys.readouterr().err


def test_what_is_passed_over_without_a_word_is_not_called_compiled(monkeypatch):
    loss = fused(monkeypatch, 0, in_parts=0)
    loss.attempt(None, None)
    assert loss(None, None).value == 1
    assert loss.facts()["not_compiled"] == "PyTorch compiled nothing of it"


@pytest.mark.parametrize(
    ("compiled", "there", "why"),
    [(-1, True, "RuntimeError: no kernel for it"), (2, False, "there is no C compiler")],
)
def test_where_it_cannot_be_it_is_as_it_is_and_why_is_told(
    monkeypatch, capsys, compiled, there, why
):
    loss = fused(monkeypatch, compiled, compiled, there)
    loss.attempt(None, None)
    assert loss(None, None).value == 1
    assert loss.facts()["not_compiled"] == why
    assert loss.facts()["torch_compile"] is None
    assert ("no kernel" in capsys.readouterr().err) == there
