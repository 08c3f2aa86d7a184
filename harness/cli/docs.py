"""``benchdl docs``: the pages that messages name, also where there is no checkout."""

from __future__ import annotations

import click

from harness import catalog, files, paths
from harness.cli import out
from harness.errors import BenchdlError, UsageError


@click.command("docs")
@click.argument("page", required=False)
def command(page: str | None) -> None:
    """Print a PAGE of the documentation; without one, list them.

    As in `benchdl docs definitions`. Messages name pages as docs/definitions.md; that name works
    here as well.
    """
    folder = paths.root() / "docs"
    pages = {file.stem: file for file in files.listing(folder) if file.suffix == ".md"}
    if not pages:
        raise BenchdlError(f"no documentation in {folder}", "install benchdl again")
    if page is None:
        for name, file in pages.items():
            title = file.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
            out.line(f"{name:<12} {title}")
        return
    name = page.removeprefix("docs/").removesuffix(".md")
    if name not in pages:
        raise UsageError(f"no page '{page}'", catalog.suggestion(name, list(pages), "pages"))
    out.document(pages[name].read_text(encoding="utf-8"))
