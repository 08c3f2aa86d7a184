"""Which processes compute on the host's GPUs, asked again and again while a job runs."""

from __future__ import annotations

import contextlib
from typing import Any

import pynvml

from runner.meters.nvml import devices


class Processes:
    """The host's GPUs, or those of ``only`` (indices or UUIDs), held open until :meth:`close`.

    No driver, no such GPU and one that was lost give an empty list: the job's own meters say that.
    """

    def __init__(self, only: list[str] | None = None) -> None:
        self._handles: dict[str, Any] = {}
        self._open = False
        try:
            pynvml.nvmlInit()
            self._open = True
            self._handles = {device.uuid: device.handle for device in devices(pynvml, only)}
        except pynvml.NVMLError:
            self._handles = {}

    def listed(self) -> dict[str, list[int]]:
        """By UUID the process numbers, the host's own; a GPU that does not tell is left out."""
        found = {}
        for uuid, handle in self._handles.items():
            with contextlib.suppress(pynvml.NVMLError):
                processes = pynvml.nvmlDeviceGetComputeRunningProcesses(handle)
                found[uuid] = [int(process.pid) for process in processes]
        return found

    def close(self) -> None:
        """Ask no more."""
        if self._open:
            self._open = False
            with contextlib.suppress(pynvml.NVMLError):
                pynvml.nvmlShutdown()
