"""Backends by name: one module each, exporting ``create() -> Backend`` (see ``base``)."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Iterator

import runner.backends
from runner.backends.base import Backend


def load(name: str) -> Backend:
    """The backend of this name: of ``keras3-jax`` the module ``keras3_jax``, in any family.

    Raises:
        ModuleNotFoundError: there is no such module in ``runner/backends/``.
    """
    wanted = name.replace("-", "_")
    for dotted in _modules():
        if dotted.rpartition(".")[2] == wanted:
            backend: Backend = importlib.import_module(dotted).create()
            return backend
    raise ModuleNotFoundError(f"no module {wanted}.py in runner/backends/")


def _modules() -> Iterator[str]:
    """Dotted names of all modules of all families, none of them imported."""
    for root in runner.backends.__path__:
        for found in pkgutil.iter_modules([root], "runner.backends."):
            if not found.ispkg:
                yield found.name
                continue
            family = f"{root}/{found.name.rpartition('.')[2]}"
            for module in pkgutil.iter_modules([family], f"{found.name}."):
                yield module.name
