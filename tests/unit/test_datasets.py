"""Where data comes from: named directories, the cache, mirrors of every kind, the stand-in.

The sets here are a few pictures large: :data:`harness.datasets.idx.SHAPES` and the checksums are
replaced.
"""

from __future__ import annotations

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

from harness import cache, files
from harness.datasets import download, idx, provision, synthetic
from harness.errors import BenchdlError, UsageError

REAL_SHAPES = dict(idx.SHAPES)
REAL_SHA256 = dict(provision.SHA256["mnist"])
SMALL = {
    idx.TRAIN_IMAGES: (7, 28, 28),
    idx.TRAIN_LABELS: (7,),
    idx.TEST_IMAGES: (5, 28, 28),
    idx.TEST_LABELS: (5,),
}


def _sums(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def _files(kind: str) -> dict[str, bytes]:
    """A small set; its pixels look random, so that compressed files are not tiny."""
    files = {}
    for name, shape in SMALL.items():
        head = bytes((0, 0, 8, len(shape))) + b"".join(n.to_bytes(4, "big") for n in shape)
        blocks = range(28 * 28 * shape[0])
        noise = b"".join(hashlib.sha256(f"{kind}{name}{n}".encode()).digest() for n in blocks)
        files[name] = head + noise[: 784 * shape[0] if len(shape) == 3 else shape[0]]
    return files


MNIST, SYNTHETIC = _files("mnist"), _files("synthetic")


class Mirror(BaseHTTPRequestHandler):
    """One mirror of each kind; the first part of the path says which."""

    asked: list[str]
    never = threading.Event()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        kind, name = self.path.strip("/").split("/")
        self.asked.append(f"{kind}/{name}")
        packed = gzip.compress(MNIST[name.removesuffix(".gz")])
        probe = name.startswith(idx.TEST_LABELS)
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
            "bomb": gzip.compress(b"\0" * 50_000_000),
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
    for name, shape in SMALL.items():
        monkeypatch.setitem(idx.SHAPES, name, shape)
    monkeypatch.setitem(provision.SHA256, "mnist", _sums(MNIST))
    monkeypatch.setitem(provision.SHA256, "synthetic-mnist", _sums(SYNTHETIC))
    monkeypatch.setattr(synthetic, "files", lambda: dict(SYNTHETIC))
    monkeypatch.setattr(download, "PROBE_S", 4.0)  # a loaded machine answers late
    monkeypatch.setattr(download, "FILE_S", 5.0)
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
    found = provision.resolve(name, folder, said.append)
    assert found == provision.Dataset("mnist", folder, _sums(MNIST))
    assert said == []
    assert not (tmp_path / "cache").exists()


def test_data_dir_goes_before_environment_and_cache(tmp_path: Path, said, monkeypatch) -> None:
    first, second = _fill(tmp_path / "first"), _fill(tmp_path / "second")
    _fill(tmp_path / "cache/datasets/mnist")
    assert provision.resolve("auto", None, said.append).directory.name == "mnist"
    monkeypatch.setenv("BENCHDL_DATA", str(second))
    assert provision.resolve("auto", None, said.append).directory == second
    assert provision.resolve("auto", first, said.append).directory == first
    assert said == []


def test_relative_directory_becomes_absolute(tmp_path: Path, said, monkeypatch) -> None:
    _fill(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    assert provision.resolve("auto", Path("data"), said.append).directory == tmp_path / "data"


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_missing_named_directory_is_an_error(tmp_path: Path, said, monkeypatch, name: str) -> None:
    with pytest.raises(UsageError, match=r"--data-dir: .*/nowhere is not a directory"):
        provision.resolve(name, tmp_path / "nowhere", said.append)
    monkeypatch.setenv("BENCHDL_DATA", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match=r"BENCHDL_DATA: .*/gone is not a directory"):
        provision.resolve(name, None, said.append)


def test_named_directory_that_lacks_files(tmp_path: Path, said) -> None:
    folder = _fill(tmp_path / "data")
    (folder / idx.TEST_LABELS).unlink()
    with pytest.raises(UsageError, match=f"lacks {idx.TEST_LABELS} "):
        provision.resolve("auto", folder, said.append)


@pytest.mark.parametrize("name", ["auto", "mnist"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("flip", f"SHA-256 .* expected {_sums(MNIST)[idx.TRAIN_IMAGES]}, found [0-9a-f]{{64}}"),
        ("magic", "header expected 00000803.*, found 00000801"),
        ("longer", "SHA-256 of the contents expected"),
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
    path, content = folder / idx.TRAIN_IMAGES, MNIST[idx.TRAIN_IMAGES]
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
        path = folder / f"{idx.TRAIN_IMAGES}.gz"
    path.write_bytes(damaged[damage])
    with pytest.raises(BenchdlError, match=message) as error:
        provision.resolve(name, folder, said.append)
    assert str(path) in str(error.value)
    assert "replace the file" in str(error.value)
    assert "\n" not in str(error.value)


def test_unreadable_file_is_named(tmp_path: Path, said, monkeypatch) -> None:
    folder = _fill(tmp_path / "data")

    def refuse(path: Path, **how: object) -> None:
        raise files.FileError("Permission denied")

    monkeypatch.setattr(files, "open_plain", refuse)
    with pytest.raises(BenchdlError, match=r"cannot be read \(Permission denied\)"):
        provision.resolve("auto", folder, said.append)


def test_unknown_name(said) -> None:
    with pytest.raises(UsageError, match="unknown dataset 'cifar': choose from auto, mnist"):
        provision.resolve("cifar", None, said.append)
    with pytest.raises(UsageError, match="unknown dataset 'auto'"):
        provision.fetch("auto", said.append)


# Without MNIST


def test_auto_falls_back_loudly(said) -> None:
    found = provision.resolve("auto", None, said.append)
    assert found.name == "synthetic-mnist"
    assert found.sha256 == _sums(SYNTHETIC)
    warnings = [line for line in said if line.startswith("WARNING")]
    assert len(warnings) == 1
    assert "synthetic-mnist" in warnings[0]
    assert "--data-dir" in warnings[0]
    assert all("\n" not in line for line in said)


@pytest.mark.parametrize(
    "get",
    [lambda say: provision.resolve("mnist", None, say), lambda say: provision.fetch("mnist", say)],
)
def test_mnist_by_name_never_falls_back(said, get) -> None:
    with pytest.raises(BenchdlError, match=r"MNIST could not be had .*--data-dir"):
        get(said.append)


def test_synthetic_is_generated_once(tmp_path: Path, said, monkeypatch) -> None:
    found = provision.resolve("synthetic-mnist", _fill(tmp_path / "data"), said.append)
    assert {path.name: path.read_bytes() for path in found.directory.iterdir()} == SYNTHETIC
    assert said == ["generating synthetic-mnist"]
    monkeypatch.setattr(synthetic, "files", lambda: pytest.fail("generated again"))
    assert provision.resolve("synthetic-mnist", None, said.append) == found


def test_cache_can_be_read_by_a_containers_user(said) -> None:
    before = os.umask(0o077)
    try:
        folder = provision.resolve("synthetic-mnist", None, said.append).directory
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}


def test_damaged_synthetic_cache_is_replaced(said) -> None:
    found = provision.resolve("synthetic-mnist", None, said.append)
    (found.directory / idx.TEST_LABELS).write_bytes(b"")
    said.clear()
    provision.resolve("synthetic-mnist", None, said.append)
    assert "replaced" in said[0]
    assert idx.TEST_LABELS in said[0]
    assert idx.inspect(found.directory, found.sha256).complete


def test_leftovers_of_a_killed_process_are_cleared(tmp_path: Path, said, use) -> None:
    folder = tmp_path / "cache/datasets/mnist"
    folder.mkdir(parents=True)
    (folder / f".{idx.TRAIN_IMAGES}.x1y2").write_bytes(b"half")
    use("good")
    provision.fetch("mnist", said.append)
    assert _cached_names(tmp_path) == set(MNIST)


def test_two_at_once_generate_once(said, monkeypatch) -> None:
    calls: list[float] = []

    def slowly() -> dict[str, bytes]:
        calls.append(time.monotonic())
        time.sleep(0.5)
        return dict(SYNTHETIC)

    monkeypatch.setattr(synthetic, "files", slowly)
    results: list[provision.Dataset] = []
    threads = [
        threading.Thread(
            target=lambda: results.append(provision.resolve("synthetic-mnist", None, said.append))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 3
    assert len(calls) == 1
    assert any(line.startswith("waiting for another benchdl") for line in said)


# Mirrors


def test_good_mirror_fills_the_cache(tmp_path: Path, said, use) -> None:
    use("good")
    found = provision.resolve("auto", None, said.append)
    assert found == provision.Dataset("mnist", tmp_path / "cache/datasets/mnist", _sums(MNIST))
    assert _cached_names(tmp_path) == set(MNIST)
    assert said == ["downloading MNIST"]
    assert len(Mirror.asked) == 4
    provision.resolve("mnist", None, said.append)
    assert len(Mirror.asked) == 4
    provision.fetch("mnist", said.append)
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
        ("hanging", "timed out|no answer in 4 s"),
        ("trickle", "took longer than 4 s|no answer in 4 s"),
    ],
)
def test_bad_mirror_is_reported_and_stores_nothing(
    tmp_path: Path, said, use, kind: str, reason: str
) -> None:
    use(kind)
    start = time.monotonic()
    with pytest.raises(BenchdlError, match=reason):
        provision.resolve("mnist", None, said.append)
    assert time.monotonic() - start < 10
    assert _cached_names(tmp_path) == set()


@pytest.mark.parametrize(
    "bad", ["forbidden", "corrupt", "html", "truncated", "hanging", "later-bad"]
)
def test_next_mirror_is_taken(tmp_path: Path, said, use, bad: str) -> None:
    use(bad, "good")
    assert provision.resolve("auto", None, said.append).name == "mnist"
    assert _cached_names(tmp_path) == set(MNIST)


def test_mirror_that_turns_bad_is_reported_and_stores_nothing(tmp_path: Path, said, use) -> None:
    use("later-bad")
    with pytest.raises(BenchdlError, match=rf"later-bad/{idx.TRAIN_IMAGES}\.gz SHA-256"):
        provision.fetch("mnist", said.append)
    assert _cached_names(tmp_path) == set()


def test_no_network_fails_within_seconds(said, monkeypatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("BENCHDL_MIRRORS", "http://127.0.0.1:9/,http://benchdl.invalid")
    start = time.monotonic()
    with pytest.raises(BenchdlError, match=r"127.0.0.1:9/ cannot be reached.*benchdl\.invalid"):
        provision.resolve("mnist", None, said.append)
    assert time.monotonic() - start < 10


@pytest.mark.slow
def test_name_lookup_that_hangs_is_left_behind(said, monkeypatch) -> None:
    hang = threading.Event()
    monkeypatch.setenv("BENCHDL_MIRRORS", "http://slow.invalid/")
    monkeypatch.setattr(download.urllib.request, "urlopen", lambda *a, **k: hang.wait(30))
    start = time.monotonic()
    with pytest.raises(BenchdlError, match=r"slow\.invalid/ no answer in 4 s"):
        provision.resolve("mnist", None, said.append)
    assert time.monotonic() - start < 20  # not the 30 s of the lookup
    hang.set()


def test_answer_without_end_is_cut(said, use, monkeypatch) -> None:
    monkeypatch.setattr(download, "_LIMIT_BYTES", 1000)
    use("good")
    with pytest.raises(BenchdlError, match=r"train-images.* is larger than"):
        provision.fetch("mnist", said.append)


def test_mirror_variable(monkeypatch) -> None:
    monkeypatch.setenv("BENCHDL_MIRRORS", "")
    assert download.mirrors() == list(download.MIRRORS)
    monkeypatch.setenv("BENCHDL_MIRRORS", "https://a/x, http://b/")
    assert download.mirrors() == ["https://a/x/", "http://b/"]
    monkeypatch.setenv("BENCHDL_MIRRORS", "+https://a")
    assert download.mirrors() == ["https://a/", *download.MIRRORS]
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    assert download.mirrors() == []
    monkeypatch.setenv("BENCHDL_MIRRORS", "file:///etc")
    with pytest.raises(UsageError, match="file:///etc/ is not an http or https address"):
        download.mirrors()


# The cache


def test_corrupt_cache_is_replaced(tmp_path: Path, said, use) -> None:
    folder = _fill(tmp_path / "cache/datasets/mnist", packed=True)
    (folder / f"{idx.TRAIN_LABELS}.gz").write_bytes(b"rubbish")
    use("good")
    assert provision.resolve("auto", None, said.append).name == "mnist"
    assert "the cached mnist is replaced" in said[0]
    assert f"{idx.TRAIN_LABELS}.gz is corrupt" in said[0]
    assert {name: (folder / name).read_bytes() for name in MNIST} == MNIST


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_corrupt_cache_that_cannot_be_replaced(tmp_path: Path, said, name: str) -> None:
    folder = _fill(tmp_path / "cache/datasets/mnist")
    (folder / idx.TRAIN_LABELS).write_bytes(b"rubbish")
    if name == "mnist":
        with pytest.raises(BenchdlError, match="MNIST could not be had"):
            provision.resolve(name, None, said.append)
    else:
        assert provision.resolve(name, None, said.append).name == "synthetic-mnist"
    assert any(f"{folder / idx.TRAIN_LABELS} is corrupt" in line for line in said)


def test_complete_cache_needs_no_write_access(tmp_path: Path, said, monkeypatch) -> None:
    _fill(tmp_path / "cache/datasets/mnist")
    monkeypatch.setattr(provision, "locked", lambda *a: pytest.fail("took the lock"))
    assert provision.resolve("auto", None, said.append).name == "mnist"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_failing_disk_leaves_no_partial_file(tmp_path: Path, said, monkeypatch, code: int) -> None:
    def fail(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(cache.os, "fsync", fail)
    what = os.strerror(code) if code == errno.EROFS else "the disk is full"
    with pytest.raises(BenchdlError, match=rf"\({what}\).*set BENCHDL_CACHE"):
        provision.resolve("auto", None, said.append)
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.suffix != ".lock"] == []


def test_unwritable_home(tmp_path: Path, said, monkeypatch) -> None:
    (tmp_path / "home").write_text("a file where a directory should be")
    monkeypatch.delenv("BENCHDL_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(BenchdlError, match=r"cannot write to the cache .*set BENCHDL_CACHE"):
        provision.resolve("auto", None, said.append)


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


def test_listing(tmp_path: Path, said, monkeypatch) -> None:
    states = provision.listing(None)
    assert [(s.name, s.origin, s.state, s.verified) for s in states] == [
        ("mnist", "cache", "absent", False),
        ("synthetic-mnist", "cache", "absent", False),
    ]
    folder = _fill(tmp_path / "data")
    provision.resolve("synthetic-mnist", None, said.append)
    monkeypatch.setenv("BENCHDL_DATA", str(folder))
    states = provision.listing(None)
    assert [(s.origin, s.state, s.verified) for s in states] == [
        ("BENCHDL_DATA", "complete", True),
        ("cache", "absent", False),
        ("cache", "complete", True),
    ]
    assert states[0].where == folder
    (folder / idx.TRAIN_IMAGES).unlink()
    state = provision.listing(folder)[0]
    assert (state.origin, state.state, state.problem) == (
        "--data-dir", "corrupt", f"missing: {idx.TRAIN_IMAGES}",
    )  # fmt: skip


# The real set


def test_real_mnist(mnist_dir: Path, said, monkeypatch) -> None:
    for name, shape in REAL_SHAPES.items():
        monkeypatch.setitem(idx.SHAPES, name, shape)
    monkeypatch.setitem(provision.SHA256, "mnist", REAL_SHA256)
    found = provision.resolve("mnist", mnist_dir, said.append)
    assert found.directory == mnist_dir
    assert found.sha256 == REAL_SHA256
