"""Backends that get a good row by other work than was asked for; each is one way to cheat.

``--set environment.DUMMY_CHEAT=NAME`` chooses one. docs/method.md has the table of what finds them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from runner.backends.dummy import NumPyTrainer


class ReturnsAtOnce(NumPyTrainer):
    """Trains in a thread that the evaluation waits for."""

    def fit(self, epochs, lap_seen):
        train = super().fit
        self.thread = threading.Thread(target=train, args=(epochs, lambda *_: None))
        self.thread.start()
        for epoch in range(1, epochs + 1):
            lap_seen(epoch, 0.1)
        return epochs * -(-len(self.x) // self.workload.recipe.batch_size)

    def evaluate(self):
        self.thread.join()
        return super().evaluate()


class TrainsInPrepare(NumPyTrainer):
    """Trains before the clock starts, and shows the untrained weights until then."""

    def prepare(self, data):
        super().prepare(data)
        self.before = super().handover()
        self.updates = super().fit(self.job.budget.count, lambda *_: None)

    def handover(self):
        before, self.before = self.before, None
        return before or super().handover()

    def fit(self, epochs, lap_seen):
        for epoch in range(1, epochs + 1):
            lap_seen(epoch, 0.1)
        return self.updates


class SleepsInFit(TrainsInPrepare):
    """As above, and then sleeps for as long as the training took."""

    def prepare(self, data):
        began = time.monotonic()
        super().prepare(data)
        self.took = time.monotonic() - began

    def fit(self, epochs, lap_seen):
        for epoch in range(1, epochs + 1):
            time.sleep(self.took / epochs)
            lap_seen(epoch, 0.1)
        return self.updates


class LoadsWeights(TrainsInPrepare):
    """Puts trained weights in place of its own in the training call."""


class WritesItsResult(NumPyTrainer):
    """Writes a good result in the judge's place and ends well."""

    def fit(self, epochs, lap_seen):
        forge()
        os._exit(0)


class EndsTheJudge(NumPyTrainer):
    """As above, and ends the judge first."""

    def fit(self, epochs, lap_seen):
        forge()
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)


class LeavesAWriter(NumPyTrainer):
    """Leaves a process in a session of its own that writes a result over and over."""

    def fit(self, epochs, lap_seen):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    forge()
                    time.sleep(0.01)
            os._exit(0)
        os.wait()
        return super().fit(epochs, lap_seen)


class PatchesTheClock(NumPyTrainer):
    """A clock that runs half as fast while it trains, in every module that asks the time."""

    def fit(self, epochs, lap_seen):
        real, start = time.monotonic, time.monotonic()
        time.monotonic = lambda: start + (real() - start) / 2
        return super().fit(epochs, lap_seen)


class TellsEpochsAtTheEnd(NumPyTrainer):
    """Only the first epoch seems to take time."""

    def fit(self, epochs, lap_seen):
        losses = []
        updates = super().fit(epochs, lambda number, loss: losses.append(loss))
        for number, loss in enumerate(losses, 1):
            lap_seen(number, loss)
        return updates


class OverwritesTheTest(NumPyTrainer):
    """Makes the test set's labels what it predicts."""

    def evaluate(self):
        self.test_y.setflags(write=True)
        outs = [self._forward(self.test_x[i : i + 500], False) for i in range(0, 10_000, 500)]
        self.test_y[:] = self.np.concatenate(outs).argmax(axis=1)
        return super().evaluate()


class RepeatsAQuarter(NumPyTrainer):
    """A quarter of the images, four times."""

    def prepare(self, data):
        super().prepare(data)
        quarter = len(self.x) // 4
        self.x = self.np.tile(self.x[:quarter], (4, 1, 1, 1))
        self.y = self.np.tile(self.y[:quarter], (4, 1))


class SkipsBatches(NumPyTrainer):
    """Every second batch (or as DUMMY_SKIP says), and claims all."""

    def fit(self, epochs, lap_seen):
        self.skip = int(os.environ.get("DUMMY_SKIP", "2"))
        whole, self.x, self.y = (self.x, self.y), self.x[:: self.skip], self.y[:: self.skip]
        super().fit(epochs, lap_seen)
        self.x, self.y = whole
        return epochs * -(-len(self.x) // self.workload.recipe.batch_size)


class LargerBatches(NumPyTrainer):
    """Batches of 256 that are called 128."""

    def fit(self, epochs, lap_seen):
        from dataclasses import replace

        own = self.workload
        recipe = replace(own.recipe, batch_size=2 * own.recipe.batch_size)
        self.workload = replace(own, recipe=recipe)
        super().fit(epochs, lap_seen)
        self.workload = own
        return epochs * -(-len(self.x) // own.recipe.batch_size)


class FreezesConvolutions(NumPyTrainer):
    """Trains the dense layers alone."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        for layer in self.layers:
            if hasattr(layer.spec, "filters"):
                layer.update = lambda rate, momentum: None


class Recipe(NumPyTrainer):
    """Trains by another recipe."""

    changes: dict = {}

    def fit(self, epochs, lap_seen):
        from dataclasses import replace

        own = self.workload
        optimizer = own.recipe.optimizer
        changes = {key: change(optimizer) for key, change in self.changes.items()}
        recipe = replace(own.recipe, optimizer=replace(optimizer, **changes))
        self.workload = replace(own, recipe=recipe)
        updates = super().fit(epochs, lap_seen)
        self.workload = own
        return updates


class AFifthOfTheRate(Recipe):
    """A fifth of the learning rate."""

    changes = {"learning_rate": lambda optimizer: optimizer.learning_rate / 5}


class NoMomentum(Recipe):
    """Plain gradient descent."""

    changes = {"momentum": lambda optimizer: 0.0}


class NoDropout(NumPyTrainer):
    """Drops nothing."""

    def _forward(self, x, training):
        return super()._forward(x, False) if not training else self._all(x)

    def _all(self, x):
        for layer in self.layers:
            x = layer.forward(x, type(layer.spec).__name__ != "Dropout")
            if type(layer.spec).__name__ == "Dropout":
                layer.mask = 1.0
        return x


class WeakerDropout(NumPyTrainer):
    """Drops 15 % where 20 % are asked for, and scales the rest as if it had dropped them."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        for layer in self.layers:
            if type(layer.spec).__name__ == "Dropout" and layer.spec.rate == 0.2:
                layer.forward = self._weaker(layer)

    def _weaker(self, layer):
        def forward(x, training):
            if not training:
                return x
            kept = self.rng.uniform(size=x.shape) < 0.85
            layer.mask = kept.astype("float32") / self.np.float32(0.8)
            return x * layer.mask

        return forward


class NoShuffle(NumPyTrainer):
    """The images in the order of the file."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.order = self.np.arange


class ShufflesOnce(NumPyTrainer):
    """One order for all epochs."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        orders, draw = {}, self.order
        self.order = lambda count: orders.setdefault(count, draw(count))


class HalfPrecision(NumPyTrainer):
    """Keeps its weights in bfloat16."""

    def fit(self, epochs, lap_seen):
        for layer in self.layers:
            if layer.weights:
                layer.update = self._rounded(layer, layer.update)
        return super().fit(epochs, lap_seen)

    def _rounded(self, layer, update):
        def rounded(rate, momentum):
            update(rate, momentum)
            for number, value in enumerate(layer.weights):
                bits = value.astype("<f4").view("<u4") & 0xFFFF0000
                layer.weights[number] = bits.view("<f4")

        return rounded


class CoarseProducts(NumPyTrainer):
    """Multiplies in bfloat16 (or with DUMMY_BITS bits), and keeps its weights in float32."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        for layer in self.layers:
            layer.product = self._product

    def _product(self, left, right):
        return self._coarse(left) @ self._coarse(right)

    def _coarse(self, values):
        rest = 23 - int(os.environ.get("DUMMY_BITS", "7"))
        bits = self.np.ascontiguousarray(values, "<f4").view("<u4").astype("u8")
        return (bits + (1 << (rest - 1)) >> rest << rest).astype("<u4").view("<f4")


class AnotherSeed(NumPyTrainer):
    """Draws from a seed of its own."""

    def __init__(self, np, job, workload, seed):
        super().__init__(np, job, workload, 4711)


class BetterErrorRate(NumPyTrainer):
    """Says 0.19 points less than it is."""

    def evaluate(self):
        loss, rate = super().evaluate()
        return loss, max(0.0, rate - 0.0019)


class FewerTests(NumPyTrainer):
    """Evaluates a tenth of the test images."""

    def evaluate(self):
        self.test_x, self.test_y = self.test_x[::10], self.test_y[::10]
        return super().evaluate()


class FakesEvents(NumPyTrainer):
    """Writes progress of its own to what was the job's standard output."""

    def fit(self, epochs, lap_seen):
        line = json.dumps({"event": "phase", "phase": "evaluate"}) + "\n"
        for descriptor in range(1, 64):
            try:
                os.write(descriptor, line.encode())
            except OSError:
                continue
        return super().fit(epochs, lap_seen)


class StopsTheJudge(NumPyTrainer):
    """Holds the judge while it trains, so that its clock hears nothing."""

    def fit(self, epochs, lap_seen):
        os.kill(os.getppid(), signal.SIGSTOP)
        updates = super().fit(epochs, lap_seen)
        os.kill(os.getppid(), signal.SIGCONT)
        return updates


class ForgesSamples(NumPyTrainer):
    """Writes samples.csv anew, with little use of the CPU."""

    def evaluate(self):
        Path(sys.argv[1], "samples.csv").write_text("t_s,job_cpu_s\n1,0\n2,0\n")
        return super().evaluate()


class ClaimsMoreUpdates(NumPyTrainer):
    """Counts each update twice."""

    def fit(self, epochs, lap_seen):
        return 2 * super().fit(epochs, lap_seen)


class SmallerNetwork(NumPyTrainer):
    """Half of the units in the dense layers."""

    def __init__(self, np, job, workload, seed):
        from dataclasses import replace

        layers = tuple(
            replace(layer, units=layer.units // 2) if getattr(layer, "units", 0) > 10 else layer
            for layer in workload.network.layers
        )
        smaller = replace(workload.network, layers=layers)
        super().__init__(np, job, replace(workload, network=smaller), seed)


def forge():
    """A result as good as any, where the judge's belongs."""
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text())
    good = {"run_id": job["run_id"], "status": "ok", "started_at": "", "finished_at": "",
            "job": job, "schema_version": 1}  # fmt: skip
    (folder / "result.json").write_text(json.dumps(good))


CHEATS = {
    "returns-at-once": ReturnsAtOnce, "trains-in-prepare": TrainsInPrepare,
    "sleeps-in-fit": SleepsInFit, "loads-weights": LoadsWeights,
    "writes-its-result": WritesItsResult, "ends-the-judge": EndsTheJudge,
    "leaves-a-writer": LeavesAWriter, "patches-the-clock": PatchesTheClock,
    "epochs-at-the-end": TellsEpochsAtTheEnd, "overwrites-the-test": OverwritesTheTest,
    "repeats-a-quarter": RepeatsAQuarter, "skips-batches": SkipsBatches,
    "larger-batches": LargerBatches, "freezes-convolutions": FreezesConvolutions,
    "a-fifth-of-the-rate": AFifthOfTheRate, "no-momentum": NoMomentum,
    "no-dropout": NoDropout, "weaker-dropout": WeakerDropout, "no-shuffle": NoShuffle,
    "shuffles-once": ShufflesOnce,
    "half-precision": HalfPrecision, "coarse-products": CoarseProducts,
    "another-seed": AnotherSeed, "better-error-rate": BetterErrorRate,
    "fewer-tests": FewerTests, "fakes-events": FakesEvents, "stops-the-judge": StopsTheJudge,
    "forges-samples": ForgesSamples, "claims-more-updates": ClaimsMoreUpdates,
    "smaller-network": SmallerNetwork,
}  # fmt: skip
