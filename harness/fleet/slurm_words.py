"""Slurm's words in plain English: why a job waits, how it ended, why a command was refused.

Sources: "Job reason codes" and "Job state codes" of squeue(1), slurm/slurm_errno.h, and what
Slurm 22.05 printed on a cluster of three nodes (2026-11-25 and 26).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WAITING = frozenset(
    ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD",
     "SPECIAL_EXIT")
)  # fmt: skip
RUNNING = frozenset(
    ("RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED")
)
ENDED = {
    "COMPLETED": "",
    "FAILED": "its command failed",
    "CANCELLED": "it was cancelled",
    "TIMEOUT": "its time limit was reached",
    "OUT_OF_MEMORY": "it ran out of memory",
    "DEADLINE": "its deadline was reached",
    "PREEMPTED": "Slurm took its host away for another job",
    "BOOT_FAIL": "its host did not boot",
    "REVOKED": "another cluster of the federation took it",
}
"""States of jobs that are over, and what to say of them. NODE_FAIL is none: the host was lost, and
the job's processes may live on."""
LOST = "Slurm lost its host, where it may still run"
HOLDING = {
    "COMPLETING": "it is ending",
    "STOPPED": "it was stopped (SIGSTOP)",
    "SUSPENDED": "it was suspended, and its cores given to another job",
}
"""What a job that still holds its host may be in, apart from running."""

_NO_HOSTS = "no host that it could run on is up"
_HOPELESS = {
    "Nodes required for job are DOWN, DRAINED or reserved": _NO_HOSTS,
    "ReqNodeNotAvail, UnavailableNodes": _NO_HOSTS,
    "ReqNodeNotAvail": "its hosts are down, drained or reserved",
    "NodeDown": "its host is down",
    "PartitionDown": "its partition is closed",
    "PartitionInactive": "its partition starts no jobs",
    "PartitionNodeLimit": "no host of its partition is up, or a shard is too large for it",
    "PartitionTimeLimit": "its time is longer than its partition allows",
    "BadConstraints": "no host has what it asks for",
    "JobHeldAdmin": "an administrator holds it",
    "JobHeldUser": "it is held: scontrol release",
    "JobHoldMaxRequeue": "it was requeued too often, and is held",
    "launch failed requeued held": "it could not be launched, and is held",
    "job requeued in held state": "it is held: scontrol release",
    "JobLaunchFailure": "it could not be launched",
    "DependencyNeverSatisfied": "what it depends on will not happen",
    "InvalidAccount": "its account is unknown to Slurm",
    "AccountNotAllowed": "its account may not use this partition",
    "InvalidQOS": "its quality of service is unknown to Slurm",
    "QOSNotAllowed": "its quality of service is not allowed here",
    "ReservationDeleted": "its reservation was deleted",
    "FrontEndDown": "Slurm's front end is down",
}
"""Reasons to wait that do not go away by themselves."""
_PASSING = {
    "None": "Slurm has not looked at it yet",
    "Resources": "others have its hosts",
    "Priority": "others are before it in the queue",
    "Dependency": "it waits for another job",
    "BeginTime": "its time has not come",
    "Licenses": "it waits for a licence",
    "Reservation": "it waits for its reservation",
    "Prolog": "its host is being prepared",
    "Cleaning": "its last attempt is being cleaned up",
    "ReqNodeNotAvail, Reserved for maintenance": "its hosts are reserved for maintenance",
    "ReqNodeNotAvail, May be reserved for other job": "its hosts may be reserved for another job",
}


@dataclass(frozen=True)
class Refusal:
    """Why a command of Slurm's failed.

    Attributes:
        message: what is wrong.
        advice: what to do.
        answered: the controller said so itself; False: whether it did what it was asked is unknown.
        asked: the request was wrong, and not the cluster's state.
    """

    message: str
    advice: str
    answered: bool = True
    asked: bool = True


_UNHEARD = (
    "Unable to contact slurm controller", "Socket timed out", "Zero Bytes were transmitted",
    "Unexpected message received", "Controller is in standby", "backup controller in standby",
    "Connection refused", "Connection timed out", "No route to host",
)  # fmt: skip
_REFUSED = {
    "invalid partition": ("Slurm has no such partition", "see sinfo, and change the key partition"),
    "group not permitted to use this partition": (
        "this account may not use the partition", "choose another with the key partition"),
    "Invalid feature specification": (
        "no host has these features", "see sinfo -o '%N %f', and change the key constraint"),
    "Invalid node name specified": (
        "Slurm has no host of that name", "see sinfo -N, and change the key options"),
    "Memory specification can not be satisfied": (
        "no host has so much memory", "take it out of the key options"),
    "Requested node configuration is not available": (
        "no host of the partition has all that is asked for",
        "compare partition, constraint and options with sinfo -o '%N %P %f %G'"),
    "Invalid generic resource": (
        "Slurm knows no such GPUs or other gres", "see sinfo -o '%N %G', and change options"),
    "Invalid account": ("Slurm does not know the account", "say --account=NAME in options"),
    "Invalid qos": ("Slurm does not know the quality of service", "change --qos in options"),
    "Requested time limit is invalid": (
        "the time is longer than the partition allows", "see sinfo -o '%P %l', and change time"),
    "Job violates accounting/QOS policy": (
        "a limit of the account is reached (jobs at once, size or time)",
        "lower count or time, or wait"),
    "Required partition not available": (
        "the partition is closed", "see sinfo, or choose another"),
    "Required node not available": (
        "the hosts are down, drained or reserved", "see sinfo -R, or choose others"),
    "Requested partition configuration not available now": (
        "the partition cannot take such a job", "see scontrol show partition"),
    "unrecognized option": ("sbatch has no such option", "change the key options"),
    "Access/permission denied": ("Slurm does not let this account do that", ""),
}  # fmt: skip
_BROKEN = {
    "Could not establish a configuration source": (
        "this machine has no Slurm configuration",
        "begin the fleet on a login node of the cluster, or set SLURM_CONF"),
    "unable to status file": (
        "Slurm's configuration file does not exist", "set SLURM_CONF to its path"),
    "Unable to process configuration file": (
        "Slurm's configuration file cannot be read", "set SLURM_CONF to a good one"),
    "Invalid authentication credential": (
        "Slurm does not accept this machine's credential", "the clocks or munge's keys differ"),
    "Protocol authentication error": (
        "Slurm does not accept this machine's credential", "the clocks or munge's keys differ"),
    "munge": ("munge does not answer on this machine", "begin the fleet where munged runs"),
}  # fmt: skip
_SAYS_NOTHING = re.compile(r"Batch job submission failed: |allocation failure: |fatal: |error: ")


def waiting(state: str, reason: str) -> tuple[str, bool]:
    """Why a job waits, and whether that cannot end by itself.

    Args:
        state: one of :data:`WAITING`.
        reason: as squeue has it; some Slurms write its spaces as underscores.
    """
    if state == "CONFIGURING":
        return "its host is being started", False
    said = reason.replace("_", " ").strip("() ")
    for code, words in _PASSING.items():
        if said == code:
            return words, False
    for code, words in _HOPELESS.items():
        if said.startswith(code):
            _, _, hosts = said.partition("UnavailableNodes:")
            return f"{words} ({hosts})" if hosts else words, True
    return said, False


def ended(state: str, reason: str) -> str:
    """How a job ended; empty if well."""
    words = ENDED[state]
    said = reason.replace("_", " ").strip("() ")
    # A job that was cancelled in the queue still says what it waited for.
    if state in ("COMPLETED", "CANCELLED") or said in ("None", "", "TimeLimit", "NonZeroExitCode"):
        return words
    return f"{words} ({said})"


def refusal(errors: str) -> Refusal:
    """Why a command failed, from its standard error."""
    for text in _UNHEARD:
        if text.lower() in errors.lower():
            return Refusal(
                f"Slurm's controller does not answer ({text})", "see scontrol ping", False, False
            )
    for known, asked in ((_REFUSED, True), (_BROKEN, False)):
        for text, (message, advice) in known.items():
            if text.lower() in errors.lower():
                return Refusal(message, advice, asked=asked)
    return Refusal(f"Slurm refuses: {last_words(errors)}", "", asked=False)


def last_words(errors: str) -> str:
    """The last line of an error text, without what every such line begins with."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    last = re.sub(r"^\w+: ", "", lines[-1]) if lines else "it gives no reason"
    return _SAYS_NOTHING.sub("", last)[:300]
