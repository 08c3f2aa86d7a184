"""Proofs of images through the folder that all hosts of a fleet see: what one tried, none repeats.

Why that is sound: a proof says that an image does the workload's updates on a processor. It is
found by a digest of the image's id, its locks, the workload, mode and settings, and the processor's
model (:mod:`harness.campaign.conforming`), so a host of another processor passes it over and proves
the image itself. Two kinds stay where they were made: of a GPU, since the digest does not say which
GPU; and of what has no image, since two hosts' Pythons may differ where no id shows it.

What a host itself computes, each job proves again: losses and scores are computed from its weights.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection
from pathlib import Path

from harness import files
from harness.campaign import kept_proofs
from harness.fleet import shared_folder

_PROOFS = "conformance"
_NAME = re.compile(r"[0-9a-f]{32}\.json")


def save_proofs(images: Collection[str], folder: Path) -> None:
    """Put this machine's proofs of images into the fleet's folder.

    Args:
        images: the campaign's, by id.
        folder: the fleet's; one that cannot be written is no harm.
    """
    with contextlib.suppress(OSError):
        (folder / _PROOFS).mkdir(parents=True, exist_ok=True)
        shared_folder.sweep(folder / _PROOFS)
    _copy(images, kept_proofs.folder(), folder / _PROOFS)


def take_proofs(images: Collection[str], folder: Path) -> None:
    """Put the folder's proofs of images into this host's cache; see :func:`save_proofs`."""
    _copy(images, folder / _PROOFS, kept_proofs.folder())


def _copy(images: Collection[str], origin: Path, target: Path) -> None:
    """Copy what is missing; what is damaged, or of anything else, is no proof."""
    with contextlib.suppress(files.FileError):
        for file in files.listing(origin):
            if not _NAME.fullmatch(file.name) or files.exists(target / file.name):
                continue
            found = kept_proofs.read(file)
            if found and found.image_id in images and found.device == "cpu":
                kept_proofs.keep(target / file.name, found)
