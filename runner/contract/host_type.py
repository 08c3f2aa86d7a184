"""What a machine is, for tables: enough to tell two apart, nothing that names one of a kind."""

from __future__ import annotations

from typing import Optional

from typing_extensions import Literal

from runner.contract.schema import Duration, Model, Ordinal


class HostType(Model):
    """The kind of machine that a job ran on, as far as the job could use it.

    ``name`` is what the user calls it, or what the firmware's tables say of maker and model (on
    many clouds the instance type); ``named`` says which. ``quota_cores`` are the seconds of CPU
    time a second that a control group allows, ``None`` is no limit. ``memory_gib`` is rounded: what
    a kernel reserves differs by a little. Hostname, serial numbers and addresses are left out on
    purpose. GPUs are in the measurement, as the job saw them.
    """

    name: Optional[str] = None
    named: Optional[Literal["user", "firmware"]] = None
    cpu_model: str
    cores: Ordinal
    quota_cores: Optional[Duration] = None
    memory_gib: Ordinal
    kernel: str
