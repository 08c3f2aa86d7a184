"""Run with Keras 3 on PyTorch, on a CPU: what each of two ranks drops, and what both begin with.

Prints for each rank which of many ones its Dropout left, twice, and the digest of its weights.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

from runner.backends.keras.keras3_torch_ranks import RankOfKeras
from runner.workloads import lookup

RANKS, SEED, ONES = 2, 5, 64


def build(rank, folder):
    """One rank; what it drops goes into a file."""
    os.environ["KERAS_BACKEND"] = "torch"
    os.environ["KERAS_HOME"] = folder
    import keras
    import torch

    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=RANKS
    )
    keras.utils.set_random_seed(SEED)
    workload = lookup.load("cnn-mnist")
    trainer = RankOfKeras(torch, keras, torch.device("cpu"), workload, False, SEED)
    (dropout,) = [
        layer for layer in trainer._model.layers if isinstance(layer, keras.layers.Dropout)
    ]
    ones = torch.ones(1, ONES)
    left = [(dropout(ones, training=True) > 0).int().tolist()[0] for _ in range(2)]
    told = {"left": left, "digest": workload.digest(trainer.handover())}
    Path(folder, f"{rank}.json").write_text(json.dumps(told))


def main():
    """Both ranks."""
    with tempfile.TemporaryDirectory() as folder:
        ranks = [multiprocessing.Process(target=build, args=(n, folder)) for n in range(RANKS)]
        for process in ranks:
            process.start()
        for process in ranks:
            process.join()
        told = [json.loads(Path(folder, f"{n}.json").read_text()) for n in range(RANKS)]
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
