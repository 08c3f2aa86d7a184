"""Where data comes from: named directories, the cache, mirrors of every kind, the stand-in.

The sets here are a few pictures large.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import gzip
import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import small_data
from small_data import TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS

from harness import cache, files
from harness.errors import BenchdlError, UsageError
from harness.provision import (
    discovery,
    download,
    inspection,
    making,
    obtain,
    prospect,
    transfer,
)
from harness.provision.verified import Dataset

CNN = "cnn-mnist"

MNIST, SYNTHETIC = small_data.contents("mnist"), small_data.contents("synthetic")
BOMB = gzip.compress(b"\0" * 50_000_000)


def _sums(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


class Mirror(BaseHTTPRequestHandler):
    """One mirror of each kind; the first part of the path says which."""

    asked: list[str]
    never = threading.Event()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        kind, name = self.path.strip("/").split("/")
        since = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.asked.append(f"{kind}/{name}" + (f" from {since}" if since else ""))
        packed = gzip.compress(MNIST[name.removesuffix(".gz")], mtime=0)
        probe = name.startswith(TEST_LABELS)
        if kind == "resuming" and since:
            if since >= len(packed):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {since}-{len(packed) - 1}/{len(packed)}")
            self.send_header("Content-Length", str(len(packed) - since))
            self.end_headers()
            self.wfile.write(packed[since:])
            return None
        if kind == "later-bad" and not probe:
            kind = "corrupt"
        if kind == "forbidden":
            return self.send_error(403)
        if kind == "hanging":
            self.never.wait(30)
            return None
        bodies = {
            "corrupt": gzip.compress(SYNTHETIC[name.removesuffix(".gz")]),
            "html": b"<html>please log in</html>",
            "truncated": packed[: len(packed) // 2],
            "shortened": packed[: len(packed) // 2],
            "bomb": BOMB,
            "endless": b"\0" * (len(packed) + 200_000),
        }
        body = bodies.get(kind, packed)
        self.send_response(200)
        if kind != "shortened":
            self.send_header("Content-Length", str(len(packed if kind == "truncated" else body)))
        self.end_headers()
        if kind == "trickle":
            for n in range(len(body)):
                if self.never.wait(0.2):
                    break
                self.wfile.write(body[n : n + 1])
            return None
        self.wfile.write(body)
        return None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Mirror.asked, Mirror.never = [], threading.Event()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    Mirror.never.set()
    httpd.shutdown()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Small sets, an empty cache, no named directory, no network."""
    small_data.instead(
        monkeypatch,
        small_data.spec("mnist", MNIST),
        small_data.spec("synthetic-mnist", SYNTHETIC),
    )
    monkeypatch.setattr(download, "PROBE_S", 4.0)  # a loaded machine answers late
    monkeypatch.setattr(transfer, "FILE_S", 4.0)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    monkeypatch.delenv("BENCHDL_DATA", raising=False)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, server: str):
    def mirrors(*kinds: str) -> None:
        monkeypatch.setenv("BENCHDL_MIRRORS", " ".join(f"{server}/{kind}" for kind in kinds))

    return mirrors


def _fill(folder: Path, files: dict[str, bytes] = MNIST, packed: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    return folder


def _cached_names(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "cache" / "datasets" / "mnist").iterdir()}


# Named directories


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_named_directory_is_used(tmp_path: Path, said, name: str, packed: bool) -> None:
    folder = _fill(tmp_path / "data", packed=packed)
    found = obtain.resolve(name, CNN, folder, said.append)
    assert found == Dataset(discovery.load("mnist"), folder)
    assert said == []
    assert not (tmp_path / "cache").exists()


def test_data_dir_goes_before_environment_and_cache(tmp_path: Path, said, monkeypatch) -> None:
    first, second = _fill(tmp_path / "first"), _fill(tmp_path / "second")
    _fill(tmp_path / "cache/datasets/mnist")
    assert obtain.resolve("auto", CNN, None, said.append).directory.name == "mnist"
    monkeypatch.setenv("BENCHDL_DATA", str(second))
    assert obtain.resolve("auto", CNN, None, said.append).directory == second
    assert obtain.resolve("auto", CNN, first, said.append).directory == first
    assert said == []


def test_relative_directory_becomes_absolute(tmp_path: Path, said, monkeypatch) -> None:
    _fill(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    assert obtain.resolve("auto", CNN, Path("data"), said.append).directory == tmp_path / "data"


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_missing_named_directory_is_an_error(tmp_path: Path, said, monkeypatch, name: str) -> None:
    with pytest.raises(UsageError, match=r"--data-dir: .*/nowhere is not a directory"):
        obtain.resolve(name, CNN, tmp_path / "nowhere", said.append)
    monkeypatch.setenv("BENCHDL_DATA", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match=r"BENCHDL_DATA: .*/gone is not a directory"):
        obtain.resolve(name, CNN, None, said.append)


def test_named_directory_that_lacks_files(tmp_path: Path, said) -> None:
    folder = _fill(tmp_path / "data")
    (folder / TEST_LABELS).unlink()
    with pytest.raises(UsageError, match=f"lacks {TEST_LABELS} "):
        obtain.resolve("auto", CNN, folder, said.append)


@pytest.mark.parametrize("name", ["auto", "mnist"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("flip", f"SHA-256 .* expected {_sums(MNIST)[TRAIN_IMAGES]}, found [0-9a-f]{{64}}"),
        ("magic", "header expected 00000803.*, found 00000801"),
        ("longer", f"it has more than {len(MNIST[TRAIN_IMAGES]):,} bytes"),
        ("empty", "header expected .*, found"),
        ("not gzip", "not a sound gzip file"),
        ("cut gzip", "not a sound gzip file"),
        ("bad crc", "not a sound gzip file"),
    ],
)
def test_corrupt_named_directory_is_an_error(
    tmp_path: Path, said, name: str, damage: str, message: str
) -> None:
    folder = _fill(tmp_path / "data")
    path, content = folder / TRAIN_IMAGES, MNIST[TRAIN_IMAGES]
    packed = gzip.compress(content)
    damaged = {
        "flip": content[:-1] + bytes((content[-1] ^ 1,)),
        "magic": b"\0\0\x08\x01" + content[4:],
        "longer": content + b"\0",
        "empty": b"",
        "not gzip": b"<html>403</html>",
        "cut gzip": packed[: len(packed) // 2],
        "bad crc": packed[:-8] + b"\0\0\0\0" + packed[-4:],
    }
    if damage in ("not gzip", "cut gzip", "bad crc"):
        path.unlink()
        path = folder / f"{TRAIN_IMAGES}.gz"
    path.write_bytes(damaged[damage])
    with pytest.raises(BenchdlError, match=message) as error:
        obtain.resolve(name, CNN, folder, said.append)
    assert str(path) in str(error.value)
    assert "replace the file" in str(error.value)
    assert "\n" not in str(error.value)


def test_unreadable_file_is_named(tmp_path: Path, said, monkeypatch) -> None:
    folder = _fill(tmp_path / "data")

    def refuse(path: Path, **how: object) -> None:
        raise files.FileError("Permission denied")

    monkeypatch.setattr(files, "open_plain", refuse)
    with pytest.raises(BenchdlError, match=r"cannot be read \(Permission denied\)"):
        obtain.resolve("auto", CNN, folder, said.append)


def test_unknown_name(said) -> None:
    with pytest.raises(UsageError, match="unknown dataset 'cifar': choose from auto, mnist"):
        obtain.resolve("cifar", CNN, None, said.append)
    with pytest.raises(UsageError, match="unknown dataset 'auto'"):
        obtain.fetch("auto", said.append)


# Without MNIST


def test_auto_falls_back_loudly(said) -> None:
    found = obtain.resolve("auto", CNN, None, said.append)
    assert found.name == "synthetic-mnist"
    assert found.sha256 == _sums(SYNTHETIC)
    warnings = [line for line in said if line.startswith("WARNING")]
    assert len(warnings) == 1
    assert "synthetic-mnist" in warnings[0]
    assert "--data-dir" in warnings[0]
    assert all("\n" not in line for line in said)


@pytest.mark.parametrize(
    "get",
    [lambda say: obtain.resolve("mnist", CNN, None, say), lambda say: obtain.fetch("mnist", say)],
)
def test_mnist_by_name_never_falls_back(said, get) -> None:
    with pytest.raises(BenchdlError, match=r"MNIST could not be had .*--data-dir"):
        get(said.append)


def test_synthetic_is_generated_once(tmp_path: Path, said, monkeypatch) -> None:
    found = obtain.resolve("synthetic-mnist", CNN, _fill(tmp_path / "data"), said.append)
    assert {path.name: path.read_bytes() for path in found.directory.iterdir()} == SYNTHETIC
    assert said == ["generating synthetic-mnist"]
    monkeypatch.setattr(making, "_write", lambda *a: pytest.fail("generated again"))
    assert obtain.resolve("synthetic-mnist", CNN, None, said.append) == found


def test_cache_can_be_read_by_a_containers_user(said) -> None:
    before = os.umask(0o077)
    try:
        folder = obtain.resolve("synthetic-mnist", CNN, None, said.append).directory
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}


def test_damaged_synthetic_cache_is_replaced(said) -> None:
    found = obtain.resolve("synthetic-mnist", CNN, None, said.append)
    (found.directory / TEST_LABELS).write_bytes(b"")
    said.clear()
    obtain.resolve("synthetic-mnist", CNN, None, said.append)
    assert "replaced" in said[0]
    assert TEST_LABELS in said[0]
    assert inspection.inspect(found.directory, found.spec).complete


def test_leftovers_of_a_killed_process_are_cleared(tmp_path: Path, said, use) -> None:
    folder = tmp_path / "cache/datasets/mnist"
    folder.mkdir(parents=True)
    (folder / f".{TRAIN_IMAGES}.x1y2").write_bytes(b"half")
    use("good")
    obtain.fetch("mnist", said.append)
    assert _cached_names(tmp_path) == set(MNIST)


def test_two_at_once_generate_once(said, monkeypatch) -> None:
    calls: list[float] = []

    def told() -> bool:
        return any(line.startswith("waiting for another benchdl") for line in said)

    def slowly():
        calls.append(time.monotonic())
        while not told() and time.monotonic() < calls[0] + 20:
            time.sleep(0.01)
        yield from SYNTHETIC.items()

    made = small_data.spec("synthetic-mnist", SYNTHETIC)
    small_data.instead(monkeypatch, dataclasses.replace(made, generate=slowly))
    results: list[Dataset] = []
    threads = [
        threading.Thread(
            target=lambda: results.append(obtain.resolve("synthetic-mnist", CNN, None, said.append))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 3
    assert len(calls) == 1
    assert told()


# Mirrors


def test_good_mirror_fills_the_cache(tmp_path: Path, said, use) -> None:
    use("good")
    found = obtain.resolve("auto", CNN, None, said.append)
    assert found == Dataset(discovery.load("mnist"), tmp_path / "cache/datasets/mnist")
    assert _cached_names(tmp_path) == set(MNIST)
    assert said == ["downloading MNIST"]
    asked = len(Mirror.asked)
    assert asked == 1 + len(MNIST)  # the first is to see who answers
    obtain.resolve("mnist", CNN, None, said.append)
    assert len(Mirror.asked) == asked
    obtain.fetch("mnist", said.append)
    assert "complete and verified" in said[-1]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("forbidden", "answered 403"),
        ("corrupt", "SHA-256 of the contents expected .*, found"),
        ("html", "not a sound gzip file"),
        ("truncated", r"IncompleteRead|broke off after \d+ of \d+ bytes"),
        ("shortened", "not a sound gzip file"),
        ("bomb", "header expected"),
        pytest.param("hanging", "timed out|no answer in 4 s", marks=pytest.mark.slow),
        pytest.param("trickle", "took longer than 4 s", marks=pytest.mark.slow),
        ("endless", r"is larger than [\d,]+ bytes"),
    ],
)
def test_bad_mirror_is_reported_and_stores_nothing(
    tmp_path: Path, said, use, kind: str, reason: str
) -> None:
    use(kind)
    start = time.monotonic()
    with pytest.raises(BenchdlError, match=reason):
        obtain.resolve("mnist", CNN, None, said.append)
    assert time.monotonic() - start < 60  # nothing is waited for without end
    assert all(name.endswith(".partial") for name in _cached_names(tmp_path))


@pytest.mark.parametrize(
    "bad", ["forbidden", "corrupt", "html", "truncated", "hanging", "later-bad"]
)
def test_next_mirror_is_taken(tmp_path: Path, said, use, bad: str) -> None:
    use(bad, "good")
    assert obtain.resolve("auto", CNN, None, said.append).name == "mnist"
    assert _cached_names(tmp_path) == set(MNIST)


def test_mirror_that_turns_bad_is_reported_and_stores_nothing(tmp_path: Path, said, use) -> None:
    use("later-bad")
    with pytest.raises(BenchdlError, match=rf"later-bad/{TRAIN_IMAGES}\.gz SHA-256"):
        obtain.fetch("mnist", said.append)
    assert _cached_names(tmp_path) == set()


def test_no_network_fails_within_seconds(said, monkeypatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("BENCHDL_MIRRORS", "http://127.0.0.1:9/,http://benchdl.invalid")
    start = time.monotonic()
    with pytest.raises(BenchdlError, match=r"127.0.0.1:9/ cannot be reached.*benchdl\.invalid"):
        obtain.resolve("mnist", CNN, None, said.append)
    assert time.monotonic() - start < 60  # nothing is waited for without end


@pytest.mark.slow
def test_name_lookup_that_hangs_is_left_behind(said, monkeypatch) -> None:
    hang = threading.Event()
    monkeypatch.setenv("BENCHDL_MIRRORS", "http://slow.invalid/")
    monkeypatch.setattr(transfer.urllib.request, "urlopen", lambda *a, **k: hang.wait(300))
    start = time.monotonic()
    with pytest.raises(BenchdlError, match=r"slow\.invalid/ no answer in 4 s"):
        obtain.resolve("mnist", CNN, None, said.append)
    assert time.monotonic() - start < 60  # not the 300 s of the lookup
    hang.set()


def test_mirror_variable(monkeypatch) -> None:
    mnist = discovery.load("mnist")
    monkeypatch.setenv("BENCHDL_MIRRORS", "")
    assert download.mirrors(mnist) == list(mnist.mirrors)
    monkeypatch.setenv("BENCHDL_MIRRORS", "https://a/x, http://b/")
    assert download.mirrors(mnist) == ["https://a/x/", "http://b/"]
    monkeypatch.setenv("BENCHDL_MIRRORS", "+https://a")
    assert download.mirrors(mnist) == [
        "https://a/",
        *mnist.mirrors,
    ]
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    assert download.mirrors(mnist) == []
    monkeypatch.setenv("BENCHDL_MIRRORS", "file:///etc")
    with pytest.raises(UsageError, match="file:///etc/ is not an http or https address"):
        download.mirrors(mnist)


# The cache


def test_corrupt_cache_is_replaced(tmp_path: Path, said, use) -> None:
    folder = _fill(tmp_path / "cache/datasets/mnist", packed=True)
    (folder / f"{TRAIN_LABELS}.gz").write_bytes(b"rubbish")
    use("good")
    assert obtain.resolve("auto", CNN, None, said.append).name == "mnist"
    assert "the cached mnist is replaced" in said[0]
    assert f"{TRAIN_LABELS}.gz is corrupt" in said[0]
    assert {name: (folder / name).read_bytes() for name in MNIST} == MNIST


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_corrupt_cache_that_cannot_be_replaced(tmp_path: Path, said, name: str) -> None:
    folder = _fill(tmp_path / "cache/datasets/mnist")
    (folder / TRAIN_LABELS).write_bytes(b"rubbish")
    if name == "mnist":
        with pytest.raises(BenchdlError, match="MNIST could not be had"):
            obtain.resolve(name, CNN, None, said.append)
    else:
        assert obtain.resolve(name, CNN, None, said.append).name == "synthetic-mnist"
    assert any(f"{folder / TRAIN_LABELS} is corrupt" in line for line in said)


def test_complete_cache_needs_no_write_access(tmp_path: Path, said, monkeypatch) -> None:
    _fill(tmp_path / "cache/datasets/mnist")
    monkeypatch.setattr(obtain, "locked", lambda *a: pytest.fail("took the lock"))
    assert obtain.resolve("auto", CNN, None, said.append).name == "mnist"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_failing_disk_leaves_no_partial_file(tmp_path: Path, said, monkeypatch, code: int) -> None:
    def fail(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(cache.os, "fsync", fail)
    what = os.strerror(code) if code == errno.EROFS else "the disk is full"
    with pytest.raises(BenchdlError, match=rf"\({what}\).*set BENCHDL_CACHE"):
        obtain.resolve("auto", CNN, None, said.append)
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.suffix != ".lock"] == []


def test_unwritable_home(tmp_path: Path, said, monkeypatch) -> None:
    (tmp_path / "home").write_text("a file where a directory should be")
    monkeypatch.delenv("BENCHDL_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(BenchdlError, match=r"cannot write to the cache .*set BENCHDL_CACHE"):
        obtain.resolve("auto", CNN, None, said.append)


def test_cache_dir(monkeypatch) -> None:
    monkeypatch.setenv("BENCHDL_CACHE", "/one")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    monkeypatch.setenv("HOME", "/three")
    assert cache.cache_dir() == Path("/one")
    monkeypatch.delenv("BENCHDL_CACHE")
    assert cache.cache_dir() == Path("/two/benchdl")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the specification says: ignore
    assert cache.cache_dir() == Path("/three/.cache/benchdl")


# Listing


def test_what_there_is_of_a_dataset_is_told_and_nothing_changed(tmp_path, said, monkeypatch):
    def told(name, folder=None):
        found = prospect.of(name, CNN, folder)
        return found.spec.name, found.action, found.stand_in

    assert told("auto") == ("synthetic-mnist", "generate", False)  # no download is allowed
    assert told("synthetic-mnist") == ("synthetic-mnist", "generate", False)
    monkeypatch.setenv("BENCHDL_MIRRORS", "http://mirror.invalid/")
    assert told("auto") == ("mnist", "download", True)
    assert told("mnist") == ("mnist", "download", False)
    assert not (tmp_path / "cache").exists()
    obtain.resolve("synthetic-mnist", CNN, None, said.append)
    assert told("synthetic-mnist") == ("synthetic-mnist", "use", False)
    folder = _fill(tmp_path / "cache/datasets/mnist")
    assert told("auto") == told("mnist") == ("mnist", "use", False)
    next(folder.iterdir()).write_bytes(b"broken")
    assert told("mnist") == ("mnist", "download", False)
    given = _fill(tmp_path / "data")
    assert told("mnist", given) == ("mnist", "use", False)
    assert prospect.of("mnist", CNN, given).given == obtain.resolve("mnist", CNN, given, print)


@pytest.mark.parametrize("name", ["mnist", "auto"])
@pytest.mark.parametrize("files", [None, 2, "corrupt"])
def test_what_cannot_be_had_is_refused_in_the_same_words(tmp_path, said, name, files):
    """By name without a download, and a named folder that is none, lacks files, or holds others."""
    folder = tmp_path / "data" if files or name == "auto" else None
    if files:
        held = dict.fromkeys(MNIST, b"x") if files == "corrupt" else dict(list(MNIST.items())[:2])
        _fill(folder, held)
    refusals = []
    for ask in (prospect.of, lambda *asked: obtain.resolve(*asked, said.append)):
        with pytest.raises(BenchdlError) as caught:
            ask(name, CNN, folder)
        refusals.append((type(caught.value), str(caught.value)))
    assert refusals[0] == refusals[1]


def test_listing(tmp_path: Path, said, monkeypatch) -> None:
    monkeypatch.setattr(discovery, "names", lambda: ["mnist", "synthetic-mnist"])
    states = obtain.listing(None)
    assert [(s.spec.name, s.origin, s.state) for s in states] == [
        ("mnist", "cache", "absent"),
        ("synthetic-mnist", "cache", "absent"),
    ]
    folder = _fill(tmp_path / "data")
    obtain.resolve("synthetic-mnist", CNN, None, said.append)
    monkeypatch.setenv("BENCHDL_DATA", str(folder))
    states = obtain.listing(None)
    assert [(s.origin, s.state) for s in states] == [
        ("BENCHDL_DATA", "complete"),
        ("cache", "absent"),
        ("cache", "complete"),
    ]
    assert states[0].where == folder
    (folder / TRAIN_IMAGES).unlink()
    state = obtain.listing(folder)[0]
    assert (state.origin, state.state, state.problem) == (
        "--data-dir", "corrupt", f"missing: {TRAIN_IMAGES}",
    )  # fmt: skip


# What broke off


def _half(tmp_path: Path, name: str, content: bytes) -> None:
    folder = tmp_path / "cache/datasets/mnist"
    folder.mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(content, mtime=0)
    (folder / f"{name}.gz.partial").write_bytes(packed[: len(packed) // 2])


def test_a_download_goes_on_where_it_broke_off(tmp_path: Path, said, use) -> None:
    _half(tmp_path, TRAIN_IMAGES, MNIST[TRAIN_IMAGES])
    use("resuming")
    obtain.fetch("mnist", said.append)
    assert _cached_names(tmp_path) == set(MNIST)
    (asked,) = [line for line in Mirror.asked if f"{TRAIN_IMAGES}.gz from " in line]
    assert int(asked.rpartition(" ")[2]) > 1000


@pytest.mark.parametrize("kind", ["good", "resuming"])  # the first sends all from the start
def test_what_was_pieced_together_wrongly_is_fetched_whole(tmp_path, said, use, kind) -> None:
    _half(tmp_path, TRAIN_IMAGES, SYNTHETIC[TRAIN_IMAGES])
    use(kind)
    found = obtain.fetch("mnist", said.append)
    assert (found.directory / TRAIN_IMAGES).read_bytes() == MNIST[TRAIN_IMAGES]
    assert _cached_names(tmp_path) == set(MNIST)


def test_what_was_whole_already_is_only_unpacked(tmp_path: Path, said, use) -> None:
    folder = _fill(tmp_path / "cache/datasets/mnist", {})
    partial = folder / f"{TRAIN_IMAGES}.gz.partial"
    partial.write_bytes(gzip.compress(MNIST[TRAIN_IMAGES], mtime=0))
    use("resuming")
    obtain.fetch("mnist", said.append)
    assert _cached_names(tmp_path) == set(MNIST)
    assert sum(TRAIN_IMAGES in line for line in Mirror.asked) == 1


def test_a_bar_hears_of_every_file_and_of_all_its_bytes(said, use) -> None:
    shown: dict[str, list[int]] = {}

    @contextlib.contextmanager
    def bar(name: str, size_bytes: int):
        heard = shown.setdefault(name, [])
        assert size_bytes == len(MNIST[name.partition(": ")[2]])
        yield heard.append

    use("good")
    obtain.fetch("mnist", said.append, bar)
    assert list(shown) == [f"mnist: {name}" for name in MNIST]
    for name, heard in shown.items():
        assert heard == sorted(heard)
        assert heard[-1] == len(gzip.compress(MNIST[name.partition(": ")[2]], mtime=0))


def test_a_full_disk_is_told_from_a_broken_line(said, use, monkeypatch) -> None:
    use("good")

    def full(*asked: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(transfer, "_write_all", full)
    with pytest.raises(BenchdlError, match=r"the disk is full.*set BENCHDL_CACHE"):
        obtain.fetch("mnist", said.append)


# The real set


def test_real_mnist(mnist_dir: Path, said, monkeypatch) -> None:
    monkeypatch.undo()  # no small set: the real one
    found = obtain.resolve("mnist", CNN, mnist_dir, said.append)
    assert found.directory == mnist_dir
    assert set(found.sound) == set(MNIST)
