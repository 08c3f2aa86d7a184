"""Speech Commands: ten words that people said, other words, and silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness import speech_clips
from harness.dataset_spec import DataFile, DatasetSpec, Source
from harness.speech_archive import ARCHIVE, TEST, TRAIN

_ARCHIVE = DataFile(
    ARCHIVE,
    "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
    2_428_923_189,
    b"\x1f\x8b",
)


def _prepare(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    from harness.preparing import command_clips  # noqa: PLC0415 - NumPy, which few commands need

    return command_clips.features(source)


DATASET = DatasetSpec(
    name="speech-commands",
    title="Speech Commands",
    holds="ten words, other words and silence, in clips of a second",
    source='P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", '
    "2018, version 0.02",
    licence="CC BY 4.0",
    train_samples=TRAIN.clips,
    test_samples=TEST.clips,
    sample_shape=speech_clips.SHAPE,
    classes=speech_clips.CLASSES,
    # Nobody who wrote this could have the archive: its checksum is TensorFlow Datasets'. What is
    # prepared of it is recorded when that is done.
    files=speech_clips.files(TRAIN.clips, TEST.clips),
    made_from=Source(
        files=(_ARCHIVE,),
        shipped=_ARCHIVE,
        urls=("http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",),
    ),
    prepare=_prepare,
    stand_in="synthetic-speech",
)
