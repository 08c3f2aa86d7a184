"""Where a campaign was brought from: a note beside its place in the folder of campaigns.

A result and its record stay byte by byte what they were, so what `benchdl import` knows besides
stands in a file of its own. A campaign that has none was begun here.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from harness import files
from harness.errors import BenchdlError
from harness.files import FileError
from runner.contract.schema import Model

SUFFIX = ".origin"
HERE = "here"

_MAX_BYTES = 16_384


class Origin(Model):
    """``place``: as whoever imported it named it. ``bundle``: in it paths had become words."""

    place: str
    bundle: bool = False


def file(campaigns: Path, campaign_id: str) -> Path:
    """Where the note of a campaign is, or would be."""
    return campaigns / f"{campaign_id}{SUFFIX}"


def read(campaigns: Path, campaign_id: str) -> Origin | None:
    """The note of one campaign; None if it was begun here. One that cannot be read is a note."""
    note = file(campaigns, campaign_id)
    if not files.exists(note):
        return None
    try:
        return Origin.model_validate(files.read_json(note, _MAX_BYTES))
    except (FileError, ValidationError):
        return Origin(place="somewhere: its note cannot be read")


def known(campaigns: Path) -> dict[str, Origin]:
    """All notes of a folder of campaigns, by the campaign's id.

    Raises:
        BenchdlError: the folder cannot be listed.
    """
    try:
        notes = [path for path in files.listing(campaigns) if path.suffix == SUFFIX]
    except FileError as error:
        raise BenchdlError(
            f"cannot read the campaigns in {campaigns}: {error.message}",
            "name the folder of the results with --results",
        ) from None
    found = {note.stem: read(campaigns, note.stem) for note in notes}
    return {campaign_id: origin for campaign_id, origin in found.items() if origin is not None}
