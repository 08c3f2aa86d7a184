"""Campaign files: a matrix in TOML, parsed strictly, into the options of a campaign.

    repeat = 5

    [matrix]
    backends = ["tf", "theano"]
    modes = ["as-written", "tuned"]
    precisions = ["float32", "bfloat16"]
    variants = ["default", "no-pool"]
    devices = ["cpu", "gpu"]
    threads = ["default", 1]
    batch_sizes = ["default", 512]
    gpus_axis = [1, 2, 4]

What belongs to the machine and not to the question (folders, limits of memory) stays on the command
line. The launcher may be said here: ``launcher = "python"`` and ``python = "PATH"``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from harness import settings, toml_models
from harness.campaign.plan import Device, Options
from harness.campaign.question import MOST, Question
from harness.errors import UsageError
from harness.launchers.launcher import LauncherWord
from runner.contract.job import Mode
from runner.contract.precision import Precision
from runner.contract.rank import MOST_RANKS, RankCount
from runner.contract.schema import SettingValue


def _count(value: object) -> int | None:
    if value == "default":
        return None
    if type(value) is int and 1 <= value <= MOST:
        return value
    raise ValueError(f'expected a number from 1 to {MOST:,}, or "default"')


Count = Annotated[int | None, PlainValidator(_count)]
"""A number, or ``"default"``: the tool's own threads, the recipe's own batch size."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Matrix(_Strict):
    """The axes; each combination of them is a configuration."""

    backends: list[str] = Field(min_length=1)
    modes: list[Mode] = Field(default=["as-written"], min_length=1)
    precisions: list[Precision] = Field(default=["float32"], min_length=1)
    variants: list[str] = Field(default=["default"], min_length=1)
    devices: list[Literal["auto", "cpu", "gpu"]] = Field(default=["auto"], min_length=1)
    threads: list[Count] = Field(default=[None], min_length=1)
    batch_sizes: list[Count] = Field(default=[None], min_length=1)
    gpus_axis: list[RankCount] = Field(default=[], max_length=MOST_RANKS)
    batch_per_gpu: int | None = Field(default=None, ge=1, le=MOST)


class CampaignFile(Question):
    """One campaign file. ``set`` holds what ``--set`` takes, as keys and values.

    ``launcher`` and ``python`` are those of the command line, where they may be said instead.
    """

    model_config = ConfigDict(strict=True)

    launcher: LauncherWord | None = None
    python: str | None = None
    matrix: Matrix
    set: dict[str, Any] = {}


def read(path: Path, device: Callable[[Literal["auto", "cpu", "gpu"]], Device]) -> Options:
    """The options that a campaign file asks for; ``device`` says what ``auto`` is here.

    Raises:
        UsageError: no such file, broken TOML, an unknown key (with the allowed ones), a bad value.
    """
    file = toml_models.read(path, CampaignFile)
    axes = file.matrix
    words = file.model_dump(exclude={"matrix", "set", "launcher", "python"})
    return Options(
        backends=axes.backends,
        modes=axes.modes,
        precisions=axes.precisions,
        variants=axes.variants,
        devices=list(dict.fromkeys(device(word) for word in axes.devices)),
        threads=axes.threads,
        batch_sizes=axes.batch_sizes,
        ranks=[*axes.gpus_axis] or [None],
        batch_per_gpu=axes.batch_per_gpu,
        overrides=_overrides(file.set, path),
        launcher=file.launcher or "auto",
        python=Path(file.python) if file.python else None,
        **words,
    )


def _overrides(given: dict[str, Any], path: Path) -> dict[str, SettingValue]:
    """As ``--set`` has them: TOML's own true and false are its on and off."""
    pairs = []
    for key, value in given.items():
        if isinstance(value, (dict, list)) or not isinstance(value, (bool, int, float, str)):
            raise UsageError(
                f"{path}: key 'set.{key}': expected one value",
                'keys with a dot are quoted: "memory_pool.fraction" = 0.5',
            )
        words = {True: "on", False: "off"}
        pairs.append(f"{key}={words[value] if isinstance(value, bool) else value}")
    return settings.parse(pairs)
