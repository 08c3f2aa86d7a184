"""One measurement each: a job of benchdl, the script by hand, a container that does nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from docker.types import Mount

from benchmarks.perf.records import Record
from harness import catalog, engine, settings
from harness.images import build
from harness.launchers import data_access, gpu_options
from runner.contract.result import load_result

Device = Literal["cpu", "gpu"]

BY_HAND = Path(__file__).resolve().parents[1] / "by_hand"
SCRIPTS: dict[str, tuple[str, dict[str, str]]] = {
    "jax": ("train_jax.py", {}),
    "keras3-jax": ("train_keras3.py", {"KERAS_BACKEND": "jax"}),
    "keras3-tf": ("train_keras3.py", {"KERAS_BACKEND": "tensorflow"}),
    "keras3-torch": ("train_keras3.py", {"KERAS_BACKEND": "torch"}),
    "mxnet": ("train_mxnet.py", {}),
    "tf": ("train_tf.py", {}),
    "theano": ("train_theano.py", {}),
    "torch": ("train_torch.py", {}),
}

_THEANO = {
    "cpu": "device=cpu",
    "gpu": "device=cuda,gpuarray.preallocate=0.8,dnn.base_path=/usr/local/cuda,"
    "dnn.library_path=/usr/local/cuda/lib64,dnn.include_path=/opt/benchdl/cudnn-compat",
}


@dataclass(frozen=True)
class Work:
    """What every arm trains, where."""

    device: Device
    train_samples: int
    epochs: int
    dataset: str
    data_dir: Path | None
    """As asked for; None: wherever benchdl finds the dataset."""
    data: dict[str, Path]
    """Where it lies."""
    folder: Path
    """For the jobs' results and compiled code."""


class Arms:
    """Measures, with the images of ``backends`` built before."""

    def __init__(self, work: Work, backends: list[str]) -> None:
        self._work = work
        self._client = engine.connect()
        self._images = {
            name: build.build(
                self._client, catalog.load(name), work.device, make_base=True, say=_say
            )
            for name in backends
        }
        self._scripts = work.folder / "by_hand"  # where an ordinary user can read them
        shutil.copytree(BY_HAND, self._scripts, dirs_exist_ok=True)
        (work.folder / "cache").mkdir(exist_ok=True)
        (work.folder / "cache").chmod(0o777)
        for folder in (work.folder, self._scripts):
            folder.chmod(0o755)

    def names(self, backend: str) -> list[str]:
        """The arms that this backend has."""
        hand = ["by hand"] if backend in SCRIPTS else []
        return [*catalog.load(backend).modes, *hand, "empty container"]

    def measure(self, backend: str, arm: str, seed: int) -> Record:
        """Run one arm once.

        Raises:
            subprocess.CalledProcessError, docker.errors.DockerException: it failed.
        """
        if arm == "empty container":
            return {"wall_s": self._container(backend, ["-c", "pass"], {})[0]}
        if arm == "by hand":
            return self._by_hand(backend, seed)
        return self._job(backend, arm, seed)

    def _job(self, backend: str, mode: str, seed: int) -> Record:
        """``benchdl run``, as a user calls it."""
        work = self._work
        with tempfile.TemporaryDirectory(dir=work.folder) as results:
            command = [
                str(Path(sys.executable).with_name("benchdl")), "run", backend, "--mode", mode,
                "--launcher", "docker", "--device", work.device, "--seed", str(seed),
                "--epochs", str(work.epochs), "--train-samples", str(work.train_samples),
                "--dataset", work.dataset, "--results", results,
                *(["--data-dir", str(work.data_dir)] if work.data_dir else []),
            ]  # fmt: skip
            start = time.monotonic()
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            wall_s = time.monotonic() - start
            texts = [file.read_text() for file in Path(results).glob("*/result.json")]
        result = load_result(texts[0]) if texts else None
        if result is None or result.measurement is None or result.launch is None:
            raise RuntimeError(f"{backend} {mode}: {(done.stdout + done.stderr).strip()[-500:]}")
        phases, idle = result.measurement.phases, result.launch.idle
        steady = sorted(lap.duration_s for lap in result.measurement.laps[1:])
        return {
            "wall_s": wall_s,
            "fit_s": phases.fit_s,
            "compile_s": phases.compile_s,
            "steady_epoch_s": steady[len(steady) // 2] if steady else None,
            "runner_s": phases.total_s + (phases.proof_s or 0.0),
            "proof_s": phases.proof_s,
            "container_s": result.launch.wall_s,
            "idle_s": idle.waited_s + idle.cool_down_s if idle else 0.0,
            "updates": result.measurement.work.count,
            "error_rate": result.measurement.score.value,
            "findings": sorted(
                {finding.code for finding in result.findings if finding.severity != "info"}
            ),
        }

    def _by_hand(self, backend: str, seed: int) -> Record:
        script, environment = SCRIPTS[backend]
        spec = catalog.load(backend)
        given = settings.resolve(spec, "default", {}, None, "as-written").environment
        work = self._work
        command = [
            f"/by_hand/{script}", "--device", work.device, "--seed", str(seed),
            "--epochs", str(work.epochs), "--samples", str(work.train_samples),
        ]  # fmt: skip
        flags = [given.get("THEANO_FLAGS", ""), _THEANO[work.device], "floatX=float32",
                 "base_compiledir=/cache/theano-by-hand"]  # fmt: skip
        theano = {"THEANO_FLAGS": ",".join(flags)} if backend == "theano" else {}
        float32 = {"NVIDIA_TF32_OVERRIDE": "0"} if work.device == "gpu" else {}
        wall_s, printed = self._container(
            backend, command, {**given, **environment, **theano, **float32}
        )
        return {"wall_s": wall_s, **json.loads(printed.strip().splitlines()[-1])}

    def _container(
        self, backend: str, command: list[str], environment: dict[str, str]
    ) -> tuple[float, str]:
        """What ``docker run --rm --entrypoint python`` does: seconds, and standard output."""
        info: dict[str, Any] = self._client.info()
        devices = (
            gpu_options.request(gpu_options.choose(info, "auto")[0], None)
            if self._work.device == "gpu"
            else gpu_options.none(info)
        )
        environment = {"HOME": "/tmp", **environment, **devices.pop("environment")}  # noqa: S108
        mounts = [
            *data_access.mounts(self._work.data, "/data"),
            Mount("/by_hand", str(self._scripts), type="bind", read_only=True),
            Mount("/cache", str(self._work.folder / "cache"), type="bind"),
        ]
        start = time.monotonic()
        printed = self._client.containers.run(
            self._images[backend].id,
            command,
            entrypoint=["python"],
            environment=environment,
            mounts=mounts,
            network_mode="none",
            remove=True,
            stderr=False,
            **devices,
        )
        return time.monotonic() - start, printed.decode()


def engine_version() -> str:
    """Of the engine that all arms run in."""
    return engine.version(engine.connect())


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
