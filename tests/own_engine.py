"""A Docker engine of a test's own, to be killed, filled up and started again.

Its data, socket and containers are apart from those of the machine's engine; it has no network.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import psutil


class OwnEngine:
    """``dockerd`` with everything of it in one folder, and a disk of ``size`` bytes of its own."""

    def __init__(self, size: int = 900 * 2**20) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bd-"))  # short: a socket's path has 108 bytes
        self.root = self.folder / "root"
        self.root.mkdir()
        disk = self.folder / "disk"
        with disk.open("wb") as file:
            file.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", disk], check=True)
        subprocess.run(["mount", "-o", "loop", disk, self.root], check=True)
        self.host = f"unix://{self.folder}/s"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it answers."""
        # In a network namespace of its own: without a bridge dockerd removes docker0, which is the
        # machine's engine's.
        command = [
            "unshare", "--net", "dockerd", f"--data-root={self.root}", f"--host={self.host}",
            f"--pidfile={self.folder}/pid", f"--exec-root={self.folder}/x", "--bridge=none",
            "--iptables=false", "--shutdown-timeout=3",
        ]  # fmt: skip
        # Its containerd dies with it; where nobody reaps that, dockerd takes the zombie for alive.
        (self.folder / "x/containerd/containerd.pid").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True
            )
        if wait:
            until(self.answers, 300, lambda: (self.folder / "log").read_text()[-2000:])

    def answers(self) -> bool:
        """Whether it answers."""
        with contextlib.suppress(Exception), contextlib.closing(self.client()) as client:
            return bool(client.ping())
        return False

    def client(self) -> docker.DockerClient:
        """A client of it, which waits for as long as a slow disk takes to load an image."""
        return docker.DockerClient(base_url=self.host, timeout=600)

    def kill(self, sign: signal.Signals = signal.SIGKILL) -> None:
        """End it; what it supervises lives on if it has no say."""
        assert self._process is not None
        self._process.send_signal(sign)
        self._process.wait(300)

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Within the body its disk is full to the last block, whatever it frees."""
        file, over, full = self.root / "filler", threading.Event(), threading.Event()

        def fill() -> None:
            with file.open("wb", buffering=0) as target:
                while not over.is_set():
                    for size in (2**24, 2**16, 2**12):
                        with contextlib.suppress(OSError):
                            while target.write(bytes(size)) == size:
                                pass
                    full.set()
                    over.wait(0.01)

        thread = threading.Thread(target=fill)
        thread.start()
        try:
            # Else what the body does may be done before the disk is full.
            assert full.wait(300), "the disk does not fill up"
            yield
        finally:
            over.set()
            thread.join()
            file.unlink()

    @contextlib.contextmanager
    def nearly_full(self, left: int = 2**26) -> Iterator[None]:
        """Within the body its disk has ``left`` bytes, and so is :meth:`full` in a moment."""
        file = self.root / "ballast"
        try:
            with file.open("wb") as target:
                taken = shutil.disk_usage(self.root).free - left
                os.posix_fallocate(target.fileno(), 0, taken)
            yield
        finally:
            file.unlink()

    def take(self, images: list[str], source: docker.DockerClient) -> None:
        """Load images of another engine, with their ids and names."""
        with contextlib.closing(self.client()) as client:
            for name in images:
                pieces = source.images.get(name).save(named=name)
                client.images.load(pieces)

    def close(self) -> None:
        """End it and everything that it started, and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(Exception), contextlib.closing(self.client()) as client:
                for container in client.containers.list(all=True):
                    container.remove(force=True)
            self.kill(signal.SIGTERM)
        for process in list(self._left()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            place = line.split()[1]
            if place.startswith((f"{self.folder}/", f"{self.root}/")):
                subprocess.run(["umount", "--lazy", place], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _left(self) -> Iterator[psutil.Process]:
        """Its containerd and their supervisors: their command lines name our folder."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid != os.getpid() and any(
                    argument.startswith(f"{self.folder}/") for argument in process.cmdline()
                ):
                    yield process


def until(
    look: Callable[[], object], seconds: float, told: Callable[[], str] = lambda: ""
) -> object:
    """What ``look`` returns, once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"it did not happen in time {told()}"
        time.sleep(0.1)
    return found
