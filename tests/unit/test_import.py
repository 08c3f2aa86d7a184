"""``benchdl import``: whole or not at all, nothing replaced, and each refusal is one line."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil

import bundled
import pytest

from harness import checksums
from harness.bundle.create import Wanted, create
from harness.campaign import changes, records, retiring
from harness.cli import command
from harness.errors import BenchdlError, UsageError
from harness.importing import incoming, taking
from harness.store import Store


@pytest.fixture
def ours(tmp_path):
    return Store(tmp_path / "results")


@pytest.fixture
def theirs(tmp_path, monkeypatch, make_result):
    """A store with a campaign of two runs, with samples and logs, as rsync would leave it."""
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)
    store = Store(tmp_path / "hosts" / "a")
    bundled.put(store, bundled.campaign(), make_result)
    for folder in store.folders():  # with the sums of what was written after them
        names = [file.name for file in folder.iterdir() if file.name != checksums.NAME]
        sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
        (folder / checksums.NAME).write_text(checksums.text(sums))
    return store


@pytest.fixture
def main(tmp_path, monkeypatch, capfd):
    """The command in this process: status, what it printed, and its notices, line by line."""
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path / "results"))

    def run(*words):
        status = command.run([str(word) for word in words])
        said = capfd.readouterr()
        assert "Traceback" not in said.err
        return status, said.out.splitlines(), said.err.splitlines()

    return run


def files_of(store):
    """Relative path to contents, of all that is no staging and no note of ours."""
    return {
        str(file.relative_to(store.directory)): file.read_bytes()
        for file in sorted(store.directory.rglob("*"))
        if file.is_file() and ".staging" not in file.parts and file.suffix != ".origin"
    }


def take(source, store):
    with incoming.opened(source, None, print) as held:
        return taking.take(held, store)


def resummed(folder, name, text):
    """Change a file of a result as one would who knows the format."""
    (folder / name).write_text(text)
    sums = checksums.read(folder)
    sums[name] = hashlib.sha256(text.encode()).hexdigest()
    (folder / checksums.NAME).write_text(checksums.text(sums))


def test_results_and_records_come_in_byte_by_byte_and_once(main, ours, theirs):
    folder = theirs.directory
    assert main("import", folder) == (0, [f"{folder}: 2 runs and 1 campaign new"], [])
    assert files_of(ours) == files_of(theirs)
    assert len(files_of(ours)) == 2 * 5 + 2
    assert list(ours.staging().iterdir()) == []
    again = main("import", folder)
    assert again == (
        0, [f"{folder}: 0 runs and 0 campaigns new, 2 runs and 1 campaign there already"], [],
    )  # fmt: skip


def test_what_was_measured_since_comes_with_the_next_import(ours, theirs, make_result, tmp_path):
    later = tmp_path / "later"
    last = theirs.folders()[-1]
    last.rename(later)
    assert str(take(theirs.directory, ours)) == "1 run and 1 campaign new"
    later.rename(last)
    taken = take(theirs.directory, ours)
    assert (taken.runs, taken.known_runs, taken.known_campaigns, taken.refused) == (1, 1, 1, [])


def test_two_results_of_one_id_that_differ(main, ours, theirs):
    take(theirs.directory, ours)
    first, _ = theirs.folders()
    resummed(first, "log.txt", "another log\n")
    before = files_of(ours)
    status, printed, said = main("import", theirs.directory)
    assert status == 1
    assert printed[0].endswith("1 run and 1 campaign there already, 1 refused")
    (line,) = said
    assert line.startswith(f"refused: {first.name}: it differs from {ours.directory / first.name}")
    assert files_of(ours) == before


def spoil_newer(folder):
    data = json.loads((folder / "result.json").read_text())
    resummed(folder, "result.json", json.dumps({**data, "schema_version": 99}))


def spoil_bits(folder):
    (folder / "log.txt").write_text("changed\n")


def spoil_link(folder):
    shutil.move(folder / "samples.csv", folder.parent.parent / "elsewhere.csv")
    (folder / "samples.csv").symlink_to(folder.parent.parent / "elsewhere.csv")


def spoil_pipe(folder):
    (folder / "log.txt").unlink()
    os.mkfifo(folder / "log.txt")


def spoil_missing(folder):
    (folder / "result.json").unlink()


def spoil_large(folder):
    with (folder / "samples.csv").open("wb") as stream:
        stream.truncate(300 * 2**20)


def spoil_name(folder):
    folder.rename(folder.with_name("\x1b[31m of\nmine"))


def spoil_other(folder):
    folder.rename(folder.with_name(f"{folder.name[:-1]}f"))


def spoil_linked_folder(folder):
    shutil.move(folder, folder.parent.parent / "run")
    folder.symlink_to(folder.parent.parent / "run")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_newer, "upgrade benchdl"),
        (spoil_bits, "log.txt was changed"),
        (spoil_link, "samples.csv: it is a link"),
        (spoil_pipe, "log.txt: it is a pipe"),
        (spoil_missing, "result.json is missing"),
        (spoil_large, "samples.csv: it is too large: 300 MiB"),
        (spoil_name, "that is no name of a run"),
        (spoil_other, "holds the result of another run"),
        (spoil_linked_folder, "it is a link, not a folder"),
    ],
)
def test_what_is_not_sound_is_refused_in_one_line_and_the_rest_comes(
    main, ours, theirs, spoil, words
):
    first, second = theirs.folders()
    spoil(first)
    status, printed, said = main("import", theirs.directory)
    assert status == 1
    assert printed[0].endswith("1 run and 1 campaign new, 1 refused")
    (line,) = said
    assert words in line
    assert "\x1b" not in line
    assert ours.folders() == [ours.directory / second.name]
    assert list(ours.staging().iterdir()) == []


def test_what_lies_beside_the_files_of_a_result_stays_there(ours, theirs):
    first, _ = theirs.folders()
    (first / "core").symlink_to("/etc/passwd")
    (first / "more").mkdir()
    assert take(theirs.directory, ours).refused == []
    assert not (ours.directory / first.name / "core").is_symlink()
    assert not (ours.directory / first.name / "more").exists()


def test_a_record_that_is_not_sound_or_another(main, ours, theirs):
    take(theirs.directory, ours)
    record = theirs.directory / "campaigns" / f"{bundled.CAMPAIGN_ID}.json"
    record.write_text(record.read_text() + "\n")
    _, _, said = main("import", theirs.directory)
    assert "was changed: its SHA-256 is not that in" in said[0]
    record.with_suffix(".sha256").unlink()
    status, _, said = main("import", theirs.directory)
    assert status == 1
    assert "it differs from" in said[0]
    record.write_text("{")
    assert "is not valid JSON" in main("import", theirs.directory)[2][0]


def test_a_full_disk_is_one_line_and_leaves_nothing_half(main, ours, theirs, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    status, printed, said = main("import", theirs.directory)
    assert (status, printed) == (1, [])
    assert said[-1].startswith(f"benchdl: cannot write to {ours.directory}: No space left")
    assert ours.folders() == []
    assert list(ours.staging().iterdir()) == []


def test_a_store_that_cannot_be_written_says_so_once(main, tmp_path, theirs):
    (tmp_path / "results").write_text("in the way")
    status, _, said = main("import", theirs.directory)
    assert status != 0
    assert len(said) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "there is no nowhere"),
        (["results"], "is the folder that is imported into"),
        ([], "Missing argument"),
        (["--from", "", "hosts"], "is no name for a host"),
    ],
)
def test_a_wrong_request(main, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    for name in ("results", "hosts"):
        (tmp_path / name).mkdir()
    status, printed, said = main("import", *words)
    assert (status, printed) == (2, [])
    assert says in said[-1]


def test_the_folder_of_one_run_and_a_file_that_is_no_bundle(main, theirs, tmp_path):
    status, _, said = main("import", theirs.folders()[0])
    assert status == 2
    assert "is the folder of one run: name the folder of results" in said[-1]
    (tmp_path / "x.tar").write_text("no tar")
    status, _, said = main("import", tmp_path / "x.tar")
    assert status == 1
    assert str(tmp_path / "x.tar") in said[-1]


def bundle_of(store, file):
    create(records.find(store, "latest"), store, file, Wanted(), None, force=False, say=print)
    return file


def test_a_bundle_is_verified_and_comes_in_with_sums(main, ours, theirs, tmp_path):
    file = bundle_of(theirs, tmp_path / "a.tar")
    status, printed, _ = main("import", file)
    assert (status, printed) == (0, [f"{file}: 2 runs and 1 campaign new"])
    results, damaged = ours.load(whole=True)
    assert (len(results), damaged) == (2, [])
    assert all(checksums.read(folder) for folder in ours.folders())
    assert records.find(ours, "latest") == records.find(theirs, "latest")
    assert main("import", file)[1][0].endswith("2 runs and 1 campaign there already")
    raw = bytearray(file.read_bytes())
    raw[700] ^= 1
    file.write_bytes(raw)
    assert main("import", file)[0] == 1


def test_a_bundle_of_what_is_here_and_the_other_way_round(tmp_path, theirs, monkeypatch):
    """In a bundle paths became words: the same run all the same, and nothing is replaced."""
    for folder in theirs.folders():
        data = json.loads((folder / "result.json").read_text())
        data["job"]["data_dir"] = f"{tmp_path}/data of mine"
        data["measurement"]["attestation"]["libraries"] = {"a.so": f"{tmp_path}/cache/a.so"}
        resummed(folder, "result.json", json.dumps(data))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    file = bundle_of(theirs, tmp_path / "a.tar")
    for first, second in ((theirs.directory, file), (file, theirs.directory)):
        store = Store(tmp_path / first.name.replace(".", "-and-then-"))
        take(first, store)
        before = files_of(store)
        taken = take(second, store)
        assert (taken.runs, taken.known_runs, taken.refused) == (0, 2, [])
        assert files_of(store) == before
    changed = theirs.folders()[0]
    data = json.loads((changed / "result.json").read_text())
    data["measurement"]["phases"]["fit_s"] -= 1
    resummed(changed, "result.json", json.dumps(data))
    assert "it differs from" in take(theirs.directory, store).refused[0]


def test_an_imported_campaign_goes_on_only_where_it_began(ours, theirs):
    record = records.find(theirs, "latest")
    changes.begun_here(record, theirs)
    take(theirs.directory, ours)
    with pytest.raises(UsageError, match=r"was imported from .*go on there.* benchdl resume"):
        changes.begun_here(records.find(ours, "latest"), ours)
    # What was begun here stays ours, also when it comes back from where it was copied to.
    assert take(ours.directory, theirs).known_campaigns == 1
    changes.begun_here(record, theirs)
    # Where it is from goes along, to the archive and to the next store.
    note = ours.directory / "campaigns" / f"{record.campaign_id}.origin"
    assert json.loads(note.read_text())["place"] == str(theirs.directory)
    further = Store(ours.directory.parent / "further")
    take(ours.directory, further)
    assert json.loads((further.directory / "campaigns" / note.name).read_text()) == json.loads(
        note.read_text()
    )
    retiring.archive(ours, retiring.choose(ours, [], [record.campaign_id], print))
    assert not note.exists()
    assert (ours.directory / "archive" / "campaigns" / note.name).exists()
    assert str(take(theirs.directory, ours)).endswith("2 runs and 1 campaign there already")
    assert ours.folders() == []


def test_a_damaged_result_here_is_not_taken_for_the_same(ours, theirs):
    take(theirs.directory, ours)
    broken = ours.folders()[0] / "log.txt"
    broken.write_text("broken\n")
    assert "what is here under this id is damaged" in take(theirs.directory, ours).refused[0]
    assert broken.read_text() == "broken\n"


def test_two_imports_at_once_are_the_same_as_two(ours, theirs, monkeypatch):
    """The other one puts the run in place after this one has looked."""
    real = taking._there
    looked = []

    def late(store, run_id):
        found = real(store, run_id)
        if not looked:
            looked.append(run_id)
            shutil.copytree(theirs.directory / run_id, store.directory / run_id)
        return found

    monkeypatch.setattr(taking, "_there", late)
    taken = take(theirs.directory, ours)
    assert (taken.runs, taken.known_runs, taken.refused) == (1, 1, [])


def test_a_source_that_cannot_be_listed(ours, tmp_path, monkeypatch):
    source = tmp_path / "theirs"
    source.mkdir()
    real = os.scandir

    def denied(path):
        if str(path) == str(source):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", denied)
    monkeypatch.setattr(os, "listdir", denied)
    with pytest.raises(BenchdlError, match=r"cannot read the results in .*Permission denied"):
        take(source, ours)
