"""What the machine is that jobs run on: what may share a line of a table, and what is published.

Sources: /sys/class/dmi/id of Linux (the SMBIOS tables, "System Information", type 1). Everybody may
read vendor and product; serial number and UUID, which name one machine, are never looked at, and
neither is the hostname.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import psutil

from harness.allotment import core_grant, grant
from harness.errors import UsageError
from runner import attest
from runner.contract.host_type import HostType

VARIABLE = "BENCHDL_MACHINE"
NAME = r"^\w[\w .:+()@-]{0,63}$"
"""What a user may call a machine: a name stands in captions, file names of reports and CSV."""

_DMI = Path("/sys/class/dmi/id")
_LONGEST = 64
_SAYS_NOTHING = re.compile(
    r"(to be filled.*|default string|system (product name|manufacturer|version)|"
    r"not (specified|applicable|available)|none|unknown|n/?a|o\.?e\.?m\.?|0+|x+|[.\-_ ]*)",
    re.IGNORECASE,
)
"""What makers of boards leave in these fields."""


def name(given: str | None) -> str | None:
    """The name that the user gave: by ``--machine``, else by ``$BENCHDL_MACHINE``.

    Raises:
        UsageError: it is none that could stand in a table.
    """
    chosen, source = given, "--machine"
    if given is None:
        chosen, source = os.environ.get(VARIABLE) or None, f"${VARIABLE}"
    if chosen is not None and not re.fullmatch(NAME, chosen):
        raise UsageError(
            f"{source} {chosen[:80]!a} is no name for a machine",
            "up to 64 letters, digits, spaces and .:+()@-, a letter or digit first",
        )
    return chosen


def read(given: str | None = None, dmi: Path = _DMI) -> HostType:
    """This machine, as far as jobs may use it; ``given`` is the user's name for it.

    Raises:
        UsageError: as with :func:`name`.
    """
    known, cores = attest.host(), core_grant.limit()
    called = name(given)
    firmware = None if called else _firmware(dmi)
    count = cores.count if cores else len(core_grant.own())
    allotted = grant.memory_limit(count)
    memory_bytes = allotted[0] if allotted else int(psutil.virtual_memory().total)
    return HostType(
        name=called or firmware,
        named="user" if called else "firmware" if firmware else None,
        cpu_model=known.cpu_model,
        cores=count,
        quota_cores=cores.quota if cores else None,
        memory_gib=max(1, round(memory_bytes / 2**30)),
        kernel=known.kernel,
    )


def words(machine: HostType) -> str:
    """All that tells it from other machines in a table; the kernel is only noted."""
    quota = f" (quota {machine.quota_cores:g})" if machine.quota_cores else ""
    parts = [
        machine.name or "",
        machine.cpu_model,
        f"{machine.cores} core{'s' if machine.cores > 1 else ''}{quota}",
        f"{machine.memory_gib} GiB",
    ]
    return ", ".join(part for part in parts if part)


def here(given: str | None = None) -> str:
    """This machine in words."""
    return words(read(given))


def _firmware(dmi: Path) -> str | None:
    vendor, product = (_said(dmi / file) for file in ("sys_vendor", "product_name"))
    if vendor and product and product.lower().startswith(vendor.lower()):
        vendor = ""
    return " ".join(part for part in (vendor, product) if part) or None


def _said(file: Path) -> str:
    """A field in plain characters; empty where it says nothing."""
    try:
        text = file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    # These stand in tables: no character that ends a cell, none that cannot be printed.
    plain = " ".join(re.sub(r"[^\w .,:+()@/-]", " ", text, flags=re.ASCII).split())[:_LONGEST]
    return "" if _SAYS_NOTHING.fullmatch(plain) else plain
