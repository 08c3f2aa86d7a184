"""The launcher ``python``: jobs run in a Python that somebody made, on the frameworks it holds.

For clusters and cloud machines without Docker, and for questions about one's own environment.
Nothing is written there. What it holds is attested, and its rows stand by themselves.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from harness import paths
from harness.catalog import Backend, Flavour
from harness.errors import BenchdlError, UsageError
from harness.host_stacks import FoundStack
from harness.launchers import interpreter, runner_needs
from harness.launchers.interpreter import Interpreter, Told
from harness.launchers.launcher import Prepared
from harness.launchers.on_host import OnHost
from harness.launchers.runner_needs import NEEDS, Need
from harness.newest import nothing
from harness.notices import Say
from harness.readiness import Readiness
from runner.contract.job import LauncherName, Pins, Provenance

INSTALLED = "installed"
"""The name under which a job's provenance has the SHA-256 of all that its Python holds."""

_OURS = """
import os, sys
if os.path.abspath(sys.argv[1]) not in sys.path:
    sys.exit("it starts without the PYTHONPATH that it is given: where a script sets one, export "
             "the same here, and name the Python behind the script")
import numpy, psutil, pynvml, runner.contract.result
print("[]")
"""
_NO_PLUGINS = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}  # of its owner's pydantic, in the judge


class PythonLauncher(OnHost):
    """Starts each job in the one Python that it was made for."""

    name: LauncherName = "python"

    def __init__(self, python: Interpreter) -> None:
        self._python = python
        self._seen: dict[str, Told] = {}

    def refuse(self, backend: Backend) -> None:
        """Its modules are there, in versions that it knows."""
        self.stack(backend)

    def stack(self, backend: Backend) -> tuple[FoundStack, Told]:
        """What the Python has of what ``backend`` needs, the first that fits, and all it holds.

        Raises:
            UsageError: something is missing, or another version.
        """
        stacks = backend.spec.found
        if not stacks:
            raise UsageError(
                f"backend '{backend.name}' has no [[found]] stack in its image.toml",
                "use --launcher docker",
            )
        modules = dict.fromkeys(["numpy", *(name for stack in stacks for name in stack.modules)])
        if backend.name not in self._seen:
            self._seen[backend.name] = self._python.look(modules)
        told = self._seen[backend.name]
        problems = [list(self._problems(backend, stack, told)) for stack in stacks]
        least = min(range(len(stacks)), key=lambda index: len(problems[index]))
        if problems[least]:
            raise UsageError(
                problems[least][0], "install it there, or name another Python with --python"
            )
        return stacks[least], told

    def prepare(self, backend: Backend, flavour: Flavour, say: Say) -> Prepared:
        """See what it holds now, and lay out in the cache what the runner lacks there."""
        if flavour == "gpu":
            self.check_gpu(backend, say)
        self._seen.pop(backend.name, None)
        stack, told = self.stack(backend)
        brought, search_path = self._search_path(told, say)
        own = ", ".join(need.name for need in brought)
        there = ", ".join(sorted(told.variables))
        words = f"{told.kind} Python {self._python.version}"
        return Prepared(
            provenance=Provenance(
                kind="interpreter",
                reference=f"{backend.name} ({words})",
                flavour=flavour,
                locks_sha256={INSTALLED: told.installed_sha256},
                note=f"what a {words} holds, not the image's releases"
                + (f"; it sets {there}" if there else "")
                + (f"; brought along by benchdl: {own}" if own else ""),
            ),
            pins=Pins(python=self._python.minor, packages=dict(_versions(stack, told))),
            python=str(self._python.path),
            environment={**backend.spec.environment, **stack.environment},
            search_path=search_path,
        )

    def readiness(self, backend: Backend, flavour: Flavour) -> Readiness:
        """Whether the runner has there, or in the cache, what it needs."""
        if flavour == "gpu":
            self.check_gpu(backend, nothing)
        stack, told = self.stack(backend)
        held = ", ".join(f"{name} {version}" for name, version in _versions(stack, told))
        name = f"{backend.name} in {self._python.path} ({told.kind} {self._python.version}: {held})"
        missing = runner_needs.missing(runner_needs.lacking(told), self._python, told)
        return Readiness(
            name,
            lacks=f"without {', '.join(need.name for need in missing)}" if missing else "",
            downloads=tuple(
                f"{need.name} for Python {self._python.minor}"
                for need in missing
                if runner_needs.is_fetched(need, self._python, told)
            ),
        )

    def surroundings(self) -> dict[str, str]:
        """With the variables that lead a Python to what it holds."""
        return {**interpreter.variables(), **_NO_PLUGINS}

    def _search_path(self, told: Told, say: Say) -> tuple[Iterable[Need], tuple[str, ...]]:
        """What is brought along, and where the runner then finds all that it imports.

        Raises:
            UsageError: it cannot import it all the same.
            BenchdlError: what is to be brought along cannot be had.
        """
        needs = runner_needs.lacking(told)
        try:
            return needs, self._tried(needs, told, say)
        except UsageError as error:
            if needs == NEEDS:
                raise
            try:
                return NEEDS, self._tried(NEEDS, told, say)  # its own may be broken
            except UsageError:
                raise
            except BenchdlError:  # without a network: what is broken there is the reason
                raise error from None

    def _tried(self, needs: Iterable[Need], told: Told, say: Say) -> tuple[str, ...]:
        theirs = filter(None, self.surroundings().get("PYTHONPATH", "").split(os.pathsep))
        found = (*runner_needs.bring(needs, self._python, told, say), *theirs)
        search = {"PYTHONPATH": os.pathsep.join([str(paths.root()), *found])}
        command = [str(self._python.path), "-c", _OURS, str(paths.root())]
        interpreter.answer(command, {**self.surroundings(), **search})
        return found

    def _problems(self, backend: Backend, stack: FoundStack, told: Told) -> Iterator[str]:
        for module, range_ in {"numpy": "", **stack.modules}.items():
            if module not in told.modules:
                yield f"{module} is not in {self._python.path}: no module {module}"
                continue
            for version in _of(module, told).values():
                if not _within(range_, version):
                    yield (
                        f"{module} is {version} in {self._python.path}: "
                        f"backend '{backend.name}' needs {range_}"
                    )


def _within(range_: str, version: str) -> bool:
    """Also what is no version of PEP 440, as builds of one's own have: the job tells more of it."""
    try:
        return not range_ or SpecifierSet(range_).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True


def _versions(stack: FoundStack, told: Told) -> Iterator[tuple[str, str]]:
    """Distributions of the stack's modules, with their releases: of builds the result tells."""
    for module in {"numpy": "", **stack.modules}:
        for name, version in _of(module, told).items():
            yield name, version.partition("+")[0]


def _of(module: str, told: Told) -> dict[str, str]:
    """The distributions that have a module; none where its files lie there without any record."""
    return {name: told.distributions[name] for name in told.modules[module]}
