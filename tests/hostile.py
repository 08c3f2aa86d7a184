"""What a stranger may put in the place of a result, as hypothesis draws it.

A sound result is taken and bent: keys go or come, values become others of the same or another kind,
bytes turn over, files become pipes, links, folders and giants. Much of it still fits the schema, so
that it reaches everything that reckons with results or prints them.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from harness import checksums

NUMBERS: list[Any] = [
    0, 1, -1, 0.0, -0.0, 1e-9, 5e-324, 1e-300, 1e12, 1e20, 1e50, -1e50, 1e51, 1e154, 1e308, -1e308,
    2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 10**399, float("nan"), float("inf"),
    float("-inf"), True, False,
]  # fmt: skip
TEXTS: list[Any] = [
    "", " ", "a" * 5000, "a" * 100_001, "\x1b[2J\x07", "a\nb\r\nc", "a|b|c", "<script>1</script>",
    "\u202e\u0000\ufffe", "\ud800", "\U0001f600" * 50, "../../etc/passwd", "=1+1", "%s{0}", "NaN",
    "1e308", "2026-13-45T99:99:99", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00", "tf", "cpu",
    "invalid", "nan", "sha256:" + "f" * 64, "\u0661\u0662", "None",
]  # fmt: skip
SHAPES: list[Any] = [None, [], {}, [[]], [{}], {"": ""}, {"a": {"b": []}}, [None] * 200, [1, "a"]]


def nested(depth: int, kind: str) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


SHAPES += [nested(depth, kind) for depth in (30, 63, 260) for kind in ("list", "dict")]
VALUES = NUMBERS + TEXTS + SHAPES

SPECIAL = (
    "pipe", "zero", "loop", "dangling", "folder", "deep", "sparse", "empty", "bits", "cut",
    "latin", "twice", "brackets", "unreadable",
)  # fmt: skip
NAMES = ("result.json", "job.json", "samples.csv", "samples.json", "log.txt", checksums.NAME)
SAMPLES = (
    "", "t_s\n", "t_s,cpu0_busy_s\n0.1,inf\n0.2,inf\n", "t_s,cpu0_busy_s\n0.1,1e308\n0.2,-1e308\n",
    "t_s,cpu0_busy_s,rss_bytes\n0.1,nan,1\n0.2,nan,2\n", "t_s,t_s,t_s\n1,2,3\n2,3,4\n",
    "t_s,gpu0_util_percent\n1e308,1\n1.7e308,2\n", "t_s,cpu0_busy_s\nnan,1\nnan,2\n",
    "t_s,gpu" + "9" * 400 + "_util_percent\n0.1,1\n0.2,2\n", "t_s" + ",a" * 5000 + "\n0.1\n",
    "t_s,cpu0_busy_s\n0.1,1\n0.1,2\n", "t_s,cpu0_busy_s,job_cpu_s\n1,1e19,1\n2,0,1e19\n3,1,\n",
    "t_s,rss_bytes\n0,1e20\n1e-300,1e20\n", "\x00\x00", "t_s,cpu0_busy_s\n0,1\n1e20,2\n",
    "t_s,gpu\u0661_util_percent\n0.1,1\n0.2,2\n",
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """How one result is bent: by small numbers, so that hypothesis can draw many of them."""

    base: int
    changes: tuple[tuple[int, int, int], ...]
    special: tuple[str, str] | None
    samples: int
    honest: bool
    seed: int


def recipes() -> st.SearchStrategy[Recipe]:
    small = st.integers(0, 2**16 - 1)
    return st.builds(
        Recipe,
        base=st.integers(0, 7),
        changes=st.lists(st.tuples(small, small, st.integers(0, 5)), max_size=4).map(tuple),
        special=st.none() | st.tuples(st.sampled_from(NAMES), st.sampled_from(SPECIAL)),
        samples=st.integers(0, len(SAMPLES)),
        honest=st.booleans(),
        seed=small,
    )


def bent(recipe: Recipe, bases: list[dict[str, Any]], identity: dict[str, Any]) -> bytes:
    """The text of a result; ``identity`` is laid over its job first, so that it would be ours."""
    data = copy.deepcopy(bases[recipe.base % len(bases)])
    data["run_id"] = data["job"]["run_id"] = identity["run_id"]
    data["job"].update(identity)
    for where, what, how in recipe.changes:
        places = list(_places(data))
        parent, key = places[where % len(places)]
        if how == 0:
            del parent[key]
        elif how == 1 and isinstance(parent, dict):
            parent[TEXTS[what % len(TEXTS)]] = copy.deepcopy(VALUES[where % len(VALUES)])
        elif how == 2 and isinstance(parent[key], (int, float)):
            parent[key] = NUMBERS[what % len(NUMBERS)]
        elif how == 3 and isinstance(parent[key], str):
            parent[key] = TEXTS[what % len(TEXTS)]
        elif how == 4 and isinstance(parent[key], list) and parent[key]:
            parent[key] = parent[key] * (1 + what % 50)
        else:
            parent[key] = copy.deepcopy(VALUES[what % len(VALUES)])
    return json.dumps(data).encode()


def _places(data: Any, depth: int = 0) -> Any:
    keys = list(data) if isinstance(data, dict) else range(len(data))
    for key in keys:
        yield data, key
        if isinstance(data[key], (dict, list)) and depth < 20:
            yield from _places(data[key], depth + 1)


def plant(recipe: Recipe, folder: Path, text: bytes) -> None:
    """Write the files of a result into ``folder``, as the recipe has them."""
    contents = {
        "result.json": text,
        "job.json": json.dumps(_job_of(text)).encode(),
        "log.txt": b"said\x1b[31m\xff\n" * 3,
        "samples.json": json.dumps({"ended": "stopped", "cores": [0]}).encode(),
    }
    if recipe.samples < len(SAMPLES):
        contents["samples.csv"] = SAMPLES[recipe.samples].encode()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    if recipe.special is not None:
        _spoil(folder / recipe.special[0], recipe.special[1], recipe.seed)
    if recipe.honest:
        sums = {}
        for name in contents:
            file = folder / name
            if file.is_file() and not file.is_symlink() and file.stat().st_size < 10**6:
                sums[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        if not (folder / checksums.NAME).is_symlink() and not (folder / checksums.NAME).exists():
            (folder / checksums.NAME).write_text(checksums.text(sums))


def _job_of(text: bytes) -> Any:
    data = json.loads(text)
    return data.get("job") if isinstance(data, dict) else None


def _spoil(file: Path, kind: str, seed: int) -> None:
    content = file.read_bytes() if file.exists() else b"{}"
    file.unlink(missing_ok=True)
    draw = random.Random(seed)
    if kind == "pipe":
        os.mkfifo(file)
    elif kind in ("zero", "loop", "dangling"):
        targets = {"zero": "/dev/zero", "loop": file.name, "dangling": "nowhere"}
        file.symlink_to(targets[kind])
    elif kind == "folder":
        file.mkdir()
    elif kind == "deep":
        file.mkdir()
        handle = os.open(file, os.O_RDONLY)
        for _ in range(300):
            os.mkdir("d", dir_fd=handle)
            inner = os.open("d", os.O_RDONLY, dir_fd=handle)
            os.close(handle)
            handle = inner
        os.close(handle)
    elif kind == "sparse":
        file.write_bytes(content)
        os.truncate(file, 20 * 2**30)
    elif kind == "bits":
        changed = bytearray(content or b"\0")
        for _ in range(3):
            bit = draw.randrange(8 * len(changed))
            changed[bit // 8] ^= 1 << bit % 8
        file.write_bytes(changed)
    else:
        file.write_bytes(
            {
                "empty": b"",
                "cut": content[: draw.randrange(len(content) + 1)],
                "latin": content[:50] + b"\xff\xfe" + content[50:],
                "twice": content.replace(b'"run_id"', b'"run_id": "x", "run_id"', 1),
                "brackets": b"[" * 100_000,
                "unreadable": content,
            }[kind]
        )
        if kind == "unreadable":
            file.chmod(0)
