"""Whose code an LSTM ran in: cuDNN's, or the tool's own. Attested as ``lstm_code``."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Optional

from runner.networks.layers import LSTM
from runner.networks.network import Network

CUDNN = "cudnn"

_WORDS = {
    "cudnn": CUDNN,
    "gpu_lstm": CUDNN,  # what Keras 2 calls the one of its two functions that has cuDNN's
    "mkldnn": "mkldnn",
    "fusedlstm": "cells",
    "scan": "scan",
}


def facts(network: Network, code: Any) -> Dict[str, Optional[str]]:
    """The fact of a network that has an LSTM; ``code`` finds it out, and is not asked else."""
    has_one = any(isinstance(layer, LSTM) for layer, _ in network.leaves())
    return {"lstm_code": code()} if has_one else {}


def of_gradients(output: Any) -> str:
    """From what PyTorch keeps for the way back of ``output``: the functions that it went through.

    ``cudnn``, ``mkldnn`` (oneDNN, on CPUs), ``cells`` (a fused one for each step), or ``loop``.
    """
    seen, left = set(), [output.grad_fn]
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        left += [function for function, _ in node.next_functions]
    return of_names(type(node).__name__ for node in seen)


def of_names(names: Iterable[str]) -> str:
    """From the names of functions or operations that were really gone through."""
    joined = " ".join(names).lower()
    return next((code for word, code in _WORDS.items() if word in joined), "loop")
