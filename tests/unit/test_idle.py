"""The wait before a job: bounded, recorded, and never silent about a busy machine."""

from __future__ import annotations

import os
import threading
import types

import pytest
from checking import case

from harness.checks import machine as checks_of_a_machine
from harness.hosts import idle
from harness.nvidia import host_driver
from runner.contract.result import Idle


@pytest.fixture
def machine(monkeypatch):
    """A machine with scripted loads: the last one stays."""

    class Machine:
        cpu, gpu, now = [0.0], [], 0.0

    def next_of(values):
        return values.pop(0) if len(values) > 1 else values[0]

    really_sleep = idle.interrupts.sleep

    def slept(seconds, stop=None):
        """Time passes at once, unless there is a stop to wait for."""
        Machine.now += seconds
        if stop is not None:
            really_sleep(seconds, stop)

    def driver():
        gpus = [
            host_driver.Gpu(n, f"GPU-{n}", "stub", utilisation_percent=next_of(values))
            for n, values in enumerate(Machine.gpu)
        ]
        return host_driver.Driver(gpus=gpus)

    def cpu_percent(cores, stop):
        slept(idle._LOOK_S)
        return next_of(Machine.cpu)

    monkeypatch.setattr(idle, "_cpu_percent", cpu_percent)
    monkeypatch.setattr(idle, "_LOOK_S", 0.01)
    monkeypatch.setattr(idle.interrupts, "sleep", slept)
    monkeypatch.setattr(idle, "time", types.SimpleNamespace(monotonic=lambda: Machine.now))
    monkeypatch.setattr(host_driver, "examine", driver)
    return Machine


def wait(said=None, **changes):
    defaults = {"cool_down_s": 0.0, "wait_s": 5.0, "gpus": None, "use_gpu": False, "alone": True}
    return idle.wait(**{**defaults, **changes}, say=(said if said is not None else []).append)


@pytest.fixture
def findings(make_result):
    def found(quiet):
        return list(checks_of_a_machine.not_idle(case(make_result(), idle=quiet)))

    return found


def test_an_idle_machine_is_not_waited_for(machine, findings):
    said = []
    quiet = wait(said)
    assert (quiet.reached, quiet.cpu_percent, quiet.gpu_percent) == (True, 0.0, None)
    assert quiet.waited_s < 1
    assert said == []
    assert findings(quiet) == []


def test_it_waits_until_the_load_is_gone_and_says_so_once(machine):
    said = []
    machine.cpu = [90.0, 50.0, 40.0, 3.0]
    quiet = wait(said)
    assert quiet.reached
    assert quiet.cpu_percent == 3.0
    assert said == ["waiting up to 5 s for an idle machine: CPUs 90 % busy"]


def test_a_machine_that_stays_busy_is_waited_for_no_longer_than_asked(machine, findings):
    machine.cpu = [100.0]
    quiet = wait(wait_s=0.2)
    assert not quiet.reached
    assert quiet.waited_s == pytest.approx(machine.now)
    assert 0.2 <= quiet.waited_s < 0.2 + 3 * idle._LOOK_S
    (finding,) = findings(quiet)
    assert (finding.code, finding.severity) == ("not-idle", "info")
    assert "CPUs 100 % busy" in finding.evidence
    assert "--idle-wait" in finding.advice


def test_no_wait_is_one_look(machine):
    machine.cpu = [100.0]
    said = []
    quiet = wait(said, wait_s=0)
    assert (quiet.reached, quiet.cpu_percent, said) == (False, 100.0, [])


@pytest.mark.parametrize(
    ("gpus", "reached", "percent"),
    [(None, False, 80), (["0"], True, 0), (["GPU-1"], False, 80), (["1"], False, 80)],
)
def test_only_the_gpus_of_the_job_count(machine, gpus, reached, percent):
    machine.gpu = [[0], [80]]
    quiet = wait(wait_s=0, use_gpu=True, gpus=gpus)
    assert (quiet.reached, quiet.gpu_percent) == (reached, percent)


def test_a_gpu_that_nvml_does_not_show_is_unknown_and_not_idle_at_0(machine):
    assert wait(use_gpu=True).gpu_percent is None


def test_beside_other_jobs_of_ours_the_cpus_are_not_looked_at(machine):
    machine.cpu, machine.gpu = [100.0], [[50, 50, 0]]
    quiet = wait(use_gpu=True, alone=False)
    assert (quiet.reached, quiet.cpu_percent, quiet.gpu_percent) == (True, None, 0)


def test_a_pause_comes_first_and_is_recorded(machine):
    quiet = wait(cool_down_s=0.3)
    assert machine.now == pytest.approx(0.3 + idle._LOOK_S)
    assert quiet == Idle(reached=True, cool_down_s=0.3, waited_s=quiet.waited_s, cpu_percent=0.0)


@pytest.mark.parametrize("more", [{"cool_down_s": 60.0}, {"use_gpu": True}])
def test_a_stop_ends_the_waiting(machine, more):
    machine.gpu = [[100]]
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(KeyboardInterrupt):
        wait(wait_s=60.0, alone=False, stop=stop, **more)


@pytest.mark.alone
def test_a_real_load_is_seen():
    """One spinning thread of this process is a share of the machine that can be known."""
    stop = threading.Event()

    def spin():
        while not stop.is_set():
            sum(range(10_000))

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        quiet = wait(wait_s=0)
    finally:
        stop.set()
        thread.join()
    assert quiet.cpu_percent is not None
    assert quiet.cpu_percent > 50 / (os.cpu_count() or 1)
