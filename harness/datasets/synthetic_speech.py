"""The stand-in for Speech Commands: generated words as features of the same shapes and sizes."""

from __future__ import annotations

from collections.abc import Iterator

from harness import speech_clips
from harness.dataset_spec import DatasetSpec
from harness.datasets.speech_commands import DATASET as SPEECH_COMMANDS


def _generate() -> Iterator[tuple[str, bytes]]:
    """The four files by name; about a minute and 600 MB."""
    from harness.generators import formant_words  # noqa: PLC0415 - NumPy, which few commands need

    yield from speech_clips.contents(
        formant_words.make(count, stream)
        for count, stream in (
            (DATASET.train_samples, formant_words.TRAIN_STREAM),
            (DATASET.test_samples, formant_words.TEST_STREAM),
        )
    )


DATASET = DatasetSpec(
    name="synthetic-speech",
    title="synthetic-speech",
    holds="generated words of three sounds, twelve of them",
    source="the recipe of harness/generators/formant_words.py",
    licence="that of benchdl",
    train_samples=SPEECH_COMMANDS.train_samples,
    test_samples=SPEECH_COMMANDS.test_samples,
    sample_shape=speech_clips.SHAPE,
    classes=speech_clips.CLASSES,
    files=speech_clips.files(
        SPEECH_COMMANDS.train_samples,
        SPEECH_COMMANDS.test_samples,
        (
            "1b57326dc780ac8a9218dbb9f00d7ffe2615099a4c731f37234d6b2828daff6d",
            "17a068efd3974072b9b39d4982e7eaefe642292bd3a6f134922e461cfad5efe8",
            "204fef728e2a83b616a296fc02a0b71c922caf64c61fd8a0c8704cd50a3821d4",
            "023edc811e8298f56b7026467396959ad4a8a41dac9c520184a82176edafa320",
        ),
    ),
    generate=_generate,
)
