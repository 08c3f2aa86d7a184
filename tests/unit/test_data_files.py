"""Which files a job gets: chosen by one rule, verified, and those very files served."""

from __future__ import annotations

import gzip
import os

import pytest
import small_data
from small_data import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES

from harness.errors import BenchdlError, UsageError
from harness.launchers import on_host
from harness.provision import obtain

CONTENTS = small_data.contents("mnist")


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    small_data.instead(monkeypatch, small_data.spec("mnist", CONTENTS))
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
    return obtain.resolve("mnist", "cnn-mnist", folder, lambda line: None)


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
    blob.write_bytes(gzip.compress(CONTENTS[TEST_IMAGES]))
    (folder / TEST_IMAGES).unlink()
    (folder / f"{TEST_IMAGES}.gz").symlink_to(blob)
    assert resolve(folder).served()[f"{TEST_IMAGES}.gz"] == blob


@pytest.mark.parametrize(
    "spelling", ["t10k-images.idx3-ubyte", "T10K-Images-IDX3-ubyte", "t10k-images.idx3-ubyte.gz"]
)
def test_other_spellings_are_served_under_the_usual_name(folder, spelling):
    content = CONTENTS[TEST_IMAGES]
    (folder / TEST_IMAGES).unlink()
    packed = spelling.endswith(".gz")
    (folder / spelling).write_bytes(gzip.compress(content) if packed else content)
    usual = TEST_IMAGES + (".gz" if packed else "")
    assert resolve(folder).served()[usual] == folder / spelling


def test_raw_goes_before_gz_and_the_usual_spelling_before_others(folder):
    (folder / f"{TEST_LABELS}.gz").write_bytes(b"rubbish")
    (folder / "t10k-labels.idx1-ubyte").write_bytes(b"rubbish")
    (folder / f"{TEST_LABELS}.gz.part").write_bytes(b"rubbish")
    assert resolve(folder).served()[TEST_LABELS] == folder / TEST_LABELS


def test_a_damaged_raw_file_is_an_error_although_a_sound_gz_is_there(folder):
    (folder / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(CONTENTS[TEST_LABELS]))
    (folder / TEST_LABELS).write_bytes(b"rubbish")
    with pytest.raises(BenchdlError, match=f"{TEST_LABELS} is corrupt"):
        resolve(folder)


def test_a_folder_of_the_name_is_passed_over(folder):
    """Some archives unpack each file into a folder of its own name."""
    (folder / TEST_LABELS).unlink()
    (folder / TEST_LABELS).mkdir()
    with pytest.raises(UsageError, match="lacks"):
        resolve(folder)
    (folder / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(CONTENTS[TEST_LABELS]))
    assert f"{TEST_LABELS}.gz" in resolve(folder).served()


@pytest.mark.timeout(120)
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
    name = TRAIN_IMAGES
    (folder / name).unlink()
    path = folder / (name + (".gz" if packed else ""))
    make(path)
    with pytest.raises(BenchdlError, match=words) as error:
        resolve(folder)
    assert str(path) in error.value.message
    assert "\n" not in str(error.value)
    (state, *_) = obtain.listing(folder)
    assert state.state == "corrupt"


def test_a_change_between_verification_and_job_is_noticed(folder):
    data = resolve(folder)
    data.check_unchanged()
    file = folder / TEST_IMAGES
    file.write_bytes(CONTENTS[TEST_IMAGES])  # written again, the same: nothing to complain of
    data.check_unchanged()
    replacement = folder / "other"
    replacement.write_bytes(CONTENTS[TEST_IMAGES][:-1] + b"\1")
    os.utime(replacement, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    replacement.replace(file)
    with pytest.raises(BenchdlError, match=f"{file} was changed after it had been verified"):
        data.check_unchanged()
    file.unlink()
    with pytest.raises(BenchdlError, match="nothing is there"):
        data.check_unchanged()


def test_a_local_job_finds_links_to_exactly_these_files(folder, tmp_path):
    (folder / f"{TEST_LABELS}.gz").write_bytes(b"another one")
    (tmp_path / "run").mkdir()
    served = tmp_path / "run" / "data"
    on_host._lay_out(resolve(folder).served(), served)
    assert {link.name: link.resolve() for link in served.iterdir()} == {
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
