"""Whether the firmware's name of a virtual machine tells its type, or only whose it is.

On EC2 the product is the instance type. Others say which cloud or hypervisor it is; their types
come from a metadata service on the network, which benchdl does not ask: the user names them.
Source of the names: cloud-init, tools/ds-identify (2026), and QEMU's, Xen's and VMware's own.
"""

from __future__ import annotations

from harness.hosts import this_machine
from runner.contract.host_type import HostType

_NO_TYPE = (
    "Google Compute Engine", "Microsoft Corporation Virtual Machine", "Alibaba Cloud ECS",
    "OpenStack Nova", "OpenStack Compute", "3DS Outscale VM", "HVM domU", "Standard PC", "KVM",
    "VMware", "VirtualBox",
)  # fmt: skip


def names_a_type(machine: HostType) -> bool:
    """Whether two machines of this name are of one type, as far as names tell."""
    name = machine.name or ""
    return machine.named == "user" or bool(name and not any(words in name for words in _NO_TYPE))


def told(machine: HostType) -> str:
    """The machine in words, and what to do where these do not tell its type."""
    words = this_machine.words(machine)
    if names_a_type(machine):
        return words
    return (
        f"{words}; its firmware names no type: tables tell it by processor, cores and memory, or "
        f"by --machine NAME, ${this_machine.VARIABLE}"
    )
