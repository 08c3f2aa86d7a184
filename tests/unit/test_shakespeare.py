"""Shakespeare's works as the numbers of their characters."""

from __future__ import annotations

import hashlib
import tarfile

import pytest
from conftest import REPO

from harness.generators import invented_plays
from harness.preparing import joined_text
from harness.provision import discovery
from harness.shakespeare_works import CHARACTERS, TEXT_BYTES, TRAIN_CHARACTERS, WORKS

SPEC = discovery.load("shakespeare")
SHARED = REPO.parent / "shared" / "data" / "shakespeare" / "works.tar.gz"


def few(text=b"To be, or not to be", size=None):
    return {work.name: text for work in WORKS.files}


def test_the_table_is_sorted_and_each_character_once():
    assert list(CHARACTERS) == sorted(set(CHARACTERS))
    assert SPEC.classes == len(CHARACTERS) == 84
    assert [work.name for work in WORKS.files] == sorted(work.name for work in WORKS.files)
    assert len(WORKS.files) == 42


def test_the_last_tenth_is_the_test():
    assert sum(work.size_bytes for work in WORKS.files) + 41 == TEXT_BYTES
    assert int(0.9 * TEXT_BYTES) == TRAIN_CHARACTERS
    assert SPEC.train_samples + SPEC.test_samples == TEXT_BYTES


def test_works_are_joined_by_a_lines_end(monkeypatch):
    monkeypatch.setattr(joined_text, "TRAIN_CHARACTERS", 8)
    train, test = dict(joined_text.characters(few(b"Tis"))).values()
    assert train[:4].hex() == "00000801"
    assert int.from_bytes(train[4:8], "big") == 8
    assert "".join(CHARACTERS[number] for number in train[8:]) == "Tis\nTis\n"
    assert "".join(CHARACTERS[number] for number in test[8:15]) == "Tis\nTis"


def test_a_character_without_a_number_is_named():
    with pytest.raises(ValueError, match=r"no id stands for: b'#\\xe9'"):
        list(joined_text.characters({**few(), WORKS.files[3].name: "caf\xe9 #".encode("latin-1")}))


def test_the_stand_in_is_the_pinned_one():
    stand_in = discovery.load("synthetic-shakespeare")
    for name, content in stand_in.generate():
        assert hashlib.sha256(content).hexdigest() == stand_in.sha256[name], name
        assert set(content[8:]) == set(range(84))  # each character occurs


def test_a_generated_play_begins_alike_however_long_it_is():
    long = invented_plays.make(30_000, invented_plays.TEST_STREAM)
    assert invented_plays.make(500, invented_plays.TEST_STREAM) == long[:500]
    assert invented_plays.make(30_000, invented_plays.TRAIN_STREAM)[200:400] not in long
    lines = long.decode("ascii").splitlines()
    assert max(map(len, lines)) < 150
    assert sum(line.endswith(".") and " " not in line for line in lines) > 50  # speakers


@pytest.mark.slow
def test_the_real_works_give_the_pinned_files():
    if not SHARED.exists():
        pytest.skip(f"no works in {SHARED.parent}")
    works = {}
    with tarfile.open(SHARED) as tar:
        for entry in tar:
            if entry.isreg():
                works[entry.name.rpartition("/")[2]] = tar.extractfile(entry).read()
    for work in WORKS.files:
        assert hashlib.sha256(works[work.name]).hexdigest() == work.sha256
    made = dict(SPEC.prepare(works))
    assert {n: hashlib.sha256(content).hexdigest() for n, content in made.items()} == SPEC.sha256
    text = "".join(CHARACTERS[number] for content in made.values() for number in content[8:])
    assert text.startswith("ALL'S WELL THAT ENDS WELL")
    assert "To be, or not to be,--that is the question" in text
