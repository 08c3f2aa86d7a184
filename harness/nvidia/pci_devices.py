"""NVIDIA's GPUs on the PCI bus: there whether a driver answers or not."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path("/sys/bus/pci/devices")
_VENDOR = "0x10de"
_GRAPHICS = "0x03"
"""Base class 03h, display controller (PCI Code and ID Assignment Specification)."""


def graphics() -> list[str]:
    """The addresses of NVIDIA's display controllers; empty where the bus cannot be read."""
    try:
        devices = sorted(FOLDER.iterdir())
    except OSError:
        return []
    return [device.name for device in devices if _is_gpu(device)]


def _is_gpu(device: Path) -> bool:
    try:
        vendor, kind = ((device / name).read_text("ascii").strip() for name in ("vendor", "class"))
    except (OSError, ValueError):
        return False
    return vendor == _VENDOR and kind.startswith(_GRAPHICS)
