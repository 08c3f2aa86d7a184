"""Slurm as the engine of a fleet: one Slurm job for each shard, on a host of its own.

Source of the options: sbatch(1), squeue(1), scancel(1), sinfo(1) of Slurm 22.05. No accounting is
needed. ``sbatch --wait`` polls too coarsely, and ``srun`` waits for ever where no host is up.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from harness.errors import BenchdlError, UsageError
from harness.fleet import slurm_command, slurm_hosts, slurm_script, slurm_words
from harness.fleet.fleet_file import Hosts
from harness.fleet.scheduler import Seen, Submission
from harness.fleet.slurm_command import Answer, SilentError

_FOUND_WITHIN_S = 6.0
"""How long a submission is looked for whose answer was lost: a controller that took it lists it at
once, a loaded one answers late."""
_WAIT_S = 1.0
_USUAL_WARNING_S = 120
_LEAST_WARNING_S = 10
_FORGOTTEN = "Slurm has forgotten it, or never had it"
_OVER = ("Invalid job id specified", "already completing or completed", "not pending nor running")


class Slurm:
    """A :class:`harness.fleet.scheduler.Scheduler`. ``timeout_s``: of every command."""

    def __init__(self, timeout_s: float = slurm_command.TIMEOUT_S) -> None:
        self._timeout_s = timeout_s

    def check(self, hosts: Mapping[str, Hosts]) -> list[str]:
        """See that it answers, and that it could serve each type; returns notes."""
        known = slurm_hosts.read(self._told("sinfo", *slurm_hosts.ARGUMENTS))
        notes = []
        for label, wanted in hosts.items():
            where = f"hosts.{label}"
            there = slurm_hosts.within(known, wanted, where)
            tried = self._ask("sbatch", "--test-only", *_wanted(wanted), text="#!/bin/sh\n:\n")
            if tried.code:
                slurm_hosts.explain(there, wanted, where, tried.errors)
            notes += slurm_hosts.notes(there, wanted, where)
        return notes

    def submit(self, submission: Submission) -> str:
        """Hand it in, once: by its name it is found if it was handed in before."""
        found = self._find(submission.name)
        if found:
            return found
        arguments = [
            *("--parsable", "--no-requeue", "--export=NIL", "--propagate=NONE"),
            *("--open-mode=append", f"--job-name={submission.name}"),
            f"--output={str(submission.log).replace('%', '%%')}",
            *_wanted(submission.hosts),
        ]
        script = slurm_script.write(submission)
        try:
            answer = self._ask("sbatch", *arguments, text=script, folder=submission.log.parent)
        except SilentError as error:
            return self._lost(submission.name, error)
        job_id = answer.output.strip().partition(";")[0]
        if not answer.code and re.fullmatch(r"\d+", job_id):
            return job_id
        refusal = slurm_words.refusal(answer.errors)
        if not refusal.answered or not answer.code:
            return self._lost(submission.name, BenchdlError(refusal.message, refusal.advice))
        raise _error(refusal, f"{submission.name}: ")

    def look(self, ids: Collection[str]) -> dict[str, Seen]:
        """What it says of these; without an answer all of them are unknown."""
        if not ids:
            return {}
        try:
            answer = self._ask(
                "squeue", "--noheader", "--states=all", "-o", "%i|%T|%N|%r", "-j", ",".join(ids)
            )
        except BenchdlError as error:
            return dict.fromkeys(ids, Seen("unknown", reason=error.message))
        reason = _FORGOTTEN
        if answer.code and _OVER[0] not in answer.errors:
            reason = slurm_words.refusal(answer.errors).message
        told = {row[0]: _seen(*row[1:]) for row in answer.rows if len(row) == 4}
        return {job_id: told.get(job_id, Seen("unknown", reason=reason)) for job_id in ids}

    def cancel(self, job_id: str, *, running: bool) -> None:
        """Ask it to end, or take it out of the queue. A second call without ``running`` kills it
        if it still runs, after Slurm's KillWait.
        """
        # A signal to a job that waits after all is sent again and again, for a minute.
        signalled = running and self.look([job_id])[job_id].state != "waiting"
        signal = ["--full", "--signal=TERM"] if signalled else []
        answer = self._ask("scancel", *signal, job_id)
        if answer.code and not any(text in answer.errors for text in _OVER):
            raise _error(slurm_words.refusal(answer.errors), f"job {job_id}: ")

    def _find(self, name: str) -> str:
        """The id of the submission of this name; empty if Slurm knows none.

        Raises:
            BenchdlError: it does not answer.
        """
        rows = self._told(
            "squeue", "--noheader", "--states=all", "-o", "%i|%j", f"--name={name}"
        ).rows
        return next((row[0] for row in rows if row[1:] == [name]), "")

    def _lost(self, name: str, error: BenchdlError) -> str:
        """The id of a submission whose answer did not come; its error if it cannot be found."""
        deadline = time.monotonic() + _FOUND_WITHIN_S
        while True:
            try:
                found = self._find(name)
            except BenchdlError:
                found = ""
            if found:
                return found
            if time.monotonic() > deadline:
                raise BenchdlError(
                    f"{name}: whether Slurm took it is unknown: {error.message}",
                    "it is looked for before it is handed in again",
                ) from None
            time.sleep(_WAIT_S)

    def _told(self, program: str, *arguments: str) -> Answer:
        """The answer of a command that has to succeed."""
        answer = self._ask(program, *arguments)
        if answer.code:
            raise _error(slurm_words.refusal(answer.errors))
        return answer

    def _ask(
        self, program: str, *arguments: str, text: str = "", folder: Path | None = None
    ) -> Answer:
        return slurm_command.ask(
            program, *arguments, text=text, folder=folder, timeout_s=self._timeout_s
        )


def _wanted(hosts: Hosts) -> Iterator[str]:
    """The options of sbatch that say which host, all of it, and for how long."""
    yield from ("--nodes=1", "--ntasks=1", "--exclusive", "--mem=0")
    yield f"--signal=B:TERM@{_warning_s(hosts.limit_s)}"
    for name in ("partition", "constraint", "time"):
        if (value := getattr(hosts, name)) is not None:
            yield f"--{name}={value}"
    yield from hosts.options


def _warning_s(limit_s: float | None) -> int:
    """How many seconds before its limit a shard is asked to end: Slurm may be a minute early."""
    if limit_s is None:
        return _USUAL_WARNING_S
    return int(min(_USUAL_WARNING_S, max(_LEAST_WARNING_S, limit_s / 10)))


def _seen(state: str, host: str, reason: str) -> Seen:
    if state in slurm_words.WAITING:
        words, hopeless = slurm_words.waiting(state, reason)
        return Seen("waiting", reason=words, hopeless=hopeless)
    if state in slurm_words.RUNNING:
        return Seen("running", host, slurm_words.HOLDING.get(state, ""))
    if state in slurm_words.ENDED:
        return Seen("ended", host, slurm_words.ended(state, reason))
    words = slurm_words.LOST if state == "NODE_FAIL" else f"Slurm calls it {state}"
    return Seen("unknown", host, words)


def _error(refusal: slurm_words.Refusal, where: str = "") -> BenchdlError:
    kind = UsageError if refusal.asked else BenchdlError
    return kind(where + refusal.message, refusal.advice)
