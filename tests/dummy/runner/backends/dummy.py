"""A backend for tests: the real network, trained in plain NumPy, and ways to misbehave.

``--set environment.DUMMY_MODE=...`` chooses one of ``MODES``, ``DUMMY_CHEAT`` one of
:mod:`runner.backends.cheats`; without either the job is an honest one. ``DUMMY_SLEEP``: seconds
before it trains. ``DUMMY_HOLD``: a folder; while it has a file ``3``, the third job of a campaign
does not train.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from runner.backends.common import translation
from runner.backends.common.game_trainer import GameTrainer
from runner.backends.numpy_network import KINDS, stack
from runner.contract.result import Failure, Result
from runner.libraries import cudnn_version
from runner.workloads.game_workload import GameWorkload
from runner.workloads.network_workload import NetworkWorkload

MODES = ("crash", "exit0", "invalid-json", "wrong-id", "newer", "huge", "hang", "memory", "lazy")


class Dummy:
    def __init__(self, trainer_class):
        self.trainer_class = trainer_class

    def supports(self, workload):
        if isinstance(workload, GameWorkload):
            return None
        if not isinstance(workload, NetworkWorkload):
            ours = workload.name in ("least-squares", "runaway")
            return None if ours else f"{workload.name} is not for tests"
        for layer in workload.network.layers:
            if type(layer) not in KINDS:
                return str(translation.UntranslatedError("NumPy", layer))
        return None

    def configure(self, job):
        self.job = job
        if os.environ.get("DUMMY_MODE") == "crash":
            sys.stderr.write("the dummy was told to crash\n")
            sys.stderr.flush()
            os._exit(3)

    def start(self):
        import numpy

        self.np = numpy
        self.cudnn, self.cudnn_problem = None, None
        if self.job.device == "gpu" and self.job.settings.cudnn_enabled:
            try:  # whichever the loader finds, and on without it where it finds none, as tools do
                self.cudnn = ctypes.CDLL("libcudnn.so.8")
            except OSError as error:
                self.cudnn_problem = str(error)

    def trainer(self, workload, seed):
        if isinstance(workload, GameWorkload):
            from runner.backends import numpy_game

            agent = numpy_game.agent(workload, seed, os.environ.get("DUMMY_CHEAT"))
            return GameTrainer(workload, agent, seed)
        if not isinstance(workload, NetworkWorkload):
            from runner.backends.numpy_rounds import RoundsTrainer

            return RoundsTrainer(self.np, self.job, workload, seed)
        if self.trainer_class is None:
            raise KeyError(os.environ["DUMMY_CHEAT"])
        return self.trainer_class(self.np, self.job, workload, seed)

    def attest(self):
        # NumPy knows no GPU: what it says of a GPU job is for tests on the stub driver.
        facts = self._in_theanos_words() if self.job.device == "gpu" else {}
        return {"numpy": self.np.__version__}, facts

    def _in_theanos_words(self):
        """What Theano would say of its convolutions, with the cuDNN that was found or without."""
        found = self.cudnn is not None
        return {
            "cudnn_version": cudnn_version(self.cudnn.cudnnGetVersion()) if found else None,
            "cudnn_convolutions": found,
            "cudnn_operations": {"GpuDnnConv": 2} if found else {},
            "convolutions": {"GpuDnnConv" if found else "GpuCorrMM": 2},
            "dnn_message": self.cudnn_problem,
        }


class NumPyTrainer:
    def __init__(self, np, job, workload, seed):
        self.np, self.job, self.workload = np, job, workload
        self.mode = os.environ.get("DUMMY_MODE", "")
        self.rng = np.random.RandomState(seed)
        self.order = self.rng.permutation
        self.layers = stack(workload.network, self.rng)

    def prepare(self, data):
        self.x, self.y = data.train_inputs, self.np.eye(10)[data.train_labels]
        self.test_x, self.test_y = data.test_inputs, data.test_labels

    def handover(self):
        return [value.copy() for layer in self.layers for value in layer.weights]

    def compile(self):
        return False

    def fit(self, epochs, lap_seen):
        if "DUMMY_CLOCK_FILE" in os.environ:  # the stub driver's clock starts with the training
            Path(os.environ["DUMMY_CLOCK_FILE"]).touch()
        time.sleep(float(os.environ.get("DUMMY_SLEEP", "0")))
        hold = os.environ.get("DUMMY_HOLD")
        while hold and Path(hold, str(self.job.campaign_position)).exists():
            time.sleep(0.05)
        misbehave(self.mode, self.job)
        recipe, updates, np = self.workload.recipe, 0, self.np
        for epoch in range(1, epochs + 1):
            order, losses = self.order(len(self.x)), []
            for first in range(0, len(order), recipe.batch_size):
                chosen = order[first : first + recipe.batch_size]
                out = self._forward(self.x[chosen], True)
                losses.append(-np.log(out[self.y[chosen] > 0] + 1e-7).mean())
                d = ((out - self.y[chosen]) / len(chosen)).astype("float32")
                for layer in reversed(self.layers):
                    d = layer.backward(d)
                rate = recipe.optimizer.rate(updates)
                for layer in self.layers:
                    if layer.weights and self.mode != "lazy":
                        layer.update(rate, recipe.optimizer.momentum)
                updates += 1
            lap_seen(epoch, float(np.mean(losses)))
        return updates

    def _forward(self, x, training):
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def evaluate(self):
        few = 32  # their patches stay in the processor's cache
        starts = range(0, len(self.test_x), few)
        out = self.np.concatenate(
            [self._forward(self.test_x[first : first + few], False) for first in starts]
        )
        hit = out[self.np.arange(len(out)), self.test_y]
        wrong = (out.argmax(axis=1) != self.test_y).mean()
        return float(-self.np.log(hit + 1e-7).mean()), float(wrong)

    def attest(self):
        return self.job.device, {"layout": "channels_last"}


def misbehave(mode, job):
    """End or stay as ``mode`` says; these are the ways in which a runner can go wrong."""
    file = Path(sys.argv[1]) / "result.json"
    text = None
    if mode == "hang":
        time.sleep(3600)
    elif mode == "memory":
        hoard = []
        while True:
            hoard.append(bytearray(os.urandom(2**20) * 16))
    elif mode == "invalid-json":
        text = '{"schema_version": 1, "run_id": '
    elif mode == "wrong-id":
        foreign = job.model_copy(update={"run_id": "20200101t000000z-other-cpu-00000000"})
        text = Result(
            run_id=foreign.run_id,
            status="failed",
            started_at="",
            finished_at="",
            job=foreign,
            failure=Failure(reason="none", message="none"),
        ).model_dump_json()
    elif mode == "newer":
        text = '{"schema_version": 99, "run_id": "x"}'
    elif mode == "huge":
        text = '{"padding": "' + "x" * 100 * 2**20 + '"}'
    if text is not None:  # a result in the judge's place, which must not come to write its own
        file.write_text(text)
        os.kill(os.getppid(), signal.SIGKILL)
    if text is not None or mode == "exit0":
        os._exit(0)


def create():
    cheat = os.environ.get("DUMMY_CHEAT")
    if cheat is None:
        return Dummy(NumPyTrainer)
    from runner.backends.cheats import CHEATS

    return Dummy(CHEATS.get(cheat))  # those of a game have names of their own
