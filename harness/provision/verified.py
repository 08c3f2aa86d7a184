"""Data that was verified: the very files that a job gets, and whether they are still the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from harness.dataset_spec import DatasetSpec
from harness.errors import BenchdlError
from harness.provision import inspection


@dataclass(frozen=True)
class Dataset:
    """Verified data, ready to be given to jobs read-only.

    Attributes:
        spec: which dataset it is.
        directory: the folder that was named or chosen; absolute.
        sound: the files themselves, by their names: jobs get these and nothing else.
    """

    spec: DatasetSpec
    directory: Path
    sound: dict[str, inspection.Sound] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """As users write it."""
        return self.spec.name

    @property
    def sha256(self) -> dict[str, str]:
        """Of the decoded contents, by file name without ``.gz``."""
        return self.spec.sha256

    def served(self) -> dict[str, Path]:
        """What a job finds in its data folder: the usual names, each with the file behind it."""
        return {
            name + (".gz" if file.packed else ""): file.path for name, file in self.sound.items()
        }

    def check_unchanged(self) -> None:
        """Look whether every file is still the one that was verified; if not, verify it again.

        Raises:
            BenchdlError: one has other contents now, or is gone.
        """
        for stated in self.spec.files:
            file = self.sound.get(stated.name)
            if file is None or inspection.identity(file.path) == file.identity:
                continue
            try:
                inspection.verify(file.path, stated, packed=file.packed)
            except inspection.WrongFileError as error:
                raise BenchdlError(
                    f"{file.path} was changed after it had been verified: {error}",
                    "put the right file back, then go on",
                ) from None
