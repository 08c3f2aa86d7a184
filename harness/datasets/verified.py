"""Data that was verified: the very files that a job gets, and whether they are still the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from harness.datasets import idx
from harness.errors import BenchdlError


@dataclass(frozen=True)
class Dataset:
    """Verified data, ready to be given to jobs read-only.

    Attributes:
        name: ``mnist`` or ``synthetic-mnist``.
        directory: the folder that was named or chosen; absolute.
        sha256: of the decoded contents, by file name without ``.gz``.
        sound: the files themselves, by the same names: jobs get these and nothing else.
    """

    name: str
    directory: Path
    sha256: dict[str, str]
    sound: dict[str, idx.Sound] = field(default_factory=dict, compare=False)

    def served(self) -> dict[str, Path]:
        """What a job finds in its data folder: the usual names, each with the file behind it."""
        return {name + (".gz" if one.packed else ""): one.path for name, one in self.sound.items()}

    def check_unchanged(self) -> None:
        """Look whether every file is still the one that was verified; if not, verify it again.

        Raises:
            BenchdlError: one has other contents now, or is gone.
        """
        for name, one in self.sound.items():
            if idx.identity(one.path) == one.identity:
                continue
            try:
                idx.verify(one.path, name, self.sha256[name], packed=one.packed)
            except idx.IdxError as error:
                raise BenchdlError(
                    f"{one.path} was changed after it had been verified: {error}",
                    "put the right file back, then go on",
                ) from None
