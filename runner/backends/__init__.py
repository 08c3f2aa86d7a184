"""Backends by name: one module each, exporting ``create() -> Backend`` (see ``base``)."""

from __future__ import annotations

import importlib

from runner.backends.base import Backend


def load(name: str) -> Backend:
    """The backend of this name (``keras3-jax`` is module ``keras3_jax``).

    Raises:
        ModuleNotFoundError: there is no such module in ``runner/backends/``.
    """
    module = importlib.import_module(f"runner.backends.{name.replace('-', '_')}")
    backend: Backend = module.create()
    return backend
