"""``benchdl gallery``: many people's bundles as one static site."""

from __future__ import annotations

from pathlib import Path

import click

from harness import prices
from harness.cli import common, out, priced
from harness.counted import things


@click.command("gallery")
@click.argument(
    "bundles", nargs=-1, required=True, metavar="BUNDLE|FOLDER...", type=common.UserPath()
)
@common.output_folder(
    "site", "Folder of the site; one that is there is replaced when the new one is whole."
)
@click.option(
    "--max-size",
    "most_mib",
    type=click.IntRange(1, 2**20),
    default=1024,
    show_default=True,
    metavar="MIB",
    help="A larger bundle is refused.",
)
@click.option(
    "--allow-refused", is_flag=True, help="Exit with 0 although some bundles were refused."
)
@priced.PRICES
@priced.PRICE
def command(
    bundles: tuple[Path, ...],
    site: Path,
    most_mib: int,
    allow_refused: bool,
    file: Path | None,
    given: tuple[str, ...],
) -> int:
    """Make a static site of bundles.

    It has a table with search, a report of each bundle, and the bundles themselves.

    Of a FOLDER all files that end with .tar. Each bundle is checked to the last byte; one that is
    not sound is refused with a line, here and on the site, and the others are shown. Exit status 1
    if any was refused.
    """
    from harness.gallery import site as sites

    gallery = sites.build(bundles, site, most_mib * 2**20, out.say, prices.read(file, given, []))
    shown = things(len(gallery.bundles), "bundle")
    lines = things(sum(len(bundle.lines) for bundle in gallery.bundles), "measurement")
    refused = f", {len(gallery.refused):,} refused" if gallery.refused else ""
    out.line(f"{site}: {shown}, {lines}{refused}; open {site / 'index.html'}")
    return 1 if gallery.refused and not allow_refused else 0
