"""The local launcher: each backend in a virtual environment of its own, which benchdl makes."""

from __future__ import annotations

from harness.catalog import Backend, Flavour
from harness.launchers import environments
from harness.launchers.launcher import Prepared
from harness.launchers.on_host import OnHost
from harness.newest import nothing
from harness.notices import Say
from harness.readiness import Readiness
from runner.contract.job import LauncherName


class LocalLauncher(OnHost):
    """Makes one environment per backend with uv."""

    name: LauncherName = "local"

    def refuse(self, backend: Backend) -> None:
        """Nothing: what it needs is made, or :meth:`prepare` says why not."""

    def prepare(self, backend: Backend, flavour: Flavour, say: Say) -> Prepared:
        """Make the environment unless the one that is there has the same lock."""
        if flavour == "gpu":
            self.check_gpu(backend, say)
        return environments.prepare(backend, flavour, say)

    def readiness(self, backend: Backend, flavour: Flavour) -> Readiness:
        """Whether the environment is there, and its Python is."""
        if flavour == "gpu":
            self.check_gpu(backend, nothing)
        return environments.readiness(backend)
