"""The seam to a batch system: four methods, and the words in which it answers.

What an engine says is a hint. Only the shared folder tells that a shard ended.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from harness.fleet.fleet_file import Hosts

_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")

State = Literal["waiting", "running", "ended", "unknown"]
"""``unknown``: the engine cannot be asked, has forgotten it, or lost its host; never ``ended``."""


@dataclass(frozen=True)
class Seen:
    """What the engine says of a submission.

    Attributes:
        state: as far as it knows.
        host: where it runs or ran, as the engine names it; empty before that.
        reason: why it waits, ended badly or is unknown: the engine's words, in plain English where
            we know them.
        hopeless: it waits for what does not come by itself (all its hosts are down, ...).
    """

    state: State
    host: str = ""
    reason: str = ""
    hopeless: bool = False


@dataclass(frozen=True)
class Submission:
    """What is to be started on a host that is ours alone.

    Attributes:
        name: unique among all submissions of all fleets: letters, digits, ``.``, ``_`` and ``-``.
        command: what the host executes in the end (``exec``), an absolute path first.
        log: where its output is appended, in a folder that host and submitter share.
        hosts: which hosts will do, and how to ask for one.
        environment: variables that the command gets; nothing else of the submitter's reaches it.
    """

    name: str
    command: list[str]
    log: Path
    hosts: Hosts
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"no name of a submission: {self.name!r}")


class Scheduler(Protocol):
    """One batch system. Every call to it has a time limit."""

    def check(self, hosts: Mapping[str, Hosts]) -> list[str]:
        """See that it answers, and that it could serve each type of ``hosts``, by label.

        Returns:
            Notes for the user: what works but deserves a word.

        Raises:
            UsageError: a type asks for what there is not.
            BenchdlError: the engine is not there or does not answer.
        """

    def submit(self, submission: Submission) -> str:
        """Hand it in, once; returns the engine's id.

        Where the answer was lost, or the driver was killed before it wrote the id down, a second
        call with the same name finds the first.

        Raises:
            UsageError: the engine refuses what was asked for.
            BenchdlError: it does not answer; whether it took it is then unknown, and the same call
                may be made again.
        """

    def look(self, ids: Collection[str]) -> dict[str, Seen]:
        """What it says of these, in one call; each has an answer, ``unknown`` if there is none."""

    def cancel(self, job_id: str, *, running: bool) -> None:
        """Ask it to end (SIGTERM to the command) or, if it waits, to leave the queue.

        Raises:
            BenchdlError: the engine does not answer, or refuses. An id that has ended is no error.
        """
