"""Fleets of the test backend on the tests' own Slurm: files, commands, and what they left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stand_in_data
from slurm_cluster import SlurmCluster

BENCHDL = Path(sys.executable).parent / "benchdl"
CAMPAIGN = """
repeat = {repeat}
epochs = 1
train_samples = 600
dataset = "synthetic-mnist"
idle_wait_s = 0
set = {{ "environment.DUMMY_SLEEP" = "{sleep}", "environment.DUMMY_MODE" = "{mode}"{held} }}
[matrix]
backends = ["{backend}"]
devices = ["cpu"]
"""
ONE_TYPE = '[hosts.lab]\ncount = 3\nbenchdl = "{benchdl}"\nsetup = {setup}\n'
HEARTBEAT_S = 0.5


class FleetBench:
    """``benchdl`` where Slurm's commands are; folders are below a test's own."""

    def __init__(self, cluster: SlurmCluster, root: Path, cache: Path, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        self.shared = folder / "shared"
        self.scratch = cluster.disk
        self.store = folder / "results"
        self.surroundings = {"BENCHDL_ROOT": str(root), "BENCHDL_CACHE": str(cache)}
        self.begun: list[subprocess.Popen[str]] = []
        self._hold = folder / "hold"

    def write(
        self,
        hosts: str = ONE_TYPE,
        *,
        repeat: int = 3,
        sleep: float = 0,
        hold: int | None = None,
        trains: bool = False,
        backend: str = "dummy",
        patience_s: float = 600,
        **words: Any,
    ) -> None:
        """Write campaign.toml and fleet.toml; ``{benchdl}`` and ``{setup}`` are filled in.

        Unless it ``trains``, a job sleeps and ends without a result: it has failed, which is an
        end, and takes the cores that the hosts share for a second only.

        ``hold``: each shard's job of this number goes on only once :meth:`let_go` says so. What has
        to happen while a job runs takes a busy machine longer than any time that a job may sleep.
        """
        held = ""
        if hold is not None:
            self._hold.mkdir()
            (self._hold / str(hold)).touch()
            held = f', "environment.DUMMY_HOLD" = "{self._hold}"'
        mode = "" if trains else "exit0"
        text = CAMPAIGN.format(repeat=repeat, sleep=sleep, mode=mode, backend=backend, held=held)
        (self.folder / "campaign.toml").write_text(text)
        exports = [f"export {name}={value}" for name, value in self.surroundings.items()]
        sections = hosts.format(benchdl=BENCHDL, setup=json.dumps(exports), **words)
        (self.folder / "fleet.toml").write_text(
            f'folder = "{self.shared}"\nscratch = "{self.scratch}"\n'
            f"heartbeat_s = {HEARTBEAT_S}\npatience_s = {patience_s}\n{sections}"
        )

    def let_go(self) -> None:
        """Jobs that were held go on."""
        for file in self._hold.iterdir():
            file.unlink()

    def start(self, *words: str, run: bool = False) -> subprocess.Popen[str]:
        """Start ``benchdl``; with ``run`` it is ``fleet run`` of the files that were written."""
        files = ["fleet", "run", "--campaign", "campaign.toml", "--fleet", "fleet.toml",
                 "--no-conform"]  # fmt: skip
        files += [] if "--launcher" in words else ["--launcher", "local"]
        process = subprocess.Popen(
            [BENCHDL, *(files if run else ()), *words],
            env={**os.environ, **self.surroundings, "BENCHDL_RESULTS": str(self.store)},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.begun.append(process)
        return process

    def finish(self, process: subprocess.Popen[str], expect: int = 0) -> tuple[str, str]:
        """Its standard output and error, once it ended with this status."""
        out, err = process.communicate(timeout=800)
        assert "Traceback" not in err, err
        assert process.returncode == expect, out + err + self.logs()
        return out, err

    def run(self, *words: str, expect: int = 0) -> tuple[str, str]:
        """``fleet run`` to its end."""
        return self.finish(self.start(*words, run=True), expect)

    def call(self, *words: str, expect: int = 0) -> tuple[str, str]:
        """Any verb to its end."""
        return self.finish(self.start(*words), expect)

    def shards(self) -> list[Path]:
        """The folders of the shards of the only fleet."""
        return sorted(file.parent for file in self.shared.glob("*/*/shard.json"))

    def logs(self) -> str:
        """What the hosts said."""
        files = sorted(self.shared.glob("*/*/log.txt"))
        return "\n".join(f"== {file.parent.name}\n{file.read_text()[-2000:]}" for file in files)

    def results(self) -> list[dict[str, Any]]:
        """Those in the main store."""
        files = self.store.glob("*/result.json")
        return sorted((json.loads(file.read_text()) for file in files), key=lambda r: r["run_id"])

    def started(self) -> list[str]:
        """Ids of the runs that hosts began."""
        return sorted(file.stem for file in self.shared.glob("*/*/started/*.json"))

    def ends(self) -> list[dict[str, Any]]:
        """How the shards' processes ended, as far as they wrote it."""
        return [json.loads(file.read_text()) for file in self.shared.glob("*/*/end-*.json")]

    def until(self, look: Callable[[], Any], process: subprocess.Popen[str], s: float = 300) -> Any:
        """Wait until ``look`` gives something, while ``process`` runs."""
        deadline = time.monotonic() + s
        while True:
            over = process.poll() is not None  # before the look: it may be the last that it did
            if found := look():
                return found
            assert not over, process.communicate()[1] + self.logs()
            assert time.monotonic() < deadline, f"it did not happen: {self.logs()}"
            time.sleep(0.1)

    def close(self) -> None:
        """End what this started."""
        for process in self.begun:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def fleet_cache(tmp_path_factory: pytest.TempPathFactory, dummy_root: Path) -> Path:
    """A cache with the test backend's environment: the hosts have no network."""
    cache = stand_in_data.given(tmp_path_factory.mktemp("fleet-cache"))
    done = subprocess.run(
        [BENCHDL, "run", "dummy", "--launcher", "local", "--device", "cpu", "--no-conform",
         "--dataset", "synthetic-mnist", "--train-samples", "600", "--epochs", "1",
         "--set", "environment.DUMMY_MODE=exit0", "--results", cache / "results"],
        env={**os.environ, "BENCHDL_ROOT": str(dummy_root), "BENCHDL_CACHE": str(cache)},
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert "no-result" in done.stderr + done.stdout, done.stderr
    return cache


@pytest.fixture
def fleet_bench(
    slurm: SlurmCluster, dummy_root: Path, fleet_cache: Path, tmp_path: Path
) -> Iterator[FleetBench]:
    """Fleets on the three hosts of the tests' own Slurm."""
    bench = FleetBench(slurm, dummy_root, fleet_cache, tmp_path)
    yield bench
    bench.close()
