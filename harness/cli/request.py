"""From the words of ``benchdl run`` to the options of a campaign."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from harness import catalog, settings, toml_models
from harness.campaign import limits, matrix
from harness.campaign.plan import Device, Options
from harness.campaign.question import Question
from harness.cli import gpu_shares, spoken
from harness.errors import UsageError
from harness.hosts import this_machine
from harness.launchers import choice
from harness.launchers.launcher import LauncherWord
from runner.contract.schema import SettingValue

_GPU = re.compile(r"[0-9]{1,5}|(GPU-|MIG-)[!-~]+")
_BESIDE_A_FILE = {
    "file", "launcher", "python", "gpus", "parallel_gpus", "cores_per_gpu", "injection",
    "engine_wait", "stop_after", "data_dir", "results", "memory", "against", "machine",
    "allow_unpinned", "conform", "make_base", "dry_run", "as_json", "quiet", "verbose", "tags",
    "note",
}  # fmt: skip
"""What belongs to the machine, to how results are shown, or to this one campaign of a file's."""


def options(ctx: click.Context, asked: dict[str, Any], say: Callable[[str], None]) -> Options:
    """What the command line asks for, or the file that it names.

    Raises:
        UsageError: neither a backend nor a file, or the same said in both.
    """
    if asked["file"]:
        _only_what_no_file_says(ctx)
        wanted = matrix.read(asked["file"], lambda word: choice.device(word, say))
        launcher, python = _way(asked, wanted)
    elif not asked["backends"]:
        raise UsageError(
            "no BACKEND given", f"{', '.join(catalog.names())}, or --campaign FILE.toml"
        )
    else:
        device = choice.device(asked["device"], say)
        wanted = _validated(
            backends=list(asked["backends"]),
            devices=[device],
            modes=list(asked["modes"]) or ["as-written"],
            precisions=list(asked["precisions"]) or ["float32"],
            variants=list(asked["variants"]) or ["default"],
            threads=[asked["threads"]],
            batch_sizes=[asked["batch_size"]],
            batch_per_gpu=asked["batch_per_gpu"],
            ranks=gpu_shares.axis(asked, device),
            overrides=overrides(asked),
            dataset=asked["dataset"],
            **{name: asked[name] for name in spoken.names(Question)},
        )
        launcher, python = asked["launcher"], asked["python"]
    of_the_machine = {
        "machine": this_machine.name(asked["machine"]),
        "gpus": gpus(asked["gpus"], list(wanted.devices)),
        "parallel_gpus": asked["parallel_gpus"],
        "cores_per_gpu": asked["cores_per_gpu"],
        "launcher": launcher,
        "python": choice.python(launcher, python),
        "data_dir": asked["data_dir"] and asked["data_dir"].absolute(),
        "memory_limit_bytes": limits.memory(asked["memory"]) if asked["memory"] else None,
        "allow_unpinned": asked["allow_unpinned"],
        "conform": asked["conform"],
        "against": asked["against"],
    }
    own_words = {"tags": list(dict.fromkeys(asked["tags"])), "note": asked["note"]}
    return _validated(**{**dict(wanted), **of_the_machine, **own_words})


def for_hosts(asked: dict[str, Any]) -> Options:
    """What a campaign file asks for on other hosts, with the words of ``benchdl fleet run``.

    Raises:
        UsageError: it leaves to this machine what the hosts are to do.
    """
    wanted = matrix.read(asked["file"], _device_of_hosts)
    launcher, python = _way(asked, wanted)
    own = {
        "launcher": launcher,
        "python": python and Path(python),
        "data_dir": asked["data_dir"] and asked["data_dir"].absolute(),
        "allow_unpinned": asked["allow_unpinned"],
        "conform": asked["conform"],
        "tags": list(dict.fromkeys(asked["tags"])),
        "note": asked["note"],
    }
    return _validated(**{**dict(wanted), **own})


def _device_of_hosts(word: choice.DeviceWord) -> Device:
    if word == "auto":
        raise UsageError(
            "a fleet needs the devices named", 'in the campaign file: devices = ["cpu"] or ["gpu"]'
        )
    return word


def overrides(asked: dict[str, Any]) -> dict[str, SettingValue]:
    """What ``--set`` and ``--strategy`` change.

    Raises:
        UsageError: an unknown key, or the strategy twice.
    """
    found = settings.parse(list(asked["pairs"]))
    if asked["strategy"] and "strategy" in found:
        raise UsageError("--strategy together with --set strategy", "they say the same: give one")
    return {**found, "strategy": asked["strategy"]} if asked["strategy"] else found


def _validated(**words: Any) -> Options:
    return toml_models.validate(words, Options, "benchdl run", {"tags": "--tag", "note": "--note"})


def _only_what_no_file_says(ctx: click.Context) -> None:
    """A question that stands in two places is asked back."""
    for parameter in ctx.command.params:
        name = str(parameter.name)
        given = ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
        if given and name not in _BESIDE_A_FILE:
            shown = parameter.opts[0] if isinstance(parameter, click.Option) else "BACKEND"
            raise UsageError(f"--campaign together with {shown}", "say it in the file")


def _way(asked: dict[str, Any], wanted: Options) -> tuple[LauncherWord, str | None]:
    """The words of ``--launcher`` and ``--python``, of the command line or of the file.

    Raises:
        UsageError: one of them stands in both.
    """
    named = None if wanted.python is None else str(wanted.python)
    for option, there, here in (
        ("--launcher", wanted.launcher != "auto", asked["launcher"] != "auto"),
        ("--python", named is not None, asked["python"] is not None),
    ):
        if there and here:
            raise UsageError(f"--campaign together with {option}", "the file says it already")
    launcher = wanted.launcher if asked["launcher"] == "auto" else asked["launcher"]
    return launcher, asked["python"] or named


def gpus(text: str | None, devices: list[str]) -> list[str] | None:
    """The GPUs that ``--gpus`` names; None for all.

    Raises:
        UsageError: it names none, one twice, or there is no GPU job.
    """
    if text is None or text == "all":
        return None
    if "gpu" not in devices:
        raise UsageError(f"--gpus {text} with device cpu", "add --device gpu")
    chosen = [part.strip() for part in text.split(",")]
    if not all(_GPU.fullmatch(part) for part in chosen):
        raise UsageError(f"--gpus {text}: expected all, or indices or UUIDs, as in --gpus 0,2")
    if len(set(chosen)) < len(chosen):
        raise UsageError(f"--gpus {text} names a GPU twice")
    return chosen
