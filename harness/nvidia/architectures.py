"""For which GPUs a binary has machine code.

Source: "Binary compatibility" in NVIDIA's CUDA programming guide: code for X.y runs on X.z with
z >= y, and on no other major version. Elsewhere the driver compiles the binary's PTX, if it has
any, when it is first used.
"""

from __future__ import annotations

from collections.abc import Iterable


def native(capability: str, built: Iterable[str]) -> bool:
    """Whether code for one of the compute capabilities ``built`` runs on ``capability``.

    Capabilities are texts such as ``9.0``.

    Raises:
        ValueError: one is not.
    """
    major, minor = _numbers(capability)
    return any(of == major and least <= minor for of, least in map(_numbers, built))


def _numbers(capability: str) -> tuple[int, int]:
    major, _, minor = capability.partition(".")
    return int(major), int(minor)
