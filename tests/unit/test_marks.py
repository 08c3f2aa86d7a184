"""The mark of a harness: alive, dead, or for another machine to know."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harness import marks
from harness.launchers.local import LocalLauncher

MARK = """
import sys
from harness import marks
print(marks.own(), flush=True)
sys.stdin.read()
"""


def test_this_process_is_alive():
    assert marks.state(marks.own()) == "alive"


def test_another_process_is_alive_until_it_ends():
    process = subprocess.Popen(
        [sys.executable, "-c", MARK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    mark = process.stdout.readline().strip()
    assert marks.state(mark) == "alive"
    process.kill()
    while marks.state(mark) == "alive":  # as a zombie it is dead, too
        pass
    assert marks.state(mark) == "dead"
    process.wait(20)
    assert marks.state(mark) == "dead"


def test_a_number_that_is_used_again_is_another_process():
    host, boot, pid, begin = marks.own().rsplit(":", 3)
    assert marks.state(f"{host}:{boot}:{pid}:{int(begin) + 1}") == "dead"
    assert marks.state(f"{host}:another-boot:{pid}:{begin}") == "dead"
    assert marks.state(f"{host}:{boot}:{2**22 + 1}:{begin}") == "dead"


@pytest.mark.parametrize("mark", ["", "nonsense", "a:b", "elsewhere:boot:1:2", "host:boot:x:1"])
def test_what_cannot_be_known_is_left_to_others(mark):
    assert marks.state(mark) == "elsewhere"


def sleeper(campaign, harness):
    env = {**os.environ, marks.CAMPAIGN_VARIABLE: campaign, marks.HARNESS_VARIABLE: harness}
    return subprocess.Popen(["sleep", "60"], env=env)


def test_only_processes_of_this_campaign_whose_harness_is_dead_are_ended():
    host, boot, pid, begin = marks.own().rsplit(":", 3)
    dead = f"{host}:{boot}:{pid}:{int(begin) + 1}"
    theirs = {
        "of another campaign": sleeper("other-campaign", dead),
        "of another machine": sleeper("this-campaign", f"elsewhere:{boot}:{pid}:{begin}"),
    }
    ours = sleeper("this-campaign", dead)
    lines = []
    try:
        LocalLauncher().clear("this-campaign", lines.append)
        ours.wait(20)  # a sleep of 60; psutil has reaped it, so its status is not known
        assert {name: process.poll() for name, process in theirs.items()} == dict.fromkeys(theirs)
        assert lines == ["ended 1 process(es) of a job whose harness had died"]
    finally:
        for process in [*theirs.values(), ours]:
            process.kill()
            process.wait()


def test_a_job_of_a_living_harness_is_a_reason_to_stop():
    process = sleeper("this-campaign", marks.own())
    try:
        with pytest.raises(Exception, match="belongs to a benchdl that runs"):
            LocalLauncher().clear("this-campaign", print)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_the_own_mark_is_not_remembered_from_elsewhere(monkeypatch):
    """It was: what one part of a process asked under another name held for all of it."""
    with monkeypatch.context() as patch:
        patch.setattr(marks.socket, "gethostname", lambda: "another-name")
        assert marks.own().startswith("another-name:")
    assert marks.state(marks.own()) == "alive"


def test_a_fork_has_a_mark_of_its_own():
    before = marks.own()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, marks.own().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 200).decode().rsplit(":", 2)[1] == str(child)
    assert before == marks.own()
