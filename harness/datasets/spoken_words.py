"""Words spoken by espeak-ng on this machine: real speech where Speech Commands cannot be had."""

from __future__ import annotations

from collections.abc import Iterator

from harness import speech_clips
from harness.dataset_spec import DatasetSpec

_TRAIN, _TEST = 6_912, 1_728


def _generate() -> Iterator[tuple[str, bytes]]:
    """The four files by name; about two minutes and 300 MB."""
    from harness.generators import espeak_words  # noqa: PLC0415 - NumPy, which few commands need

    yield from speech_clips.contents(espeak_words.features(split) for split in ("train", "test"))


DATASET = DatasetSpec(
    name="spoken-words",
    title="spoken-words",
    holds="ten words, other words and silence, spoken by espeak-ng; four voices held out",
    source="espeak-ng on this machine, by the recipe of harness/generators/espeak_words.py",
    licence="that of benchdl",
    train_samples=_TRAIN,
    test_samples=_TEST,
    sample_shape=speech_clips.SHAPE,
    classes=speech_clips.CLASSES,
    # Every version of espeak-ng speaks a little otherwise: recorded when it is made.
    files=speech_clips.files(_TRAIN, _TEST),
    generate=_generate,
    program="espeak-ng",
)
