"""What providing a dataset would take; nothing is downloaded, made or changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from harness.dataset_spec import DatasetSpec
from harness.provision import discovery, download, making, obtain, recorded_sums, source_files
from harness.provision.inspection import inspect
from harness.provision.verified import Dataset
from harness.provision.workload_data import chosen

Action = Literal["use", "download", "prepare", "generate"]


@dataclass(frozen=True)
class Prospect:
    """What :func:`harness.provision.obtain.resolve` would do.

    Attributes:
        spec: the dataset.
        where: its folder.
        action: ``use`` what lies there, ``download`` it there, ``prepare`` it there from a source
            that is here, or ``generate`` it there.
        given: the verified files, where they lie in a folder that the user named.
        stand_in: whether another is taken where it cannot be downloaded.
    """

    spec: DatasetSpec
    where: Path
    action: Action
    given: Dataset | None = None
    stand_in: bool = False

    @property
    def download_bytes(self) -> int:
        """How much would be downloaded; of what is packed there, how much it is here."""
        if self.action != "download":
            return 0
        source = self.spec.made_from
        return sum(file.size_bytes for file in (source.downloads if source else self.spec.files))


def of(name: str, workload: str, data_dir: Path | None) -> Prospect:
    """What there is of a workload's dataset.

    Args:
        name: ``auto``, or a dataset that the workload is trained on.
        workload: its name.
        data_dir: what ``--data-dir`` says, if anything.

    Raises:
        UsageError, BenchdlError: as with :func:`harness.provision.obtain.resolve`, as far as can be
            told without asking anybody.
    """
    spec = chosen(name, workload)
    if spec.played:
        return Prospect(spec, obtain.cache_of(spec), "use", Dataset(spec, obtain.cache_of(spec)))
    place = None if spec.generate else obtain.named_directory(data_dir)
    if place:
        held = obtain.in_named(spec, *place)
        if isinstance(held, Dataset):
            return Prospect(spec, held.directory, "use", held)
        return _cached(spec, "prepare")
    whole = spec.made_from and source_files.is_whole(obtain.cache_of(spec), spec.made_from)
    found = _cached(spec, "generate" if spec.generate else "prepare" if whole else "download")
    if found.action == "generate":
        making.check_program(spec)
    if found.action != "download":
        return found
    stand_in = spec.stand_in if name == discovery.AUTO else None
    if _can_be_asked_for(spec):
        return replace(found, stand_in=stand_in is not None)
    if stand_in is None:
        raise obtain.not_to_be_had(spec, download.DownloadError(download.SWITCHED_OFF))
    return _cached(discovery.load(stand_in), "generate")


def _cached(spec: DatasetSpec, otherwise: Action) -> Prospect:
    where = obtain.cache_of(spec)
    here = inspect(where, recorded_sums.of(spec, where))
    return Prospect(spec, where, "use" if here.complete else otherwise)


def _can_be_asked_for(spec: DatasetSpec) -> bool:
    """Whether there is any place to ask: downloads may be off."""
    source = spec.made_from
    own = source is not None and bool(source.urls or source.package or source.npm)
    return bool(download.mirrors(spec)) or (own and not download.replaced())
