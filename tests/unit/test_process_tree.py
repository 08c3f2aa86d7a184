"""The job's process tree on processes of ours: who belongs to it, and what it used."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import psutil
import pytest

from runner.meters import memory
from runner.meters.memory import ProcessTree


class Process:
    """A process that has used what it is told; ``gone`` ends it."""

    def __init__(self, pid, rss=0, times=(0.0, 0.0, 0.0, 0.0), children=()):
        self.pid, self.rss, self.times, self.offspring = pid, rss, times, list(children)
        self.gone, self.state = False, psutil.STATUS_RUNNING

    def check(self):
        if self.gone:
            raise psutil.NoSuchProcess(self.pid)

    def oneshot(self):
        return nullcontext()

    def cpu_times(self):
        self.check()
        names = ("user", "system", "children_user", "children_system")
        return SimpleNamespace(**dict(zip(names, self.times, strict=True)))

    def memory_info(self):
        return SimpleNamespace(rss=self.rss)

    def children(self, recursive=False):
        self.check()
        deeper = [
            grandchild for child in self.offspring for grandchild in child.children(recursive=True)
        ]
        return self.offspring + (deeper if recursive else [])

    def is_running(self):
        return not self.gone

    def status(self):
        self.check()
        return self.state


@pytest.fixture
def machine(monkeypatch):
    """A clock, what a scan costs on it, and the processes by their number."""
    state = SimpleNamespace(now=100.0, scan_s=0.0, processes={})

    def found(pid):
        if pid not in state.processes:
            raise psutil.NoSuchProcess(pid)
        return state.processes[pid]

    monkeypatch.setattr(memory.psutil, "Process", found)
    monkeypatch.setattr(memory, "time", SimpleNamespace(monotonic=lambda: state.now))
    return state


def tree_of(machine, root, exclude=0):
    machine.processes[root.pid] = root
    return ProcessTree(root.pid, exclude=exclude)


def test_all_descendants_count_but_the_sampler(machine):
    grandchild = Process(4, 8, (0.5, 0.25, 0.0, 0.0))
    child = Process(3, 4, (1.0, 2.0, 4.0, 8.0), [grandchild])
    sampler = Process(2, 1000, (99.0, 99.0, 99.0, 99.0))
    tree = tree_of(machine, Process(1, 2, (16.0, 32.0, 64.0, 128.0), [sampler, child]), exclude=2)
    assert tree.read() == (240.0 + 15.0 + 0.75, 14)
    assert tree.pids() == {1, 3, 4}


def test_new_processes_are_looked_for_once_a_second(machine):
    root = Process(1, 1)
    tree = tree_of(machine, root)
    tree.read()
    root.offspring.append(Process(2, 2))
    machine.now = 100.99
    assert tree.read().rss_bytes == 1
    machine.now = 101.0
    assert tree.read().rss_bytes == 3


def test_a_scan_takes_a_hundredth_of_the_time_at_the_most(machine):
    class Slow(Process):
        def children(self, recursive=False):
            machine.now += 0.05
            return super().children(recursive=True)

    root = Slow(1, 1)
    tree = tree_of(machine, root)
    tree.read()
    root.offspring.append(Process(2, 2))
    machine.now = 100.05 + 4.99
    assert tree.read().rss_bytes == 1
    machine.now = 100.05 + 5.0
    assert tree.read().rss_bytes == 3


def test_who_was_seen_once_stays_when_its_parent_ends(machine):
    child = Process(2, 2, (1.0, 0.0, 0.0, 0.0))
    adopted = Process(3, 4, (0.5, 0.0, 0.0, 0.0))
    root = Process(1, 1, (2.0, 0.0, 0.0, 0.0), [child, adopted])
    tree = tree_of(machine, root)
    tree.read()
    root.gone = True
    machine.now += 1
    assert tree.read() == (3.5, 6)  # the sum never falls
    assert tree.pids() == {2, 3}
    child.gone = True  # between two scans: the others are read all the same
    child.times = (50.0, 0.0, 0.0, 0.0)
    adopted.times = (9.0, 0.0, 0.0, 0.0)
    assert tree.read() == (9.0, 4)
    adopted.gone = True
    assert tree.read() == (None, None)


def test_a_tree_that_never_was_has_no_figures(machine):
    tree = ProcessTree(5, exclude=0)
    assert tree.read() == (None, None)
    assert tree.alive() is False
    assert tree.pids() == set()


def test_a_zombie_and_a_dead_process_are_not_alive(machine):
    root = Process(1)
    tree = tree_of(machine, root)
    assert tree.alive() is True
    root.state = psutil.STATUS_ZOMBIE
    assert tree.alive() is False
    root.state = psutil.STATUS_SLEEPING
    root.is_running = lambda: False
    assert tree.alive() is False
    root.is_running = lambda: True
    root.gone = True
    assert tree.alive() is False
