"""Which hosts a Slurm cluster has, and whether they could serve a type of a fleet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import BenchdlError, UsageError
from harness.fleet import slurm_words
from harness.fleet.fleet_file import Hosts
from harness.fleet.slurm_command import Answer

ARGUMENTS = ("--noheader", "--all", "--Node", "-o", "%N|%P|%t|%c|%m|%f|%G|%h")
_PLAIN_FEATURE = re.compile(r"[\w.:-]+")
_GONE = ("down", "drain", "drng", "fail", "maint", "unk", "err")
_BUSY = (
    "Required node not available", "Requested nodes are busy",
    "Requested partition configuration not available now",
)  # fmt: skip
"""What `sbatch --test-only` says of a request that is sound, but cannot be served now."""
_NOT_THERE = "Requested node configuration is not available"
"""It says this of hosts that are down as well; without --test-only sbatch tells these two apart."""


@dataclass(frozen=True)
class Known:
    """A host in one of its partitions.

    Attributes:
        usual: the partition is the cluster's usual one.
        state: such as ``idle``; ``*`` behind it: it does not answer.
        forced: jobs share the host whatever they ask for.
    """

    name: str
    partition: str
    usual: bool
    state: str
    features: frozenset[str]
    forced: bool

    @property
    def gone(self) -> bool:
        """Whether it takes no job now."""
        return self.state.startswith(_GONE) or self.state.endswith("*")


def read(answer: Answer) -> list[Known]:
    """The hosts of an answer to :data:`ARGUMENTS`, once for each of their partitions."""
    return [
        Known(
            name=row[0],
            partition=row[1].removesuffix("*"),
            usual=row[1].endswith("*"),
            state=row[2],
            features=frozenset(row[5].replace("(null)", "").split(",")) - {""},
            forced=row[7].upper().startswith("FORCE"),
        )
        for row in answer.rows
        if len(row) == 8
    ]


def within(known: Sequence[Known], wanted: Hosts, where: str) -> list[Known]:
    """The hosts of the partitions that are asked for, or of the usual one.

    Raises:
        UsageError: there is no such partition. ``where`` opens the message.
    """
    names = {host.partition for host in known}
    asked = wanted.partition.split(",") if wanted.partition else []
    for name in asked:
        if name not in names:
            raise UsageError(
                f"{where}: Slurm has no partition {name!r}", f"there are: {_listed(names)}"
            )
    return [host for host in known if (host.partition in asked if asked else host.usual)]


def explain(hosts: Sequence[Known], wanted: Hosts, where: str, errors: str) -> None:
    """Why `sbatch --test-only` refused; nothing if it is only that nothing is free now.

    Raises:
        UsageError: there is no such host.
        BenchdlError: Slurm did not answer, or for a reason of its own.
    """
    down = _NOT_THERE in errors and any(host.gone for host in _fitting(hosts, wanted))
    if down or any(text in errors for text in _BUSY):
        return
    refusal = slurm_words.refusal(errors)
    advice = refusal.advice
    if wanted.constraint and "feature" in errors.lower():
        message = f"no host has the constraint {wanted.constraint!r}"
        advice = f"features there are: {_listed(set().union(*(host.features for host in hosts)))}"
    else:
        message = refusal.message
    kind = UsageError if refusal.asked else BenchdlError
    raise kind(f"{where}: {message}", advice)


def notes(hosts: Sequence[Known], wanted: Hosts, where: str) -> list[str]:
    """What works, but deserves a word."""
    hosts = _fitting(hosts, wanted)
    states = {host.name: host.state for host in hosts}
    gone = {host.name for host in hosts if host.gone}
    told = []
    if gone:
        which = ", ".join(f"{name} is {states[name]}" for name in sorted(gone))
        told.append(f"{where}: {len(states) - len(gone)} of {len(states)} hosts are up: {which}")
    elif hosts and wanted.count > len(states):
        told.append(f"{where}: {wanted.count} shards at once, but only {len(states)} hosts")
    forced = {host.partition for host in hosts if host.forced}
    if forced:
        told.append(
            f"{where}: partition {_listed(forced)} shares its hosts (OverSubscribe=FORCE), "
            "whatever a job asks for: a shard refuses a host that it is not alone on"
        )
    return told


def _fitting(hosts: Sequence[Known], wanted: Hosts) -> list[Known]:
    """Those that have the feature; none for an expression, which Slurm alone evaluates."""
    plain = wanted.constraint is None or _PLAIN_FEATURE.fullmatch(wanted.constraint)
    features = {wanted.constraint} - {None}
    return [host for host in hosts if plain and features <= host.features]


def _listed(names: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"
