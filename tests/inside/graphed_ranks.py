"""Run with PyTorch, on a CPU: two ranks whose steps are replayed as CUDA graphs would be.

Prints, for 300 and for 257 samples, how far apart the weights are: of the two ranks, and of those
with graphs and without. What CUDA does is stood in for: a capture keeps a step, a replay does it.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import sys
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

from runner.backends.torch.torch_graph import GraphedEpoch
from runner.backends.torch.torch_precision import TorchPrecision
from runner.backends.torch.torch_ranks import RankOfTorch
from runner.data.arrays import Arrays
from runner.workloads import lookup

RANKS, EPOCHS, SEED = 2, 2, 5


class Graph:
    """What a capture keeps."""

    def replay(self):
        """Do it."""
        self.step()


def stand_in(torch):
    """No stream, and graphs that keep what is done in them instead of doing it."""
    capturing, step = [], GraphedEpoch._step

    @contextmanager
    def graph(made):
        capturing.append(made)
        yield
        capturing.pop()

    def kept_or_done(epoch, part):
        if capturing:
            capturing[-1].step = lambda: step(epoch, part)
        else:
            step(epoch, part)

    GraphedEpoch._step = kept_or_done
    stream = SimpleNamespace(wait_stream=lambda other: None)
    stands_in = {
        "Stream": lambda: stream, "current_stream": lambda: stream,
        "stream": lambda own: nullcontext(), "CUDAGraph": Graph, "graph": graph,
    }  # fmt: skip
    for name, value in stands_in.items():
        setattr(torch.cuda, name, value)


def train(rank, folder, samples, graphed):
    """One rank; its weights and losses go into a file."""
    import numpy
    import torch

    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=RANKS
    )
    if graphed:
        stand_in(torch)
    draw = numpy.random.RandomState(1)
    inputs = draw.rand(samples, 28, 28, 1).astype("float32")
    labels = draw.randint(0, 10, samples)
    workload = lookup.load("cnn-mnist")
    workload = dataclasses.replace(workload, network=workload.network.without_chance())
    device = torch.device("cpu")
    torch.manual_seed(SEED)
    precision = TorchPrecision(torch, device, "float32", captured=graphed)
    trainer = RankOfTorch(SEED, torch, device, workload, precision, True, graphed)
    trainer.prepare(Arrays(inputs, labels, inputs[:8], labels[:8]))
    begun = trainer.handover()
    compiled = trainer.compile()
    untouched = all((a == b).all() for a, b in zip(begun, trainer.handover(), strict=True))
    losses = []
    updates = trainer.fit(EPOCHS, lambda number, loss: losses.append(loss))
    weights = numpy.concatenate([value.ravel() for value in trainer.handover()])
    numpy.save(f"{folder}/{rank}.npy", weights)
    told = {"compiled": compiled, "untouched": untouched, "updates": updates, "losses": losses}
    Path(folder, f"{rank}.json").write_text(json.dumps(told))


def both(samples, graphed):
    """What the ranks told, and their weights."""
    import numpy

    with tempfile.TemporaryDirectory() as folder:
        ranks = [
            multiprocessing.Process(target=train, args=(rank, folder, samples, graphed))
            for rank in range(RANKS)
        ]
        for process in ranks:
            process.start()
        for process in ranks:
            process.join()
        told = [json.loads(Path(folder, f"{rank}.json").read_text()) for rank in range(RANKS)]
        return told, [numpy.load(f"{folder}/{rank}.npy") for rank in range(RANKS)]


def main():
    """Both ways, of both numbers of samples."""
    found = []
    for samples in (300, 257):
        told, weights = both(samples, graphed=True)
        plain_told, plain = both(samples, graphed=False)
        found.append(
            {
                "told": told,
                "plain": plain_told,
                "between_ranks": float(abs(weights[0] - weights[1]).max()),
                "from_plain": float(abs(weights[0] - plain[0]).max()),
                "moved": float(abs(plain[0]).max()),
            }
        )
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
