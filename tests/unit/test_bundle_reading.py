"""A bundle that was changed anywhere is refused, in one line that names the place."""

from __future__ import annotations

import hashlib
import json
import os
import random

import bundled
import pytest
from bundled import contents, rewritten

from harness.bundle import archive, manifest, reading
from harness.bundle.archive import BLOCK, Writer
from harness.bundle.create import Wanted, create
from harness.campaign import records
from harness.errors import BenchdlError
from harness.store import Store


@pytest.fixture
def file(tmp_path, monkeypatch, make_result):
    """A small bundle."""
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)
    store = Store(tmp_path / "results")
    bundled.put(store, bundled.campaign(), make_result)
    record = records.find(store, "latest")
    create(record, store, tmp_path / "a.tar", Wanted(), None, force=False, say=print)
    return tmp_path / "a.tar"


def refusal(file):
    with pytest.raises(BenchdlError) as caught, reading.opened(file):
        pass
    line = str(caught.value)
    assert "\n" not in line
    assert str(file) in line
    return line


@pytest.mark.slow
def test_a_flipped_bit_anywhere_is_refused(file):
    """Every 50th byte, every byte of a header that is not zero, the whole end, and by chance."""
    raw = file.read_bytes()
    with file.open("rb") as stream:
        entries = archive.walk(stream)
    header_bytes = [
        position
        for entry in entries
        for position in range(entry.offset - BLOCK, entry.offset)
        if raw[position] and position % 3 == 0
    ]
    draw = random.Random(1)  # the same ones each time
    chosen = {*header_bytes, *range(0, len(raw), 50), *range(len(raw) - 1100, len(raw), 7)}
    chosen |= {draw.randrange(len(raw)) for _ in range(200)}
    accepted = []
    with file.open("r+b") as stream:
        for position in sorted(chosen):
            stream.seek(position)
            stream.write(bytes([raw[position] ^ (1 << position % 8)]))
            stream.flush()
            try:
                with reading.opened(file):
                    accepted.append(position)
            except BenchdlError:
                pass
            stream.seek(position)
            stream.write(raw[position : position + 1])
            stream.flush()
    assert accepted == []
    with reading.opened(file):
        pass


def test_the_refusal_names_the_member(file):
    raw = file.read_bytes()
    with file.open("rb") as stream:
        entries = {entry.path: entry for entry in archive.walk(stream)}
    for path, entry in entries.items():
        changed = bytearray(raw)
        changed[entry.offset + entry.size_bytes // 2] ^= 1
        file.write_bytes(changed)
        assert path in refusal(file)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_cut_off(file, share):
    raw = file.read_bytes()
    file.write_bytes(raw[: int(len(raw) * share)])
    assert "cut off" in refusal(file)


def test_something_behind_the_end(file):
    with file.open("ab") as stream:
        stream.write(b"\0")
    assert "1 bytes behind its end" in refusal(file)


def test_a_member_more_less_or_elsewhere(file):
    members = contents(file)
    log = next(path for path in members if path.endswith("log.txt"))

    def listed_as_before(data):
        data["members"] = json.loads(members[manifest.MANIFEST])["members"]

    more = {"results/extra.txt": b"x", **members}
    rewritten(file, more, told=listed_as_before)
    assert "holds results/extra.txt, which its manifest does not list" in refusal(file)
    rewritten(file, {k: v for k, v in members.items() if k != log}, told=listed_as_before)
    assert f"lacks {log}, which its manifest lists" in refusal(file)
    turned = dict(sorted(members.items(), key=lambda member: member[0] != "campaign.json"))
    rewritten(file, turned, told=listed_as_before)
    assert "campaign.json is not in its place" in refusal(file)
    rewritten(file, {**members, log: b"another"}, told=listed_as_before)
    assert f"{log} was changed: it has 7 bytes" in refusal(file)
    rewritten(file, members, honest_sums=False)  # the manifest was written in another way
    assert "manifest.json or SHA256SUMS was changed" in refusal(file)
    rewritten(file, members)
    with reading.opened(file):
        pass


def test_sums_that_fit_and_contents_that_do_not(file):
    """Whoever changes a result and computes all sums again is still seen by what does not fit."""
    members = contents(file)
    results = [path for path in members if path.endswith("result.json")]
    rewritten(file, {**members, results[0]: members[results[1]]})
    assert f"{results[0]} is the result of another run" in refusal(file)
    rewritten(file, {**members, results[0]: b"{}"})
    assert f"{results[0]}: result has no usable schema_version" in refusal(file)
    foreign = json.loads(members["campaign.json"])
    foreign["campaign_id"] = "20261124t050000z-campaign-cpu-99999999"
    rewritten(file, {**members, "campaign.json": json.dumps(foreign).encode()})
    assert "campaign.json is of another campaign" in refusal(file)
    rewritten(file, {k: v for k, v in members.items() if k != "campaign.json"})
    assert "holds no campaign.json" in refusal(file)


def test_newer_and_unknown_manifests(file):
    members = contents(file)
    rewritten(file, members, told=lambda data: data.update(schema_version=2))
    line = refusal(file)
    assert "bundle has schema version 2, this benchdl reads up to 1: upgrade benchdl" in line
    assert "get it again" not in line
    rewritten(file, members, told=lambda data: data.update(colour="red"))
    assert "manifest.json does not fit its schema: colour" in refusal(file)


@pytest.mark.parametrize("word", ["", "zz", "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_hash_is_not_taken_for_another_bundles(file, word, capsys):
    from harness.cli.main import main

    with pytest.raises(SystemExit) as done:
        main(["bundle", "verify", str(file), "--sha256", word])
    said = capsys.readouterr()
    assert (done.value.code, said.out) == (2, "")
    assert "is no SHA-256: 64 digits" in said.err


def test_the_manifest_hash_tells_bundles_apart(file, benchdl):
    digest = hashlib.sha256(contents(file)[manifest.MANIFEST]).hexdigest()
    done = benchdl("bundle", "verify", file, "--sha256", digest)
    assert done.returncode == 0, done.stderr
    assert "whole and unchanged" in done.stdout
    assert digest in done.stdout
    done = benchdl("bundle", "verify", file, "--sha256", "0" * 64)
    assert done.returncode == 1
    assert "another bundle" in done.stderr


@pytest.mark.parametrize("what", ["missing", "folder", "pipe", "text", "zeros", "other-tar"])
def test_other_files(tmp_path, benchdl, what):
    file = tmp_path / "x"
    if what == "folder":
        file.mkdir()
    elif what == "pipe":
        os.mkfifo(file)
    elif what == "text":
        file.write_text("hello " * 1000)
    elif what == "zeros":
        file.write_bytes(bytes(1024))
    elif what == "other-tar":
        stream = file.open("wb+")
        with stream:
            writer = Writer(stream)
            writer.add("a", [b"1"])
            writer.add("b", [b"1"])
            writer.finish()
    done = benchdl("bundle", "verify", file, timeout=120)
    assert done.returncode in (1, 2)
    (line,) = [printed for printed in done.stderr.splitlines() if printed.startswith("benchdl: ")]
    assert str(file) in line


def test_what_changes_after_it_was_checked_is_not_given_out(file):
    with reading.opened(file) as bundle:
        path = bundle.names("results/")[0]
        raw = file.read_bytes()
        place = raw.index(b'"campaign_id"')
        with file.open("r+b") as stream:
            stream.seek(place)
            stream.write(b'"campaign_ie"')
        with pytest.raises(BenchdlError, match="was changed"):
            for path in bundle.names():
                bundle.read(path)
