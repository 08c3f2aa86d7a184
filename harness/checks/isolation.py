"""Was a container shut in as it was asked to be? Seen from inside and from the engine's own words.

What nobody could tell is not taken for a yes.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.case import Case
from harness.launchers import podman_words
from harness.launchers.hardening import NOT_APPLIED
from runner.contract.measurement import Isolation
from runner.contract.result import Finding, Severity

# The kernel puts these into each new network namespace whose modules are loaded; they lead nowhere.
_OWN_INTERFACES = (
    "lo", "tunl", "gre", "gretap", "erspan", "ip_vti", "ip6_vti", "sit", "ip6tnl", "ip6gre",
    "teql",
)  # fmt: skip
_ADVICE = "the engine did not apply all options (podman's socket drops some, as do old kernels)"
_MINOR = {"Init", "LogConfig", "MemorySwap", "OomScoreAdj", "RestartPolicy"}
"""Fields that protect the machine's comfort and not its owner."""


def inside(case: Case) -> Iterator[Finding]:
    """The job could do nothing that it should not, by its own process's facts."""
    if case.job.launcher == "docker":
        facts = case.measured.isolation
        leaks = [*_open(facts), *_unknown(facts)]
        if leaks:
            yield _finding(", ".join(leaks), "suspect")


def outside(case: Case) -> Iterator[Finding]:
    """The engine applied all that was asked of it, field by field."""
    fields = case.launch.hardening.get(NOT_APPLIED)
    if not isinstance(fields, dict) or not fields:
        return
    told = "; ".join(f"{field}: {words}" for field, words in sorted(fields.items()))
    of_podman = case.launch.hardening.get("runtime") == podman_words.RUNTIME
    minor = set(fields) <= _MINOR | (podman_words.UNSAID if of_podman else set())
    yield _finding(f"not as asked for: {told}"[:1000], "info" if minor else "suspect")


def _open(seen: Isolation) -> Iterator[str]:
    strange = [
        name for name in seen.network_interfaces if name.rstrip("0123456789") not in _OWN_INTERFACES
    ]
    doors = {
        "it ran as root": seen.uid == 0,
        "it had capabilities": int(seen.capabilities_effective or "0", 16) != 0,
        "it could gain privileges": seen.no_new_privileges is False,
        "no filter of system calls was on": seen.seccomp is False,
        "its root was writable": seen.root_read_only is False,
        f"it had a network ({', '.join(strange)})": bool(strange),
    }
    return (words for words, is_open in doors.items() if is_open)


def _unknown(seen: Isolation) -> Iterator[str]:
    facts = {
        "its capabilities": seen.capabilities_effective,
        "whether it could gain privileges": seen.no_new_privileges,
        "whether system calls were filtered": seen.seccomp,
        "whether its root was writable": seen.root_read_only,
    }
    return (f"not known: {words}" for words, value in facts.items() if value is None)


def _finding(evidence: str, severity: Severity) -> Finding:
    return Finding(code="not-isolated", severity=severity, evidence=evidence, advice=_ADVICE)
