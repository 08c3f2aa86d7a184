"""The store notices damage: whatever single bit of a result's files turns over."""

from __future__ import annotations

import hashlib
import random
import subprocess

import pytest

from harness import checksums
from harness.cli.main import main
from harness.errors import BenchdlError
from harness.launchers.exchange import Exchange
from harness.report import timelines
from harness.store import Store, read

FLIPS = 4000


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


@pytest.fixture
def folder(store, make_result):
    """A result as a job leaves it, with samples and log."""
    result = make_result()
    exchange = Exchange(store.staging(), result.job)
    (exchange.job_dir / "samples.csv").write_text("t_s,cpu0_busy_s\n" + "0.1,0.05\n" * 200)
    (exchange.job_dir / "samples.json").write_text('{"interval_target_s": 0.1}')
    (exchange.job_dir / "log.txt").write_text("hello\n" * 100)
    return store.add(result, exchange)


def test_sha256sum_checks_a_result_without_benchdl(folder):
    assert sorted(file.name for file in folder.iterdir()) == [
        "SHA256SUMS", "job.json", "log.txt", "result.json", "samples.csv", "samples.json",
    ]  # fmt: skip
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(command, cwd=folder, check=True)
    assert read(folder)[1] is True


@pytest.mark.slow
def test_every_flipped_bit_is_noticed(store, folder):
    """Bits of all files, each as often as it has bytes; and all of the checksums themselves."""
    draw = random.Random(11)
    whole = {file: file.read_bytes() for file in sorted(folder.iterdir())}
    sizes = [len(content) for content in whole.values()]
    flips = [(file, None) for file in draw.choices(list(whole), sizes, k=FLIPS)]
    flips += [(folder / "SHA256SUMS", bit) for bit in range(8 * len(whole[folder / "SHA256SUMS"]))]
    accepted = []
    for file, chosen in flips:
        bit = draw.randrange(8 * len(whole[file])) if chosen is None else chosen
        changed = bytearray(whole[file])
        changed[bit // 8] ^= 1 << bit % 8
        file.write_bytes(changed)
        results, damaged = store.load()
        if results or len(damaged) != 1:
            accepted.append((file.name, bit))
        file.write_bytes(whole[file])
    assert accepted == []
    assert len(store.load()[0]) == 1


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "log.txt").unlink(), "log.txt was changed: No such file"),
        (lambda f: (f / "log.txt").write_text("hello\n" * 99), "log.txt was changed"),
        (lambda f: (f / "job.json").unlink(), "job.json was changed"),
        (lambda f: (f / "SHA256SUMS").write_text(""), "SHA256SUMS was changed"),
        (lambda f: (f / "SHA256SUMS").write_bytes(b"\xff"), "SHA256SUMS cannot be used"),
        (
            lambda f: (f / "SHA256SUMS").write_text(64 * "0" + "  ../../../etc/passwd\n"),
            "SHA256SUMS was changed",
        ),
        (
            lambda f: ((f / "log.txt").unlink(), (f / "log.txt").symlink_to("/dev/zero")),
            "log.txt was changed: it is a link",
        ),
    ],
)
def test_what_else_can_happen_to_it(store, folder, damage, words):
    damage(folder)
    results, (damaged,) = store.load()
    assert results == []
    assert words in damaged.reason
    with pytest.raises(BenchdlError, match=r"was changed|cannot be used"):
        store.find("latest")


def test_large_files_are_checked_where_they_are_used(store, make_result, monkeypatch):
    monkeypatch.setattr(checksums, "AT_ONCE_BYTES", 100)
    result = make_result()
    exchange = Exchange(store.staging(), result.job)
    (exchange.job_dir / "samples.csv").write_text("t_s\n" * 100)
    folder = store.add(result, exchange)
    (folder / "samples.csv").write_text("t_z\n" * 100)
    assert store.load(whole=True)[0] == []
    assert store.load()[0] == [result]
    with pytest.raises(BenchdlError, match=r"samples.csv was changed"):
        store.find("latest")


def test_results_of_before_have_no_checksum_and_are_read(store, folder, capsys):
    (folder / "SHA256SUMS").unlink()
    assert read(folder)[1] is False
    assert len(store.load()[0]) == 1
    for words in ("no checksum", "are unchanged since it was stored"):
        with pytest.raises(SystemExit) as ended:
            main(["show", "latest", "--results", str(store.directory)])
        assert ended.value.code == 0
        assert words in capsys.readouterr().out
        if words == "no checksum":
            sums = {n: checksums._of_file(folder / n) for n in checksums.ALWAYS}
            (folder / "SHA256SUMS").write_text(checksums.text(sums))


def test_a_timeline_is_not_drawn_from_samples_that_were_changed(tmp_path):
    content = b"t_s,job_cpu_s\n" + b"".join(b"%d,0\n" % tick for tick in range(40_000))
    (tmp_path / "samples.csv").write_bytes(content)
    sums = {
        name: hashlib.sha256(content).hexdigest() for name in (*checksums.ALWAYS, "samples.csv")
    }
    (tmp_path / checksums.NAME).write_text(checksums.text(sums))
    assert timelines._read(tmp_path / "samples.csv") is not None
    (tmp_path / "samples.csv").write_bytes(content.replace(b"39999,0", b"39999,1"))
    assert timelines._read(tmp_path / "samples.csv") is None
