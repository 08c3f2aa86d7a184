"""Images in a bundle: saved by the engine, streamed in and out, and known again after loading."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import docker
from docker.errors import APIError, DockerException
from docker.models.images import Image
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from harness import engine
from harness.bundle.archive import CHUNK_BYTES
from harness.bundle.manifest import IMAGES, CarriedImage
from harness.bundle.reading import Bundle
from harness.campaign.records import Campaign
from harness.errors import BenchdlError, UsageError

Say = Callable[[str], None]

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
        image_id = str(environment.provenance.image_id)
        name = f"{environment.backend}-{environment.device}"
        image = engine.find_image(client, image_id)
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


def saved(client: docker.DockerClient | None, image: CarriedImage) -> Iterator[bytes]:
    """What ``docker save`` writes of ``image``, piece by piece, under its id and no name.

    Raises:
        BenchdlError: the engine cannot, or is lost on the way.
    """
    assert client is not None  # noqa: S101 - find() has asked it
    doing = f"saving the image of {image.backend}"
    try:
        yield from client.api.get_image(image.image_id, chunk_size=CHUNK_BYTES)
    except APIError as error:
        raise engine.explain(error, doing) from None
    except (DockerException, RequestException, HTTPError) as error:
        raise BenchdlError(f"{doing}: lost the Docker engine ({error})") from None


def loaded(client: docker.DockerClient, bundle: Bundle, wanted: CarriedImage, say: Say) -> Image:
    """The bundle's image in the engine: the one that is there, or loaded now and given a name.

    Raises:
        BenchdlError: the engine cannot load it, or makes another image of it.
    """
    present = engine.find_image(client, wanted.image_id)
    if present is not None:
        say(f"image {wanted.image_id[:19]} of {wanted.backend} is in this engine")
        return present
    doing = f"loading the image of {wanted.backend}"
    say(f"{doing} from the bundle")
    try:
        image = _load(client, bundle, wanted)
        if image.id != wanted.image_id:
            say(f"this engine calls it {image.id}, the bundle {wanted.image_id}; layers and "
                "configuration are the same")  # fmt: skip
        name = f"benchdl/{wanted.backend}"
        tag = f"{wanted.device}-{wanted.image_id.removeprefix('sha256:')[:12]}"
        image.tag(name, tag)  # without a name the next clean-up of the engine takes it
        say(f"kept as {name}:{tag}; docker image rm {name}:{tag} removes it")
        return image
    except APIError as error:
        raise engine.explain(error, doing) from None
    except (DockerException, RequestException, HTTPError) as error:
        raise BenchdlError(f"{doing}: lost the Docker engine ({error})") from None


def _load(client: docker.DockerClient, bundle: Bundle, wanted: CarriedImage) -> Image:
    known = {str(image.id) for image in client.images.list(all=True)}
    pieces: Any = bundle.chunks(wanted.path)  # sent as they come; docker-py's types know no such
    images = client.images.load(pieces)
    for image in images:
        same = (_layers(image), _config(image)) == (wanted.layers, wanted.config)
        if image.id == wanted.image_id or same:
            return image
    for image in images:
        if image.id not in known:
            client.images.remove(str(image.id))
    ids = ", ".join(str(image.id) for image in images) or "nothing"
    raise BenchdlError(f"{wanted.path} holds {ids}, its manifest promises {wanted.image_id}")


def _layers(image: Image) -> list[str]:
    return [str(digest) for digest in image.attrs.get("RootFS", {}).get("Layers", [])]


def _config(image: Image) -> dict[str, str]:
    config = image.attrs.get("Config") or {}
    return {key: json.dumps(config.get(key)) for key in _WHAT_RUNS if config.get(key)}
