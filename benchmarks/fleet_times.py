"""What a fleet costs beside its jobs: read from the times of the files in its folder.

    python -m benchmarks.fleet_times FOLDER

FOLDER is that of one fleet, on a file system whose clock is one for all hosts. In seconds, by
shard: from the answer to its submission to its first word from the host, from there to its first
job, from job to job, and from its last result to its end file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each shard and their medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="of one fleet: it holds fleet.json")
    folder = parser.parse_args(arguments).folder
    shards = sorted(file.parent for file in folder.glob("*/shard.json"))
    if not shards:
        parser.error(f"no shards in {folder}")
    rows = [seconds(shard) for shard in shards]
    lines = ["| shard | to the host | to the first job | job to job | to the end |"]
    lines.append("|---|--:|--:|--:|--:|")
    lines += [_line(shard.name, row) for shard, row in zip(shards, rows, strict=True)]
    medians = [
        _median([value for value in column if value is not None])
        for column in zip(*rows, strict=True)
    ]
    sys.stdout.write("\n".join([*lines, _line("median", medians)]) + "\n")


def seconds(shard: Path) -> tuple[float | None, float | None, float | None, float | None]:
    """Submission to begin, begin to first job, job to job (median), last result to end.

    The first submission counts; None is what the shard has no files of.
    """
    submitted = _times(shard.glob("submitted-1.json"))
    begun = _times(shard.glob("begin-*.json"))
    started = _times(shard.glob("started/*.json"))
    stored = _times(shard.glob("store/*/result.json"))
    ended = _times(shard.glob("end-*.json"))
    return (
        begun[0] - submitted[0] if begun and submitted else None,
        started[0] - begun[0] if started and begun else None,
        _median([later - earlier for earlier, later in pairwise(started)]),
        ended[-1] - stored[-1] if ended and stored else None,
    )


def _times(files: Iterable[Path]) -> list[float]:
    return sorted(file.stat().st_mtime for file in files)


def _median(values: list[float]) -> float | None:
    return median(values) if values else None


def _line(name: str, values: Iterable[float | None]) -> str:
    return f"| {name} | " + " | ".join(map(_shown, values)) + " |"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
