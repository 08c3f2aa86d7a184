"""Speech Commands from an archive of its structure: which clips, which classes, what is wrong."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import io
import os
import tarfile
import wave

import numpy as np
import pytest
import small_data

from harness import files, speech_clips
from harness.dataset_spec import DataFile, Source
from harness.errors import BenchdlError
from harness.generators import log_mel
from harness.preparing import command_clips, tar_members
from harness.provision import discovery, obtain
from harness.speech_archive import ARCHIVE, TEST, TRAIN, Sizes

OWN = discovery.load("speech-commands")
SIZES = (Sizes(20, 2), Sizes(10, 1))
WORDS = (*speech_clips.COMMANDS, "bed", "cat")


def sound(number, seconds=1.0, rate=16_000):
    """A tone of its own height."""
    at = np.arange(int(rate * seconds))
    tone = (5_000 * np.sin(2 * np.pi * (200 + 20 * number) * at / rate)).astype("<i2")
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(tone.tobytes())
    return packed.getvalue()


def members():
    """Four clips of every word: two to train with, one to validate, one to test."""
    made = {}
    for number, word in enumerate(WORDS):
        for take in range(4):
            made[f"{word}/{take}_nohash_0.wav"] = sound(4 * number + take)
    made["_background_noise_/hum.wav"] = sound(99, 3)
    made["_background_noise_/README.md"] = b"noise"
    made["validation_list.txt"] = "".join(f"{word}/2_nohash_0.wav\n" for word in WORDS).encode()
    made["testing_list.txt"] = "".join(f"{word}/3_nohash_0.wav\n" for word in WORDS).encode()
    return made


def archive(contents):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return {ARCHIVE: packed.getvalue()}


def made(contents, sizes=SIZES):
    files = dict(command_clips.features(archive(contents), sizes))
    stated = speech_clips.files(sizes[0].clips, sizes[1].clips)
    assert list(files) == [file.name for file in stated]
    for file in stated:
        assert len(files[file.name]) == file.size_bytes
        assert files[file.name].startswith(file.head)
    values = [np.frombuffer(files[name], ">i2", offset=16).reshape(-1, *speech_clips.SHAPE)
              for name in list(files)[::2]]  # fmt: skip
    labels = [np.frombuffer(files[name], np.uint8, offset=8) for name in list(files)[1::2]]
    return [*zip(values, labels, strict=True)]


def features_of(content):
    with wave.open(io.BytesIO(content)) as file:
        samples = np.frombuffer(file.readframes(-1), "<i2")
    clip = np.zeros(log_mel.CLIP, np.int16)
    clip[: len(samples)] = samples[: log_mel.CLIP]
    return log_mel.features(clip[None])[0]


def test_the_sizes_are_the_published_ones():
    assert (TRAIN.clips, TEST.clips) == (36_923, 4_890)
    assert (OWN.train_samples, OWN.test_samples) == (36_923, 4_890)


def test_clips_of_the_lists_are_kept_apart():
    contents = members()
    for (values, labels), takes in zip(made(contents), ((0, 1), (3,)), strict=True):
        assert np.bincount(labels).tolist() == [len(takes)] * 12
        for number, word in enumerate(speech_clips.COMMANDS):
            wanted = {
                features_of(contents[f"{word}/{take}_nohash_0.wav"]).tobytes() for take in takes
            }
            found = values[labels == 2 + number].astype(np.int16)
            assert {clip.tobytes() for clip in found} == wanted
        others = [features_of(contents[f"{word}/{take}_nohash_0.wav"])
                  for word in ("bed", "cat") for take in takes]  # fmt: skip
        for clip in values[labels == speech_clips.UNKNOWN]:
            assert any(np.array_equal(clip, other) for other in others)


def test_it_is_the_same_each_time_and_the_classes_are_mixed():
    first, second = made(members()), made(members())
    assert np.array_equal(first[0][0], second[0][0])
    assert list(first[0][1]) != sorted(first[0][1])


def test_where_commands_are_lacking_other_words_fill_the_place():
    contents = members()
    del contents["yes/0_nohash_0.wav"]
    (_, labels), _ = made(contents)
    assert np.bincount(labels).tolist() == [2, 3, 1, *[2] * 9]


def test_short_clips_are_filled_up_and_long_ones_cut():
    contents = members()
    contents["yes/3_nohash_0.wav"] = sound(3, 0.5)
    contents["no/3_nohash_0.wav"] = sound(7, 1.5)
    _, (values, labels) = made(contents)
    assert np.array_equal(values[labels == 2][0], features_of(contents["yes/3_nohash_0.wav"]))
    assert np.array_equal(values[labels == 3][0], features_of(contents["no/3_nohash_0.wav"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"yes/0_nohash_0.wav": b"RIFF"}, "yes/0_nohash_0.wav is no WAVE file"),
        ({"yes/0_nohash_0.wav": sound(1)[:-9]}, "yes/0_nohash_0.wav is cut off"),
        ({"yes/0_nohash_0.wav": sound(1, rate=8_000)}, "8000 samples a second, not 16000"),
        ({"testing_list.txt": None}, "lacks validation_list.txt or testing_list.txt"),
        ({"_background_noise_/hum.wav": None}, "no recordings of noise"),
        ({"_background_noise_/hum.wav": sound(99, 1)}, "no recordings of noise that are longer"),
        ({"bed/0_nohash_0.wav": None, "bed/1_nohash_0.wav": None, "cat/0_nohash_0.wav": None,
          "cat/1_nohash_0.wav": None}, "20 commands and 0 other words for a set of 24 clips"),
        ({"yes/0_nohash_0.wav": bytes((1 << 24) + 1)}, "has more than 16,777,216 bytes"),
    ],
)  # fmt: skip
def test_an_archive_that_is_not_as_it_should_be_is_a_line(change, message):
    contents = {name: content for name, content in {**members(), **change}.items() if content}
    with pytest.raises(ValueError, match=message) as caught:
        made(contents)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_not_unpacked(monkeypatch):
    few = tar_members.Limits(file_bytes=1 << 24, all_bytes=3_000_000)
    monkeypatch.setattr(command_clips, "_LIMITS", few)
    with pytest.raises(ValueError, match="unpacks to more than 3,000,000 bytes"):
        made({**members(), "README.md": bytes(10_000_000)})


def test_an_archive_that_is_cut_off_is_a_line():
    cut = {ARCHIVE: archive(members())[ARCHIVE][:-2000]}
    with pytest.raises(ValueError, match="is not a sound tar file"):
        dict(command_clips.features(cut, SIZES))


# As a dataset


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A folder that the user names, with a small archive in the place of the real one."""
    packed = archive(members())[ARCHIVE]
    shipped = DataFile(ARCHIVE, hashlib.sha256(packed).hexdigest(), len(packed), b"\x1f\x8b")
    own = dataclasses.replace(
        OWN,
        files=speech_clips.files(SIZES[0].clips, SIZES[1].clips),
        made_from=Source(files=(shipped,), shipped=shipped),
        prepare=lambda source: command_clips.features(source, SIZES),
    )
    small_data.instead(monkeypatch, own)
    monkeypatch.setattr(obtain, "chosen", lambda name, workload: discovery.load(name))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    given = tmp_path / "given"
    given.mkdir()
    (given / ARCHIVE).write_bytes(packed)
    return given


def resolved(folder):
    return obtain.resolve("speech-commands", "any", folder, lambda line: None)


def test_a_job_is_told_the_checksums_of_the_features(folder, tmp_path):
    found = resolved(folder)
    cached = tmp_path / "cache" / "datasets" / "speech-commands-1"
    for name, digest in found.sha256.items():
        assert hashlib.sha256((cached / name).read_bytes()).hexdigest() == digest
    assert resolved(None).sha256 == found.sha256  # no folder, no network: the cache has them


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the disk is full"),
        (MemoryError(), "does not fit into the memory of this machine"),
    ],
)
def test_what_fills_up_while_features_are_made_is_a_line_and_leaves_nothing(
    folder, tmp_path, monkeypatch, error, words
):
    whole, written = files.write_whole, []

    def second(path, content, **more):
        if written:
            raise error
        written.append(path)
        whole(path, content, **more)

    monkeypatch.setattr(files, "write_whole", second)
    with pytest.raises(BenchdlError, match=words) as caught:
        resolved(folder)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cache" / "datasets" / "speech-commands-1").iterdir()) == []


def test_an_archive_that_was_cut_is_named(folder):
    (folder / ARCHIVE).write_bytes((folder / ARCHIVE).read_bytes()[:-100])
    with pytest.raises(BenchdlError, match=f"{ARCHIVE} is corrupt: SHA-256 of the contents"):
        resolved(folder)
