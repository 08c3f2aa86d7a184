"""Images in a bundle: saved by the engine, streamed in and out, and known again after loading."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import docker
from docker.models.images import Image

from harness import engine, image_streams
from harness.bundle import image_policy, image_tar
from harness.bundle.archive import ArchiveError
from harness.bundle.foreign_tar import Window
from harness.bundle.image_tar import SavedImage
from harness.bundle.manifest import ID, IMAGES, CarriedImage
from harness.bundle.reading import Bundle
from harness.campaign.records import Campaign
from harness.errors import BenchdlError, UsageError

Say = Callable[[str], None]

REPOSITORY = "benchdl-bundle"
"""Where loaded images have their names: not where built ones have theirs."""

_WHAT_RUNS = ("Cmd", "Entrypoint", "Env", "User", "WorkingDir")


def find(campaign: Campaign, client: docker.DockerClient | None) -> list[CarriedImage]:
    """The images that the campaign's jobs ran in, as the engine has them.

    Raises:
        UsageError: its jobs ran in no images.
        BenchdlError: there is no engine, or it no longer has one of them.
    """
    if campaign.launcher != "docker":
        raise UsageError(
            f"--with-images: the jobs of campaign {campaign.campaign_id} ran in no images",
            "leave it out; lock files are in every bundle",
        )
    if client is None:
        raise BenchdlError("--with-images: no Docker engine answers", "start the one that ran it")
    found = []
    for environment in campaign.environments:
        if environment.earlier:  # its sources are not here either: only its results go along
            continue
        image_id = str(environment.provenance.image_id)
        name = f"{environment.backend}-{environment.device}"
        # An id and nothing else: under a name the engine may have another image.
        image = engine.find_image(client, image_id) if re.fullmatch(ID, image_id) else None
        if image is None:
            raise BenchdlError(
                f"--with-images: the engine no longer has {image_id}, the image of {name}",
                "leave it out: the image can be built again from the bundle's sources",
            )
        found.append(
            CarriedImage(
                backend=environment.backend,
                device=environment.device,
                image_id=image_id,
                path=f"{IMAGES}{name}.tar",
                layers=_layers(image),
                config=_config(image),
            )
        )
    return found


def check_saved(tar: Window, image: CarriedImage) -> None:
    """Make sure that readers will take what the engine saved.

    Raises:
        BenchdlError: they would refuse it.
    """
    try:
        saved = image_tar.read(tar, image.image_id, image.layers)
        reason = image_policy.objection(saved.facts.get("config"))
    except ArchiveError as error:
        reason = str(error)
    if reason:
        raise BenchdlError(
            f"--with-images: a reader would refuse the image of {image.backend}: {reason}",
            "leave it out: the image can be built again from the bundle's sources",
        )


@dataclass(frozen=True)
class Checked:
    """An image of a bundle that was read whole and may be loaded."""

    wanted: CarriedImage
    saved: SavedImage

    @property
    def name(self) -> str:
        """The one that it gets: no other image can have it, for it holds the whole digest."""
        return f"{REPOSITORY}/{self.wanted.backend}:{self.wanted.device}-{self.saved.config_sha256}"


def checked(bundle: Bundle, wanted: list[CarriedImage]) -> list[Checked]:
    """Read images of a bundle before an engine sees anything of them.

    Raises:
        BenchdlError: one is not what the manifest promises, has a name, or asks for more than a
            job may have; nothing was loaded.
    """
    found = []
    for image in wanted:
        try:
            saved = image_tar.read(bundle.window(image.path), image.image_id, image.layers)
        except ArchiveError as error:
            raise _refused(bundle, image, str(error)) from None
        if reason := image_policy.objection(saved.facts.get("config")):
            raise _refused(bundle, image, reason)
        found.append(Checked(image, saved))
    return found


def loaded(client: docker.DockerClient, bundle: Bundle, image: Checked, say: Say) -> Image:
    """The bundle's image in the engine: the one that is there, or loaded now under our name.

    The name comes with the image in one step: no image without a name stays behind.

    Raises:
        BenchdlError: the engine cannot load it, or makes another image of it.
    """
    wanted = image.wanted
    for known in (wanted.image_id, image.name):
        present = engine.find_image(client, known)
        if present is not None and _same(present, image):
            say(f"image {wanted.image_id[:19]} of {wanted.backend} is in this engine")
            return present
    doing = f"loading the image of {wanted.backend}"
    say(f"{doing} from the bundle")
    try:
        image_streams.load(client, image_tar.written(image.saved, image.name), doing)
        with engine.calls(client, doing):
            made = client.images.get(image.name)
            if not _same(made, image):
                client.images.remove(image.name)
                raise _refused(bundle, wanted, f"the engine makes {made.id} of it")
    except ArchiveError as error:
        raise _refused(bundle, wanted, str(error)) from None
    say(f"kept as {image.name}; docker image rm {image.name} removes it")
    return made


def _same(found: Image, image: Checked) -> bool:
    """Whether the engine sees in an image what we read; another image store gives other ids."""
    if image_policy.objection(found.attrs.get("Config") or {}):
        return False
    return (_layers(found), _config(found)) == (image.wanted.layers, image.wanted.config)


def _refused(bundle: Bundle, wanted: CarriedImage, reason: str) -> BenchdlError:
    return BenchdlError(
        f"{bundle.file}: {wanted.path} is refused: {reason}",
        "nothing of it was loaded; --sources here takes this checkout's environments",
    )


def _layers(image: Image) -> list[str]:
    return [str(digest) for digest in image.attrs.get("RootFS", {}).get("Layers", [])]


def _config(image: Image) -> dict[str, str]:
    config = image.attrs.get("Config") or {}
    return {key: json.dumps(config.get(key)) for key in _WHAT_RUNS if config.get(key)}
