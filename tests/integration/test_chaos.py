"""Signals at random steps, then resume: each job has exactly one end, and nothing is left.

Scripted and seeded. CI does a few of each launcher; two hundred, with another seed if wanted:

    BENCHDL_CHAOS=100 BENCHDL_CHAOS_SEED=2 make test PYTEST_ARGS='-s -k whatever_the_signal'
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import renamed

BENCHDL = Path(sys.executable).parent / "benchdl"
STEPPER = Path(__file__).resolve().parents[1] / "chaos" / "stepper.py"
SMALL = ["--device", "cpu", "--dataset", "synthetic-mnist", "--train-samples", "200",
         "--epochs", "1", "--idle-wait", "0"]  # fmt: skip
LAUNCHERS = {"local": ["--launcher", "local"], "docker": ["--launcher", "docker", "--make-base"]}
COUNT = int(os.environ.get("BENCHDL_CHAOS") or "12")
SEED = int(os.environ.get("BENCHDL_CHAOS_SEED") or "1")
AT_ONCE = 2
GONE_S = 60.0


@dataclass(frozen=True)
class Trial:
    number: int
    launcher: str
    sign: signal.Signals
    whom: str
    jobs: int
    step: str | None = None
    time: int = 1
    delay_s: float = 0.0
    after_s: float | None = None

    def __str__(self):
        when = (
            f"after {self.after_s:.2f} s"
            if self.step is None
            else f"at {Path(self.step).name} ({self.time})"
        )
        late = f" + {self.delay_s * 1000:.1f} ms" if self.delay_s else ""
        return (f"{self.launcher} {self.number}: {self.sign.name} to {self.whom}, "
                f"{when}{late}, {self.jobs} job(s)")  # fmt: skip


def trials(launcher, lines):
    """``lines``: how often one job comes to each. All are alike, so that no loop takes the most."""
    draw = random.Random(f"{SEED}-{launcher}")
    signs = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
    for number in range(COUNT):
        jobs, whom = draw.choice([1, 1, 2]), draw.choice(["alone", "group"])
        chosen = {"number": number, "launcher": launcher, "jobs": jobs, "whom": whom,
                  "sign": signs[number % len(signs)]}  # fmt: skip
        if draw.random() < 0.8:
            step = draw.choice(sorted(lines))
            late = draw.choice([0.0, draw.uniform(0, 0.005)])
            yield Trial(**chosen, step=step, time=draw.randint(1, lines[step]), delay_s=late)
        else:
            yield Trial(**chosen, after_s=draw.uniform(0.5, 3.0 * jobs))


class Place:
    """Where one trial runs: no folder's name is the beginning of another's, by which we find what
    belongs here."""

    def __init__(self, folder, env):
        self.folder, self.results, self.env = folder, folder / "results", env
        folder.mkdir()

    def start(self, *command):
        return subprocess.Popen(
            [*map(str, command), "--results", str(self.results)],
            env=self.env, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip

    def calmly(self, *words):
        process = self.start(BENCHDL, *words)
        _, err = process.communicate(timeout=800)
        return process.returncode, err

    def processes(self):
        """All that say, by argument, environment or working folder, that they belong here."""
        found = []
        for process in psutil.process_iter():
            try:
                told = [*process.cmdline(), *process.environ().values(), process.cwd()]
                ended = process.status() == psutil.STATUS_ZOMBIE
                if not ended and any(str(self.folder) in word for word in told):
                    found.append(f"{process.pid} {' '.join(process.cmdline())}"[:160])
            except (psutil.Error, OSError):
                continue
        return found

    def records(self):
        files = sorted((self.results / "campaigns").glob("*.json"))
        return [json.loads(file.read_text()) for file in files]

    def ends(self):
        files = self.results.glob("*/result.json")
        return sorted(
            (json.loads(file.read_text()) for file in files), key=lambda end: end["run_id"]
        )

    def staged(self):
        folder = self.results / ".staging"
        return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []

    def containers(self, engine):
        ours = [{"label": f"benchdl.campaign={record['campaign_id']}"} for record in self.records()]
        return [
            container.name
            for label in ours
            for container in engine.containers.list(all=True, filters=label)
        ]


def gone(look):
    """What is still there when there was time to go."""
    deadline = time.monotonic() + GONE_S
    while (left := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def disturbed(trial, place):
    """Run benchdl and disturb it; returns its status and what it printed."""
    words = ["run", "brief", *LAUNCHERS[trial.launcher], *SMALL, "--repeat", str(trial.jobs)]
    if trial.step is not None:
        how = [int(trial.sign), trial.step, trial.time, trial.delay_s, trial.whom]
        process = place.start(sys.executable, STEPPER, *how, "--", *words)
    else:
        process = place.start(BENCHDL, *words)
        time.sleep(trial.after_s)
        send = os.killpg if trial.whom == "group" else os.kill
        if process.poll() is None:
            send(process.pid, trial.sign)
    _, err = process.communicate(timeout=800)
    return process.returncode, err


def at_once(trial, place, engine):
    """What must hold before anybody goes on: no process, and after a signal nothing else either."""
    faults = []
    code, err = disturbed(trial, place)
    if "Traceback" in err:
        faults.append(f"a traceback: {err[-1500:]}")
    if left := gone(place.processes):
        faults.append(f"processes live on: {left}")
    if trial.sign == signal.SIGKILL:
        return faults
    # Until it has said a word a signal ends it as any other program: harness/cli/main.py.
    as_any_other = trial.step is None and code == -trial.sign and not err
    if code not in (0, 130) and not as_any_other:
        faults.append(f"exit status {code}: {err[-300:]}")
    if place.staged():
        faults.append(f"in staging: {place.staged()}")
    if engine and (left := place.containers(engine)):
        faults.append(f"containers: {left}")
    if err.count(": started") != len(place.ends()):
        faults.append(f"{err.count(': started')} jobs began, {len(place.ends())} have an end")
    return faults


def faults_of(trial, place, engine):
    """Everything that is not as it should be, in words."""
    faults = at_once(trial, place, engine)
    kept = {end["run_id"]: end for end in place.ends()}
    if place.records():
        code, err = place.calmly("resume")
    else:
        code, err = place.calmly("run", "brief", *LAUNCHERS[trial.launcher], *SMALL)
    if code or "Traceback" in err:
        faults.append(f"to go on ended with {code}: {err[-300:]}")
    faults += ends_of(place, kept)
    if place.staged():
        faults.append(f"in staging at the end: {place.staged()}")
    if left := place.processes():
        faults.append(f"processes at the end: {left}")
    if engine and (left := place.containers(engine)):
        faults.append(f"containers at the end: {left}")
    return [f"{trial}: {fault}" for fault in faults]


def ends_of(place, kept):
    """Every planned job has one end that counts, every attempt one result, and none changed."""
    faults = []
    ends = place.ends()
    (record,) = place.records()
    final = Counter(
        end["job"]["campaign_position"] for end in ends if end["status"] != "interrupted"
    )
    if final != Counter(job["position"] for job in record["jobs"]):
        faults.append(f"ends of each position: {dict(final)}")
    if any(end["status"] == "failed" for end in ends):
        faults.append(f"failed: {[end['failure'] for end in ends]}")
    for job in record["jobs"]:
        attempts = [end["job"]["attempt"] for end in ends
                    if end["job"]["campaign_position"] == job["position"]]  # fmt: skip
        if sorted(attempts) != list(range(1, len(attempts) + 1)):
            faults.append(f"attempts of job {job['position']}: {sorted(attempts)}")
    if any(kept[end["run_id"]] != end for end in ends if end["run_id"] in kept):
        faults.append("a stored result was changed")
    return faults


@pytest.fixture(scope="module")
def env(cache, tmp_path_factory, dummy_root):
    """The test backend by a name of its own."""
    root = renamed.copy(dummy_root, tmp_path_factory.mktemp("brief") / "root", "brief")
    return {**os.environ, "BENCHDL_ROOT": str(root), "BENCHDL_CACHE": str(cache)}


def lines_of_a_job(launcher, env, folder):
    """Counted in a calm run, after one that makes the environment or the image."""
    words = ["run", "brief", *LAUNCHERS[launcher], *SMALL]
    for name in ("first", "counted"):
        place = Place(folder / name, env)
        how = [0, "-", 0, 0, folder / "lines"]
        process = place.start(sys.executable, STEPPER, *how, "--", *words)
        _, err = process.communicate(timeout=800)
        assert process.returncode == 0, err
    return json.loads((folder / "lines").read_text())


def chaos(launcher, env, folder, engine=None):
    planned = list(trials(launcher, lines_of_a_job(launcher, env, folder)))

    def conduct(trial):
        try:
            return faults_of(trial, Place(folder / f"trial-{trial.number:04}", env), engine)
        except Exception as error:
            return [f"{trial}: {type(error).__name__}: {error}"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(conduct, planned))
    bad = sum(bool(faults) for faults in found)
    told = Counter(trial.sign.name for trial in planned)
    sys.stdout.write(
        f"chaos, {launcher}, seed {SEED}: {COUNT} trials ({dict(told)}), {bad} with a fault\n"
    )
    assert not bad, "\n".join(fault for faults in found for fault in faults)


@pytest.mark.timeout(0)
def test_local_jobs_end_once_whatever_the_signal(env, tmp_path):
    chaos("local", env, tmp_path)


@pytest.mark.docker
@pytest.mark.timeout(0)
def test_jobs_in_containers_end_once_whatever_the_signal(engine, env, tmp_path):
    chaos("docker", env, tmp_path, engine)
