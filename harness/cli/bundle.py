"""``benchdl bundle``: a campaign as one file, checked, shown again, and run again."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import click

from harness.cli import bundle_rerun, common, filters, out
from harness.errors import BenchdlError, UsageError
from harness.tables.selection import Selection

_FILE = click.argument("file", type=common.UserPath())


@click.group("bundle", no_args_is_help=False)
def command() -> None:
    """Hand a campaign on as one file.

    Others can check it, show it again, and run it again.
    """


@command.command("create")
@click.argument("campaign", default="latest")
@click.option(
    "-o",
    "--output",
    "file",
    type=common.UserPath(dir_okay=False),
    help="The bundle (default: CAMPAIGN.tar here).",
)
@click.option("--with-images", is_flag=True, help="Put the images in, as the engine saves them.")
@click.option(
    "--unfinished", is_flag=True, help="Allow unfinished campaigns; the manifest records it."
)
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Allow Dockerfiles, lock files or a runner that changed since the campaign; recorded.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@filters.options("campaign")
@common.results_option
def create(
    campaign: str,
    file: Path | None,
    with_images: bool,
    unfinished: bool,
    accept_changes: bool,
    force: bool,
    selection: Selection,
    results: Path | None,
) -> None:
    """Write CAMPAIGN (its id, a part of it, or `latest`) to one file.

    Of the campaigns that hold a run which --backend, --since, ... ask for; it is written whole.

    It holds the record, every result with samples and log, the sources of the images with their
    lock files, tables, and the checksums of all.
    """
    from harness import engine
    from harness.bundle import create as making
    from harness.campaign import records

    store = common.store(results)
    among = None
    if selection:
        found = filters.chosen([store.directory], selection).results
        among = {result.job.campaign_id for result in found}
    record = records.find(store, campaign, out.say, among)
    target = file or Path(f"{record.campaign_id}.tar")
    client = None
    if record.launcher == "docker":
        try:
            client = engine.connect()
        except BenchdlError as error:
            if with_images:
                raise
            out.say(f"Dockerfiles are not compared with the images: {error.message}")
    wanted = making.Wanted(with_images, unfinished, accept_changes)
    manifest, digest = making.create(
        record, store, target, wanted, client, force=force, say=out.say
    )
    out.line(f"{target}: {target.stat().st_size:,} bytes, {manifest}")
    out.line(f"SHA-256 of its manifest: {digest}")


@command.command("verify")
@_FILE
@click.option("--sha256", metavar="HEX", help="What the SHA-256 of its manifest has to be.")
def verify(file: Path, sha256: str | None) -> None:
    """Check every byte of a bundle.

    Any change is refused with the name of the member.
    """
    from harness.bundle import reading

    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise UsageError(f"--sha256 {sha256!r} is no SHA-256", "64 digits from 0 to f")
    with reading.opened(file) as bundle:
        if sha256 is not None and sha256.lower() != bundle.manifest_sha256:
            raise BenchdlError(
                f"{file}: it is whole, but another bundle: the SHA-256 of its manifest is "
                f"{bundle.manifest_sha256}"
            )
        out.line(f"{file}: whole and unchanged, {bundle.manifest}")
        out.line(f"SHA-256 of its manifest: {bundle.manifest_sha256}")


@command.command("replay")
@_FILE
@common.output_folder("folder", "Folder to write to.")
@click.option("--force", is_flag=True, help="Also if the folder is not empty.")
def replay(file: Path, folder: Path, force: bool) -> int:
    """Make tables and report again from the raw results.

    Exit status 1 if a table differs from the bundle's own.
    """
    from harness.bundle import reading
    from harness.bundle import replay as replaying
    from harness.campaign import changes

    with reading.opened(file) as bundle:
        found = replaying.replay(bundle, folder, force=force)
        producer = bundle.manifest.created_by
    for replayed in found:
        how = replayed.difference or "identical" if replayed.compared else "made"
        out.line(f"{folder / replayed.name}: {how}")
    differing = any(replayed.difference for replayed in found)
    if differing:
        out.say(
            f"the bundle's tables were made by benchdl {producer.harness_version} of code "
            f"{producer.harness_sha256[:12]}, these by "
            f"{metadata.version('benchdl')} of code {changes.harness_sha256()[:12]}"
        )
    return 1 if differing else 0


command.add_command(bundle_rerun.command)
