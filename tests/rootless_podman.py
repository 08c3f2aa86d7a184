"""Rootless podman for a test: an ordinary user of its own, podman's Docker socket, no trace after.

The user, its images and its containers are apart from everything else on the machine.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import docker
import psutil
from own_engine import until

_NEEDED = ("podman", "newuidmap", "useradd")
_SETTINGS = {
    # Without systemd there is neither a manager of control groups nor a journal.
    "containers.conf": """
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
""",
    # By itself Debian's podman takes vfs here, which copies an image for each of its layers.
    "storage.conf": """
[storage]
driver = "overlay"
""",
}


def lacking() -> str | None:
    """Why it cannot be had here; None if it can."""
    missing = [program for program in _NEEDED if shutil.which(program) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    return None if os.geteuid() == 0 else "to make an ordinary user needs root"


class RootlessPodman:
    """``podman system service`` of a user who is made for it; ``home`` is the user's folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bp-"))  # short: a socket's path has 108 bytes
        self.folder.chmod(0o755)
        self.home = self.folder / "home"
        self._name = f"benchdl-{secrets.token_hex(4)}"
        make = ["useradd", "--create-home", "--home-dir", self.home, self._name]
        subprocess.run(make, check=True, capture_output=True)
        self.user = pwd.getpwnam(self._name)
        runtime = self.folder / "run"
        runtime.mkdir(mode=0o700)
        os.chown(runtime, self.user.pw_uid, self.user.pw_gid)
        self.host = f"unix://{runtime}/s"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "USER": self._name,
            "XDG_RUNTIME_DIR": str(runtime),
            "DOCKER_HOST": self.host,
        }
        settings = self.home / ".config" / "containers"
        settings.mkdir(parents=True)
        for name, text in _SETTINGS.items():
            (settings / name).write_text(text)
        self.give(self.home / ".config")
        self._process: subprocess.Popen[bytes] | None = None

    def give(self, folder: Path) -> None:
        """Let the user own a folder and what is in it."""
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)

    def start(self) -> None:
        """Serve, and wait until it answers."""
        log = self.folder / "log"
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                ["podman", "system", "service", "--time=0", self.host],
                stdout=stream, stderr=stream, start_new_session=True, **self._as_user(),
            )  # fmt: skip
        until(self.answers, 60, lambda: log.read_text()[-2000:])

    def answers(self) -> bool:
        """Whether it answers."""
        with contextlib.suppress(Exception), contextlib.closing(self.client()) as client:
            return bool(client.ping())
        return False

    def client(self) -> docker.DockerClient:
        """A client of it."""
        return docker.DockerClient(base_url=self.host, timeout=120)

    def run(self, *command: object, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the user, who may read what root reads: the Python of these tests."""
        uid, gid = self.user.pw_uid, self.user.pw_gid
        reading = [
            "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
            "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "sh", "-c",
        ]  # fmt: skip
        return subprocess.run(
            [*reading, 'exec "$@"', "sh", *map(str, command)],
            env={**self.env, **env}, cwd=self.home,
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip

    def close(self) -> None:
        """End everything that the user runs, and remove the user and the folder."""
        if self._process is not None:
            with contextlib.suppress(Exception), contextlib.closing(self.client()) as client:
                for container in client.containers.list(all=True):
                    container.remove(force=True)
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        self._end_all()
        if self._process is not None:
            self._process.wait(10)
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if line.split()[1].startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", line.split()[1]], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        until(self._removed, 60)

    def _end_all(self) -> None:
        """End all that the user runs: what holds the user's namespace, and containers' shims."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.uids().real == self.user.pw_uid:
                    process.kill()

    def _removed(self) -> bool:
        """Remove the user, who may have no process: one may have started another meanwhile."""
        self._end_all()
        done = subprocess.run(["userdel", self._name], capture_output=True, check=False)
        return done.returncode == 0

    def _as_user(self) -> dict[str, object]:
        uid, gid = self.user.pw_uid, self.user.pw_gid
        return {"user": uid, "group": gid, "extra_groups": [], "env": self.env, "cwd": self.home}
