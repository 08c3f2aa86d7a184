"""Ten spoken words, other words and silence, as features, out of the archive of Speech Commands.

The twelve classes and their shares are those of the benchmark in the dataset's paper (P. Warden,
2018): a tenth as many other words as commands, and as many clips of silence, which are seconds out
of the six recordings of noise at any loudness. A clip is for the test if the archive's
``testing_list.txt`` has it, and in neither set if ``validation_list.txt`` has it. Which other words
and which seconds are taken comes from the fixed stream of :mod:`harness.generators.bitstream`; the
published archive of tests has others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness import speech_clips
from harness.generators import log_mel, wav
from harness.generators.bitstream import below
from harness.preparing import fixed_order, tar_members
from harness.speech_archive import ARCHIVE, TEST, TRAIN, Sizes

_NOISE = "_background_noise_"
_LISTS = {"validation_list.txt": "validation", "testing_list.txt": "test"}
_PATH = re.compile(r"[^/]+/[^/]+\.wav|validation_list\.txt|testing_list\.txt")
# The longest recording of noise has 3 MB; 105,835 clips of a second have 3.4 GB.
_LIMITS = tar_members.Limits(file_bytes=1 << 24, all_bytes=5_000_000_000)
_COMMANDS_STREAM, _OTHERS_STREAM, _SILENCE_STREAM, _ORDER_STREAM = 70, 72, 74, 76
"""Of the training set; the stream after each is the test set's."""


class _Choice(NamedTuple):
    """The clips of a set, in their order: path in the archive, or none for silence, and class."""

    paths: list[str]
    labels: npt.NDArray[np.uint8]


def features(
    source: Mapping[str, bytes], sizes: tuple[Sizes, Sizes] = (TRAIN, TEST)
) -> Iterator[tuple[str, bytes]]:
    """The four files, by name; a few minutes, and 3 GB of memory with the archive in it.

    Args:
        source: the archive's contents, by its name.
        sizes: of the training and of the test set. Where the archive has fewer commands than that,
            other words fill the place.

    Raises:
        ValueError: the archive is not as it should be.
    """
    archive = source[ARCHIVE]
    listed, names = _contents(archive)
    choices = [
        _chosen([name for name in names if listed.get(name, "train") == split], size, number)
        for number, (split, size) in enumerate(zip(("train", "test"), sizes, strict=True))
    ]
    clips = _Clips(choices)
    for path, content in _members(archive):
        clips.take(path, content)
    yield from speech_clips.contents(clips.finished())


def _contents(archive: bytes) -> tuple[dict[str, str], list[str]]:
    """Which clips are of which list, and the names of all clips, sorted."""
    listed: dict[str, str] = {}
    names: list[str] = []
    for path, content in _members(archive):
        if path in _LISTS:
            lines = content.decode("ascii", "replace").split()
            listed.update(dict.fromkeys(lines, _LISTS[path]))
        else:
            names.append(path)
    if set(listed.values()) != set(_LISTS.values()):
        raise ValueError(f"{ARCHIVE} lacks {' or '.join(_LISTS)}")
    return listed, sorted(names)


def _chosen(names: list[str], sizes: Sizes, number: int) -> _Choice:
    """Of the clips that a set may have those that it has."""
    own = [name for name in names if _folder(name) in speech_clips.COMMANDS]
    commands = _some(own, sizes.commands, _COMMANDS_STREAM + number)
    few = sizes.clips - sizes.others - len(commands)
    others = [name for name in names if _folder(name) not in (*speech_clips.COMMANDS, _NOISE)]
    others = _some(others, few, _OTHERS_STREAM + number)
    if len(others) < few:
        raise ValueError(
            f"{ARCHIVE} has {len(commands)} commands and {len(others)} other words for a set of "
            f"{sizes.clips} clips"
        )
    paths = commands + others + [""] * sizes.others
    labels = [2 + speech_clips.COMMANDS.index(_folder(name)) for name in commands]
    labels += [speech_clips.UNKNOWN] * few + [speech_clips.SILENCE] * sizes.others
    order = fixed_order.of(len(paths), _ORDER_STREAM + number)
    return _Choice([paths[place] for place in order], np.array(labels, np.uint8)[order])


def _some(names: list[str], count: int, stream: int) -> list[str]:
    return [names[place] for place in fixed_order.of(len(names), stream)[:count]]


class _Clips:
    """Features of the chosen clips, as one after the other comes out of the archive."""

    def __init__(self, choices: list[_Choice]) -> None:
        self._choices = choices
        self._made = [np.zeros((len(choice.paths), *speech_clips.SHAPE), np.int16)
                      for choice in choices]  # fmt: skip
        self._places = {
            path: (number, place)
            for number, choice in enumerate(choices)
            for place, path in enumerate(choice.paths)
        }
        self._noise: dict[str, npt.NDArray[np.int16]] = {}

    def take(self, path: str, content: bytes) -> None:
        """Look at a file of the archive."""
        noise = path.endswith(".wav") and _folder(path) == _NOISE
        if not noise and (path not in self._places or not path):
            return
        sound = wav.sound(content, path)
        if sound.rate_hz != log_mel.RATE_HZ:
            raise ValueError(f"{path} has {sound.rate_hz} samples a second, not {log_mel.RATE_HZ}")
        if noise:
            self._noise[path] = sound.samples
        else:
            number, place = self._places[path]
            clip = sound.samples[: log_mel.CLIP]
            clip = np.pad(clip, (0, log_mel.CLIP - len(clip)))
            self._made[number][place] = log_mel.features(clip[None])[0]

    def finished(self) -> Iterator[tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]]:
        """Features and labels of both sets."""
        recordings = [self._noise[path] for path in sorted(self._noise)]
        if not recordings or min(map(len, recordings)) <= log_mel.CLIP:
            raise ValueError(f"{ARCHIVE} has no recordings of noise that are longer than a second")
        for number, (choice, made) in enumerate(zip(self._choices, self._made, strict=True)):
            (silent,) = np.nonzero(choice.labels == speech_clips.SILENCE)
            seconds = _silence(recordings, len(silent), _SILENCE_STREAM + number)
            made[silent] = log_mel.features(seconds)
            yield made, choice.labels


def _silence(
    recordings: list[npt.NDArray[np.int16]], count: int, stream: int
) -> npt.NDArray[np.int16]:
    """Seconds (n, 16000) of noise, each from anywhere in a recording, at 0 to 99 percent."""
    counters = np.arange(count, dtype=np.uint64) * np.uint64(3)
    which = below(len(recordings), stream, counters)
    place = below(1 << 16, stream, counters + np.uint64(1))
    percent = below(100, stream, counters + np.uint64(2))
    seconds = np.empty((count, log_mel.CLIP), np.int16)
    for number in range(count):
        recording = recordings[which[number]]
        start = int(place[number]) * (len(recording) - log_mel.CLIP) >> 16
        second = recording[start : start + log_mel.CLIP].astype(np.int64)
        seconds[number] = second * percent[number] // 100
    return seconds


def _folder(path: str) -> str:
    return path.partition("/")[0]


def _members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """The clips and lists of the archive, by path, as they come."""
    for match, content in tar_members.matching(archive, ARCHIVE, _PATH, _LIMITS):
        yield match[0], content
