"""A job on the host, without a container: the same runner in some Python, under a supervisor."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import psutil

from harness import marks, paths
from harness.allotment import core_grant
from harness.catalog import Backend, Flavour
from harness.errors import BenchdlError, UsageError
from harness.launchers import collectives, host_variables
from harness.launchers.exchange import unwritable
from harness.launchers.guarded import Guarded
from harness.launchers.launcher import CACHE_VARIABLE, Exit, OnEvent, Order, Prepared
from harness.launchers.stream import Follower, Stop
from harness.notices import Say
from harness.nvidia import host_driver
from runner.contract.job import LauncherName, Pins, Provenance

_GRACE_S = 5.0
_UNLOAD_S = 60.0
"""From the last word to the end: PyTorch with CUDA took over 5 s on a busy machine."""


class OnHost:
    """What launchers without containers share: all but where the Python comes from."""

    name: LauncherName

    def check_gpu(self, backend: Backend, say: Say) -> None:  # noqa: ARG002
        """The driver shows one."""
        count, reason = host_driver.gpus()
        if not count:
            raise BenchdlError(f"no GPU here: {reason}", "use --device cpu")

    def surroundings(self) -> dict[str, str]:
        """The variables of this process that a job gets: nothing else of them reaches it."""
        return host_variables.kept()

    def known(self, image: str, whose: str) -> Provenance:  # noqa: ARG002
        """What a host holds is as it is now, and no earlier one is kept."""
        raise UsageError(f"no image {image} with launcher {self.name}", "add --launcher docker")

    def earlier(self, image: str, whose: str, say: Say) -> Provenance:  # noqa: ARG002
        """As :meth:`known`."""
        return self.known(image, whose)

    def pins(self, backend: Backend, flavour: Flavour) -> Pins:  # noqa: ARG002
        """Only of images."""
        return Pins()

    def inside(self, host_dir: Path, role: Literal["job", "data"]) -> str:  # noqa: ARG002
        """It sees the host's own paths."""
        return str(host_dir)

    def keeps_to(self, cores: Sequence[int]) -> bool:  # noqa: ARG002
        """By their affinity."""
        return True

    def check_data(self, files: list[Path], prepared: Prepared | None) -> None:
        """It is the same user who has just verified them."""

    def start(self, order: Order, on_event: OnEvent) -> Exit:
        """Start the runner under its supervisor, follow it, and leave no process behind."""
        job = order.job
        environment = {
            **self.surroundings(),
            **collectives.variables(job),
            **job.settings.environment,
        }
        # In the job's own folder, so that what tools leave there (Keras, compilers) goes with it.
        temporary = order.job_dir / "tmp"
        try:
            temporary.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise unwritable(order.job_dir, error) from None
        environment.update(
            TMPDIR=str(temporary),
            PYTHONPATH=os.pathsep.join([str(paths.root()), *order.prepared.search_path]),
            PYTHONDONTWRITEBYTECODE="1",
            PYTHONUNBUFFERED="1",
            **{
                CACHE_VARIABLE: str(order.compile_cache),
                marks.CAMPAIGN_VARIABLE: job.campaign_id,
                marks.HARNESS_VARIABLE: marks.own(),
            },
        )
        if job.gpus:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(job.gpus)
            environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # number them as NVML does
        command = [order.prepared.python, "-m", "runner", str(order.job_dir)]
        try:
            _lay_out(order.data_files, Path(job.data_dir))
        except OSError as error:
            raise unwritable(Path(job.data_dir), error) from None
        try:
            with core_grant.only(order.allotment.cores):
                guarded = Guarded(command, order.job_dir, environment)
        except OSError as error:
            return Exit("not-started", detail=f"the supervisor of the job does not start: {error}")
        stop = Stop(order.stop, order.result)
        try:
            follower = Follower(guarded.output(), on_event)
            if not follower.until(time.monotonic() + order.timeout_s, stop, guarded.over):
                return Exit("timeout", tail=follower.tail)
            if not guarded.ended(_UNLOAD_S, stop):
                return Exit("timeout", detail="it closed its output but did not end")
            if guarded.problem:
                detail = f"{order.prepared.python} does not start: {guarded.problem}"
                return Exit("not-started", detail=detail)
            return Exit("exited", guarded.code, tail=follower.tail)
        finally:
            guarded.end()

    def settle(self, say: Say, stop: threading.Event | None) -> None:
        """Nothing is owed: what was started has ended."""

    def clear(self, campaign_id: str | None, say: Say) -> None:
        """Kill the processes of jobs whose harness of this machine is dead."""
        left = list(_marked(campaign_id))
        if campaign_id is not None and any(marks.state(mark) == "alive" for _, mark in left):
            raise BenchdlError("a job of this campaign belongs to a benchdl that runs")
        dead = [process for process, mark in left if marks.state(mark) == "dead"]
        for process in dead:
            with contextlib.suppress(psutil.Error):  # it may end by itself
                process.kill()
        if dead:
            psutil.wait_procs(dead, _GRACE_S)
            say(f"ended {len(dead)} process(es) of a job whose harness had died")


def _marked(campaign_id: str | None) -> Iterator[tuple[psutil.Process, str]]:
    """This user's processes that were started for a campaign, each with its harness's mark."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.uids().real != os.getuid() or process.pid == os.getpid():
                continue
            told = process.environ()
            mark = told.get(marks.HARNESS_VARIABLE, "")
            if mark and campaign_id in (None, told.get(marks.CAMPAIGN_VARIABLE)):
                yield process, mark


def _lay_out(files: dict[str, Path], folder: Path) -> None:
    """Make the job's data folder: links to the verified files, under the usual names."""
    folder.mkdir(mode=0o700)
    for name, file in files.items():
        (folder / name).symlink_to(file)
