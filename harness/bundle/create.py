"""``benchdl bundle create``: a campaign and all it takes, into one new file."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import docker

from harness import files, image_streams
from harness.bundle import archive, carried, outputs, sources
from harness.bundle import manifest as form
from harness.bundle.archive import Writer
from harness.bundle.foreign_tar import Window
from harness.bundle.manifest import DamagedResult, Manifest, Producer
from harness.bundle.placing import placed
from harness.bundle.redaction import Redaction
from harness.campaign import changes, records
from harness.campaign.records import Campaign
from harness.errors import BenchdlError, UsageError
from harness.files import FileError
from harness.launchers.exchange import MAX_RESULT_BYTES, MAX_SAMPLES_BYTES
from harness.store import CAMPAIGNS, Damaged, Store
from runner.contract.job import load_job
from runner.contract.result import Result, load_result
from runner.contract.schema import ContractError

Say = Callable[[str], None]

_HERE = Path(__file__).parent
_OURS = {
    form.README: _HERE / form.README,
    form.LICENSE: _HERE.parents[1] / form.LICENSE,
    form.LICENCES: _HERE / form.LICENCES,
}
_OF_A_RESULT = ("job.json", "result.json", "samples.csv", "samples.json", "log.txt")


@dataclass(frozen=True)
class Wanted:
    """What a bundle is asked to hold.

    ``unfinished``: although jobs of the campaign have no end yet. ``changed_sources``: although
    they are not those that the campaign ran with.
    """

    with_images: bool = False
    unfinished: bool = False
    changed_sources: bool = False


def create(
    campaign: Campaign,
    store: Store,
    file: Path,
    wanted: Wanted,
    client: docker.DockerClient | None,
    *,
    force: bool,
    say: Say,
) -> tuple[Manifest, str]:
    """Write the bundle of ``campaign``; it is there whole and on the disk, or not at all.

    The same campaign, sources and benchdl give the same bytes.

    Args:
        campaign: its record.
        store: where its results are.
        file: the bundle to be.
        wanted: what to put in, and what to put up with.
        client: the engine that has the images; None if there is none.
        force: replace ``file`` if it is there.
        say: takes a line of notice.

    Returns:
        Its manifest, and the SHA-256 of that.

    Raises:
        UsageError: ``file`` is there, or images are wanted of a campaign that has none.
        BenchdlError: jobs have no end yet, sources have changed, something cannot be read, or the
            bundle cannot be written.
    """
    if files.exists(file) and not files.is_file(file):
        raise UsageError(f"{file} is not a plain file", "name another with -o")
    if files.exists(file) and not force:
        raise UsageError(
            f"{file} exists already", "name another with -o, or replace it with --force"
        )
    with ExitStack() as stack:
        results, damaged = _results(store, campaign, say)
        left = [job.position for job in campaign.left(results)]
        if left:
            _unfinished(campaign, left, wanted, say)
            stack.enter_context(records.held(store, campaign.campaign_id))
            results, damaged = _results(store, campaign, lambda _: None)
            left = [job.position for job in campaign.left(results)]
        differences = sources.changed(campaign, client)
        if differences and not wanted.changed_sources:
            raise BenchdlError(
                f"the checkout is no longer what campaign {campaign.campaign_id} ran with: "
                f"{', '.join(differences)} changed",
                "name a checkout of that version in BENCHDL_ROOT, or put the present sources in, "
                "marked as changed, with --accept-changes",
            )
        images = carried.find(campaign, client) if wanted.with_images else []
        with placed(file) as stream:
            writer = Writer(stream)
            redaction = Redaction(campaign, results, store)
            _fill(writer, campaign, store, results, damaged, redaction)
            for image in images:
                say(f"saving image {image.image_id} of {image.backend}")
                offset = stream.tell() + archive.BLOCK
                assert client is not None  # noqa: S101 - carried.find() has asked it
                pieces = image_streams.saved(client, image.image_id, image.backend)
                member = writer.add(image.path, pieces)
                carried.check_saved(Window(stream, offset, member.size_bytes), image)
                stream.seek(0, os.SEEK_END)
            manifest = Manifest(
                campaign_id=campaign.campaign_id,
                created_by=Producer(
                    harness_version=metadata.version("benchdl"),
                    harness_sha256=changes.harness_sha256(),
                ),
                left=left,
                damaged=[
                    DamagedResult(
                        run_id=result.directory.name, reason=redaction.words(result.reason)
                    )
                    for result in damaged
                ],
                sources_changed=differences,
                images=images,
                members=list(writer.members),
            )
            raw = form.text(manifest).encode()
            told = writer.add(form.MANIFEST, [raw])
            writer.add(form.SUMS, [form.sums(manifest.members, raw)])
            writer.finish()
    return manifest, told.sha256


def _fill(
    writer: Writer,
    campaign: Campaign,
    store: Store,
    results: list[Result],
    damaged: list[Damaged],
    redaction: Redaction,
) -> None:
    """All members but the images and the two that tell of the others."""
    for name, path in _OURS.items():
        writer.add(name, [sources.read(path)])
    record = store.directory / CAMPAIGNS / f"{campaign.campaign_id}.json"
    writer.add(form.CAMPAIGN, [redaction.text(_whole(record))])
    told = []
    whole = {result.run_id for result in results}
    for run_id in sorted([*whole, *(result.directory.name for result in damaged)]):
        for name in _OF_A_RESULT:
            path = store.directory / run_id / name
            if not files.exists(path):
                continue
            if name == "samples.csv":
                writer.add(f"{form.RESULTS}{run_id}/{name}", _plain(path))
                continue
            told_by = redaction.log if name == "log.txt" else redaction.text
            content = told_by(_whole(path))
            writer.add(f"{form.RESULTS}{run_id}/{name}", [content])
            if name == "result.json" and run_id in whole:
                told.append(load_result(content))
    told.sort(key=lambda result: (result.job.campaign_position or 0, result.job.attempt))
    for name, text in outputs.of(told).items():
        writer.add(form.TABLES + name, [text.encode()])
    for name, path in sources.files(campaign).items():
        writer.add(form.SOURCES + name, [sources.read(path)])


def _results(store: Store, campaign: Campaign, say: Say) -> tuple[list[Result], list[Damaged]]:
    """The campaign's results, and its damaged ones; a folder that tells nothing is only named."""
    found, damaged = store.load(whole=True, campaign_id=campaign.campaign_id)
    ours = [result for result in found if result.job.campaign_id == campaign.campaign_id]
    ours.sort(key=lambda result: (result.job.campaign_position or 0, result.job.attempt))
    ours_damaged = []
    for result in damaged:
        try:
            job = load_job(files.read_plain(result.directory / "job.json", MAX_RESULT_BYTES))
        except (FileError, ContractError):
            where = files.shown(result.directory)
            say(f"left out {where}: {result.reason}, and it does not say of which campaign")
            continue
        if job.campaign_id == campaign.campaign_id and job.run_id == result.directory.name:
            say(f"damaged, and in the bundle as it is: {result.reason}")
            ours_damaged.append(result)
    return ours, ours_damaged


def _unfinished(campaign: Campaign, left: list[int], wanted: Wanted, say: Say) -> None:
    many = (
        f"{len(left)} of {len(campaign.jobs)} jobs of campaign {campaign.campaign_id} have no end"
    )
    if not wanted.unfinished:
        raise BenchdlError(
            many,
            f"finish it: benchdl resume {campaign.campaign_id}, or bundle what there is with "
            "--unfinished",
        )
    say(f"{many}: the bundle says so")


def _whole(file: Path) -> bytes:
    """The same at once, of a text: what writes them keeps them below 16 MiB."""
    return b"".join(_plain(file))


def _plain(file: Path) -> Iterator[bytes]:
    """The contents of a plain file; a link is not followed, nor a pipe waited for."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(errno.EINVAL, "it is not a plain file")
            if os.fstat(handle).st_size > MAX_SAMPLES_BYTES:
                raise OSError(errno.EFBIG, "it is larger than anything that a job leaves")
            while chunk := stream.read(archive.CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise BenchdlError(
            f"cannot read {file}: {error.strerror or error}",
            "nothing of a campaign is left out: make it readable",
        ) from None
