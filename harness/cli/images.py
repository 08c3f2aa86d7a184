"""``benchdl images build|base|list|verify|lock``: the pinned environments of the backends."""

from __future__ import annotations

import click

from harness import catalog
from harness.cli import common, out


@click.group("images", no_args_is_help=False)
def command() -> None:
    """Build, list, verify and lock the images of the backends."""


_backends = click.argument("backends", nargs=-1, metavar="[BACKEND...]")
_flavour = click.option("--flavour", type=click.Choice(["cpu", "gpu"]), help="Default: both.")


@command.command("build")
@_backends
@_flavour
@common.make_base_option
@click.option("--debian-mirror", envvar="BENCHDL_DEBIAN_MIRROR", help="Instead of the base's own.")
def build_(
    backends: tuple[str, ...], flavour: str | None, make_base: bool, debian_mirror: str | None
) -> None:
    """Build images; what has not changed is not built again."""
    from harness import engine
    from harness.images import build

    wanted = _chosen(backends, flavour)
    client = engine.connect()
    for backend, image_flavour in wanted:
        build.build(
            client, backend, image_flavour, make_base=make_base, mirror=debian_mirror, say=out.say
        )


@command.command("base")
@_backends
@common.make_base_option
def base(backends: tuple[str, ...], make_base: bool) -> None:
    """Only pull or make the Debian bases that images are built on."""
    from harness import engine
    from harness.images import baseimage

    client = engine.connect()
    wanted = {catalog.load(name).spec.base.reference for name in backends or catalog.names()}
    for reference in sorted(wanted):
        baseimage.ensure(client, reference, make=make_base, say=out.say)
        out.line(f"ok {reference}")


@command.command("list")
@_backends
@_flavour
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def list_(backends: tuple[str, ...], flavour: str | None, as_json: bool) -> None:
    """List the images, and which of them the engine has."""
    import json
    from dataclasses import asdict

    from harness import engine
    from harness.images import built

    chosen = _chosen(backends, flavour)  # a slip of the pen is told without an engine
    client = engine.connect()
    states = [built.state(client, *wanted) for wanted in chosen]
    if as_json:
        out.json(json.dumps([asdict(state) for state in states], indent=1))
        return
    for state in states:
        size = f"{state.size_bytes / 1e6:,.0f} MB" if state.size_bytes else "-"
        short = (state.image_id or "-").removeprefix("sha256:")[:12]
        out.line(
            f"{state.reference:<24} {short:<12} {size:>10}  {'; '.join(state.problems) or 'ok'}"
        )


@command.command("verify")
@_backends
@_flavour
def verify(backends: tuple[str, ...], flavour: str | None) -> int:
    """Compare built images with image.toml.

    Compared are labels, lock hashes and versions of packages.
    """
    from harness import engine
    from harness.images import built

    chosen = _chosen(backends, flavour)
    client = engine.connect()
    good, bad = 0, []
    for backend, image_flavour in chosen:
        state = built.state(client, backend, image_flavour)
        if state.image_id is None:
            out.line(f"-- {state.reference}: not built")
        elif state.problems:
            bad.append(f"benchdl images build {backend.name} --flavour {image_flavour}")
            out.line(f"not ok {state.reference}: {'; '.join(state.problems)}")
        else:
            good += 1
            out.line(f"ok {state.reference}")
    for build in bad:
        out.say(f"brings it up to date: {build}")
    if not good and not bad:
        out.say("no image is built here: benchdl run builds the one that it needs")
    return 1 if bad or not good else 0


@command.command("lock")
@_backends
def lock(backends: tuple[str, ...]) -> None:
    """Make lock files again from the pins in image.toml."""
    from harness.images import locks

    for name in backends or catalog.names():
        locks.write(catalog.load(name), out.say)


def _chosen(
    backends: tuple[str, ...], flavour: str | None
) -> list[tuple[catalog.Backend, catalog.Flavour]]:
    loaded = [catalog.load(name) for name in backends or catalog.names()]
    return [
        (b, image_flavour)
        for b in loaded
        for image_flavour in b.flavours()
        if flavour in (None, image_flavour)
    ]
