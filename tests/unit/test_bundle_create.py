"""What goes into a bundle, what is refused, and that a failed one leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile

import bundled
import pytest

from harness.bundle import create as making
from harness.bundle import reading
from harness.bundle.create import Wanted, create
from harness.campaign import records
from harness.errors import BenchdlError, UsageError
from harness.store import Store


@pytest.fixture
def store(tmp_path, monkeypatch):
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)
    return Store(tmp_path / "results")


@pytest.fixture
def make(store, tmp_path):
    """Make a bundle of the stored campaign; the lines that it said come back with it."""

    def call(name="a.tar", client=None, force=False, **wanted):
        said = []
        record = records.find(store, "latest")
        manifest, digest = create(
            record, store, tmp_path / name, Wanted(**wanted), client, force=force, say=said.append
        )
        with reading.opened(tmp_path / name) as bundle:
            assert bundle.manifest == manifest
            assert bundle.manifest_sha256 == digest
        return manifest, said

    return call


def names(file):
    with tarfile.open(file) as tar:
        return tar.getnames()


def left_behind(tmp_path):
    return sorted(p.name for p in tmp_path.iterdir() if p.name not in ("results", "checkout"))


def test_everything_is_in_it(store, make, make_result, tmp_path):
    results = bundled.put(store, bundled.campaign(), make_result)
    manifest, said = make()
    assert said == []
    runs = [f"results/{result.run_id}/" for result in results]
    parts = ("job.json", "result.json", "samples.csv", "log.txt")
    assert names(tmp_path / "a.tar") == [
        "README.txt",
        "LICENSE",
        "LICENCES.txt",
        "campaign.json",
        *[run + part for run in runs for part in parts],
        "tables/report.md",
        "tables/report.csv",
        "tables/runs.csv",
        "tables/runs.json",
        "sources/docker/base/apt-install.sh",
        "sources/docker/base/install-cuda.sh",
        "sources/docker/small/Dockerfile",
        "sources/docker/small/image.toml",
        "sources/docker/small/requirements.lock",
        "sources/runner/__init__.py",
        "manifest.json",
        "SHA256SUMS",
    ]
    assert (manifest.left, manifest.damaged, manifest.sources_changed) == ([], [], [])
    with reading.opened(tmp_path / "a.tar") as bundle:
        assert bundle.results() == results
        assert bundle.campaign() == bundled.campaign()
        for run in runs:
            folder = store.directory / run.split("/")[1]
            for part in parts:
                assert bundle.read(run + part) == (folder / part).read_bytes()


def test_it_can_be_checked_without_benchdl(store, make, make_result, tmp_path):
    bundled.put(store, bundled.campaign(), make_result)
    make()
    (tmp_path / "x").mkdir()
    script = "tar -xf ../a.tar && sha256sum --check --quiet --strict SHA256SUMS"
    subprocess.run(["sh", "-c", script], cwd=tmp_path / "x", check=True)
    (tmp_path / "x" / "tables" / "runs.csv").write_text("forged")
    done = subprocess.run(["sh", "-c", script.partition("&&")[2]], cwd=tmp_path / "x", check=False)
    assert done.returncode != 0


def test_the_same_campaign_gives_the_same_bytes(store, make, make_result, tmp_path):
    bundled.put(store, bundled.campaign(), make_result)
    make("a.tar")
    again = tmp_path / "elsewhere"
    shutil.copytree(store.directory, again)
    for file in again.rglob("*"):
        os.utime(file, (0, 0))
    record = records.find(store, "latest")
    create(record, Store(again), tmp_path / "b.tar", Wanted(), None, force=False, say=print)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_failed_invalid_and_interrupted_results_are_in_it(store, make, make_result, tmp_path):
    record = bundled.campaign(repeats=3)
    bundled.put(store, record, make_result, positions=[1])
    job = {"campaign_id": record.campaign_id, "backend": "small"}
    failure = {"reason": "crashed", "message": "it crashed"}
    invalid = {"code": "other-network", "severity": "invalid", "evidence": "-", "advice": "-"}
    for number, (status, position, more) in enumerate(
        [
            ("failed", 2, {"failure": failure, "measurement": None}),
            ("interrupted", 3, {"failure": failure, "measurement": None}),
            ("ok", 3, {"findings": [invalid]}),
        ],
        1,
    ):
        where = {"campaign_position": position, "attempt": 1 + (number == 3)}
        store.add(make_result(status=status, job={**job, **where}, **more))
    store.add(make_result())  # of another campaign
    make()
    with reading.opened(tmp_path / "a.tar") as bundle:
        found = bundle.results()
        assert [result.status for result in found] == ["ok", "failed", "interrupted", "ok"]
        assert b"other-network" in bundle.read("tables/report.md")


def test_unfinished_campaigns(store, make, make_result, tmp_path):
    bundled.put(store, bundled.campaign(repeats=3), make_result, positions=[2])
    with pytest.raises(BenchdlError, match=r"2 of 3 jobs of campaign .* have no end: .*--unfinish"):
        make()
    manifest, said = make(unfinished=True)
    assert manifest.left == [1, 3]
    assert "UNFINISHED: 2 jobs without an end" in str(manifest)
    assert "2 of 3 jobs" in said[0]
    with (
        records.held(store, bundled.CAMPAIGN_ID),
        pytest.raises(BenchdlError, match="is being run by another benchdl"),
    ):
        make("b.tar", unfinished=True)
    assert left_behind(tmp_path) == ["a.tar"]


def test_damaged_results_are_in_it_as_they_are(store, make, make_result, tmp_path):
    whole, damaged = bundled.put(store, bundled.campaign(), make_result)
    (store.directory / damaged.run_id / "result.json").write_text('{"schema_version": 1, "ru')
    (store.directory / "of-nobody").mkdir()
    manifest, said = make(unfinished=True)
    assert [(d.run_id, "not valid JSON" in d.reason) for d in manifest.damaged] == [
        (damaged.run_id, True)
    ]
    assert "1 of them damaged" in str(manifest)
    assert any("left out" in line and "of-nobody" in line for line in said)
    assert any(
        line.startswith(f"damaged, and in the bundle as it is: {damaged.run_id}") for line in said
    )
    with reading.opened(tmp_path / "a.tar") as bundle:
        assert bundle.results() == [whole]
        assert bundle.read(f"results/{damaged.run_id}/result.json") == b'{"schema_version": 1, "ru'


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("docker/small/image.toml", "image.toml of small"),
        ("docker/small/requirements.lock", "requirements.lock of small"),
        ("runner/__init__.py", "the runner"),
    ],
)
def test_sources_that_changed_since(store, make, make_result, tmp_path, file, words):
    bundled.put(store, bundled.campaign(), make_result)
    with (tmp_path / "checkout" / file).open("a") as stream:
        stream.write("# another\n")
    with pytest.raises(BenchdlError, match=f"{words} changed: .*--accept-changes"):
        make()
    manifest, _ = make(changed_sources=True)
    assert manifest.sources_changed == [words]
    assert str(manifest).endswith(f"sources not as they ran: {words}")


def test_a_file_that_is_there_is_not_replaced(store, make, make_result, tmp_path):
    bundled.put(store, bundled.campaign(), make_result)
    (tmp_path / "a.tar").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        make()
    assert (tmp_path / "a.tar").read_text() == "mine"
    make(force=True)
    assert (tmp_path / "a.tar").stat().st_size > 10_000


@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_bundle_that_cannot_be_finished_leaves_nothing(
    store, make, make_result, tmp_path, monkeypatch, stop
):
    bundled.put(store, bundled.campaign(), make_result)
    add = making.Writer.add

    def stopped(self, path, chunks):
        if path == "tables/runs.csv":
            raise stop
        return add(self, path, chunks)

    monkeypatch.setattr(making.Writer, "add", stopped)
    expected = KeyboardInterrupt if isinstance(stop, KeyboardInterrupt) else BenchdlError
    with pytest.raises(expected) as caught:
        make()
    if expected is BenchdlError:
        assert str(caught.value).startswith(f"cannot write {tmp_path / 'a.tar'}: No space left")
    assert left_behind(tmp_path) == []


def test_a_file_that_may_not_grow_for_real(store, benchdl, make_result, tmp_path):
    bundled.put(store, bundled.campaign(), make_result)
    # Without -B Python would leave half a compiled module, that breaks whoever imports it next; the
    # installed command passes over the variable that says the same.
    code = (
        "import resource, sys; from harness.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)); main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, "bundle", "create",
         "--results", store.directory, "-o", tmp_path / "a.tar"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"benchdl: cannot write {tmp_path / 'a.tar'}: File too large: make room" in done.stderr
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_plain_file_is_never_replaced(store, make, make_result, tmp_path, kind):
    bundled.put(store, bundled.campaign(), make_result)
    (os.mkfifo if kind == "pipe" else os.mkdir)(tmp_path / "a.tar")
    with pytest.raises(UsageError, match="is not a plain file"):
        make(force=True)
    assert left_behind(tmp_path) == ["a.tar"]


@pytest.mark.skipif(os.getuid() == 0, reason="root can read everything")
def test_an_unreadable_log(store, make, make_result, tmp_path):
    result, _ = bundled.put(store, bundled.campaign(), make_result)
    (store.directory / result.run_id / "log.txt").chmod(0)
    with pytest.raises(BenchdlError, match=r"cannot read .*log.txt: Permission denied"):
        make()
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_log_that_is_no_plain_file(store, make, make_result, tmp_path, kind):
    result, _ = bundled.put(store, bundled.campaign(), make_result)
    log = store.directory / result.run_id / "log.txt"
    log.unlink()
    if kind == "link":
        log.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(log)
    else:
        log.mkdir()
    with pytest.raises(BenchdlError, match=r"cannot read .*log.txt: "):
        make()
    assert left_behind(tmp_path) == []


def test_images_of_local_jobs_and_without_an_engine(store, make, make_result):
    record = bundled.campaign()
    bundled.put(store, record, make_result)
    with pytest.raises(BenchdlError, match="no Docker engine answers"):
        make(with_images=True)
    file = store.directory / "campaigns" / f"{record.campaign_id}.json"
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "launcher": "local"}))
    file.with_suffix(".sha256").unlink()
    with pytest.raises(UsageError, match="ran in no images"):
        make(with_images=True)


def test_a_giant_beside_a_result_is_in_no_bundle(store, make, make_result):
    (result, *_) = bundled.put(store, bundled.campaign(), make_result)
    os.truncate(store.directory / result.run_id / "samples.csv", 20 * 2**30)
    with pytest.raises(BenchdlError, match=r"samples.csv: it is larger than anything"):
        make()
