"""What others wrote is opened one way, and what we write is there whole or not at all."""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from harness import files
from harness.files import FileError, MissingError


def refused(call, *args, seconds=60.0, **named):
    """The reason that a call gives; it may not block, nor raise anything else."""
    said = []

    def attempt():
        try:
            said.append(call(*args, **named))
        except BaseException as error:
            said.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    assert said, "it blocks"
    assert isinstance(said[0], FileError), said
    assert "\n" not in said[0].message
    return said[0].message


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (os.mkfifo, "it is a pipe, not a plain file"),
        (os.mkdir, "it is a directory, not a plain file"),
        (lambda path: socket.socket(socket.AF_UNIX).bind(str(path)), "it is a socket"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a link, not a plain file"),
        (lambda path: path.symlink_to(path), "it is a link, not a plain file"),
        (lambda path: path.symlink_to("/etc/hostname"), "it is a link, not a plain file"),
        (lambda path: path.write_bytes(b"x" * 1001), "it is too large"),
        (lambda path: (path.touch(), os.truncate(path, 20 * 2**30)), "20,480 MiB"),
    ],
)
def test_only_a_plain_file_within_its_bound_is_read(tmp_path, plant, words):
    plant(tmp_path / "it")
    assert words in refused(files.read_plain, tmp_path / "it", 1000)


def test_a_device_behind_a_link_that_may_be_followed_is_refused(tmp_path):
    (tmp_path / "it").symlink_to("/dev/zero")
    assert "a device" in refused(files.read_plain, tmp_path / "it", 1000, links=True)


def test_a_plain_file_is_read_up_to_its_bound(tmp_path):
    (tmp_path / "it").write_bytes(b"x" * 1000)
    assert files.read_plain(tmp_path / "it", 1000) == b"x" * 1000
    (tmp_path / "link").symlink_to("it")
    assert files.read_plain(tmp_path / "link", 1000, links=True) == b"x" * 1000


@pytest.mark.parametrize("name", ["a" * 300, "a\0b", "a/" * 3000, "\udcff" * 200])
def test_names_that_no_file_can_have_are_no_traceback(tmp_path, name):
    path = tmp_path / name
    refused(files.read_plain, path, 10)
    assert not files.exists(path)
    assert not files.is_file(path)
    assert not files.is_dir(path)
    with pytest.raises(OSError):
        files.write_whole(path / "x", b"")


def test_a_missing_file_is_told_apart(tmp_path):
    with pytest.raises(MissingError):
        files.read_plain(tmp_path / "it", 10)
    assert files.listing(tmp_path / "it") == []


def test_a_listing_of_what_is_no_folder_is_refused(tmp_path):
    (tmp_path / "it").write_text("")
    assert "Not a directory" in refused(files.listing, tmp_path / "it")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[" * 65 + b"]" * 65, "nested more than 64 deep"),
        (b'{"a":' * 260 + b"1" + b"}" * 260, "nested more than 64 deep"),
        (b"[" * 200_000, "nested more than 64 deep"),
        (b"NaN", "NaN is no number"),
        (b'{"a": {"loss": NaN}}', "'loss': NaN is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"1e999", "out of bounds"),
        (b"-1e308", "out of bounds"),
        (b"9" * 400, "9... of 400 characters is out of bounds"),
        (b"9223372036854775808", "out of bounds"),
        (rb'["\ud800"]', "half of a surrogate pair"),
        (rb'{"\udfff": 1}', "half of a surrogate pair"),
        (b'"\xed\xa0\x80"', "byte 1 cannot be decoded"),
        (b'"\xff"', "byte 1 cannot be decoded"),
        (b'{"a": 1, "b": 2, "a": 1}', "the name 'a' stands twice"),
        (b"", "Expecting value"),
        (b"{} {}", "Extra data"),
        (b'"a\nb"', "Invalid control character"),
        (b"\xef\xbb\xbf{}", "BOM"),
    ],
)
def test_json_that_would_end_a_program_later_is_refused_now(text, words):
    assert words in refused(files.parse_json, text)


def test_sound_json_comes_through():
    assert files.parse_json(b"[" * 64 + b"1" + b"]" * 64)
    text = '{"a": [1, -2.5e-30, null, true, "\\ud83d\\ude00 \u00e9"], "b": {}}'
    assert files.parse_json(text) == {"a": [1, -2.5e-30, None, True, "\U0001f600 \u00e9"], "b": {}}


def test_what_was_there_survives_a_write_that_fails(tmp_path, monkeypatch):
    file = tmp_path / "report.html"
    file.write_text("old")

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        files.write_whole(file, "new")
    assert file.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_file_is_written_whole_with_the_mode_that_it_had(tmp_path):
    file = tmp_path / ("n" * 255)
    files.write_whole(file, "old")
    file.chmod(0o640)
    (tmp_path / "link").symlink_to(file)
    files.write_whole(tmp_path / "link", "new\u00e9")
    assert (tmp_path / "link").is_symlink()
    assert file.read_text(encoding="utf-8") == "new\u00e9"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert {entry.name for entry in tmp_path.iterdir()} == {"link", "n" * 255}


def test_a_device_is_written_to_and_not_replaced():
    files.write_whole(Path("/dev/null"), "text")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
