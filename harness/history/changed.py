"""What is another than it was before: of the images, the software, the driver, benchdl itself."""

from __future__ import annotations

from collections.abc import Callable

from harness.tables import builds
from harness.tables.rows import Row

_PLAIN: dict[str, Callable[[Row], str | None]] = {
    "image": builds.PARTS["image"],
    "lock files": builds.PARTS["lock files"],
    "runner": builds.PARTS["runner"],
    "benchdl": lambda row: row.harness and row.harness.removeprefix("benchdl "),
    "GPU driver": lambda row: row.gpu_driver,
    "kernel": lambda row: row.kernel,
}


def between(before: Row, after: Row) -> list[str]:
    """What differs, the likeliest reason first: ``keras 2.11.0 → 2.12.0``."""
    found = []
    for then, now in ((_software(before), _software(after)), (_settings(before), _settings(after))):
        for name in dict.fromkeys([*then, *now]):
            if then.get(name) != now.get(name):
                found.append(f"{name} {then.get(name) or 'none'} → {now.get(name) or 'none'}")
    for word, read in _PLAIN.items():
        a, b = read(before), read(after)
        if a != b:
            found.append(f"{word} {a or 'unknown'} → {b or 'unknown'}")
    return found


def _software(row: Row) -> dict[str, str]:
    """Versions by name; the column has them in turn."""
    words = row.software.split()
    return dict(zip(words[::2], words[1::2], strict=False))


def _settings(row: Row) -> dict[str, str]:
    """Values by name: ``memory pool growth``, ``OMP_NUM_THREADS=4``."""
    found = {}
    for words in row.settings.split(", "):
        mark = "=" if "=" in words else " "
        name, _, value = words.partition(mark) if mark == "=" else words.rpartition(mark)
        found[name] = value
    return found
