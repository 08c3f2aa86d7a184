"""``benchdl gallery``: a folder of web pages made of bundles, there as a whole or as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from harness import files, printable, scratch
from harness.errors import BenchdlError, UsageError
from harness.gallery import front, intake, replaceable, swapping
from harness.gallery.admission import Admitted, RefusedError, admit, copy
from harness.gallery.front import Refused
from harness.gallery.intake import Offered
from harness.gallery.listed import LONGEST, Listed
from harness.prices import NONE, Prices
from harness.report import library
from harness.tables.told_beside import Beside

Say = Callable[[str], None]

DEFAULT_MOST_BYTES = 2**30
"""Of one bundle; with images it would have gigabytes, which static hosts do not take."""

SUMS = "SHA256SUMS"
_BUNDLES, _REPORTS = "bundles", "reports"
_ARRIVING = "arriving.tar"


@dataclass(frozen=True)
class Gallery:
    """What came of it: ``bundles``, the newest first, and ``refused`` files, by name."""

    bundles: list[Listed]
    refused: list[Refused]

    def data(self) -> dict[str, object]:
        """The same as plain data."""
        return {
            "bundles": [asdict(bundle) for bundle in self.bundles],
            "refused": [asdict(refused) for refused in self.refused],
        }


def build(
    asked: Sequence[Path], site: Path, most_bytes: int, say: Say, prices: Prices = NONE
) -> Gallery:
    """Make the gallery of bundles at ``site``; the same bundles and benchdl give the same bytes.

    A file that is not taken never stops the others. A gallery that is there stays until the new
    one is whole.

    Args:
        asked: bundles, and folders of them.
        site: the folder to be; below it all links are relative.
        most_bytes: of one bundle.
        say: takes a line of notice.
        prices: of an hour of the machines, each by its type and all in one currency.

    Raises:
        UsageError: there is no bundle to take, something else lies at ``site``, or a price has no
            type or another currency than others.
        BenchdlError: none was taken, or the gallery cannot be written.
    """
    _check_prices(prices)
    place = files.real(site)
    offers = intake.offered(asked, place)
    replaceable.check(place)
    library.script()  # without a cache no report can be made, which is no fault of a bundle
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with scratch.folder(place.parent, f".{place.name}.gallery-") as made:
            gallery = _filled(offers, _Shelf(made, most_bytes, say, Beside(prices=prices)))
            if not gallery.bundles:
                raise BenchdlError(
                    f"none of {len(offers):,} files is a bundle that can be shown",
                    "the lines above say why; a gallery that is there stays as it is",
                )
            replaceable.check(place)  # it may have changed since
            swapping.swap(made, place)
    except OSError as error:
        raise BenchdlError(
            f"cannot write {files.shown(site)}: {files.reason(error)}",
            "make room there, or name another folder with -o",
        ) from None
    return gallery


def _check_prices(prices: Prices) -> None:
    if prices.only is not None:
        raise UsageError(
            "--price without a type, and a gallery is of many machines",
            "name one, as in --price p3.2xlarge=3.06USD",
        )
    currencies = sorted({price.currency for price in prices.by_type.values()})
    if len(currencies) > 1:
        raise UsageError(
            f"the prices are in {' and '.join(currencies)}",
            "benchdl converts none: give all of them in one currency",
        )


def _filled(offers: list[Offered], shelf: _Shelf) -> Gallery:
    """The gallery in the empty folder of the shelf."""
    made = shelf.made
    for folder in (_BUNDLES, _REPORTS):
        (made / folder).mkdir()
    for offer in offers:
        shelf.take(offer)
    files.sync(made / _BUNDLES)
    gallery = shelf.gallery()
    texts = {
        SUMS: "".join(f"{b.sha256}  {_BUNDLES}/{b.campaign}.tar\n" for b in gallery.bundles),
        "index.html": front.page(gallery.bundles, gallery.refused),
    }
    held = [f"{_BUNDLES}/{bundle.campaign}.tar" for bundle in gallery.bundles]
    held += [f"{_REPORTS}/{bundle.campaign}.html" for bundle in gallery.bundles]
    told = {"schema_version": 1, "benchdl": metadata.version("benchdl")}
    data = {**told, "files": sorted([*held, *texts]), **gallery.data()}
    texts[replaceable.DATA] = printable.json(json.dumps(data, indent=1, allow_nan=False)) + "\n"
    for name, text in texts.items():
        files.write_whole(made / name, text)
    return gallery


class _Shelf:
    """Where bundles are put one after another: of each campaign one, or none if two differ."""

    def __init__(self, made: Path, most_bytes: int, say: Say, beside: Beside) -> None:
        self.made = made
        self._most_bytes, self._say, self._beside = most_bytes, say, beside
        self._taken: dict[str, Listed] = {}
        self._same: dict[str, str] = {}
        self._clashing: dict[str, list[str]] = {}
        self._refused: list[Refused] = []

    def take(self, offer: Offered) -> None:
        """Put a file in its place, or keep why not."""
        arriving = self.made / _ARRIVING
        try:
            size_bytes, sha256 = copy(offer, arriving, self._most_bytes)
            if sha256 in self._same:
                self._say(f"{offer.name} is the same as {self._same[sha256]}: taken once")
                return
            admitted = admit(offer, arriving, size_bytes, sha256, self._beside)
            self._same[sha256] = offer.name
            self._place(offer, arriving, admitted)
        except RefusedError as error:
            self._refuse(offer.name, str(error))
        finally:
            arriving.unlink(missing_ok=True)

    def gallery(self) -> Gallery:
        """All of them, when there are no more to come."""
        for campaign, names in self._clashing.items():
            for name in names:
                others = ", ".join(other for other in names if other != name)
                self._refuse(
                    name,
                    f"it holds campaign {campaign} as {others} does, and they differ: leave all "
                    "but one out",
                )
        newest = sorted(self._taken.values(), key=lambda bundle: bundle.campaign)
        newest.sort(key=lambda bundle: bundle.begun, reverse=True)
        return Gallery(newest, sorted(self._refused, key=lambda refused: refused.name))

    def _place(self, offer: Offered, arriving: Path, admitted: Admitted) -> None:
        bundle = admitted.listed
        file = self.made / _BUNDLES / f"{bundle.campaign}.tar"
        report = self.made / _REPORTS / f"{bundle.campaign}.html"
        if bundle.campaign in self._clashing:
            self._clashing[bundle.campaign].append(offer.name)
        elif bundle.campaign in self._taken:
            before = self._taken.pop(bundle.campaign)
            self._clashing[bundle.campaign] = [before.name, offer.name]
            file.unlink()
            report.unlink()
        else:
            arriving.rename(file)
            files.write_whole(report, admitted.page)
            self._taken[bundle.campaign] = bundle

    def _refuse(self, name: str, reason: str) -> None:
        refused = Refused(printable.line(name, LONGEST), printable.line(reason, 3 * LONGEST))
        self._refused.append(refused)
        self._say(f"refused {refused.name}: {refused.reason}")
