"""The catalogue of backends: every ``docker/<backend>/image.toml``, parsed and checked."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from harness import files, paths, toml_models
from harness.errors import BenchdlError, UsageError
from harness.host_stacks import FoundStack, LocalStack
from harness.precisions import Precisions
from runner.contract.job import Mode, Strategy
from runner.contract.precision import Precision

Flavour = Literal["cpu", "gpu"]
PoolMode = Literal["growth", "fraction", "off"]

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # part of an image's name and of run ids


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Base(_Strict):
    """The plain Debian release below an image."""

    image: str = Field(pattern=r"^[a-z0-9][a-z0-9./_-]*:[A-Za-z0-9._-]+$")
    digest: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")
    python: str = Field(pattern=r"^3\.\d+$")

    @property
    def reference(self) -> str:
        """What is pulled: by digest where one is pinned."""
        return f"{self.image.rsplit(':', 1)[0]}@{self.digest}" if self.digest else self.image


class Framework(_Strict):
    """The pinned software: wheels by exact version, Debian packages by upstream version.

    ``cpu_wheels`` and ``gpu_wheels`` come on top of ``wheels`` in one flavour: frameworks whose
    builds differ, and that bring CUDA as wheels of their own. ``api_wheels`` are a high-level API
    above either, in a layer of its own: images on one framework share all that is below it.
    ``gpu_debian`` are packages of the gpu flavour alone, besides ``debian``.
    """

    wheels: dict[str, str] = {}
    cpu_wheels: dict[str, str] = {}
    gpu_wheels: dict[str, str] = {}
    api_wheels: dict[str, str] = {}
    debian: dict[str, str] = {}
    gpu_debian: dict[str, str] = {}

    def packages(self, flavour: Flavour) -> dict[str, str]:
        """Debian packages of the image of ``flavour``, by upstream version."""
        return {**self.debian, **(self.gpu_debian if flavour == "gpu" else {})}

    @property
    def by_flavour(self) -> bool:
        """Whether the flavours hold different wheels, in a lock file for each."""
        return bool(self.cpu_wheels or self.gpu_wheels)

    def below_api(self, flavour: Flavour) -> dict[str, str]:
        """Distribution to exact version of what the image of ``flavour`` holds without the API."""
        return {**self.wheels, **(self.gpu_wheels if flavour == "gpu" else self.cpu_wheels)}

    def pinned(self, flavour: Flavour) -> dict[str, str]:
        """Distribution to exact version of all wheels that ``flavour`` promises."""
        return {**self.below_api(flavour), **self.api_wheels}

    def attested(self, flavour: Flavour) -> dict[str, str]:
        """Distribution name to version, for what the runner proves from the live process."""
        from_debian = {
            name.removeprefix("python3-"): version
            for name, version in self.debian.items()
            if name.startswith("python3-") and name != "python3-dev"
        }
        return {**from_debian, **self.pinned(flavour)}


class Cuda(_Strict):
    """CUDA of the gpu flavour: ``wheels`` merged into /usr/local/cuda, or the framework's own.

    ``minimum_driver`` and ``compute_capabilities`` (the lowest and the highest GPU) are what
    ``doctor`` compares a machine with. Without ``version`` nothing of CUDA is promised.
    ``native_capabilities``: those that the framework's wheel has machine code for, where it does
    not have it for all of them.
    """

    version: str | None = None
    minimum_driver: str | None = Field(default=None, pattern=r"^\d+(\.\d+)+$")
    full_driver: str | None = Field(default=None, pattern=r"^\d+(\.\d+)+$")
    compute_capabilities: tuple[str, str] | None = None
    native_capabilities: list[Annotated[str, Field(pattern=r"^\d+\.\d$")]] = []
    wheels: dict[str, str] = {}

    @field_validator("compute_capabilities")
    @classmethod
    def _range(cls, value: tuple[str, str] | None) -> tuple[str, str] | None:
        if value and not all(re.fullmatch(r"\d+\.\d", text) for text in value):
            raise ValueError('expected the lowest and the highest, as in ["3.5", "9.0"]')
        return value


class Cudnn(_Strict):
    """cuDNN of the gpu flavour, and whether convolutions may use it.

    ``wheel`` is the one of cuda.lock; without it the framework's own wheels bring cuDNN.
    ``optional``: whether the framework can be told to do without.
    """

    version: str
    wheel: str | None = None
    optional: bool = False
    enabled: bool = True


class Pool(_Strict):
    """The memory pool; ``modes`` are those that this backend has."""

    modes: list[PoolMode] = ["growth"]
    mode: PoolMode = "growth"
    fraction: float | None = Field(default=None, gt=0, le=1)


class PoolChange(_Strict):
    """What a variant may change of the memory pool."""

    mode: PoolMode | None = None
    fraction: float | None = Field(default=None, gt=0, le=1)


class CudnnChange(_Strict):
    """What a variant may change of cuDNN: the library itself is part of the image."""

    enabled: bool


class Reach(_Strict):
    """What a variant changes something of; what is not named is not asked about."""

    mode: Mode | None = None
    device: Flavour | None = None
    strategy: Strategy | None = None


class Variant(_Strict):
    """The same image with another configuration.

    ``only`` and ``not_for`` (workloads): elsewhere it would change nothing, and is refused.
    """

    description: str
    only: Reach = Reach()
    not_for: list[str] = []
    memory_pool: PoolChange | None = None
    cudnn: CudnnChange | None = None
    strategy: Strategy | None = None
    environment: dict[str, str] = {}


class Tuned(_Strict):
    """What mode ``tuned`` does, and the variables that it sets besides."""

    description: str
    environment: dict[str, str] = {}


class ImageSpec(_Strict):
    """One image.toml.

    ``workloads`` are those that the backend can train; ``None`` is not said (a bundle's file from
    before the key): then the runner says it, once it has started.
    ``whole_shares`` are the modes in which ranks share only batches that divide by their number, an
    epoch's last one too; ``filled_shares`` those in which each must have a sample of every batch.
    ``dockerfile`` names one that images share, ``docker/base/<dockerfile>.Dockerfile``; without it
    the folder has its own. ``local`` and ``found``: without an image, the first that fits.
    """

    title: str
    description: str
    workloads: list[str] | None = None
    dockerfile: str | None = Field(default=None, pattern="^[a-z0-9-]+$")
    base: Base
    framework: Framework
    cuda: Cuda | None = None
    cudnn: Cudnn | None = None
    memory_pool: Pool = Pool()
    precision: Precisions = Precisions()
    strategies: list[Strategy] = ["default"]
    whole_shares: list[Mode] = []
    filled_shares: list[Mode] = []
    environment: dict[str, str] = {}
    tuned: Tuned | None = None
    variants: dict[str, Variant] = {}
    local: list[LocalStack] = []
    found: list[FoundStack] = []


@dataclass(frozen=True)
class Backend:
    """A backend's name, its folder in docker/ and its parsed image.toml.

    ``sha256``: of the very bytes of image.toml that were parsed.
    """

    name: str
    folder: Path
    spec: ImageSpec
    sha256: str

    @property
    def variants(self) -> list[str]:
        """Names of the variants, ``default`` first."""
        return ["default", *sorted(self.spec.variants)]

    @property
    def modes(self) -> list[Mode]:
        """The modes that this backend has."""
        return ["as-written", "tuned"] if self.spec.tuned else ["as-written"]

    def precisions(self, device: Flavour) -> list[Precision]:
        """Those in which this backend trains on ``device``."""
        return self.spec.precision.gpu if device == "gpu" else self.spec.precision.cpu

    def runs(self, workload: str) -> bool:
        """Whether it can train ``workload``, as far as image.toml says."""
        return self.spec.workloads is None or workload in self.spec.workloads

    def flavours(self) -> list[Flavour]:
        """The flavours that this image can be built in."""
        return ["cpu", "gpu"] if self.spec.cuda else ["cpu"]


def names() -> list[str]:
    """All backends: the folders of docker/ that hold an image.toml.

    Raises:
        BenchdlError: there is none.
    """
    images = paths.root() / "docker"
    found = [folder.name for folder in files.listing(images) if files.exists(folder / "image.toml")]
    if not found:
        raise BenchdlError(
            f"no backend in {images}: no folder there holds an image.toml",
            "install benchdl again, or set BENCHDL_ROOT to a checkout of it",
        )
    return found


def chosen(words: list[str], workload: str) -> list[str]:
    """The backends of a command line, each once; ``all`` is all that have the workload."""
    named = [name for word in words for name in (having(workload) if word == "all" else [word])]
    return list(dict.fromkeys(named))


def having(workload: str) -> list[str]:
    """All backends that have the workload, as far as image.toml says; UsageError: one is broken."""
    return [name for name in names() if load(name).runs(workload)]


def load(name: str) -> Backend:
    """The backend of this name.

    Raises:
        UsageError: there is none (with the nearest names), or its image.toml is broken.
    """
    if name not in names():
        raise UsageError(f"unknown backend '{name}'", suggestion(name, names(), "backends"))
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"backend '{name}' cannot be used under this name",
            "rename its folder: lower case letters, digits, and - between them",
        )
    folder = paths.root() / "docker" / name
    spec, digest = toml_models.read_with_sha256(folder / "image.toml", ImageSpec)
    return Backend(name, folder, spec, digest)


def suggestion(word: str, known: list[str], what: str) -> str:
    """Advice for a mistyped word: the nearest one, and all there are."""
    near = difflib.get_close_matches(word, known, n=1)
    start = f"did you mean '{near[0]}'? " if near else ""
    return f"{start}{what}: {', '.join(known) or 'none'}"
