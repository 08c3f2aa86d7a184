"""Which files a job gets: chosen by one rule, verified, and those very files served."""

from __future__ import annotations

import gzip
import hashlib
import os

import pytest

from harness.datasets import idx, provision
from harness.errors import BenchdlError, UsageError
from harness.launchers import local

SMALL = {idx.TRAIN_IMAGES: (3, 28, 28), idx.TRAIN_LABELS: (3,),
         idx.TEST_IMAGES: (2, 28, 28), idx.TEST_LABELS: (2,)}  # fmt: skip


def contents():
    found = {}
    for name, shape in SMALL.items():
        head = bytes((0, 0, 8, len(shape))) + b"".join(n.to_bytes(4, "big") for n in shape)
        found[name] = head + bytes(784 * shape[0] if len(shape) == 3 else shape[0])
    return found


CONTENTS = contents()


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}
    for name, shape in SMALL.items():
        monkeypatch.setitem(idx.SHAPES, name, shape)
    monkeypatch.setitem(provision.SHA256, "mnist", sums)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHDL_MIRRORS", "none")
    monkeypatch.delenv("BENCHDL_DATA", raising=False)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "data"
    made.mkdir()
    for name, content in CONTENTS.items():
        (made / name).write_bytes(content)
    return made


def resolve(folder):
    return provision.resolve("mnist", folder, lambda line: None)


def test_links_are_followed_to_the_files_that_were_verified(folder, tmp_path):
    real = tmp_path / "elsewhere"
    folder.rename(real)
    folder.mkdir()
    for name in CONTENTS:
        (tmp_path / f"hop-{name}").symlink_to(real / name)
        (folder / name).symlink_to(f"../hop-{name}")  # relative, and through another link
    assert resolve(folder).served() == {name: real / name for name in CONTENTS}


def test_a_link_whose_name_and_target_differ_in_gz_is_taken_for_what_it_is(folder, tmp_path):
    """Blobs of a content store have no suffix: the name that a user sees says what is inside."""
    blob = tmp_path / "3f2a"
    blob.write_bytes(gzip.compress(CONTENTS[idx.TEST_IMAGES]))
    (folder / idx.TEST_IMAGES).unlink()
    (folder / f"{idx.TEST_IMAGES}.gz").symlink_to(blob)
    assert resolve(folder).served()[f"{idx.TEST_IMAGES}.gz"] == blob


@pytest.mark.parametrize(
    "other", ["t10k-images.idx3-ubyte", "T10K-Images-IDX3-ubyte", "t10k-images.idx3-ubyte.gz"]
)
def test_other_spellings_are_served_under_the_usual_name(folder, other):
    content = CONTENTS[idx.TEST_IMAGES]
    (folder / idx.TEST_IMAGES).unlink()
    packed = other.endswith(".gz")
    (folder / other).write_bytes(gzip.compress(content) if packed else content)
    usual = idx.TEST_IMAGES + (".gz" if packed else "")
    assert resolve(folder).served()[usual] == folder / other


def test_raw_goes_before_gz_and_the_usual_spelling_before_others(folder):
    (folder / f"{idx.TEST_LABELS}.gz").write_bytes(b"rubbish")
    (folder / "t10k-labels.idx1-ubyte").write_bytes(b"rubbish")
    (folder / f"{idx.TEST_LABELS}.gz.part").write_bytes(b"rubbish")
    assert resolve(folder).served()[idx.TEST_LABELS] == folder / idx.TEST_LABELS


def test_a_damaged_raw_file_is_an_error_although_a_sound_gz_is_there(folder):
    (folder / f"{idx.TEST_LABELS}.gz").write_bytes(gzip.compress(CONTENTS[idx.TEST_LABELS]))
    (folder / idx.TEST_LABELS).write_bytes(b"rubbish")
    with pytest.raises(BenchdlError, match=f"{idx.TEST_LABELS} is corrupt"):
        resolve(folder)


def test_a_folder_of_the_name_is_passed_over(folder):
    """Some archives unpack each file into a folder of its own name."""
    (folder / idx.TEST_LABELS).unlink()
    (folder / idx.TEST_LABELS).mkdir()
    with pytest.raises(UsageError, match="lacks"):
        resolve(folder)
    (folder / f"{idx.TEST_LABELS}.gz").write_bytes(gzip.compress(CONTENTS[idx.TEST_LABELS]))
    assert f"{idx.TEST_LABELS}.gz" in resolve(folder).served()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "it is a pipe, not a plain file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a plain file"),
        (lambda path: path.symlink_to(path.name), "symbolic links|Symlink loop"),
        (lambda path: path.symlink_to("nowhere"), "a link that leads nowhere"),
    ],
    ids=["pipe", "device", "circle", "dangling"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_no_plain_file_is_refused_and_never_waited_for(folder, make, words, packed):
    name = idx.TRAIN_IMAGES
    (folder / name).unlink()
    path = folder / (name + (".gz" if packed else ""))
    make(path)
    with pytest.raises(BenchdlError, match=words) as error:
        resolve(folder)
    assert str(path) in error.value.message
    assert "\n" not in str(error.value)
    (state, *_) = provision.listing(folder)
    assert state.state == "corrupt"


def test_a_change_between_verification_and_job_is_noticed(folder):
    data = resolve(folder)
    data.check_unchanged()
    file = folder / idx.TEST_IMAGES
    file.write_bytes(CONTENTS[idx.TEST_IMAGES])  # written again, the same: nothing to complain of
    data.check_unchanged()
    other = folder / "other"
    other.write_bytes(CONTENTS[idx.TEST_IMAGES][:-1] + b"\1")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)
    with pytest.raises(BenchdlError, match=f"{file} was changed after it had been verified"):
        data.check_unchanged()
    file.unlink()
    with pytest.raises(BenchdlError, match="nothing is there"):
        data.check_unchanged()


def test_a_local_job_finds_links_to_exactly_these_files(folder, tmp_path):
    (folder / f"{idx.TEST_LABELS}.gz").write_bytes(b"another one")
    (tmp_path / "run").mkdir()
    served = tmp_path / "run" / "data"
    local._lay_out(resolve(folder).served(), served)
    assert {one.name: one.resolve() for one in served.iterdir()} == {
        name: folder / name for name in CONTENTS
    }


def test_the_caches_own_files_are_opened_to_a_containers_user(tmp_path):
    cached = tmp_path / "cache" / "datasets" / "mnist"
    cached.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (cached / name).write_bytes(content)
        (cached / name).chmod(0o600)
    for file in resolve(None).served().values():
        assert file.stat().st_mode & 0o444 == 0o444
