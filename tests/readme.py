"""The commands of README.md, as a reader finds them."""

from __future__ import annotations

import re
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]


def text() -> str:
    """All of it."""
    return (REPO / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Every line of its shell blocks, without the remark behind it."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    return [re.sub(r"\s+#.*", "", line) for line in lines]


def named() -> list[str]:
    """Every command that a sentence or a table names."""
    outside = re.sub(r"^```.*?^```$", "", text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`((?:make|benchdl|\.venv/bin/benchdl) [^`]*)`", outside)
