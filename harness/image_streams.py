"""Images out of an engine and into one, piece by piece: gigabytes that no memory holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import docker
from docker.errors import APIError, ImageLoadError

from harness import engine, engine_texts

_CHUNK_BYTES = 2**20


def saved(client: docker.DockerClient, image_id: str, whose: str) -> Iterator[bytes]:
    """What ``docker save`` writes of an image, under its id and no name.

    Args:
        client: the engine that has it.
        image_id: its id; a name would come along.
        whose: the backend that runs in it, for messages.

    Raises:
        BenchdlError: the engine cannot, or is lost on the way.
    """
    doing = f"saving the image of {whose}"
    try:
        yield from client.api.get_image(image_id, chunk_size=_CHUNK_BYTES)
    except APIError as error:
        raise engine.explain(error, doing) from None
    except engine.BROKEN as error:
        raise engine.lost(client, doing, error) from None


def load(client: docker.DockerClient, pieces: Iterable[bytes], doing: str) -> None:
    """Give an engine what :func:`saved` made; what it makes of it, it is to be asked.

    Args:
        client: the engine.
        pieces: the tar; what taking them raises comes out as it is, if it is a BenchdlError.
        doing: what is done, for messages.

    Raises:
        BenchdlError: the engine cannot load it, or is lost on the way.
    """
    given: Any = pieces  # docker-py's types know no iterator
    try:
        client.images.load(given)
    except APIError as error:
        raise engine.explain(error, doing) from None
    except ImageLoadError as error:
        raise engine_texts.in_words(str(error), doing) from None
    except engine.BROKEN as error:
        raise engine.lost(client, doing, error) from None
