"""CIFAR-10 from an archive of its structure, without stated checksums, and its stand-in."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest
import small_data

from harness.dataset_spec import DataFile, Source
from harness.errors import BenchdlError, UsageError
from harness.generators import patch_pictures
from harness.idx_files import pictures_and_labels
from harness.preparing import cifar_pictures
from harness.provision import discovery, obtain, prospect

OWN = discovery.load("cifar10")
SYNTHETIC = discovery.load("synthetic-cifar10")
ARCHIVE = cifar_pictures.ARCHIVE
RECORDS = 3
NAMES = [*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"]


def record(number, label=None):
    """Red, green and blue of a pixel differ, and so do all pictures."""
    planes = [bytes((number + colour + at) % 256 for at in range(1024)) for colour in (0, 90, 180)]
    return bytes([number % 10 if label is None else label]) + b"".join(planes)


def archive(names=NAMES, contents=None):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for number, name in enumerate(names):
            content = b"".join(record(RECORDS * number + at) for at in range(RECORDS))
            content = (contents or {}).get(name, content)
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)  # the same bytes each time


def files_of(train, test):
    return pictures_and_labels(train, test, (32, 32, 3), ("", "", "", ""))


def spec(packed, train=15):
    shipped = DataFile(ARCHIVE, hashlib.sha256(packed).hexdigest(), len(packed), b"\x1f\x8b")
    return dataclasses.replace(
        OWN,
        files=files_of(train, 3),
        made_from=Source(files=(shipped,), shipped=shipped),
        prepare=lambda source: cifar_pictures.pictures(source, RECORDS),
    )


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    small_data.instead(monkeypatch, spec(archive()))
    for module in (obtain, prospect):
        monkeypatch.setattr(module, "chosen", lambda name, workload: discovery.load(name))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    monkeypatch.delenv("BENCHDL_DATA", raising=False)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "given"
    made.mkdir()
    (made / ARCHIVE).write_bytes(archive())
    return made


def resolve(folder, said=None):
    return obtain.resolve("cifar10", "any", folder, (said if said is not None else []).append)


def test_the_source_is_the_one_that_is_known():
    (stated,) = OWN.made_from.files
    assert stated is OWN.made_from.shipped
    assert stated.name == ARCHIVE == OWN.made_from.urls[0].rpartition("/")[2]
    assert [file.size_bytes for file in OWN.files] == [
        20 + 50_000 * 3072, 8 + 50_000, 20 + 10_000 * 3072, 8 + 10_000,
    ]  # fmt: skip


def test_colours_come_to_stand_side_by_side():
    made = dict(cifar_pictures.pictures({ARCHIVE: archive()}, RECORDS))
    assert list(made) == [file.name for file in OWN.files]
    images = np.frombuffer(made["train-images-idx4-ubyte"], np.uint8, offset=20)
    images = images.reshape(15, 32, 32, 3)
    assert images[4, 0, 0].tolist() == [4, 94, 184]
    assert images[4, 1, 2].tolist() == [38, 128, 218]  # row 1, column 2: the 34th after the first
    assert list(made["train-labels-idx1-ubyte"][8:]) == [n % 10 for n in range(15)]
    assert list(made["t10k-labels-idx1-ubyte"][8:]) == [5, 6, 7]


def test_a_job_is_told_the_checksums_of_what_was_prepared(folder, tmp_path):
    said = []
    assert prospect.of("cifar10", "any", folder).action == "prepare"
    found = resolve(folder, said)
    cached = tmp_path / "cache" / "datasets" / "cifar10-1"
    sums = {name: hashlib.sha256((cached / name).read_bytes()).hexdigest() for name in found.sha256}
    assert found.sha256 == sums
    assert set(found.served()) == set(sums)
    recorded = (cached / "SHA256SUMS").read_text()
    for name, digest in {**sums, ARCHIVE: found.spec.made_from.shipped.sha256}.items():
        assert f"{digest}  {name}\n" in recorded
    again = resolve(None, said)  # no folder, no network: the cache has it
    assert again.sha256 == sums
    assert len(said) == 1
    assert prospect.of("cifar10", "any", None).action == "use"
    assert [state.state for state in obtain.listing(None) if state.spec.name == "cifar10"] == [
        "complete"
    ]


@pytest.mark.parametrize("damage", ["picture", "record", "other source", "no record"])
def test_what_was_damaged_since_is_prepared_again(folder, tmp_path, damage):
    sums = resolve(folder).sha256
    cached = tmp_path / "cache" / "datasets" / "cifar10-1"
    record = cached / "SHA256SUMS"
    if damage == "picture":
        (cached / "t10k-labels-idx1-ubyte").write_bytes(b"x")
    elif damage == "record":
        record.write_text(record.read_text().replace(sums["t10k-labels-idx1-ubyte"], 64 * "0"))
    elif damage == "other source":
        record.write_text(record.read_text().replace(f"  {ARCHIVE}", "  other.tar.gz"))
    else:
        record.unlink()
    with pytest.raises(BenchdlError, match="could not be had"):
        obtain.resolve("cifar10", "any", None, lambda line: None)
    assert resolve(folder).sha256 == sums


def test_prepared_files_alone_prove_nothing(folder, tmp_path):
    resolve(folder)
    with pytest.raises(UsageError, match=rf"lacks {ARCHIVE}: name the directory of {ARCHIVE} with"):
        resolve(tmp_path / "cache" / "datasets" / "cifar10-1")


LABEL = record(0, label=10) + record(1) + record(2)


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (archive(NAMES[:-1]), "holds no test_batch.bin"),
        (
            archive(contents={"data_batch_2.bin": record(1)}),
            "data_batch_2.bin has 3,073 bytes, not",
        ),
        (
            archive(contents={"test_batch.bin": bytes(10_000_000)}),
            r"'cifar-10-batches-bin/test_batch.bin' has more than 9,219 bytes",
        ),
        (archive(contents={"data_batch_3.bin": LABEL}), "a picture of class 10, of 10 from 0"),
        (archive()[:400], "not a sound tar file"),
        (b"\x1f\x8b rubbish", "not a sound tar file"),
    ],
)
def test_an_archive_of_another_structure_is_one_line(folder, tmp_path, monkeypatch, packed, words):
    small_data.instead(monkeypatch, spec(packed))
    (folder / ARCHIVE).write_bytes(packed)
    with pytest.raises(BenchdlError, match=f"CIFAR-10 cannot be prepared: .*{words}") as error:
        resolve(folder)
    assert "\n" not in str(error.value)
    assert [path.name for path in (tmp_path / "cache/datasets/cifar10-1").iterdir()] == []


def test_a_bomb_is_not_unpacked(monkeypatch):
    """Beside the pictures, in a file that is not asked for."""
    monkeypatch.setattr(cifar_pictures, "_MOST_BYTES", 1_000_000)
    packed = archive([*NAMES, "readme.html"], {"readme.html": bytes(3_000_000)})
    with pytest.raises(ValueError, match="unpacks to more than 1,000,000 bytes"):
        dict(cifar_pictures.pictures({ARCHIVE: packed}, RECORDS))


def test_the_real_archives_other_files_are_passed_over():
    others = {"batches.meta.txt": b"airplane\n", "readme.html": b"<html>"}
    packed = archive(["batches.meta.txt", *reversed(NAMES), "readme.html"], others)
    made = dict(cifar_pictures.pictures({ARCHIVE: packed}, RECORDS))
    assert len(made["t10k-labels-idx1-ubyte"]) == 8 + RECORDS


def test_pictures_of_another_number_are_refused(folder, monkeypatch):
    small_data.instead(monkeypatch, spec(archive(), train=16))
    with pytest.raises(BenchdlError, match="images-idx4-ubyte would have another shape than cifar"):
        resolve(folder)


def test_the_python_version_is_not_taken(folder):
    (folder / ARCHIVE).write_bytes(b"\x80\x04 a pickle")
    with pytest.raises(BenchdlError, match=r"a Python pickle, which benchdl never loads"):
        resolve(folder)


# The stand-in


def test_a_picture_depends_on_its_number_only():
    many, labels = patch_pictures.make(501, patch_pictures.TEST_STREAM)
    few, few_labels = patch_pictures.make(7, patch_pictures.TEST_STREAM)
    assert np.array_equal(many[:7], few)
    assert np.array_equal(labels[:7], few_labels)
    other, _ = patch_pictures.make(7, patch_pictures.TRAIN_STREAM)
    assert not np.array_equal(other, few)
    assert set(labels) == set(range(10))
    assert 30 < many.std() < 60
    assert 110 < many.mean() < 140


def test_no_pixel_tells_the_class_by_its_place():
    """A linear classifier is hardly better than chance."""
    images, labels = patch_pictures.make(3_000, patch_pictures.TRAIN_STREAM)
    pixels = images.reshape(len(images), -1)[:, ::4] / 255.0 - 0.5
    known, asked = slice(0, 2_000), slice(2_000, None)
    wanted = np.eye(10)[labels[known]] - 0.1
    inner = pixels[known].T @ pixels[known] + 300 * np.eye(pixels.shape[1])
    weights = np.linalg.solve(inner, pixels[known].T @ wanted)
    right = ((pixels[asked] @ weights).argmax(1) == labels[asked]).mean()
    assert right < 0.25
