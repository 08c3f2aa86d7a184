"""What the archive of Speech Commands is called, and how many clips of it are taken."""

from __future__ import annotations

from typing import NamedTuple

ARCHIVE = "speech_commands_v0.02.tar.gz"


class Sizes(NamedTuple):
    """Of a set: clips of the ten commands, of other words, and as many of silence."""

    commands: int
    others: int

    @property
    def clips(self) -> int:
        """All of them."""
        return self.commands + 2 * self.others


TRAIN, TEST = Sizes(30_769, 3_077), Sizes(4_074, 408)
"""As TensorFlow's example ``speech_commands`` finds them: 36,923 and 4,890 clips (from what others
wrote of it; nobody who wrote this had the archive)."""
