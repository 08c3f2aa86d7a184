"""Whose environments a repetition takes, and what has to be said for it in so many words.

By default no program of a stranger runs outside of a container, and none is built: the bundle's
images are loaded, or this checkout's own sources are used if they are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import docker
from docker.models.images import Image

from harness import paths
from harness.bundle import carried, image_policy, sources
from harness.bundle.carried import Checked
from harness.bundle.manifest import CarriedImage
from harness.bundle.reading import Bundle
from harness.campaign.records import Campaign
from harness.catalog import Backend, Flavour
from harness.errors import UsageError
from harness.images import baseimage, build
from harness.launchers.launcher import Prepared
from harness.launchers.local import LocalLauncher
from harness.notices import Say

Sources = Literal["auto", "bundle", "here"]
Where = Literal["docker", "local"]

TRUST = "--trust-maker"

_NAMED = 3


@dataclass(frozen=True)
class Chosen:
    """Which environments are taken: ``words`` say it.

    Attributes:
        root: the unpacked sources of the bundle where they are used; None is this checkout.
        images: those of the bundle that are loaded instead of anything built.
    """

    words: str
    root: Path | None
    images: list[CarriedImage]


def launcher(record: Campaign, where: Where, *, trusted: bool) -> None:
    """Make sure that the jobs are started where the user said they may be.

    Raises:
        UsageError: they ran elsewhere than is asked for, or are to run unprotected and nobody said
            that this is wanted.
    """
    if record.launcher == "python":
        ran = record.environments[0].provenance.reference[:80] if record.environments else "none"
        raise UsageError(
            f"the bundle's jobs ran in a Python of its maker's ({ran}), which no bundle holds",
            "benchdl bundle replay shows its results; benchdl run --launcher python measures yours",
        )
    if record.launcher == "docker" and where == "local":
        raise UsageError(
            "the bundle's jobs ran in containers: without them nothing could be compared",
            "leave out --launcher local",
        )
    if record.launcher == "local" and (where != "local" or not trusted):
        raise UsageError(
            "the bundle's jobs ran without containers: here they would run as you, with access to "
            "all your files",
            f"if you trust whoever made the bundle: --launcher local {TRUST}",
        )


def environments(
    bundle: Bundle, record: Campaign, wanted: Sources, root: Path, *, trusted: bool
) -> Chosen:
    """Choose the environments.

    Args:
        bundle: it.
        record: its campaign.
        wanted: what the user said.
        root: where its sources are unpacked.
        trusted: whether programs of the bundle may run outside of a container.

    Raises:
        UsageError: nothing fits that the user has allowed.
    """
    needed = {(job.configuration.backend, job.configuration.device) for job in record.jobs}
    images = [image for image in bundle.manifest.images if (image.backend, image.device) in needed]
    differing = sources.differing(record, root)
    if record.launcher == "docker" and wanted != "here" and bundle.manifest.images:
        if lacking := sorted(needed - {(image.backend, image.device) for image in images}):
            raise UsageError(f"the bundle has no {lacking[0][1]} image of {lacking[0][0]}")
        return Chosen("the bundle's images", root if differing else None, images)
    if not differing:
        return Chosen("this checkout's sources, which are those of the bundle", None, [])
    few = ", ".join(differing[:_NAMED]) + (", ..." if len(differing) > _NAMED else "")
    if wanted == "here":
        return Chosen(f"this checkout's, which differ from the bundle's in {few}", None, [])
    if wanted == "bundle" and trusted:
        return Chosen("THE BUNDLE'S SOURCES: its Dockerfiles, packages and code", root, [])
    if wanted == "bundle":
        raise UsageError(
            "--sources bundle runs the bundle's own build steps and code on this machine, with "
            "network",
            f"if you trust whoever made it: --sources bundle {TRUST}",
        )
    raise UsageError(
        f"this checkout's sources differ from the bundle's in {len(differing)} files: {few}",
        f"--sources here takes this checkout's, and compares other environments; --sources bundle "
        f"{TRUST} takes the bundle's, and runs its build steps and code",
    )


def harmless(variables: dict[str, str]) -> None:
    """Make sure that variables of a bundle's image.toml act inside of a container only.

    Raises:
        UsageError: one may reach programs of the engine.
    """
    for name, value in variables.items():
        if image_policy.reaches_outside(name, value):
            raise UsageError(
                f"refused: the bundle's image.toml sets {name!a}, which may act outside of the "
                "container"
            )


@dataclass(frozen=True)
class OfBundle:
    """Gives a docker launcher the images of a bundle: loaded, or built under names of their own.

    ``checkout``: the user's own sources.
    """

    client: docker.DockerClient
    bundle: Bundle
    checked: list[Checked]
    checkout: Path
    make_base: bool

    def __call__(self, backend: Backend, flavour: Flavour, say: Say) -> Image:
        """The image of a backend's flavour."""
        for image in self.checked:
            if (image.wanted.backend, image.wanted.device) == (backend.name, flavour):
                return carried.loaded(self.client, self.bundle, image, say)
        base = backend.spec.base.reference
        if "benchdl" in base:  # to pull it would give one of our names to it
            raise UsageError(f"refused: the bundle's base image is {base[:80]!a}, a name of ours")
        with paths.rooted(self.checkout):  # a base is made by a script: by ours
            baseimage.ensure(self.client, base, make=self.make_base, say=say)
        return build.build(self.client, apart(backend, self.bundle), flavour, say=say)


class LocalOfBundle(LocalLauncher):
    """Makes environments of a bundle's sources, apart from those of this checkout."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__()
        self._bundle = bundle

    def prepare(self, backend: Backend, flavour: Flavour, say: Say) -> Prepared:
        """As for any other, kept under another name."""
        ready = super().prepare(apart(backend, self._bundle), flavour, say)
        own, told = f"{apart(backend, self._bundle).name} ", f"{backend.name} "
        reference = ready.provenance.reference.replace(own, told)
        origin = ready.provenance.model_copy(update={"reference": reference})
        return replace(ready, provenance=origin)


def apart(backend: Backend, bundle: Bundle) -> Backend:
    """The backend under a name that no backend of a checkout can have: none has a dot."""
    return replace(backend, name=f"{backend.name}.bundle-{bundle.manifest_sha256[:16]}")
