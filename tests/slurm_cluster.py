"""A real Slurm of three hosts on this machine, to be cut off, killed and powered off by tests.

Each host, and the controller, is a network and a UTS namespace, joined by a bridge in that of the
controller; below the path ``disk`` a host has a folder of its own, as it has a local disk. Nothing
of it is seen outside: Slurm's commands, first on a test's PATH, enter there. All that runs in these
namespaces ends with the tests, also when those are killed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import slurm_guard
from own_engine import until

HOSTS = ("fl1", "fl2", "fl3")
NEEDS = ("slurmctld", "slurmd", "sbatch", "munged", "nsenter", "unshare", "ip")
COMMANDS = ("sbatch", "squeue", "scancel", "sinfo", "scontrol", "srun")

# sched_*, bf_*, batch_sched_delay: how soon a job starts. SlurmdTimeout: when a host is down; it is
# asked three times meanwhile, and a cable that is out for 4 s must not come near that.
CONFIGURATION = """
ClusterName=benchdl
SlurmctldHost=flc(10.99.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log-controller
SlurmdLogFile={folder}/log-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=1
SlurmdTimeout=15
MessageTimeout=4
KillWait=5
BatchStartTimeout=1
SchedulerParameters=bf_interval=5,sched_interval=5,batch_sched_delay=0
SlurmdParameters=config_overrides
{gpus}
NodeName=fl1 NodeAddr=10.99.0.11 CPUs={cpus} RealMemory={memory} Feature=small
NodeName=fl2 NodeAddr=10.99.0.12 CPUs={cpus} RealMemory={memory} Feature=small
NodeName=fl3 NodeAddr=10.99.0.13 CPUs={cpus} RealMemory={memory} Feature=large {gres}
PartitionName=all Nodes=fl[1-3] Default=YES MaxTime=INFINITE
PartitionName=small Nodes=fl[1-2]
PartitionName=large Nodes=fl3
PartitionName=shared Nodes=fl[1-3] OverSubscribe=FORCE:4
PartitionName=brief Nodes=fl[1-3] MaxTime=1
"""


class SlurmCluster:
    """Three hosts ``fl1`` to ``fl3``, of features ``small``, ``small`` and ``large``.

    Partitions: ``all`` (the usual one), ``small``, ``large``, ``shared`` (several jobs on a host,
    whatever they ask for) and ``brief`` (a minute). ``gpus``: stand-ins of ``fl3``, which can be
    asked for and allotted, and not be used.
    """

    def __init__(self, gpus: int = 0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bd-"))  # short: a socket's path has 108 bytes
        self.folder.chmod(0o711)  # munge's clients are anybody
        self.bin = self.folder / "bin"
        self.disk = self.folder / "disk"  # each host has another one under this path
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._holders: dict[str, subprocess.Popen[bytes]] = {}
        self._guard: subprocess.Popen[bytes] | None = None
        try:
            self._write(gpus)
            for name in ("flc", *HOSTS):
                self._hold(name)
            self._watch()
            self._join()
            self._start("munged", "flc", *self._munged())
            until((self.folder / "munge" / "socket").exists, 60, self.logs)
            self.start_controller()
            for host in HOSTS:
                self.start_slurmd(host)
            self.wait_idle()
        except BaseException:
            self.close()
            raise

    # What tests do to it.

    def command(self, *words: str, check: bool = True) -> str:
        """The standard output of one of Slurm's commands."""
        done = subprocess.run(
            [str(self.bin / words[0]), *words[1:]],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def on(self, host: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A command on a host."""
        return subprocess.run(
            [*self._enter(host), *words], capture_output=True, text=True, timeout=60, check=False
        )

    def start_controller(self, *, wait: bool = True) -> None:
        """Start slurmctld, which goes on from the state that it saved."""
        self._start("slurmctld", "flc", "slurmctld", "-D", "-f", str(self.folder / "slurm.conf"))
        if wait:
            until(lambda: "UP" in self.command("scontrol", "ping", check=False), 60, self.logs)

    def kill_controller(self) -> None:
        """``kill -9`` slurmctld."""
        self._kill("slurmctld")

    def start_slurmd(self, host: str) -> None:
        """Start a host's slurmd."""
        self._start(f"slurmd-{host}", host, "slurmd", "-D", "-f", str(self.folder / "slurm.conf"))

    def kill_slurmd(self, host: str) -> None:
        """``kill -9`` a host's slurmd: its jobs run on."""
        self._kill(f"slurmd-{host}")

    def cut(self, host: str) -> None:
        """Take a host's cable out: it goes on, unseen."""
        self._ip("link", "set", host, "down")

    def restore(self, host: str) -> None:
        """Put the cable back."""
        self._ip("link", "set", host, "up")

    def power_off(self, host: str) -> None:
        """Nothing on the host runs on, and nothing answers. (Containers are the engine's.)"""
        self.cut(host)
        holder = self._holders[host].pid
        with slurm_guard.namespace(holder) as namespace:
            slurm_guard.end_all({namespace}, but=holder)
        self._running.pop(f"slurmd-{host}").wait(60)

    def power_on(self, host: str) -> None:
        """Start it again."""
        self.restore(host)
        self.start_slurmd(host)

    def processes(self, host: str) -> list[psutil.Process]:
        """All that runs on a host, but what keeps it."""
        holder = self._holders[host].pid
        found = []
        with slurm_guard.namespace(holder) as namespace:
            for pid in slurm_guard.inside({namespace}):
                with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
                    found += [psutil.Process(pid)] if pid != holder else []
        return found

    def states(self) -> dict[str, str]:
        """The state of each host, as sinfo has it."""
        lines = self.command("sinfo", "-h", "-N", "-p", "all", "-o", "%N|%t", check=False)
        return dict(line.strip().split("|") for line in lines.splitlines())

    def wait_idle(self) -> None:
        """Wait until all hosts answer and have nothing to do."""
        until(lambda: self.states() == dict.fromkeys(HOSTS, "idle"), 120, self.logs)

    def settle(self) -> None:
        """Undo whatever a test did."""
        for host in HOSTS:
            self.restore(host)
        if not self._alive("slurmctld"):
            self.start_controller()
        for host in HOSTS:
            if not self._alive(f"slurmd-{host}"):
                self.start_slurmd(host)
        if self.command("squeue", "-h"):
            self.command("scancel", "--user=root", check=False)
            self.command("scancel", "--user=root", "--signal=KILL", "--full", check=False)
        if self.states() != dict.fromkeys(HOSTS, "idle"):
            for host, state in self.states().items():
                if state.startswith(("down", "drain", "drng")):
                    self.command(
                        "scontrol", "update", f"nodename={host}", "state=resume", check=False
                    )
            self.wait_idle()

    def logs(self) -> str:
        """The last words of all its parts."""
        files = sorted(self.folder.glob("log-*"))
        tails = [f"== {file.name}\n{file.read_text(errors='replace')[-1500:]}" for file in files]
        return "\n".join(["", str(self.states()) if self.bin.exists() else "", *tails])

    def close(self) -> None:
        """End all of it, and leave nothing: the guard does, once it is told."""
        if self._guard is None:  # it failed early
            for holder in self._holders.values():
                holder.kill()
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            # A line, not only the end: a process that some test forked may hold the other end.
            self._guard.communicate(b"end\n", timeout=120)
            assert self._guard.returncode == 0
        for process in (*self._running.values(), *self._holders.values()):
            process.wait(60)

    # How it is made.

    def _write(self, gpus: int) -> None:
        for name in ("munge", "state", "bin", "dev", "disk", *(f"disk-{host}" for host in HOSTS)):
            (self.folder / name).mkdir(mode=0o755)
        key = self.folder / "munge" / "key"
        key.write_bytes(secrets.token_bytes(64))
        key.chmod(0o400)
        for number in range(gpus):
            # Slurm gives only a device away; this one is /dev/null's.
            os.mknod(
                self.folder / "dev" / f"nvidia{number}", stat.S_IFCHR | 0o666, os.makedev(1, 3)
            )
        gres = f"gpu:{gpus}" if gpus else ""
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder,
                cpus=os.cpu_count(),
                memory=psutil.virtual_memory().total >> 20,
                gpus="GresTypes=gpu" if gpus else "",
                gres=f"Gres={gres}" if gpus else "",
            )
        )
        last = f"[0-{gpus - 1}]" if gpus > 1 else "0"
        (self.folder / "gres.conf").write_text(
            f"NodeName=fl3 Name=gpu File={self.folder}/dev/nvidia{last}\n" if gpus else ""
        )

    def _hold(self, name: str) -> None:
        """A process that keeps a host's namespaces; it ends when its standard input does."""
        # What is unmounted outside is unmounted there: nobody else's disk stays in use.
        mounts = ["--mount", "--propagation=slave"] if name in HOSTS else []
        disk = f"mount --bind {self.disk}-{name} {self.disk} && " if mounts else ""
        begin = f"{disk}hostname {name} && ip link set lo up && echo up && read _"
        holder = subprocess.Popen(
            ["unshare", "--net", "--uts", *mounts, "sh", "-c", begin],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._holders[name] = holder
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"up\n", "no namespaces can be made here"

    def _watch(self) -> None:
        """The guard outlives these tests, however they end."""
        holders = [str(holder.pid) for holder in self._holders.values()]
        self._guard = subprocess.Popen(
            [sys.executable, slurm_guard.__file__, str(self.folder), *holders],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert self._guard.stdout is not None
        assert self._guard.stdout.readline() == b"watching\n"

    def _join(self) -> None:
        self._ip("link", "add", "hub", "type", "bridge")
        self._ip("addr", "add", "10.99.0.1/24", "dev", "hub")
        self._ip("link", "set", "hub", "up")
        for number, host in enumerate(HOSTS, 11):
            holder = str(self._holders[host].pid)
            self._ip(
                "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", holder
            )  # fmt: skip
            self._ip("link", "set", host, "master", "hub", "up")
            for words in (("addr", "add", f"10.99.0.{number}/24", "dev", "eth0"),
                          ("link", "set", "eth0", "up")):  # fmt: skip
                done = self.on(host, "ip", *words)
                assert done.returncode == 0, done.stderr
        enter = " ".join(self._enter("flc"))
        for name in COMMANDS:
            script = self.bin / name
            script.write_text(
                f"#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf\nexport SLURM_CONF\n"
                f'exec {enter} {shutil.which(name)} "$@"\n'
            )
            script.chmod(0o755)

    def _munged(self) -> list[str]:
        folder = self.folder / "munge"
        return [
            "munged", "--foreground", "--force", f"--key-file={folder}/key",
            f"--socket={folder}/socket", f"--pid-file={folder}/pid",
            f"--seed-file={folder}/seed", f"--log-file={self.folder}/log-munged",
        ]  # fmt: skip

    def _enter(self, name: str) -> list[str]:
        mounts = ["--mount"] if name in HOSTS else []  # the controller's keeps the current folder
        return ["nsenter", f"--target={self._holders[name].pid}", "--net", "--uts", *mounts]

    def _ip(self, *words: str) -> None:
        done = self.on("flc", "ip", *words)
        assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"

    def _start(self, name: str, host: str, *command: str) -> None:
        with (self.folder / f"log-{name}-output").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*self._enter(host), *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={"PATH": os.environ["PATH"], "LANG": "C"},
            )  # fmt: skip

    def _alive(self, name: str) -> bool:
        return name in self._running and self._running[name].poll() is None

    def _kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait(60)


@pytest.fixture(scope="session")
def slurm_session() -> Iterator[SlurmCluster]:
    """One cluster for all tests of a process; without Slurm they are skipped, or fail in CI."""
    missing = [name for name in NEEDS if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        why = f"{', '.join(missing)} not here" if missing else "it takes root"
        reason = f"no Slurm: tests of fleets skipped ({why}; Debian: slurm-wlm, munge)"
        if os.environ.get("BENCHDL_REQUIRE_SLURM") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    cluster = SlurmCluster(gpus=2)
    yield cluster
    cluster.close()


@pytest.fixture
def slurm(slurm_session: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> SlurmCluster:
    """The cluster, all of it idle, and its commands on PATH."""
    slurm_session.settle()
    monkeypatch.setenv("PATH", f"{slurm_session.bin}:{os.environ['PATH']}")
    return slurm_session
