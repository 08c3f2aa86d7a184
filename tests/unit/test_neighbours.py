"""Who else is on a container's GPUs, from the host's NVML and control groups."""

from __future__ import annotations

import time

import pytest

from harness.launchers import neighbours
from harness.launchers.neighbours import Neighbours

CONTAINER = "c0ffee" + 58 * "0"
OURS, OTHER, GONE = 4001, 4242, 4343


class Host:
    """Two GPUs with these processes, as harness.nvidia.processes has them."""

    def __init__(self, *pids):
        self.pids, self.looks, self.closed = pids, 0, False

    def listed(self):
        self.looks += 1
        return {f"GPU-{index}": list(pids) for index, pids in enumerate(self.pids)}

    def close(self):
        self.closed = True


@pytest.fixture
def host(monkeypatch, tmp_path):
    """A /proc with a process of the container and one of another."""
    groups = {OURS: f"0::/system.slice/docker-{CONTAINER}.scope", OTHER: "0::/user.slice"}
    for pid, group in groups.items():
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "cgroup").write_text(f"{group}\n")
    monkeypatch.setattr(neighbours, "_PROC", tmp_path)
    monkeypatch.setattr(neighbours, "LOOK_S", 0.01)


def watch(gpus, pid=OURS, looks=3):
    with Neighbours(CONTAINER, pid, None, gpus) as others:
        for _ in range(looks):
            others._look()
    return others.most


def test_a_process_of_another_group_is_foreign(host):
    assert watch(Host([OURS, OTHER], [OURS])) == {"GPU-0": 1, "GPU-1": 0}


def test_what_was_met_once_may_have_been_ending(host):
    assert watch(Host([OTHER], []), looks=1) == {"GPU-0": 0, "GPU-1": 0}


def test_a_process_that_is_not_on_this_host_says_nothing(host):
    assert watch(Host([GONE], [])) == {"GPU-0": 0, "GPU-1": 0}


def test_nothing_is_known_of_an_engine_elsewhere(host):
    assert watch(Host([OTHER], []), pid=GONE) is None
    assert watch(Host([OTHER], []), pid=OTHER) is None  # our process's number, another's process


def test_it_looks_while_the_job_trains_and_only_then(host):
    gpus = Host([OTHER], [])
    with Neighbours(CONTAINER, OURS, None, gpus) as others:
        others.event({"event": "phase", "phase": "build"})
        assert gpus.looks == 0
        assert others.most is None
        others.event({"event": "phase", "phase": "fit"})
        others.event({"event": "epoch", "epoch": 1})
        while gpus.looks < 3:
            time.sleep(0.01)
        others.event({"event": "phase", "phase": "evaluate"})
        until = gpus.looks
        others.event({"event": "done"})
        time.sleep(0.05)
    assert gpus.looks == until
    assert gpus.closed
    assert others.most == {"GPU-0": 1, "GPU-1": 0}
