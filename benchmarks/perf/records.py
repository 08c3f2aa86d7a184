"""What was measured, one JSON line each, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from harness.stats.describe import Sample

Record = dict[str, Any]


class Records:
    """The lines of one file; each has ``block``, ``backend`` and ``arm``, and no two the same."""

    def __init__(self, file: Path, conditions: Record) -> None:
        """Open or make ``file``.

        Args:
            file: of JSON lines; the first one states the conditions and the day.
            conditions: of this run; a file that was made under others is refused.

        Raises:
            ValueError: the file was made under other conditions.
        """
        self._file = file
        self.lines: list[Record] = []
        self.date = datetime.now(timezone.utc).date().isoformat()
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"date": self.date, **conditions}) + "\n")
            return
        # What a kill left of a line is measured again.
        whole = file.read_text().rpartition("\n")[0]
        file.write_text(whole + "\n")
        first, *self.lines = [json.loads(line) for line in whole.splitlines()]
        self.date = first.pop("date")
        if first != conditions:
            raise ValueError(f"{file} was measured under other conditions: {first}")

    def has(self, block: int, backend: str, arm: str) -> bool:
        """Whether this was measured already."""
        wanted = (block, backend, arm)
        return any((line["block"], line["backend"], line["arm"]) == wanted for line in self.lines)

    def add(self, record: Record) -> None:
        """Keep one more, on the disk first."""
        with self._file.open("a") as file:
            file.write(json.dumps(record) + "\n")
        self.lines.append(record)

    def values(self, backend: str, arm: str, key: str) -> list[float]:
        """All figures ``key`` of one arm that were measured."""
        return [sample.value for sample in self.samples(backend, arm, key)]

    def samples(self, backend: str, arm: str, key: str) -> list[Sample]:
        """The same, with their blocks."""
        return [
            Sample(line[key], ("perf", line["block"]))
            for line in self.lines
            if (line["backend"], line["arm"]) == (backend, arm) and line.get(key) is not None
        ]
