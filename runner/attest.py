"""Facts from the live process: versions, isolation and the machine.

Everything is read from Linux' /proc and from imported modules, nothing from what an image
promises; the harness compares the two.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Dict, Iterable, List, Optional

import psutil

from runner.contract.measurement import Host, Isolation
from runner.meters.nvml import devices

_PROC = Path("/proc/self")
_CGROUP_LIMITS = {
    "memory": ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
    "pids": ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"),
}
_UNLIMITED = 2**60  # cgroup v1 writes a number near 2**63 for "no limit"


def versions(names: Iterable[str], live: Dict[str, str]) -> Dict[str, str]:
    """Versions of the distributions ``names``; what a live module says of itself wins."""
    found: Dict[str, str] = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    found.update(live)
    return found


def isolation() -> Isolation:
    """What this process may do and see."""
    status = dict(
        line.split(":", 1) for line in _read(_PROC / "status").splitlines() if ":" in line
    )
    capabilities = status.get("CapEff", "").strip() or None
    return Isolation(
        uid=os.getuid(),
        gid=os.getgid(),
        capabilities_effective=capabilities,
        no_new_privileges=_flag(status.get("NoNewPrivs")),
        seccomp=_flag(status.get("Seccomp")),
        root_read_only=_root_read_only(),
        network_interfaces=_names(Path("/sys/class/net")),
        memory_limit_bytes=_limit("memory"),
        pids_limit=_limit("pids"),
        nvidia_device_files=[n for n in _names(Path("/dev")) if n.startswith("nvidia")],
        nvml_gpus=_nvml_gpus(),
    )


def _nvml_gpus() -> Optional[List[str]]:
    """UUIDs of the GPUs that NVML shows to this process, whatever its environment says."""
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # no package, no library, no driver: nothing to see
        return None
    try:
        return [device.uuid for device in devices(nvml)]
    except nvml.NVMLError:
        return None
    finally:
        with contextlib.suppress(nvml.NVMLError):
            nvml.nvmlShutdown()


def host() -> Host:
    """The machine as the job sees it."""
    return Host(
        machine=platform.machine(),
        kernel=platform.release(),
        cpu_model=_cpu_model(),
        logical_cores=psutil.cpu_count(logical=True) or 1,
        memory_bytes=int(psutil.virtual_memory().total),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _names(folder: Path) -> List[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []


def _flag(text: Optional[str]) -> Optional[bool]:
    return None if text is None else text.strip() != "0"


def _root_read_only() -> Optional[bool]:
    for line in _read(_PROC / "mounts").splitlines():
        parts = line.split()
        if len(parts) > 3 and parts[1] == "/":
            return "ro" in parts[3].split(",")
    return None


def _limit(kind: str) -> Optional[int]:
    for name in _CGROUP_LIMITS[kind]:
        text = _read(Path(name)).strip()
        if text.isdigit():
            return int(text) if int(text) < _UNLIMITED else None
    return None


def _cpu_model() -> str:
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
