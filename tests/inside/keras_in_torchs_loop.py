"""Run with Keras 3 on PyTorch: a job's runner, tuned as on a GPU.

    python keras_in_torchs_loop.py JOB_DIR [plain | refused]

With ``plain`` there is no C compiler, and nothing is compiled; with ``refused`` PyTorch cannot.

CUDA graphs are stood in for (``graphed_ranks.py``); what compiles the traced graphs is left out.
"""

from __future__ import annotations

import runpy
import sys

from compiled_torch_on_cpu import traced
from graphed_ranks import stand_in

from runner.backends.keras.keras3_torch import Keras3OnTorch
from runner.backends.keras.keras3_torch_loop import Fused
from runner.backends.torch import torch_compiler

ATTEMPT = Fused.attempt
BEGIN = Keras3OnTorch._import


def begin(backend):
    """With the stand-in."""
    BEGIN(backend)
    stand_in(backend._torch)


def whole(fused, inputs, labels):
    """What is compiled in parts is mostly not: it would prove nothing of what is."""
    ATTEMPT(fused, inputs, labels)
    if not WORDS and fused.facts()["torch_compile"] != "inductor":
        raise RuntimeError(fused.facts()["not_compiled"])


def refused(own, graph, inputs):
    """As of a graph that PyTorch cannot compile."""
    raise NotImplementedError("no kernel for that")


Keras3OnTorch._import = begin
Fused.attempt = whole
Keras3OnTorch._compiles = lambda self: self.tuned
_, FOLDER, *WORDS = sys.argv
torch_compiler.Compiled._backend = refused if WORDS == ["refused"] else traced
torch_compiler.is_there = lambda: WORDS != ["plain"]  # of C; nothing is built
sys.argv = ["runner", FOLDER]
runpy.run_module("runner", run_name="__main__")
