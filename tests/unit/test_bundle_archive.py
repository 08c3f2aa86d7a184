"""The canonical tar: others read it, and no byte of it can be changed unseen."""

from __future__ import annotations

import io
import subprocess
import tarfile

import pytest

from harness.bundle import archive
from harness.bundle.archive import ArchiveError, Writer, header, walk


def written(**members):
    stream = io.BytesIO()
    writer = Writer(stream)
    for path, content in members.items():
        writer.add(path.replace("__", "/"), [content])
    writer.finish()
    return stream


def tarred(*infos, contents=b""):
    """What Python's tarfile makes of these, for what no writer of ours would write."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info in infos:
            tar.addfile(info, io.BytesIO(contents) if info.size else None)
    return stream


def info(name, size=0, kind=tarfile.REGTYPE, **more):
    made = tarfile.TarInfo(name)
    made.size, made.type, made.mode = size, kind, 0o644
    for key, value in more.items():
        setattr(made, key, value)
    return made


def test_other_programs_read_it(tmp_path):
    big = bytes(range(256)) * 10_000
    stream = written(results__a__log__txt=b"", b=b"x", c=big)
    file = tmp_path / "a.tar"
    file.write_bytes(stream.getvalue())
    with tarfile.open(file) as tar:
        assert tar.getnames() == ["results/a/log/txt", "b", "c"]
        assert tar.extractfile("c").read() == big
    listing = subprocess.run(["tar", "-tf", file], capture_output=True, text=True, check=True)
    assert listing.stdout.split() == ["results/a/log/txt", "b", "c"]
    assert listing.stderr == ""
    entries = walk(stream)
    assert [(entry.path, entry.size_bytes) for entry in entries][1:] == [("b", 1), ("c", len(big))]
    assert b"".join(archive.chunks(stream, entries[2])) == big


def test_pieces_make_the_same_bytes_as_a_whole():
    whole, pieces = io.BytesIO(), io.BytesIO()
    Writer(whole).add("a", [b"12345"])
    Writer(pieces).add("a", iter([b"1", b"", b"234", b"5"]))
    assert whole.getvalue() == pieces.getvalue()


@pytest.mark.slow
def test_every_flipped_bit_of_headers_padding_and_end_is_seen():
    stream = written(a=b"", results__b=b"some content", c=bytes(512))
    raw = stream.getvalue()
    contents = {
        position
        for entry in walk(stream)
        for position in range(entry.offset, entry.offset + entry.size_bytes)
    }
    names = {entry.path for entry in walk(stream)}
    unseen = []
    for position in sorted(set(range(len(raw))) - contents):
        for bit in range(8):
            changed = bytearray(raw)
            changed[position] ^= 1 << bit
            try:
                found = walk(io.BytesIO(changed))
            except ArchiveError:
                continue
            unseen.append((position, bit, {entry.path for entry in found} == names))
    assert unseen == []


def test_cut_off_anywhere_or_with_more_behind():
    raw = written(a=b"12", b=b"3" * 600).getvalue()
    for length in range(len(raw)):
        with pytest.raises(ArchiveError, match="cut off"):
            walk(io.BytesIO(raw[:length]))
    for more in (b"\0", bytes(512), bytes(9216), b"x"):
        with pytest.raises(ArchiveError, match=f"{len(more)} bytes behind its end"):
            walk(io.BytesIO(raw + more))


@pytest.mark.parametrize(
    "name",
    ["../a", "a/../../b", "/etc/passwd", "a//b", "a/", "./a", "a b", "a\\b", "-\n", "ä", "a" * 101],
)
def test_paths_that_lead_elsewhere(name):
    with pytest.raises(ArchiveError):
        Writer(io.BytesIO()).add(name, [b""])
    with pytest.raises(ArchiveError):
        walk(tarred(info(name)))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
     tarfile.DIRTYPE, tarfile.GNUTYPE_SPARSE, tarfile.CONTTYPE, tarfile.AREGTYPE],
)  # fmt: skip
def test_what_is_no_plain_file(kind):
    with pytest.raises(ArchiveError):
        walk(tarred(info("a", kind=kind, linkname="/etc/passwd")))


@pytest.mark.parametrize(
    "more",
    [{"mode": 0o777}, {"uid": 1}, {"mtime": 1}, {"uname": "root"}, {"pax_headers": {"a": "b"}}],
)
def test_headers_that_another_program_wrote(more):
    with pytest.raises(ArchiveError):
        walk(tarred(info("a", **more)))


def test_a_name_that_comes_twice():
    with pytest.raises(ArchiveError, match="holds a twice"):
        walk(tarred(info("a", 1), info("a", 1), contents=b"x"))


@pytest.mark.parametrize("size", [10**6, 8**11 - 1, 8**11, 2**62])
def test_a_size_that_the_file_does_not_have(size):
    with pytest.raises(ArchiveError, match="cut off in a"):
        walk(io.BytesIO(header("a", size) + bytes(2048)))


def test_images_may_be_larger_than_8_gib():
    block = header("images/a.tar", 8**11 + 5)
    assert len(block) == 512
    assert tarfile.TarInfo.frombuf(block, "ascii", "strict").size == 8**11 + 5


@pytest.mark.parametrize(
    "raw", [b"", b"hello", b"PK\x03\x04" + bytes(2000), bytes(1024), bytes(5000)]
)
def test_other_files(raw):
    if raw == bytes(1024):
        assert walk(io.BytesIO(raw)) == []  # an empty tar: it holds nothing that could be believed
        return
    with pytest.raises(ArchiveError):
        walk(io.BytesIO(raw))
