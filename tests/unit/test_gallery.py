"""A gallery of strangers' bundles: what is sound is shown, what is not is named, nothing runs."""

from __future__ import annotations

import errno
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from html.parser import HTMLParser

import bundled
import galleries
import pytest

from harness import files
from harness.bundle import archive
from harness.errors import BenchdlError, UsageError
from harness.gallery import admission, front, site, swapping
from harness.prices import Price, Prices

NASTY = "</td></script><script>document.title='owned'</script>\"' onload=x <img src=x onerror=y>"


@pytest.fixture
def root(tmp_path):
    return galleries.checkout(tmp_path / "checkout")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "handed-in"
    made.mkdir()
    return made


@pytest.fixture
def build(tmp_path, folder):
    """Build the gallery of the folder; what it says is in ``build.said``."""

    def run(*asked, most_bytes=2**30):
        run.said.clear()
        return site.build(asked or [folder], tmp_path / "site", most_bytes, run.said.append)

    run.said = []
    return run


def held(place):
    return {
        file.relative_to(place).as_posix(): file.read_bytes()
        for file in place.rglob("*")
        if file.is_file()
    }


def leftovers(tmp_path):
    return [path.name for path in tmp_path.iterdir() if "gallery" in path.name]


class Page(HTMLParser):
    """Elements, and the attributes that could run something or ask for something."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value) for name, value in attrs]


def test_three_machines_are_one_table_with_their_types(build, folder, root, tmp_path):
    galleries.several(folder, root)
    gallery = build()
    assert build.said == []
    assert gallery.refused == []
    lines = {line.instance: line for bundle in gallery.bundles for line in bundle.lines}
    assert set(lines) == {"Amazon EC2 c6a.2xlarge", "Amazon EC2 c6a.4xlarge", "lab"}
    assert lines["lab"].gpu == "NVIDIA H100 80GB HBM3"
    assert lines["lab"].values == {"time_s": 14.0, "energy_j": 1234.0, "cost": None}
    assert [bundle.begun[:10] for bundle in gallery.bundles] == [
        "2026-11-04", "2026-11-03", "2026-11-02",
    ]  # fmt: skip
    text = (tmp_path / "site" / "index.html").read_text()
    assert text.count("<option>Amazon EC2 c6a") == 2
    assert "GPU energy (J)" in text
    for number in (1, 2, 3):
        name = galleries.campaign_id(number)
        copy = tmp_path / "site" / "bundles" / f"{name}.tar"
        assert copy.read_bytes() == (folder / f"{number}.tar").read_bytes()
        assert f'href="bundles/{name}.tar"' in text
        report = (tmp_path / "site" / "reports" / f"{name}.html").read_text()
        assert galleries.MACHINES[number - 1]["machine"] in report
    sums = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"],
        cwd=tmp_path / "site", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert sums.stdout.count(": OK") == 3
    data = json.loads((tmp_path / "site" / "gallery.json").read_text())
    assert {*data["files"], "gallery.json"} == set(held(tmp_path / "site"))
    assert data["bundles"][0]["sha256"] == hashlib.sha256(copy.read_bytes()).hexdigest()


def test_costs_stand_with_their_price(folder, root, tmp_path):
    galleries.several(folder, root)
    prices = Prices({"lab": Price(price_per_hour=36.0, currency="EUR", source="the lab's own")})
    gallery = site.build([folder], tmp_path / "site", 2**30, print, prices)
    told = {line.machine: line for bundle in gallery.bundles for line in bundle.lines}
    assert told["lab"].values["cost"] == pytest.approx(0.14)
    assert told["lab"].price == "36.0000 EUR an hour (the lab's own)"
    assert told[galleries.CPU].values["cost"] is None
    text = html.unescape((tmp_path / "site" / "index.html").read_text())
    assert "0.14000 EUR" in text
    assert text.count("36.0000 EUR an hour (the lab's own)") == 1


@pytest.mark.parametrize(
    ("prices", "why"),
    [
        (Prices(only=Price(price_per_hour=1, currency="USD")), "--price without a type"),
        (
            Prices({name: Price(price_per_hour=1, currency=name) for name in ("EUR", "USD")}),
            "the prices are in EUR and USD: benchdl converts none",
        ),
    ],
)
def test_prices_that_are_not_comparable(folder, root, tmp_path, prices, why):
    galleries.bundle(folder, root, 1)
    with pytest.raises(UsageError, match=why):
        site.build([folder], tmp_path / "site", 2**30, print, prices)


def test_without_a_gpu_there_is_no_column_of_energy(build, folder, root, tmp_path):
    galleries.bundle(folder, root, 1)
    build()
    text = (tmp_path / "site" / "index.html").read_text()
    assert "GPU energy" not in text
    assert '<select name="gpu">' not in text


def test_the_same_bundles_make_the_same_bytes(build, folder, root, tmp_path):
    galleries.several(folder, root)
    build()
    first = held(tmp_path / "site")
    build(*sorted(folder.glob("*.tar"), reverse=True))
    assert held(tmp_path / "site") == first
    assert leftovers(tmp_path) == []


def test_nothing_of_a_page_asks_for_anything_and_its_policy_is_by_checksum(
    build, folder, root, tmp_path
):
    galleries.bundle(folder, root, 1)
    build()
    text = (tmp_path / "site" / "index.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert front._sum(content) in policy
    links = [value for name, value in Page(text).attributes if name in ("href", "src")]
    assert links
    assert all(re.match(r"(reports/|bundles/|gallery\.json$|#|data:,$)", link) for link in links)


def test_texts_of_strangers_are_texts(build, folder, root, tmp_path):
    galleries.bundle(
        folder, root, 1,
        {**galleries.MACHINES[2], "machine": NASTY, "instance": NASTY, "gpu": NASTY},
        name=f"{NASTY.replace('/', '|')}\x1b\u202e.tar",
        job={"title": NASTY, "note": NASTY, "pins": {"packages": {"x": NASTY}}},
        launch={"machine": NASTY},
    )  # fmt: skip
    (folder / "<b>x.tar").write_bytes(b"no bundle")
    gallery = build()
    assert len(gallery.bundles) == 1
    plain = front.page([], [])
    text = (tmp_path / "site" / "index.html").read_text()
    assert set(Page(text).tags) - set(Page(plain).tags) <= {"select", "option", "td", "code", "a",
        "span", "details", "summary", "li", "ul", "label", "tr", "th", "section", "h2"}  # fmt: skip
    assert Page(text).tags.count("script") == 1
    assert not [name for name, _ in Page(text).attributes if name.startswith("on")]
    assert text.count(html.escape(NASTY)[:40]) + text.count("&lt;/script&gt;") > 3
    assert "\x1b" not in text + "".join(build.said)
    assert "\u202e" not in text + "".join(build.said)
    report = (tmp_path / "site" / "reports" / f"{galleries.campaign_id(1)}.html").read_text()
    assert "img" not in Page(report).tags
    assert not [name for name, _ in Page(report).attributes if name.startswith("on")]


def damaged(kind, file):
    raw = bytearray(file.read_bytes())
    if kind == "cut":
        del raw[len(raw) // 2 :]
    elif kind == "changed":
        raw[raw.index(b"Small")] ^= 1
    else:
        raw[:5] = b"hello"
    file.write_bytes(raw)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("cut", "it is cut off"),
        ("changed", "was changed: its SHA-256 is not its manifest's"),
        ("other", "it is not a benchdl bundle"),
    ],
)
def test_what_is_no_sound_bundle_is_named_and_stops_nobody(
    build, folder, root, tmp_path, kind, why
):
    galleries.several(folder, root)
    damaged(kind, folder / "2.tar")
    gallery = build()
    assert [bundle.name for bundle in gallery.bundles] == ["3.tar", "1.tar"]
    ((name, reason),) = [(refused.name, refused.reason) for refused in gallery.refused]
    assert name == "2.tar"
    assert why in reason
    assert str(tmp_path) not in reason
    assert build.said == [f"refused 2.tar: {reason}"]
    text = html.unescape((tmp_path / "site" / "index.html").read_text())
    assert reason in text
    assert str(tmp_path) not in text


def test_what_is_no_plain_file_is_not_waited_for(build, folder, root):
    galleries.bundle(folder, root, 1)
    os.mkfifo(folder / "pipe.tar")
    (folder / "folder.tar").mkdir()
    (folder / "link.tar").symlink_to("/dev/zero")
    (folder / "dangling.tar").symlink_to("nowhere")
    with (folder / "holes.tar").open("wb") as stream:
        stream.truncate(2**40)
    gallery = build()
    assert {refused.name: refused.reason.partition(":")[0] for refused in gallery.refused} == {
        "pipe.tar": "it is a pipe, not a plain file",
        "link.tar": "it is a link, not a plain file",
        "dangling.tar": "it is a link, not a plain file",
        "holes.tar": "it has more than 1,024 MiB",
    }


def test_members_that_are_holes_are_refused_by_their_headers(build, folder, root):
    file = galleries.bundle(folder, root, 1)
    galleries.bundle(folder, root, 2)
    name = next(name for name in bundled.contents(file) if name.endswith("/result.json"))
    with file.open("wb") as stream:
        stream.write(archive.header(name, 300 * 2**20))
        stream.truncate(512 + 300 * 2**20 + 1024)
    gallery = build()
    (refused,) = gallery.refused
    assert refused.reason == "its results have 300 MiB, a gallery shows 256 MiB"


def test_many_results_are_refused_before_they_are_read(build, folder, root, monkeypatch):
    monkeypatch.setattr(admission, "MOST_RESULTS", 2)
    galleries.bundle(folder, root, 1, repeats=2)
    galleries.bundle(folder, root, 2, repeats=3)
    (refused,) = build().refused
    assert refused.reason == "it holds 3 results, a gallery shows 2"


@pytest.mark.parametrize("path", ["../../evil.html", "/etc/evil", "results/../../x"])
def test_members_that_lead_elsewhere(build, folder, root, tmp_path, path):
    galleries.bundle(folder, root, 1)
    with tarfile.open(folder / "evil.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo(path)
        info.mode = 0o644
        tar.addfile(info)
    before = {path.name for path in tmp_path.iterdir()} | {"site"}
    (refused,) = build().refused
    assert "a path that leads elsewhere" in refused.reason
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_campaign_id_that_is_an_element_of_the_page(build, folder, root, tmp_path):
    file = galleries.bundle(folder, root, 1)
    members = {
        name: content.replace(galleries.campaign_id(1).encode(), b"measurements")
        for name, content in bundled.contents(file).items()
    }
    bundled.rewritten(file, members)
    build()
    ids = [value for name, value in Page((tmp_path / "site/index.html").read_text()).attributes
           if name == "id"]  # fmt: skip
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("bug", [ZeroDivisionError(), RecursionError(), AttributeError("x")])
def test_a_bundle_that_our_own_code_fails_at_stops_nobody(build, folder, root, monkeypatch, bug):
    galleries.several(folder, root)
    real = admission.listed.of

    def fail(bundle, results, name, *more):
        if name == "2.tar":
            raise bug
        return real(bundle, results, name, *more)

    monkeypatch.setattr(admission.listed, "of", fail)
    gallery = build()
    assert len(gallery.bundles) == 2
    assert gallery.refused[0].reason == f"benchdl cannot show it ({type(bug).__name__})"


def test_two_bundles_of_one_campaign_that_differ_are_both_refused(build, folder, root, tmp_path):
    galleries.bundle(folder, root, 1, name="a.tar")
    galleries.bundle(folder, root, 1, name="b.tar", measurement={"phases": {"fit_s": 1.0}})
    galleries.bundle(folder, root, 1, name="c.tar", measurement={"phases": {"fit_s": 2.0}})
    galleries.bundle(folder, root, 2)
    gallery = build()
    assert [bundle.name for bundle in gallery.bundles] == ["2.tar"]
    assert [refused.name for refused in gallery.refused] == ["a.tar", "b.tar", "c.tar"]
    assert gallery.refused[1].reason == (
        f"it holds campaign {galleries.campaign_id(1)} as a.tar, c.tar does, and they differ: "
        "leave all but one out"
    )
    assert len(held(tmp_path / "site")) == 5


def test_two_equal_ones_are_one(build, folder, root, tmp_path):
    galleries.bundle(folder, root, 1)
    (folder / "sub").mkdir()
    shutil.copy(folder / "1.tar", folder / "sub" / "again.tar")
    gallery = build()
    assert len(gallery.bundles) == 1
    assert gallery.refused == []
    assert build.said == ["sub/again.tar is the same as 1.tar: taken once"]


def test_an_unfinished_bundle_says_so(build, folder, root):
    file = galleries.bundle(folder, root, 1)
    bundled.rewritten(file, bundled.contents(file), told=lambda data: data.update(
        left=[3], sources_changed=[NASTY], damaged=[]))  # fmt: skip
    (bundle,) = build().bundles
    assert bundle.doubts[0] == "unfinished: 1 job without an end"
    assert bundle.doubts[1].startswith("sources not as they ran: </td>")


def test_an_empty_folder_and_none_that_is_sound(build, folder, root, tmp_path):
    with pytest.raises(UsageError, match=r"no bundle in .*: no file there ends with \.tar"):
        build()
    galleries.bundle(folder, root, 1)
    build()
    before = held(tmp_path / "site")
    damaged("other", folder / "1.tar")
    with pytest.raises(BenchdlError, match="none of 1 files is a bundle that can be shown"):
        build()
    assert held(tmp_path / "site") == before
    assert leftovers(tmp_path) == []


def test_a_folder_that_is_not_ours_is_never_replaced(build, folder, root, tmp_path):
    galleries.bundle(folder, root, 1)
    place = tmp_path / "site"
    place.mkdir()
    build()  # an empty one may be
    (place / "bundles" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"site holds bundles/mine.txt, which no gallery wrote"):
        build()
    shutil.rmtree(place)
    place.mkdir()
    (place / "gallery.json").write_text('{"files": 7}')
    with pytest.raises(UsageError, match=r"site holds gallery\.json, which no gallery wrote"):
        build()
    shutil.rmtree(place)
    place.write_text("mine")
    with pytest.raises(UsageError, match="site is not a folder"):
        build()
    assert place.read_text() == "mine"


def test_bundles_and_site_lie_apart(folder, root, tmp_path):
    file = galleries.bundle(folder, root, 1)
    for asked, place in (([folder], folder / "site"), ([folder], folder), ([file], folder)):
        with pytest.raises(UsageError, match="lie one in the other"):
            site.build(asked, place, 2**30, print)
    site.build([file], folder / "site", 2**30, print)  # beside a named one it may be
    with pytest.raises(UsageError, match="lie one in the other"):
        site.build([next((folder / "site" / "bundles").iterdir())], folder / "site", 2**30, print)
    assert file.is_file()


@pytest.mark.parametrize(
    "stop", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("at", ["gallery.json", "index.html", "report", "swap"])
def test_an_interrupted_one_leaves_the_earlier_site(
    build, folder, root, tmp_path, monkeypatch, stop, at
):
    galleries.bundle(folder, root, 1)
    build()
    before = held(tmp_path / "site")
    galleries.bundle(folder, root, 2)
    real = files.write_whole

    def write(path, content, **more):
        if path.name == at or (at == "report" and path.parent.name == "reports"):
            raise stop
        real(path, content, **more)

    def swap(made, place):
        raise stop

    if at == "swap":
        monkeypatch.setattr(swapping, "swap", swap)
    monkeypatch.setattr(files, "write_whole", write)
    with pytest.raises((BenchdlError, KeyboardInterrupt)) as caught:
        build()
    if isinstance(caught.value, BenchdlError):
        assert "No space left on device: make room there, or name another" in str(caught.value)
    assert held(tmp_path / "site") == before
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("exchange", [True, False])
def test_folders_change_places(tmp_path, monkeypatch, exchange):
    if not exchange:
        monkeypatch.setattr(swapping, "_exchanged", lambda made, place: False)
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "it").write_text(name)
    swapping.swap(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old" / "it").read_text() == "new"
    assert (tmp_path / "new" / "it").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_kernel_exchanges_two_folders(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert swapping._exchanged(tmp_path / "a", tmp_path / "b")
    assert not swapping._exchanged(tmp_path / "a", tmp_path / "nothing")


def test_a_disk_that_takes_no_more_for_real(benchdl, folder, root, tmp_path):
    galleries.bundle(folder, root, 1)
    code = (
        "import resource, sys; from harness.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)); main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, "gallery", folder, "-o", tmp_path / "site"],
        env={**os.environ, "BENCHDL_CACHE": str(tmp_path / "cache")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        f"benchdl: cannot write {tmp_path / 'site'}: File too large: make room there, or name "
        "another folder with -o\n"
    )
    assert leftovers(tmp_path) == []
    assert benchdl("gallery", folder, "-o", "site").returncode == 0


def test_exit_status_says_whether_all_were_taken(benchdl, folder, root, tmp_path):
    galleries.several(folder, root)
    done = benchdl("gallery", folder, "-o", "site")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "site: 3 bundles, 3 measurements; open site/index.html\n"
    assert done.stderr == ""
    damaged("other", folder / "2.tar")
    done = benchdl("gallery", folder, "-o", "site")
    assert (done.returncode, done.stdout) == (
        1, "site: 2 bundles, 2 measurements, 1 refused; open site/index.html\n",
    )  # fmt: skip
    assert done.stderr.startswith("refused 2.tar: it is not a benchdl bundle: get it again")
    assert benchdl("gallery", folder, "-o", "site", "--allow-refused").returncode == 0
    done = benchdl("gallery", folder / "1.tar", "-o", "site", "--max-size", "0")
    assert done.returncode == 2
    done = benchdl("gallery", "nowhere", "-o", "site")
    assert done.stderr == "benchdl: nowhere: there is no such file or folder\n"
