"""What a launcher is: it prepares an environment, then starts one job and tells how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from harness.catalog import Backend, Flavour
from harness.notices import Say
from harness.readiness import Readiness
from runner.contract.job import Job, LauncherName, Pins, Provenance
from runner.contract.result import Allotment

OnEvent = Callable[[dict[str, Any]], None]
Ended = Literal[
    "exited", "timeout", "out-of-memory", "too-big", "not-started", "interrupted", "engine-lost"
]  # fmt: skip
CUT_OFF: tuple[Ended, ...] = ("interrupted", "engine-lost")
"""Nobody knows what would have come of the job: it is to be run again."""

LauncherWord = Literal["auto", "docker", "local", "python"]
"""As a user asks for it."""

CACHE_VARIABLE = "BENCHDL_CACHE_DIR"
"""Tells a backend of a writable folder that outlives the job, for compiled code."""


@dataclass(frozen=True)
class Prepared:
    """What is ready to run jobs of one backend; ``environment`` replaces that of image.toml.

    ``search_path``: folders where ``python`` finds modules ahead of its own, on the host.
    """

    provenance: Provenance
    pins: Pins
    python: str
    environment: dict[str, str] | None = None
    search_path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exit:
    """How a job's process ended, read before anything of it is removed."""

    ended: Ended
    code: int | None = None
    detail: str = ""
    advice: str = ""
    tail: str = ""
    engine: str | None = None
    injection: Literal["cdi", "request", "runtime"] | None = None
    hardening: dict[str, Any] = field(default_factory=dict)
    gpu_neighbours: dict[str, int] | None = None


@dataclass(frozen=True)
class Order:
    """One start: the job, the folder it lives in on the host, its data and its limits.

    ``data_files``: what the job finds in its data folder, by name, and the verified file behind it.
    """

    job: Job
    prepared: Prepared
    job_dir: Path
    data_files: dict[str, Path]
    compile_cache: Path
    timeout_s: float
    memory_limit_bytes: int | None = None
    allotment: Allotment = field(default_factory=Allotment)
    stop: threading.Event | None = None
    """Set by another thread to end the job as Ctrl-C does."""

    @property
    def result(self) -> Path:
        """What the runner writes last."""
        return self.job_dir / "result.json"


class Launcher(Protocol):
    """``docker``, ``local`` or ``python``."""

    @property
    def name(self) -> LauncherName:
        """As results name it."""

    def refuse(self, backend: Backend) -> None:
        """See that ``backend`` has what only this machine could bring. Nothing is made.

        Raises:
            UsageError: it has not; the message says what is missing.
        """

    def prepare(self, backend: Backend, flavour: Flavour, say: Say) -> Prepared:
        """Build or find what the backend runs in.

        Raises:
            BenchdlError: it cannot be had; the message says why and what to do.
        """

    def readiness(self, backend: Backend, flavour: Flavour) -> Readiness:
        """Look whether :meth:`prepare` would have anything to do. Nothing is changed or started.

        Raises:
            BenchdlError: it could not be prepared here, as far as that can be told.
        """

    def check_gpu(self, backend: Backend, say: Say) -> None:
        """See that a job of ``backend`` can have a GPU here, by what takes seconds.

        Raises:
            BenchdlError: it cannot; the message says why and what to do.
        """

    def known(self, image: str, whose: str) -> Provenance:
        """Find an image of an earlier build; it stays as it is.

        Args:
            image: its id or name.
            whose: words for a message, such as ``tf in campaign ...``; may be empty.

        Raises:
            UsageError: there are no images here, or it is none of benchdl's.
            BenchdlError: the engine does not have it.
        """

    def earlier(self, image: str, whose: str, say: Say) -> Provenance:
        """As :meth:`known`, and keep it under a name that no build takes away.

        ``say`` is told of that name.
        """

    def pins(self, backend: Backend, flavour: Flavour) -> Pins:
        """What a build of ``backend`` as it is now promises."""

    def inside(self, host_dir: Path, role: Literal["job", "data"]) -> str:
        """The path under which the job sees ``host_dir``."""

    def keeps_to(self, cores: Sequence[int]) -> bool:
        """Whether jobs can be kept to some of these cores."""

    def check_data(self, files: list[Path], prepared: Prepared | None) -> None:
        """See that the user of a job can read the data.

        Without ``prepared``, only what can be told before anything is built.

        Raises:
            BenchdlError: it cannot; with the fix.
        """

    def start(self, order: Order, on_event: OnEvent) -> Exit:
        """Run one job to its end. Whatever happens, nothing that was started is left behind.

        Raises:
            KeyboardInterrupt: Ctrl-C or SIGTERM; the job's processes are gone by then.
        """

    def settle(self, say: Say, stop: threading.Event | None) -> None:
        """Come back when the next job may start: nothing of an earlier one can still run.

        Raises:
            BenchdlError: that cannot be had, or not in time; the campaign can be resumed.
            KeyboardInterrupt: Ctrl-C or SIGTERM, or ``stop`` was set.
        """

    def clear(self, campaign_id: str | None, say: Say) -> None:
        """End and remove what a harness of this machine that died left; others' is not touched.

        Args:
            campaign_id: only what is of this campaign; None is all that bears a dead one's mark.
            say: is told of what was ended.

        Raises:
            BenchdlError: something of the campaign belongs to a harness that still runs.
        """
