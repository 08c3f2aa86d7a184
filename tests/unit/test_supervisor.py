"""A local job's supervisor: how the command ended, and that nothing of it lives on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from harness.launchers.guarded import Guarded
from harness.launchers.stream import Follower, Stop

ESCAPES = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(sys.argv[1], "w").write(str(os.getpid()))
        while True:
            print("still here", flush=True)
            time.sleep(0.05)
    os._exit(0)
while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read():
    time.sleep(0.01)
"""


@pytest.fixture
def guard(tmp_path):
    begun = []

    def start(code, *more):
        guarded = Guarded([sys.executable, "-c", code, *map(str, more)], tmp_path, dict(os.environ))
        begun.append(guarded)
        return guarded

    yield start
    for running in begun:
        running.end()


def until(look, timeout_s=60.0):
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def pid_in(file):
    return int(until(lambda: file.exists() and file.read_text()))


def is_gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(3)", 3),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.abort()", -6),
    ],
)
def test_how_the_command_ended(guard, code, how):
    guarded = guard("print('a word', flush=True);" + code)
    assert b"".join(guarded.output()).startswith(b"a word")
    assert guarded.ended(60)
    assert guarded.code == how
    assert not guarded.problem


def test_a_command_that_is_not_there(tmp_path):
    guarded = Guarded(["/nonexistent/python", "-m", "runner"], tmp_path, dict(os.environ))
    assert guarded.ended(60)
    assert guarded.problem == "No such file or directory"
    guarded.end()


def test_the_command_gets_its_arguments_its_folder_and_no_input(guard, tmp_path):
    guarded = guard(
        "import os, sys; print(sys.argv[1:], os.getcwd(), sys.stdin.read() == '', os.getsid(0) =="
        " os.getpid(), sorted(os.listdir('/proc/self/fd'))[:4])", "a b", "-x"
    )  # fmt: skip
    said = b"".join(guarded.output()).decode().strip()
    assert said == f"['a b', '-x'] {tmp_path} True True ['0', '1', '2', '3']"


def test_what_leaves_the_session_ends_with_the_job(guard, tmp_path):
    """It forks twice, has a session of its own and keeps the output open."""
    file = tmp_path / "pid"
    guarded = guard(ESCAPES, file)
    follower = Follower(guarded.output(), lambda event: None)
    assert follower.until(time.monotonic() + 60)
    assert guarded.ended(60)
    assert guarded.code == 0
    assert is_gone(pid_in(file))


@pytest.mark.slow
@pytest.mark.parametrize("polite", [True, False])
def test_being_told_ends_all_also_what_does_not_listen(guard, tmp_path, polite):
    file, child = tmp_path / "pid", tmp_path / "child"
    deaf = "" if polite else "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    guarded = guard(
        f"import signal, subprocess, sys, time, os; {deaf}"
        f"open({str(child)!r}, 'w').write(str(os.getpid()));"
        f"subprocess.run([sys.executable, '-c', {ESCAPES + 'time.sleep(600)'!r}, {str(file)!r}])",
    )
    escaped, command = pid_in(file), pid_in(child)
    begin = time.monotonic()
    guarded.end()
    assert is_gone(escaped)
    assert is_gone(command)
    assert guarded.code == (-signal.SIGTERM if polite else -signal.SIGKILL)
    assert polite or time.monotonic() - begin >= 4


HARNESS = """
import os, sys
from pathlib import Path
from harness.launchers.guarded import Guarded
guarded = Guarded([sys.executable, "-c", sys.argv[1], sys.argv[2]], Path("/tmp"), dict(os.environ))
if sys.argv[3] == "at once":
    os.kill(os.getpid(), 9)
sys.stdin.read()
"""


def of_supervisor(word):
    """Processes with this word among their arguments, the test's own left out."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and any(
                word in argument for argument in process.cmdline()
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("when", ["at once", "later"])
def test_the_job_ends_with_its_harness(tmp_path, when):
    """SIGKILL right after the fork, and while the job runs."""
    file = tmp_path / "pid"
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", HARNESS, ESCAPES + "time.sleep(600)", file, when],
            stdin=subprocess.PIPE,
        )
        for _ in range(5 if when == "at once" else 1)
    ]
    for harness in begun:
        if when == "later":
            pid_in(file)
            harness.kill()
        harness.wait(60)
    until(lambda: not of_supervisor(str(file)))


def test_the_command_ends_with_its_supervisor(guard, tmp_path):
    file = tmp_path / "pid"
    guarded = guard(
        "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)",
        file,
    )
    command = pid_in(file)
    guarded._process.kill()
    until(lambda: is_gone(command))
    follower = Follower(guarded.output(), lambda event: None)
    assert follower.until(time.monotonic() + 60, None, guarded.over)
    assert guarded.ended(60)
    assert guarded.code == -signal.SIGKILL


def test_an_output_that_stays_open_is_not_waited_for():
    read, write = os.pipe()
    follower = Follower(iter(lambda: os.read(read, 100), b""), lambda event: None)
    assert follower.until(time.monotonic() + 60, None, lambda: True)
    os.close(write)


def test_a_job_that_has_written_its_result_may_come_to_its_end(tmp_path):
    stop, result = threading.Event(), tmp_path / "result.json"
    stopping = Stop(stop, result)
    stopping.check()
    result.touch()
    stop.set()
    stopping.check()
    with pytest.raises(KeyboardInterrupt):
        Stop(stop, tmp_path / "none").check()


def test_one_that_writes_it_and_stays_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.launchers.stream.LAST_WORDS_S", 0.05)
    stop, result = threading.Event(), Path(tmp_path / "result.json")
    result.touch()
    stop.set()
    stopping = Stop(stop, result)
    stopping.check()
    time.sleep(0.1)
    with pytest.raises(KeyboardInterrupt):
        stopping.check()
