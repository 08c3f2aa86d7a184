"""From image.toml to the settings of one job: variant first, then ``--set key=value``."""

from __future__ import annotations

import math
import re
from typing import Any

from harness import addresses
from harness.catalog import Backend, Cudnn, Pool, suggestion
from harness.errors import UsageError
from runner.contract import upgrade
from runner.contract.job import MemoryPool, Mode, Settings
from runner.contract.precision import Precision
from runner.contract.schema import SettingValue

KEYS = (
    "memory_pool.mode",
    "memory_pool.fraction",
    "cudnn.enabled",
    "strategy",
    "environment.NAME",
)
LEAST_FRACTION = 0.001
"""TensorFlow's limit is in whole MiB, and 0 of them is none: a thousandth of the smallest GPU that
the images run on (2 GiB) is 2 MiB."""

POOL_ALIASES = ("lib.cnmem", "gpuarray.preallocate")
"""Theano's names for one thing: CNMeM became gpuarray.preallocate with Theano 0.9."""

OF_PRECISION = ("precision.tf32", "precision.dtype")
"""Keys of before ``--precision`` was an option: campaigns of then have them still."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST = 1e50
_LONGEST = 10_000
_WORDS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


def parse(pairs: list[str]) -> dict[str, SettingValue]:
    """``key=value`` words of the command line to an ordered mapping.

    Raises:
        UsageError: a word without ``=``, or an unknown key.
    """
    parsed: dict[str, SettingValue] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign or not key:
            raise UsageError(f"--set {pair}: expected key=value", f"keys: {', '.join(KEYS)}")
        if len(pair) > _LONGEST:
            raise UsageError(f"--set {pair[:60]}...: it is longer than {_LONGEST:,} characters")
        section, _, name = key.partition(".")
        if section == "environment" and not _VARIABLE.fullmatch(name):
            raise UsageError(f"--set {pair}: '{name}' is no name of an environment variable")
        if section != "environment" and key not in (*KEYS, *POOL_ALIASES, *OF_PRECISION):
            known = [*KEYS, *POOL_ALIASES]
            raise UsageError(f"--set {pair}: unknown key '{key}'", suggestion(key, known, "keys"))
        if key == "precision.dtype" and text != "float32":
            raise UsageError(f"--set {pair[:100]}", "it is an option: --precision")
        proxy = "proxy" in name.lower() and "@" in text  # as in user:password@host
        if proxy or addresses.holds_credentials(text):
            raise UsageError(
                f"--set {key}: an address with credentials would stay in every result",
                "name one that needs none: a job has no network anyway",
            )
        parsed[key] = text if section == "environment" else _value(key, text)
    return parsed


def check(overrides: dict[str, SettingValue]) -> None:
    """Make sure that a record's overrides are what :func:`parse` gives: its keys, its types.

    Raises:
        UsageError: one is not.
    """
    for key, value in overrides.items():
        words = {True: "on", False: "off"}
        text = words[value] if isinstance(value, bool) else value
        again = parse([f"{key}={text}"])
        if again != {key: value} or isinstance(again[key], bool) != isinstance(value, bool):
            raise UsageError(f"the setting {key[:80]!a} cannot be {str(value)[:80]!a}")


def _value(key: str, text: str) -> SettingValue:
    if key.endswith((".mode", ".dtype")) or key == "strategy":
        return text
    if key in ("cudnn.enabled", "precision.tf32"):
        if text.lower() in _WORDS:
            return _WORDS[text.lower()]
        raise UsageError(f"--set {key}={text}: expected on or off")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= _LARGEST:
        raise UsageError(f"--set {key}={text[:100]}: expected a number")
    return number


def resolve(
    backend: Backend,
    variant: str,
    overrides: dict[str, SettingValue],
    environment: dict[str, str] | None = None,
    mode: Mode = "as-written",
    precision: Precision = "float32",
) -> Settings:
    """The settings of a job of ``backend``: its mode, then ``variant``, then ``overrides``.

    ``environment`` stands in for that of image.toml where a job runs outside the image.

    Raises:
        UsageError: unknown variant or mode, values that this backend does not have, or two
            precisions at once.
    """
    if variant not in backend.variants:
        raise UsageError(
            f"backend '{backend.name}' has no variant '{variant}'",
            suggestion(variant, backend.variants, "variants"),
        )
    if mode not in backend.modes:
        raise UsageError(
            f"backend '{backend.name}' has no mode '{mode}'",
            suggestion(mode, list(backend.modes), "modes"),
        )
    spec = backend.spec
    sections: dict[str, dict[str, Any]] = {
        "memory_pool": {"mode": spec.memory_pool.mode, "fraction": spec.memory_pool.fraction},
        "cudnn": {"enabled": spec.cudnn.enabled if spec.cudnn else True},
        "environment": dict(spec.environment if environment is None else environment),
    }
    if spec.tuned and mode == "tuned":
        sections["environment"].update(spec.tuned.environment)
    strategy: Any = "default"
    if variant != "default":
        own = spec.variants[variant].model_dump(
            exclude_none=True, exclude={"description", "only", "not_for"}
        )
        strategy = own.pop("strategy", strategy)
        for section, change in own.items():
            sections[section].update(change)
    for key, value in overrides.items():
        if key == "strategy":
            strategy = value
        elif key == "precision.tf32":
            precision = _with_tf32(precision, allowed=value is True)
        elif key != "precision.dtype":
            _apply(sections, key, value)
    strategy = upgrade.strategy(strategy)
    if strategy not in spec.strategies:
        raise UsageError(
            f"backend '{backend.name}' has no strategy '{strategy}'",
            suggestion(str(strategy), list(spec.strategies), "strategies"),
        )
    changes = {"strategy": strategy, "mode": mode, "precision": precision}
    return _settings(backend, sections).model_copy(update=changes)


def _with_tf32(precision: Precision, *, allowed: bool) -> Precision:
    """What an override of earlier campaigns makes of it."""
    if precision == "float32":
        return "tf32" if allowed else "float32"
    raise UsageError(f"--set precision.tf32 together with --precision {precision}", "give one")


def _apply(sections: dict[str, dict[str, Any]], key: str, value: SettingValue) -> None:
    if key in POOL_ALIASES:
        share = float(value)
        if share > 1:
            raise UsageError(
                f"--set {key}={share:g}: sizes in MB depend on the GPU",
                "give the share of its memory, above 0 and up to 1 (0 is off)",
            )
        mode = "fraction" if share > 0 else "growth" if key != "lib.cnmem" and share == 0 else "off"
        sections["memory_pool"] = {"mode": mode, "fraction": share if share > 0 else None}
        return
    section, _, name = key.partition(".")
    sections[section][name] = value
    if key == "memory_pool.fraction":
        sections[section]["mode"] = "fraction"


def _settings(backend: Backend, sections: dict[str, dict[str, Any]]) -> Settings:
    pool = sections["memory_pool"]
    known = backend.spec.memory_pool.modes
    if pool["mode"] not in known:
        raise UsageError(
            f"backend '{backend.name}' has no memory_pool.mode '{pool['mode']}'",
            suggestion(str(pool["mode"]), list(known), "modes"),
        )
    cudnn = backend.spec.cudnn
    if cudnn and not cudnn.optional and not sections["cudnn"]["enabled"]:
        raise UsageError(f"backend '{backend.name}' cannot do without cuDNN", "leave it enabled")
    if pool["fraction"] is not None and 0 < pool["fraction"] < LEAST_FRACTION:
        raise UsageError(
            f"memory_pool.fraction = {pool['fraction']:g}",
            f"from {LEAST_FRACTION:g} to 1: less rounds to no limit in some tools",
        )
    if pool["mode"] == "fraction" and pool["fraction"] is None:
        raise UsageError("memory_pool.mode is 'fraction'", "give memory_pool.fraction as well")
    if pool["mode"] != "fraction":
        pool = {**pool, "fraction": None}
    try:
        Pool.model_validate(pool)
        Cudnn.model_validate({"version": "", "wheel": "", **sections["cudnn"]})
    except ValueError as error:
        line = " ".join(str(error).splitlines()[1:3])
        raise UsageError(f"backend '{backend.name}': {line}") from None
    return Settings(
        memory_pool=MemoryPool(**pool),
        cudnn_enabled=sections["cudnn"]["enabled"],
        environment=sections["environment"],
    )
