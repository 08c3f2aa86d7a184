"""Run with Keras 3 on PyTorch: a job's runner, compiled as on a GPU.

    python compiled_on_cpu.py JOB_DIR BACKEND

It is tuned in variant ``keras-optimizer``. BACKEND is one of ``torch.compile``: ``aot_eager``
traces and splits, and needs no compiler.
"""

from __future__ import annotations

import os
import runpy
import sys

from runner.backends.keras import keras3_torch, keras3_torch_compiled

*_, FOLDER, BACKEND = sys.argv

COMPILE = keras3_torch_compiled.CompiledTrainer.compile


def compiled_or_not_at_all(trainer):
    """Training by ``fit`` in its place would prove nothing of it."""
    if not COMPILE(trainer):
        raise RuntimeError(trainer._refused)
    return True


keras3_torch_compiled.CompiledTrainer.compile = compiled_or_not_at_all
keras3_torch.Keras3OnTorch._compiles = lambda self: self.tuned
keras3_torch_compiled.options = lambda: {"backend": BACKEND}
os.environ["BENCHDL_KERAS_LOOP"] = "keras"
sys.argv = ["runner", FOLDER]
runpy.run_module("runner", run_name="__main__")
