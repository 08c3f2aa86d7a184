"""IMDB from an archive of its structure, and what becomes of one that is damaged or hostile."""

from __future__ import annotations

import hashlib

import numpy as np
import packed_texts
import pytest
import small_data

from harness.errors import BenchdlError, UsageError
from harness.generators import opinions
from harness.idx_files import WORD_BYTES, WORDS_FILE
from harness.preparing import numbered_texts, reviews, tar_members
from harness.provision import discovery, obtain, prospect
from runner.contract.text_ids import FIRST_WORD, IDS, LENGTH, UNKNOWN

OWN = discovery.load("imdb")
SYNTHETIC = discovery.load("synthetic-imdb")
ARCHIVE = reviews.ARCHIVE
GOOD, BAD = b"It's GOOD.<br />Good, good film", b"A bad film \xe9 bad"
MEMBERS = [
    (f"aclImdb/{split}/{opinion}/{number}_{stars}.txt", content + b" %d" % number)
    for split in ("test", "train")
    for opinion, stars, content in (("neg", 2, BAD), ("pos", 9, GOOD))
    for number in range(3)
]
OTHERS = [
    ("aclImdb/README", b"x" * 5000),
    ("aclImdb/train/unsup/0_0.txt", b"neither"),
    ("aclImdb/train/neg/7_1.txt.bak", b"x"),
    ("aclImdb/train/pos/8_9.txt", None),
]


def spec(packed):
    return packed_texts.spec(OWN, packed, lambda source: reviews.split(source, 6), 6, 6)


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    small_data.instead(monkeypatch, spec(packed_texts.archive(OTHERS + MEMBERS)))
    for module in (obtain, prospect):
        monkeypatch.setattr(module, "chosen", lambda name, workload: discovery.load(name))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    monkeypatch.delenv("BENCHDL_DATA", raising=False)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "given"
    made.mkdir()
    (made / ARCHIVE).write_bytes(packed_texts.archive(OTHERS + MEMBERS))
    return made


def resolve(folder):
    return obtain.resolve("imdb", "any", folder, lambda line: None)


def ids(content):
    return np.frombuffer(content, ">i2", offset=12).reshape(-1, LENGTH)


def test_the_source_is_the_one_that_is_known():
    (stated,) = OWN.made_from.files
    assert stated is OWN.made_from.shipped
    assert stated.name == ARCHIVE == OWN.made_from.urls[0].rpartition("/")[2]
    assert stated.size_bytes == 84_125_825


def test_reviews_become_ids_that_the_training_texts_number():
    made = dict(reviews.split({ARCHIVE: packed_texts.archive(OTHERS + MEMBERS)}, 6))
    assert list(made) == [file.name for file in OWN.files]
    words = np.frombuffer(made[WORDS_FILE], np.uint8, offset=12).reshape(IDS, WORD_BYTES)
    named = [bytes(row).rstrip(b"\0") for row in words[: FIRST_WORD + 8]]
    # 9 of good, 6 of bad and of film, 3 of "a" and the next two, 2 of each number.
    assert named == [b"", b"", b"", b"good", b"bad", b"film", b"a", b"br", b"it's", b"0", b"1"]
    labels = list(made["train-labels-idx1-ubyte"][8:])
    assert sorted(labels) == [0, 0, 0, 1, 1, 1]
    rows = ids(made["train-ids-idx2-short"])
    positive, negative = rows[labels.index(1)], rows[labels.index(0)]
    assert positive[-8:].tolist()[:-1] == [1, 8, 3, 7, 3, 3, 5]
    assert negative[-6:].tolist()[:-1] == [1, 6, 4, 5, 4]
    assert not positive[:-8].any()


def test_rare_and_long_words_have_no_id_and_long_texts_are_cut_in_front():
    long_word = b"a" * (WORD_BYTES + 1)
    train = [numbered_texts.LabelledText((long_word, b"b"), 0)]
    test = [numbered_texts.LabelledText((*[b"c"] * LENGTH, b"b", long_word), 1)]
    made = dict(numbered_texts.files(train, test))
    assert ids(made["train-ids-idx2-short"])[0, -3:].tolist() == [1, UNKNOWN, FIRST_WORD]
    cut = ids(made["test-ids-idx2-short"])[0]
    assert cut.tolist() == [UNKNOWN] * (LENGTH - 2) + [FIRST_WORD, UNKNOWN]


def test_no_more_words_are_numbered_than_there_are_ids():
    many = tuple(b"%d" % number for number in range(IDS + 5))
    known = numbered_texts.table([numbered_texts.LabelledText((*many, many[-1]), 0)])
    assert len(known) == IDS - FIRST_WORD
    assert known[0] == many[-1]


def test_a_job_is_told_the_checksums_of_what_was_prepared(folder, tmp_path):
    found = resolve(folder)
    cached = tmp_path / "cache" / "datasets" / "imdb-1"
    for name, digest in found.sha256.items():
        assert hashlib.sha256((cached / name).read_bytes()).hexdigest() == digest
    assert WORDS_FILE in found.sha256
    assert obtain.resolve("imdb", "any", None, lambda line: None).sha256 == found.sha256


def test_a_damaged_table_of_words_is_found_and_made_again(folder, tmp_path):
    sums = resolve(folder).sha256
    table = tmp_path / "cache" / "datasets" / "imdb-1" / WORDS_FILE
    content = bytearray(table.read_bytes())
    content[12 + FIRST_WORD * WORD_BYTES] ^= 1
    table.write_bytes(content)
    (state,) = [state for state in obtain.listing(None) if state.spec.name == "imdb"]
    assert state.state == "corrupt"
    assert f"{WORDS_FILE} is corrupt: SHA-256 of the contents expected" in state.problem
    said = []
    assert obtain.resolve("imdb", "any", folder, said.append).sha256 == sums
    assert any(f"the cached imdb is replaced: {table} is corrupt" in line for line in said)


def without(path):
    return [member for member in MEMBERS if member[0] != path]


HUGE = ("aclImdb/train/neg/0_2.txt", b"x" * (1 << 18))


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (packed_texts.archive(MEMBERS[:-1]), "5 reviews for the train set, not 6"),
        (packed_texts.archive(MEMBERS)[:300], "not a sound tar file"),
        (b"\x1f\x8b rubbish", "not a sound tar file"),
        (
            packed_texts.archive([*without(HUGE[0]), HUGE]),
            "'aclImdb/train/neg/0_2.txt' has more than 131,072 bytes",
        ),
        (
            packed_texts.archive([*without("aclImdb/train/neg/0_2.txt"),
                                  ("../aclImdb/train/neg/0_2.txt", b"x")]),
            "5 reviews for the train set, not 6",
        ),
    ],
)  # fmt: skip
def test_an_archive_of_another_structure_is_one_line(folder, tmp_path, monkeypatch, packed, words):
    small_data.instead(monkeypatch, spec(packed))
    (folder / ARCHIVE).write_bytes(packed)
    with pytest.raises(BenchdlError, match=f"IMDB cannot be prepared: .*{words}") as error:
        resolve(folder)
    assert "\n" not in str(error.value)
    assert list((tmp_path / "cache/datasets/imdb-1").iterdir()) == []


def test_a_bomb_is_not_unpacked():
    packed = packed_texts.archive([("aclImdb/README", bytes(3_000_000))])
    limits = tar_members.Limits(file_bytes=1000, all_bytes=1_000_000)
    with pytest.raises(ValueError, match="bomb unpacks to more than 1,000,000 bytes"):
        list(tar_members.matching(packed, "bomb", reviews._PATH, limits))


def test_too_many_files_are_not_read(monkeypatch):
    monkeypatch.setattr(tar_members, "_MOST_MEMBERS", 4)
    with pytest.raises(ValueError, match="IMDB holds more than 4 files"):
        list(tar_members.matching(packed_texts.archive(MEMBERS), "IMDB", reviews._PATH,
                                reviews._LIMITS))  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x80\x04 a pickle", "a Python pickle, which benchdl never loads"),
        (packed_texts.archive(MEMBERS[:2]), "SHA-256 of the contents expected"),
        (packed_texts.archive(OTHERS + MEMBERS)[:-50], "SHA-256 of the contents expected"),
    ],
)
def test_another_file_than_the_archive_is_refused(folder, content, words):
    (folder / ARCHIVE).write_bytes(content)
    with pytest.raises(BenchdlError, match=f"{ARCHIVE} is corrupt: .*{words}") as error:
        resolve(folder)
    assert "\n" not in str(error.value)


def test_the_arrays_of_keras_are_not_taken(tmp_path):
    """``imdb.npz`` holds pickled objects."""
    given = tmp_path / "arrays"
    given.mkdir()
    (given / "imdb.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(UsageError, match=f"lacks {ARCHIVE}"):
        resolve(given)


# The stand-in


def test_a_text_depends_on_its_number_only():
    many, labels = opinions.make(300, opinions.TEST_STREAM)
    few, few_labels = opinions.make(7, opinions.TEST_STREAM)
    assert np.array_equal(many[:7], few)
    assert np.array_equal(labels[:7], few_labels)
    assert not np.array_equal(opinions.make(7, opinions.TRAIN_STREAM)[0], few)


def test_counting_words_of_opinion_tells_what_a_text_says():
    texts, labels = opinions.make(2_000, opinions.TEST_STREAM)
    assert 0.45 < labels.mean() < 0.55
    lengths = (texts > 0).sum(axis=1)
    assert 200 < lengths.mean() < 260
    assert lengths.min() >= 20
    assert set((texts == 1).sum(axis=1)) == {1}
    worth = np.zeros(IDS)
    first = FIRST_WORD + 500
    worth[first : first + 50 * opinions.OPINIONS : 100] = -1
    worth[first + 50 : first + 50 * opinions.OPINIONS : 100] = 1
    for tokens, error in ((80, 0.113), (LENGTH, 0.043)):
        found = worth[texts[:, -tokens:]].sum(axis=1) > 0
        assert (found != labels).mean() == pytest.approx(error, abs=0.02)
