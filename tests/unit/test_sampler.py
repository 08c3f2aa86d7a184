"""The sampler as a process: its rate, its end, and what the trainer learns when it breaks."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from runner.contract.samples import facts_path, read_samples
from runner.meters.cpu_figures import cpu_use, sampler_facts
from runner.meters.gpu_figures import gpu_use
from runner.sampler import Sampler, next_tick

ROOT = Path(__file__).resolve().parents[2]


def child_sampler() -> psutil.Process:
    """The sampler that this test started."""
    (child,) = [
        process for process in psutil.Process().children() if "runner.sampler" in process.cmdline()
    ]
    return child


@pytest.mark.parametrize(
    ("now", "expected"), [(10.0, 10.1), (10.02, 10.1), (10.1, 10.2), (10.57, 10.6), (13.0, 13.1)]
)
def test_schedule_is_fixed_and_skips_what_it_missed(now: float, expected: float) -> None:
    assert next_tick(10.0, 0.1, now) == pytest.approx(expected)
    assert next_tick(10.0, 0.1, now) > now


def test_schedule_never_repeats_a_tick() -> None:
    now = 1234.567
    for number in range(1, 5000):
        now = next_tick(1234.567, 0.1, now)
        assert now == pytest.approx(1234.567 + number * 0.1)


@pytest.mark.alone
def test_the_file_is_what_it_promises(tmp_path: Path) -> None:
    out = tmp_path / "samples.csv"
    before = time.monotonic()
    with Sampler(out, interval_s=0.05, gpu=False) as sampler:
        started = time.monotonic()
        time.sleep(1.0)
        done = time.monotonic()
    after = time.monotonic()
    assert sampler.end is not None
    assert sampler.end.ok, sampler.end.detail
    rows = list(csv.DictReader(out.open()))
    cores = sorted(os.sched_getaffinity(0))
    assert list(rows[0]) == [
        "t_s",
        *[f"cpu{core}_busy_s" for core in cores],
        "steal_s",
        "job_cpu_s",
        "rss_bytes",
        "periods",
        "throttled_periods",
        "throttled_s",
    ]
    times = [float(row["t_s"]) for row in rows]
    assert len(rows) == sampler.end.samples
    assert times == sorted(times)
    # First sample before start() returned, last after stop() was called; same clock as ours.
    assert before < times[0] <= started
    assert done <= times[-1] < after
    facts = json.loads(facts_path(out).read_text())
    assert facts["ended"] == "stopped"
    assert facts["gpu"]["state"] == "hidden"
    assert gpu_use(read_samples(out), started, done).state == "hidden"
    for column in ("job_cpu_s", *[f"cpu{core}_busy_s" for core in cores]):
        values = [float(row[column]) for row in rows]
        assert values == sorted(values)


@pytest.mark.alone
def test_the_rate_does_not_drift(tmp_path: Path) -> None:
    """Samples stay on the grid of the first one: a foreign load delays, it does not shift."""
    out = tmp_path / "samples.csv"
    with Sampler(out, interval_s=0.05, gpu=False):
        start = time.monotonic()
        time.sleep(3.0)
        end = time.monotonic()
    samples = read_samples(out)
    facts = sampler_facts(samples, start, end)
    print(facts)  # noqa: T201
    assert facts.interval_median_s == pytest.approx(0.05, rel=0.1)
    assert facts.samples > 30
    offsets = sorted((moment - samples.times[0]) % 0.05 for moment in samples.times[1:-1])
    assert offsets[len(offsets) // 2] < 0.02


@pytest.mark.alone
def test_the_sampler_is_cheap(tmp_path: Path) -> None:
    """At 10 Hz, by its own CPU time, start-up left out: far below 1 % of a core is the aim."""
    with Sampler(tmp_path / "samples.csv", gpu=False):
        process = child_sampler()
        before = sum(process.cpu_times()[:2])
        time.sleep(4)
        spent = sum(process.cpu_times()[:2]) - before
    print(f"sampler CPU: {100 * spent / 4:.2f} % of a core")  # noqa: T201
    assert spent / 4 < 0.04


def test_nothing_reaches_the_trainers_output(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from runner.sampler import Sampler\n"
        "sampler = Sampler(pathlib.Path(sys.argv[1]))\n"
        "sampler.start(); print('{}'); sampler.stop()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "samples.csv")],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == b"{}\n"
    assert done.stderr == b""


def test_it_starts_light(tmp_path: Path) -> None:
    """No numpy and no pydantic in the sampler: it starts beside the framework's import."""
    program = "import sys, runner.sampler; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert not {"numpy", "pydantic", "pynvml"} & set(done.stdout.split())


@pytest.mark.slow
def test_a_killed_sampler_is_reported_and_its_rows_are_kept(tmp_path: Path) -> None:
    out = tmp_path / "samples.csv"
    sampler = Sampler(out, interval_s=0.05, gpu=False)
    assert sampler.start()
    start = time.monotonic()
    while out.read_bytes().count(b"\n") < 6:
        time.sleep(0.01)
    child_sampler().kill()
    killed = time.monotonic()
    end = sampler.stop()
    assert not end.ok
    assert "exit code -9" in end.detail
    assert sampler.stop() == end
    samples = read_samples(out)
    assert len(samples.times) >= 3
    # What was sampled does not reach the window's end: no figure, rather than a wrong one.
    assert cpu_use(samples, start, killed + 1.5).busy_cores is None
    assert cpu_use(samples, start, killed + 1.5).host_cpu_s is None


def test_a_sampler_that_cannot_write_says_why(tmp_path: Path) -> None:
    out = tmp_path / "absent" / "samples.csv"
    sampler = Sampler(out)
    assert not sampler.start()
    assert sampler.end is not None
    assert not sampler.end.ok
    assert "FileNotFoundError" in sampler.end.detail
    assert "\n" not in sampler.end.detail
    assert sampler.stop() == sampler.end
    assert sampler_facts(read_samples(out), 0, 1).samples == 0
    assert gpu_use(read_samples(out), 0, 1).state == "lost"


def test_a_start_without_a_sample_in_time_says_so(tmp_path: Path) -> None:
    sampler = Sampler(tmp_path / "samples.csv")
    assert not sampler.start(timeout_s=0)
    assert "no sample within 0 s" in sampler.stop().detail


def test_stale_files_are_not_taken_for_new_ones(tmp_path: Path) -> None:
    out = tmp_path / "samples.csv"
    out.write_text("t_s,cpu0_busy_s\n1,1\n")
    facts_path(out).write_text('{"ended": "stopped", "samples": 7}')
    sampler = Sampler(out, interval_s=-1)
    assert not sampler.start()
    assert sampler.end is not None
    assert sampler.end.samples == 0
    assert "--interval must be above 0" in sampler.end.detail
    assert read_samples(out).times == []


def test_a_sampler_that_was_never_started_stops_quietly(tmp_path: Path) -> None:
    assert not Sampler(tmp_path / "samples.csv").stop().ok


def test_a_sampler_that_hangs_is_ended(tmp_path: Path) -> None:
    sampler = Sampler(tmp_path / "samples.csv", gpu=False)
    assert sampler.start()
    child = child_sampler()
    child.send_signal(signal.SIGSTOP)
    end = sampler.stop(timeout_s=0.5)
    assert not end.ok
    assert "did not stop within 0.5 s" in end.detail
    assert not child.is_running()


def test_ctrl_c_does_not_end_it(tmp_path: Path) -> None:
    sampler = Sampler(tmp_path / "samples.csv", gpu=False)
    assert sampler.start()
    child_sampler().send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert sampler.stop().ok


@pytest.mark.parametrize("fork", [False, True])
def test_it_dies_with_the_trainer(tmp_path: Path, fork: bool) -> None:
    """Also when a forked worker of the killed trainer still holds the sampler's input open."""
    program = (
        "import os, sys, time, pathlib; from runner.sampler import Sampler\n"
        "sampler = Sampler(pathlib.Path(sys.argv[1]), gpu=False); sampler.start()\n"
        f"worker = os.fork() if {fork} else 1\n"
        "if worker == 0: time.sleep(60); os._exit(0)\n"
        "print(sampler._process.pid, flush=True); time.sleep(60)\n"
    )
    trainer = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "samples.csv")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert trainer.stdout is not None
    sampler = psutil.Process(int(trainer.stdout.readline()))
    trainer.kill()
    trainer.wait()
    deadline = time.monotonic() + 40
    while _runs(sampler) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(sampler)
    assert json.loads((tmp_path / "samples.json").read_text())["ended"] in (
        "stopped",
        "trainer gone",
    )


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
