"""Fixtures: the stub driver's library, and a Docker engine of our own that injects it.

The engine has its own socket, data and containerd; images come from the machine's engine, so that
nothing is built in it and it needs no network.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import stand_in_data
from docker.errors import DockerException

from gpu_stub import cdi

HERE = Path(__file__).resolve().parent
BENCHDL = Path(sys.executable).parent / "benchdl"
IMAGE = "benchdl/dummy:gpu"
IMAGES = (IMAGE, "benchdl/dummy:cpu")
STARTED_FILE = "/tmp/benchdl-fit-started"
"""In the container: made by the dummy backend when it starts to train."""

EIGHT_ONE_BUSY = f"""
gpus = 8
clock_file = {STARTED_FILE}
[gpu *]
memory_mib = 3
[gpu 2]
util = @ 40 0
memory_mib = -1:3 0:900
power_w = -1:60 0:120
"""
CUDNN = 8600
"""The cuDNN that the dummy's image.toml pins, as ``cudnnGetVersion`` says it."""
CDI_SINCE = 25
"""The first engine that knows CDI."""
BUSY_MEAN = 20.0
"""Zeros kept; without them it would be 40. Each reading takes the next value, so that a window of
25 samples is within 1 point of it wherever it begins."""


@pytest.fixture(scope="session")
def stub_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the compiled ``libnvidia-ml.so.1``."""
    folder = tmp_path_factory.mktemp("nvml")
    _compile("nvml_stub.c", folder / "libnvidia-ml.so.1")
    return folder


@pytest.fixture
def stub_nvml(stub_library: Path, tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Environment variables that put a script's GPUs before a process of this host."""

    def environment(script: str) -> dict[str, str]:
        file = tmp_path / "gpu-stub-script"
        file.write_text(script)
        return {"LD_LIBRARY_PATH": str(stub_library), "BENCHDL_STUB_SCRIPT": str(file)}

    return environment


class StubEngine:
    """A Docker engine with the stub driver behind runtime ``nvidia`` and behind device requests."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.folder = folder
        self.host = f"unix://{folder}/docker.sock"
        (folder / "stub").mkdir()
        (folder / "cdi").mkdir()
        self.has_cdi = _dockerd_version() >= CDI_SINCE
        shutil.copy(library / "libnvidia-ml.so.1", folder / "stub")
        self.script("gpus = 1")
        self.cudnn(CUDNN)
        for name, word in (("runtime", "runtime"), ("nvidia-container-runtime-hook", "hook")):
            (folder / "bin").mkdir(exist_ok=True)
            wrapper = folder / "bin" / name
            wrapper.write_text(
                f"#!/bin/sh\nexport BENCHDL_STUB={folder}/stub\n"
                f'exec {sys.executable} {HERE}/inject.py {word} "$@"\n'
            )
            wrapper.chmod(0o755)
        self._config(None)

    def _config(self, default_runtime: str | None) -> None:
        config: dict[str, Any] = {
            "runtimes": {"nvidia": {"path": f"{self.folder}/bin/runtime"}},
            "default-runtime": default_runtime or "runc",
        }
        if self.has_cdi:  # older engines refuse to start with a word that they do not know
            config |= {"features": {"cdi": True}, "cdi-spec-dirs": [f"{self.folder}/cdi"]}
        (self.folder / "daemon.json").write_text(json.dumps(config))

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        path = self.folder
        # In a network namespace of its own: --bridge none would delete the host's docker0.
        command = ["unshare", "--net", "dockerd", "--host", self.host]
        command += ["--config-file", path / "daemon.json"]
        command += ["--data-root", path / "data", "--exec-root", path / "exec"]
        command += ["--pidfile", path / "pid", "--bridge", "none", "--iptables=false"]
        environment = {**os.environ, "PATH": f"{path}/bin:{os.environ['PATH']}"}
        with (path / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 180
        while True:
            try:
                self.client = docker.DockerClient(self.host, timeout=600)
                self.client.ping()
                return
            except (DockerException, OSError):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    _cannot("the test's own dockerd does not start: " + self.last_words())
                time.sleep(0.3)

    def last_words(self) -> str:
        """The end of the daemon's log, on one line."""
        return " | ".join((self.folder / "log").read_text().splitlines()[-3:])

    def default_runtime(self, name: str) -> None:
        """Make ``name`` the engine's default, as an administrator would."""
        self._config(name)
        self._process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 120
        while self.client.info()["DefaultRuntime"] != name:
            assert time.monotonic() < deadline, "the engine did not take its new configuration"
            time.sleep(0.1)

    def script(self, text: str) -> None:
        """What GPUs the next containers have."""
        (self.folder / "stub" / "script").write_text(text)

    def name_gpus(self, uuids: list[str]) -> None:
        """Give the engine a CDI specification of the GPUs of the script, or of none."""
        (self.folder / "cdi" / cdi.SPECIFICATION).unlink(missing_ok=True)
        if uuids:
            cdi.write(self.folder / "cdi", self.folder / "stub", uuids)

    def cudnn(self, version: int | None) -> None:
        """Which cuDNN the next containers find: a stand-in that reports ``version``, or none."""
        library = self.folder / "stub" / "libcudnn.so.8"
        library.unlink(missing_ok=True)  # never written over: a container may have it mapped
        if version is not None:
            _compile("cudnn_stub.c", library, f"-DVERSION={version}")

    def copy(self, source: docker.DockerClient, *references: str) -> None:
        """Bring images over from another engine."""
        for reference in references:
            with tempfile.TemporaryFile(dir=self.folder) as archive:
                for chunk in source.api.get_image(reference):
                    archive.write(chunk)
                archive.seek(0)
                self.client.images.load(archive)

    def stop(self) -> None:
        """End the daemon; whatever it still ran ends with it."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def stub_engine(
    engine: docker.DockerClient, stub_library: Path, dummy_root: Path
) -> Iterator[StubEngine]:
    """An engine of our own with the stub driver, and the dummy's gpu image in it."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        _cannot("a second dockerd needs root and dockerd itself")
    build = [BENCHDL, "images", "build", "dummy", "--make-base"]
    done = subprocess.run(
        build,
        env={**os.environ, "BENCHDL_ROOT": str(dummy_root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    bridges = _bridges()
    folder = Path(tempfile.mkdtemp(prefix="benchdl-gpu-stub-", dir="/var/tmp"))
    ours = StubEngine(folder, stub_library)
    ours.start()
    try:
        assert _bridges() == bridges, "the test's dockerd touched the machine's own bridges"
        base = engine.images.get(IMAGE).labels["benchdl.base"]
        ours.copy(engine, base, *IMAGES)
        stand_in_data.given(folder / "cache")
        yield ours
    finally:
        ours.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def on_stub(
    stub_engine: StubEngine, dummy_root: Path, tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """``benchdl run dummy`` on the stub engine with a script; results go to ``tmp_path/results``.

    Some seconds of training, so that a mean over the window says something.
    """

    def run(
        script: str,
        *args: object,
        device: str = "gpu",
        cudnn: int | None = CUDNN,
        expect: int | None = 0,
        **env: str,
    ) -> subprocess.CompletedProcess[str]:
        stub_engine.script(script)
        stub_engine.cudnn(cudnn)
        command = [BENCHDL, "run", "dummy", "--launcher", "docker", "--device", device]
        command += ["--dataset", "synthetic-mnist", "--results", tmp_path / "results"]
        command += ["--idle-wait", "0", "--cool-down", "0"]
        command += ["--set", f"environment.DUMMY_CLOCK_FILE={STARTED_FILE}"]
        if "--epochs" not in args:
            command += ["--epochs", "4", "--train-samples", "2000"]
        done = subprocess.run(
            [*map(str, command), *map(str, args)],
            env={
                **os.environ,
                "DOCKER_HOST": stub_engine.host,
                "BENCHDL_ROOT": str(dummy_root),
                "BENCHDL_CACHE": str(stub_engine.folder / "cache"),
                **env,
            },
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert expect is None or done.returncode == expect, done.stderr + done.stdout
        return done

    return run


def _compile(source: str, library: Path, *more: str) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        _cannot("no C compiler for the stubs")
    options = ["-std=gnu11", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", *more]
    subprocess.run([compiler, *options, HERE / source, "-o", library], check=True)


def _dockerd_version() -> int:
    """The major version of the dockerd that would be started."""
    said = subprocess.run(["dockerd", "--version"], capture_output=True, text=True, check=True)
    return int(said.stdout.removeprefix("Docker version ").partition(".")[0])


def _bridges() -> set[tuple[str, str]]:
    """Name and number of this machine's bridges: one made anew has another number."""
    folders = Path("/sys/class/net").glob("*/bridge")
    return {(f.parent.name, (f.parent / "ifindex").read_text().strip()) for f in folders}


def _cannot(reason: str) -> None:
    """Skip, or fail where CI asks for container tests."""
    if os.environ.get("BENCHDL_REQUIRE_DOCKER") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
