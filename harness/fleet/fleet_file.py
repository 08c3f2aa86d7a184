"""Fleet files: which hosts a campaign may use, in TOML, parsed strictly.

engine = "slurm"
folder = "/shared/benchdl"          # all hosts see it under this path
scratch = "/tmp"                    # each host's local disk: job folders, caches

[hosts.p3-2xlarge]                  # what tables call the machine
count = 3                           # shards at once
partition = "gpu"
constraint = "v100"
options = ["--account=lab"]         # of sbatch, where they are not benchdl's own
time = "04:00:00"
setup = ["module load cuda"]        # shell, before the shard
benchdl = "/shared/benchdl/.venv/bin/benchdl"
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, field_validator
from pydantic_core import PydanticCustomError

from harness import toml_models
from harness.hosts import this_machine

MOST_SHARDS = 1000
_OURS = (
    "array", "chdir", "clusters", "error", "exclusive", "export", "export-file", "help", "job-name",
    "mem", "mem-per-cpu", "mem-per-gpu", "nodes", "no-requeue", "ntasks", "ntasks-per-node",
    "open-mode", "output", "oversubscribe", "parsable", "propagate", "requeue", "signal",
    "test-only", "usage", "version", "wait", "wrap",
)  # fmt: skip
"""Options of sbatch that benchdl sets, or that would make its answer another."""
_KEYS = {"partition": "partition", "constraint": "constraint", "time": "time"}
"""Options of sbatch that have a key of their own."""
_OPTION = re.compile(r"--(?P<name>[a-z][a-z0-9-]*)(=.*)?", re.DOTALL)
_TIME = re.compile(
    r"(?:(?P<days>\d{1,4})-)?(?P<first>\d{1,7})(?::(?P<second>\d{1,2}))?(?::(?P<third>\d{1,2}))?",
    re.ASCII,
)


def _wrong(message: str) -> PydanticCustomError:
    # Not ValueError: pydantic would put those two words before the message.
    return PydanticCustomError("fleet", "{message}", {"message": message})


def _plain(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise _wrong("expected printable words")
    return text


def _absolute(value: object) -> Path:
    text = str(value) if isinstance(value, (str, Path)) else ""
    if not text.startswith("/") or not text.isprintable():
        raise _wrong("expected an absolute path, as the hosts see it")
    return Path(text)


def _time(value: object) -> str:
    """As sbatch takes it. TOML has a type of its own for 04:00:00 without quotes."""
    if isinstance(value, datetime.time) and not value.microsecond:
        value = value.isoformat()
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not seconds(text):
        raise _wrong('expected a time above 0 as in "HH:MM:SS", "D-HH:MM", or a number of minutes')
    return text


def _option(text: str) -> str:
    words = _OPTION.fullmatch(text)
    if words is None or not text.isprintable():
        raise _wrong('expected an option of sbatch in its long form, as in "--account=lab"')
    name = words["name"]
    for key in _KEYS:
        # sbatch takes the beginning of a name for the whole.
        if key.startswith(name):
            raise _wrong(f"--{name} has a key of its own here: {key}")
    if any(known.startswith(name) for known in _OURS):
        raise _wrong(f"--{name} is set by benchdl itself, or would change what sbatch answers")
    return text


def _line(text: str) -> str:
    if "\0" in text:
        raise _wrong("expected a line of shell")
    return text


Absolute = Annotated[Path, PlainValidator(_absolute)]
Words = Annotated[str, AfterValidator(_plain), Field(max_length=1000)]
Option = Annotated[str, AfterValidator(_option), Field(max_length=1000)]
Line = Annotated[str, AfterValidator(_line), Field(max_length=10_000)]
Shards = Annotated[int, Field(ge=1, le=MOST_SHARDS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Hosts(_Strict):
    """Hosts of one type, and how to ask for one of them.

    Attributes:
        count: shards at once.
        blocks: whole blocks in a shard; None: the repeats spread evenly over ``count`` shards.
        partition: of the batch system; None: its usual one.
        constraint: features that a host must have, as sbatch takes them.
        options: further ones of sbatch.
        time: the limit of one shard as sbatch takes it; None: the partition's.
        setup: lines of shell before the shard.
        benchdl: the command on these hosts; None: the one that began the fleet.
    """

    count: Shards = 1
    blocks: Shards | None = None
    partition: Words | None = None
    constraint: Words | None = None
    options: list[Option] = Field(default=[], max_length=100)
    time: Annotated[str, PlainValidator(_time)] | None = None
    setup: list[Line] = Field(default=[], max_length=1000)
    benchdl: Absolute | None = None

    @property
    def limit_s(self) -> float | None:
        """The limit of one shard in seconds; None: the partition's, which nobody knows here."""
        return None if self.time is None else seconds(self.time)


class FleetFile(_Strict):
    """One fleet file.

    Attributes:
        engine: the batch system.
        folder: shared by all hosts and by whoever starts the fleet.
        scratch: on each host's local disk.
        heartbeat_s: seconds between two signs of life of a shard.
        patience_s: how long a wait that cannot end by itself is borne.
        hosts: by the name that tables have for machines of this type.
    """

    engine: Literal["slurm"] = "slurm"
    folder: Absolute
    scratch: Absolute = Path("/tmp")  # noqa: S108 - the shard makes a folder of its own there
    heartbeat_s: Annotated[float, Field(ge=0.1, le=3600)] = 10.0
    patience_s: Annotated[float, Field(ge=0, le=1e7)] = 600.0
    hosts: dict[str, Hosts] = Field(min_length=1)

    @field_validator("hosts", mode="before")
    @classmethod
    def _labels(cls, value: object) -> object:
        for label, table in value.items() if isinstance(value, dict) else ():
            if not re.fullmatch(this_machine.NAME, label):
                raise _wrong(
                    f"{label[:80]!a} is no name for a machine: up to 64 letters, digits, "
                    "spaces and .:+()@-, a letter or digit first"
                )
            below = table if isinstance(table, dict) else {}
            inner = [key for key, deeper in below.items() if isinstance(deeper, dict)]
            if inner:
                raise _wrong(
                    f'a name with a point needs quotes, as in [hosts."{label}.{inner[0]}"]'
                )
        return value


def read(path: Path) -> FleetFile:
    """The fleet that a file describes.

    Raises:
        UsageError: no such file, broken TOML, an unknown key (with the allowed ones), a bad value.
    """
    return toml_models.read(path, FleetFile)


def seconds(time: str) -> float:
    """A time as sbatch takes it: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S; 0.0 for what is none."""
    found = _TIME.fullmatch(time)
    if found is None:
        return 0.0
    numbers = [int(found[part]) for part in ("first", "second", "third") if found[part]]
    units = (3600, 60, 1) if found["days"] or len(numbers) == 3 else (60, 1)
    days = int(found["days"] or 0)
    return float(days * 86_400 + sum(n * unit for n, unit in zip(numbers, units, strict=False)))
