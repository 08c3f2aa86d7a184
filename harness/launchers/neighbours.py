"""Who else computes on a container's GPUs while it trains, seen from the host.

A container cannot see that for itself: NVML lists to it only processes of its own PID namespace, by
its numbers (seen with driver 580.159; docs/measurements). The host's list has all, and a process is
the container's own if its control group is the container's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.launchers.looking import Looking
from harness.nvidia.processes import Processes

LOOK_S = 1.0
"""As often as the runner's sampler looks at processes."""

_PROC = Path("/proc")


class Neighbours:
    """Looks at the host's NVML between the events that begin and end the training.

    Args:
        container: the full id of the container.
        pid: its first process, by the host's numbering.
        gpus: indices or UUIDs of the job's GPUs; None is all.
        host: the host's GPUs; None opens them. Tests give another.

    An engine elsewhere has GPUs that this host's NVML does not show: where process ``pid`` is not
    the container's here, nothing is looked at, and :attr:`most` stays None.
    """

    def __init__(
        self,
        container: str,
        pid: int,
        gpus: list[str] | None,
        host: Processes | None = None,
    ) -> None:
        self._container = container
        self._looking: Looking | None = None
        self._seen: dict[str, Counter[int]] = {}
        self._host = (host or Processes(gpus)) if self._owns(pid) else None

    @property
    def most(self) -> dict[str, int] | None:
        """For each GPU's UUID, how many processes of others were met twice or more; None: unknown.

        Once is not enough: a process that has just ended may still be listed.
        """
        if self._host is None or not self._seen:
            return None
        return {
            uuid: sum(1 for looks in pids.values() if looks > 1)
            for uuid, pids in sorted(self._seen.items())
        }

    def event(self, event: dict[str, Any]) -> None:
        """Take the runner's progress: phase ``fit`` begins the looking, the next one ends it."""
        if event.get("event") != "phase":
            return
        self.stop()
        if event.get("phase") == "fit" and self._host is not None:
            self._looking = Looking(self._look, LOOK_S)

    def stop(self) -> None:
        """Look no more. May be called again."""
        if self._looking is not None:
            self._looking.stop()

    def __enter__(self) -> Neighbours:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self.stop()
        if self._host is not None:
            self._host.close()

    def _look(self) -> bool:
        """Once; it is never enough."""
        if self._host is None:
            return True
        for uuid, pids in self._host.listed().items():
            self._seen.setdefault(uuid, Counter()).update(self._foreign(pids))
        return False

    def _foreign(self, pids: Iterable[int]) -> set[int]:
        """Those that run on this host and outside the container."""
        return {pid for pid in pids if (_PROC / str(pid)).exists() and not self._owns(pid)}

    def _owns(self, pid: int) -> bool:
        try:
            return pid > 0 and self._container in (_PROC / str(pid) / "cgroup").read_text()
        except OSError:  # it has just ended, or this host has no such process
            return False
