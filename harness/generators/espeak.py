"""espeak-ng as the program that it is: a word in, its sound out."""

from __future__ import annotations

import shutil
import subprocess
from typing import NamedTuple

import numpy as np

from harness.errors import BenchdlError
from harness.generators.log_mel import RATE_HZ, Shorts
from harness.generators.resampling import resampled
from harness.generators.wav import sound

PROGRAM = "espeak-ng"

_PATIENCE_S = 30
_STILL = 60  # samples of no more are no sound


class Said(NamedTuple):
    """A word as somebody says it; ``speed`` in words a minute, ``pitch`` of 0 to 99."""

    word: str
    voice: str
    speed: int
    pitch: int


def say(said: Said) -> Shorts:
    """A word at 16 kHz, without the stillness around it.

    Raises:
        BenchdlError: espeak-ng is not there, or does not say it.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise BenchdlError(f"{PROGRAM} is not installed", f"install it (Debian: {PROGRAM})")
    how = ["-v", said.voice, "-s", str(said.speed), "-p", str(said.pitch), "--stdout"]
    try:
        done = subprocess.run(
            [program, *how, said.word],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_PATIENCE_S,
        )
        heard = sound(done.stdout, "what it says")
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise _unable(said, str(error)) from None
    loud = np.flatnonzero(np.abs(heard.samples.astype(np.int64)) > _STILL)
    if not len(loud):
        raise _unable(said, "it is silent")
    return resampled(heard.samples[loud[0] : loud[-1] + 1], heard.rate_hz, RATE_HZ)


def _unable(said: Said, why: str) -> BenchdlError:
    return BenchdlError(
        f"{PROGRAM} does not say {said.word!r} as {said.voice}: {' '.join(why.split())[:200]}",
        f"install {PROGRAM} with its voices again",
    )
