"""What a bundle says of itself: every member with size and SHA-256, and what is missing.

The last two members are ``manifest.json`` and ``SHA256SUMS``. The manifest lists all that stand
before it; the sums list those and the manifest, in the form of sha256sum(1).
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from harness.campaign.plan import Device
from harness.counted import things
from runner.contract.job import RUN_ID_PATTERN
from runner.contract.schema import (
    ContractError,
    Count,
    Model,
    Ordinal,
    first_error,
    versioned,
)

SCHEMA_VERSION = 1

README = "README.txt"
LICENSE = "LICENSE"
LICENCES = "LICENCES.txt"
CAMPAIGN = "campaign.json"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
RESULTS = "results/"
SOURCES = "sources/"
TABLES = "tables/"
IMAGES = "images/"

ID = r"^sha256:[0-9a-f]{64}$"
"""An image's id: never a name, which could be that of another image."""

MAX_LAYERS = 127
"""More than any engine takes: overlay2 stops at 128."""

BACKEND = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""A backend's name: it becomes part of an image's name."""

_SHA256 = r"^[0-9a-f]{64}$"
_PART = re.compile(r"[A-Za-z0-9._+@=~-]{1,100}")


class Member(Model):
    """One file of the bundle."""

    path: str
    size_bytes: Count
    sha256: str = Field(pattern=_SHA256)


class Producer(Model):
    """The benchdl that wrote the bundle and computed its tables."""

    harness_version: str
    harness_sha256: str


class CarriedImage(Model):
    """An image as ``docker save`` wrote it, and how to know it again.

    ``layers`` are the SHA-256 of the layers' contents and ``config`` is what the engine runs: an
    engine with another kind of image store gives the same image another id.
    """

    backend: str = Field(pattern=BACKEND, max_length=60)
    device: Device
    image_id: str = Field(pattern=ID)
    path: str
    layers: list[Annotated[str, Field(pattern=ID)]] = Field(max_length=MAX_LAYERS)
    config: dict[str, str]


class DamagedResult(Model):
    """A result that could not be read when the bundle was made; its files are in it as they are."""

    run_id: str
    reason: str


class Manifest(Model):
    """The bundle in one page.

    ``left`` are the positions of jobs that had no end yet. ``sources_changed`` says in words how
    the sources in the bundle differ from those that the campaign ran with; empty: they are those.
    """

    schema_version: Literal[1] = 1
    campaign_id: str = Field(pattern=RUN_ID_PATTERN)
    created_by: Producer
    left: list[Ordinal] = []
    damaged: list[DamagedResult] = []
    sources_changed: list[str] = []
    images: list[CarriedImage] = []
    members: list[Member]

    def __str__(self) -> str:
        ends = [member for member in self.members if member.path.endswith("/result.json")]
        words = [f"campaign {self.campaign_id}", things(len(ends), "result")]
        words += [f"{len(self.damaged)} of them damaged"] if self.damaged else []
        left = things(len(self.left), "job")
        words += [f"UNFINISHED: {left} without an end"] if self.left else []
        words += [things(len(self.images), "image")] if self.images else []
        changed = ", ".join(self.sources_changed)
        return ", ".join(words) + (f"; sources not as they ran: {changed}" if changed else "")


def text(manifest: Manifest) -> str:
    """As it is stored."""
    return manifest.model_dump_json(indent=1) + "\n"


def parse(raw: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        ContractError: not JSON, a newer schema, or a field that does not fit.
    """
    try:
        data = versioned(raw.decode("utf-8"), "bundle", SCHEMA_VERSION)
        return Manifest.model_validate(data)
    except UnicodeDecodeError:
        raise ContractError("manifest.json is not UTF-8") from None
    except ValidationError as error:
        raise ContractError(
            f"manifest.json does not fit its schema: {first_error(error)}"
        ) from None


def sums(members: list[Member], raw_manifest: bytes) -> bytes:
    """The contents of ``SHA256SUMS``: ``sha256sum -c`` takes it where the bundle was unpacked."""
    lines = [f"{member.sha256}  {member.path}\n" for member in members]
    lines.append(f"{hashlib.sha256(raw_manifest).hexdigest()}  {MANIFEST}\n")
    return "".join(lines).encode()


def is_safe(path: str) -> bool:
    """Whether a member may have this path: relative, plain names, nothing that leads elsewhere."""
    parts = path.split("/")
    return all(_PART.fullmatch(part) and part not in (".", "..") for part in parts)
