"""Words that a program says: which, heard how, kept with their checksums; and what is missing."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import io
import itertools
import stat
import sys
import wave

import numpy as np
import pytest

from harness import files, speech_clips
from harness.errors import BenchdlError
from harness.generators import espeak, espeak_words, resampling
from harness.generators.espeak import Said
from harness.provision import discovery, obtain, prospect

SPEC = discovery.load("spoken-words")
YES = Said("yes", "en-us+m1", 160, 30)

# Says a tone whose height is of the word and the voice, with the open end of a streamed file.
SPEAKER = f"""#!{sys.executable}
import math, struct, sys
_, _, voice, _, speed, _, pitch, _, word = sys.argv
height = 200 + 40 * (sum(word.encode()) % 50) + len(voice) + int(pitch)
tone = [int(9000 * math.sin(height * at / 22050 * 6.2832)) for at in range(int(speed) * 20)]
data = struct.pack(f"<{{len(tone)}}h", *tone)
head = struct.pack("<IHHIIHH", 16, 1, 1, 22050, 44100, 2, 16)
body = b"WAVEfmt " + head + b"data" + struct.pack("<I", 0x7FFFF000) + data
sys.stdout.buffer.write(b"RIFF" + struct.pack("<I", 0x7FFFF024) + body)
"""


def install(folder, text):
    program = folder / "espeak-ng"
    program.write_text(text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def speaker(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    install(folder, SPEAKER)
    return folder


@pytest.fixture
def few_ways(monkeypatch):
    """Few voices, so that the plan is short; its counts are then others than the dataset's."""
    monkeypatch.setattr(espeak_words, "_ACCENTS", ("en-us",))
    monkeypatch.setattr(espeak_words, "_VOICES", {"train": ("m1", "f1"), "test": ("m4",)})
    monkeypatch.setattr(espeak_words, "_SPEEDS", (160,))
    monkeypatch.setattr(espeak_words, "_PITCHES", (30,))
    spec = discovery.load("spoken-words")
    files_of_few = speech_clips.files(espeak_words.count("train"), espeak_words.count("test"))
    few = dataclasses.replace(spec, files=files_of_few)
    monkeypatch.setattr(discovery, "load", lambda _: few)


def test_the_plan_has_as_many_clips_as_the_dataset_states():
    assert [espeak_words.count(split) for split in ("train", "test")] == [
        SPEC.train_samples,
        SPEC.test_samples,
    ]


def test_no_voice_of_the_test_says_anything_in_training():
    voices = [{said.voice for said, _ in espeak_words.plan(split)} for split in ("train", "test")]
    assert not voices[0] & voices[1]
    assert {label for said, label in espeak_words.plan("test")} == set(range(1, SPEC.classes))


def test_a_word_is_heard_at_the_rate_of_clips(speaker):
    said = espeak.say(YES)
    assert len(said) == pytest.approx(3_200 * 16_000 / 22_050, abs=5)
    turns = np.count_nonzero(np.diff(np.signbit(said)))
    height = 200 + 40 * (sum(b"yes") % 50) + len("en-us+m1") + 30
    assert turns / 2 * 16_000 / len(said) == pytest.approx(height, rel=0.02)
    assert np.abs(said).max() == pytest.approx(9_000, rel=0.05)


def test_what_lies_above_both_bands_is_not_heard():
    at = np.arange(22_050)
    high = (9_000 * np.sin(2 * np.pi * 9_500 * at / 22_050)).astype(np.int16)
    middle = slice(100, -100)
    assert np.abs(resampling.resampled(high, 22_050, 16_000)[middle]).max() < 100


def test_clips_and_classes_in_an_order_of_chance(speaker, few_ways):
    features, labels = espeak_words.features("train")
    assert features.shape == (espeak_words.count("train"), *speech_clips.SHAPE)
    assert np.bincount(labels).tolist() == [4] * 12
    assert list(labels) != sorted(labels)
    silent = features[labels == speech_clips.SILENCE].max()
    spoken = features[labels != speech_clips.SILENCE].max(axis=(1, 2))
    assert silent < spoken.min()
    again, _ = espeak_words.features("train")
    assert np.array_equal(again, features)


def test_what_was_made_is_recorded_and_found_again(speaker, few_ways, tmp_path):
    said = []
    made = obtain.fetch("spoken-words", said.append)
    folder = tmp_path / "cache" / "datasets" / "spoken-words-1"
    for name, digest in made.sha256.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        assert f"{digest}  {name}\n" in (folder / "SHA256SUMS").read_text()
    (speaker / "espeak-ng").unlink()  # needed no more
    said.clear()
    assert obtain.fetch("spoken-words", said.append).sha256 == made.sha256
    assert not any("generating" in line for line in said)
    install(speaker, SPEAKER)
    (folder / made.spec.files[0].name).write_bytes(b"\0\0\x0b\x03 damaged")
    obtain.fetch("spoken-words", said.append)
    assert any("the cached spoken-words is replaced" in line for line in said)


def test_a_full_disk_is_a_line_and_leaves_nothing_that_is_taken_for_whole(
    speaker, few_ways, tmp_path, monkeypatch
):
    own, written = files.write_whole, itertools.count()

    def full(path, content, **words):
        if next(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return own(path, content, **words)

    monkeypatch.setattr(files, "write_whole", full)
    with pytest.raises(BenchdlError, match="the disk is full"):
        obtain.fetch("spoken-words", print)
    folder = tmp_path / "cache" / "datasets" / "spoken-words-1"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ask", [
    lambda: obtain.fetch("spoken-words", print),
    lambda: prospect.of("spoken-words", "dscnn-speech", None),
])  # fmt: skip
def test_a_missing_program_is_a_line_that_says_so(speaker, monkeypatch, ask):
    (speaker / "espeak-ng").unlink()
    monkeypatch.setattr(prospect, "chosen", lambda name, workload: discovery.load(name))
    with pytest.raises(BenchdlError, match="made by espeak-ng, which is not installed: install"):
        ask()


def sound(channels=1, width=2, samples=b"\1\0" * 400):
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setparams((channels, width, 22_050, 0, "NONE", ""))
        file.writeframes(samples)
    return packed.getvalue()


def speaking(content, code=0):
    return (
        f"#!{sys.executable}\nimport sys\nsys.stdout.buffer.write({content!r})\n"
        f"sys.stderr.write('Error: no voice')\nsys.exit({code})\n"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (speaking(b""), "no WAVE file"),
        (speaking(b"", code=1), "exit status 1"),
        (speaking(sound()[:-100]), "is cut off: 700 bytes of 800"),
        (speaking(sound()[:30]), "is cut off"),
        (speaking(sound(channels=2)), "2 channels of 16 bits"),
        (speaking(sound(width=1)), "1 channels of 8 bits"),
        (speaking(sound()), "it is silent"),
        (speaking(sound().replace(b"fmt ", b"junk")), "before it says what they are"),
        (speaking(sound().replace(b"data", b"junk")), "no samples"),
    ],
)
def test_a_program_that_does_not_speak_is_a_line(speaker, text, why):
    install(speaker, text)
    with pytest.raises(BenchdlError, match=f"does not say 'yes' as en-us[+]m1: .*{why}") as caught:
        espeak.say(YES)
    assert "\n" not in caught.value.message
