"""What waits for the end of the tests, however they end, and then leaves nothing of their cluster.

    python slurm_guard.py FOLDER PID...

Each PID keeps a network namespace. When standard input has a line or ends, whatever runs in these
namespaces is killed, and the folder removed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def namespace(pid: int) -> Iterator[int]:
    """The number of a process's network namespace. Until it is closed no other gets that number."""
    handle = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield os.fstat(handle).st_ino
    finally:
        os.close(handle)


def inside(namespaces: set[int]) -> list[int]:
    """The processes in these network namespaces, but dead ones that wait for their parent."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
                if not dead and (entry / "ns" / "net").stat().st_ino in namespaces:
                    found.append(int(entry.name))
    return found


def end_all(namespaces: set[int], but: int | None = None) -> None:
    """Kill all that runs in these network namespaces, apart from one process."""
    assert Path("/proc/self/ns/net").stat().st_ino not in namespaces
    deadline = time.monotonic() + 60
    while pids := [pid for pid in inside(namespaces) if pid != but]:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert time.monotonic() < deadline, f"{pids} do not end"
        time.sleep(0.02)


def main() -> None:
    """Wait, then end."""
    with contextlib.ExitStack() as stack:
        namespaces = {stack.enter_context(namespace(int(pid))) for pid in sys.argv[2:]}
        sys.stdout.write("watching\n")
        sys.stdout.flush()
        sys.stdin.readline()
        end_all(namespaces)
    shutil.rmtree(Path(sys.argv[1]), ignore_errors=True)


if __name__ == "__main__":
    main()
