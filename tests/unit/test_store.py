"""The store: whole or not at all, never rewritten, and not stopped by a damaged folder."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone

import pytest

from harness.errors import BenchdlError, UsageError
from harness.launchers.exchange import Exchange
from harness.store import Store, new_run_id, report
from runner.contract.result import Result


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


def ids(store):
    return [result.run_id for result in store.load()[0]]


def test_what_is_added_can_be_loaded(store, make_result):
    first, second = make_result(), make_result()
    assert store.add(second) == store.directory / second.run_id
    store.add(first)
    results, damaged = store.load()
    assert results == sorted([first, second], key=lambda result: result.run_id)
    assert damaged == []


def test_job_samples_and_log_lie_beside_the_result(store, make_result):
    result = make_result()
    exchange = Exchange(store.staging(), result.job)
    (exchange.job_dir / "samples.csv").write_text("t_s\n")
    (exchange.job_dir / "log.txt").write_text("hello\n")
    folder = store.add(result, exchange)
    assert (folder / "samples.csv").read_text() == "t_s\n"
    assert (folder / "log.txt").read_text() == "hello\n"
    assert json.loads((folder / "job.json").read_text())["run_id"] == result.run_id


def test_a_store_that_is_not_there_is_empty(store):
    assert store.load() == ([], [])
    assert not store.directory.exists()


@pytest.mark.parametrize("failing_call", [1, 2])
def test_a_full_disk_leaves_nothing_and_keeps_earlier_results(
    store, make_result, monkeypatch, failing_call
):
    earlier = make_result()
    kept = (store.add(earlier) / "result.json").read_bytes()
    calls = []

    def full(_):
        calls.append(1)
        if len(calls) == failing_call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    late = make_result()
    with pytest.raises(BenchdlError) as caught:
        store.add(late)
    said = str(caught.value)
    assert said.startswith(f"cannot write to {store.directory}: No space left on device")
    assert "--results" in said
    assert "\n" not in said
    assert ids(store) == [earlier.run_id]
    assert (store.directory / earlier.run_id / "result.json").read_bytes() == kept
    assert not (store.directory / late.run_id).exists()
    assert list(store.staging().iterdir()) == []


def test_nothing_is_visible_before_everything_is_written(store, make_result, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(ids(store)))
    result = make_result()
    store.add(result)
    assert seen == [[], [], [], [result.run_id]]  # three files, then the folder that they moved to


def test_a_result_is_never_overwritten(store, make_result):
    result = make_result()
    before = (store.add(result) / "result.json").read_bytes()
    with pytest.raises(BenchdlError, match="exists already"):
        store.add(make_result(run_id=result.run_id, job={"seed": 7}))
    assert (store.directory / result.run_id / "result.json").read_bytes() == before
    assert list(store.staging().iterdir()) == []


def test_a_results_folder_that_is_a_file_is_one_line(tmp_path, make_result):
    (tmp_path / "results").write_text("in the way")
    with pytest.raises(BenchdlError, match="cannot write to"):
        Store(tmp_path / "results").add(make_result())


DAMAGE = {
    "missing file": (lambda folder: (folder / "result.json").unlink(), "result.json is missing"),
    "bad JSON": (lambda folder: (folder / "result.json").write_text("{oops"), "not valid JSON"),
    "empty": (lambda folder: (folder / "result.json").write_text(""), "not valid JSON"),
    "no text": (lambda folder: (folder / "result.json").write_bytes(b"\xff"), "decode"),
    "too deep": (lambda folder: (folder / "result.json").write_text("[" * 10**6), "not valid JSON"),
    "newer version": (
        lambda folder: (folder / "result.json").write_text('{"schema_version": 99}'),
        "schema version 99.*upgrade",
    ),
    "another run": (
        lambda folder: shutil.move(folder, folder.with_name("20260101t000000z-renamed")),
        "another run",
    ),
    "a folder": (
        lambda folder: ((folder / "result.json").unlink(), (folder / "result.json").mkdir()),
        "directory",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_folder_is_reported_and_skipped(store, make_result, name):
    damage, words = DAMAGE[name]
    good, bad = make_result(), make_result()
    store.add(good)
    damage(store.add(bad))
    results, damaged = store.load()
    assert results == [good]
    lines = []
    report(damaged, lines.append)
    (line,) = lines
    assert line.startswith(f"skipped {store.directory}")
    (folder,) = damaged
    with pytest.raises(BenchdlError, match=words):
        raise BenchdlError(folder.reason)


def test_files_and_hidden_folders_are_no_results(store, make_result):
    store.add(make_result())
    (store.directory / "notes.txt").write_text("mine")
    (store.directory / ".hidden").mkdir()
    results, damaged = store.load()
    assert (len(results), damaged) == (1, [])


def test_find_by_id_part_and_latest(store, make_result):
    first = make_result(run_id="20261123t120000z-tf-cpu-aaaaaaaa")
    last = make_result(run_id="20261123t120500z-theano-cpu-bbbbbbbb")
    folder = store.add(last)
    store.add(first)
    assert store.find(last.run_id) == (last, folder)
    assert store.find("theano")[0] == last
    assert store.find("aaaa")[0] == first
    assert store.find("latest")[0] == last
    (store.directory / "loop").symlink_to(store.directory)  # nothing that benchdl made
    assert store.find("latest")[0] == last


def test_an_exact_id_wins_over_longer_ones(store, make_result):
    short, long = make_result(run_id="12345678"), make_result(run_id="12345678-and-more")
    store.add(short)
    store.add(long)
    assert store.find("12345678")[0] == short


def test_find_none_and_ambiguous(store, make_result):
    with pytest.raises(UsageError, match="no run 'latest'"):
        store.find("latest")
    for ending in "ab":
        store.add(make_result(run_id=f"20261123t120000z-tf-cpu-{ending * 8}"))
    with pytest.raises(UsageError, match=r"'tf-cpu' fits 2 runs.*aaaaaaaa.*bbbbbbbb"):
        store.find("tf-cpu")
    with pytest.raises(UsageError, match="no run 'zzz'"):
        store.find("zzz")


def test_find_says_when_the_one_is_damaged(store, make_result):
    folder = store.add(make_result())
    (folder / "result.json").write_text("{")
    with pytest.raises(BenchdlError, match="not valid JSON"):
        store.find("latest")


def _add_some(directory, texts):
    for text in texts:
        Store(directory).add(Result.model_validate_json(text))


def test_several_processes_share_a_store(store, make_result):
    results = [make_result() for _ in range(24)]
    parts = [[r.model_dump_json() for r in results[start::4]] for start in range(4)]
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(4, mp_context=fork) as pool:
        list(pool.map(_add_some, [store.directory] * 4, parts))
    assert ids(store) == sorted(result.run_id for result in results)
    assert list(store.staging().iterdir()) == []


def test_one_of_two_that_add_the_same_run_wins(store, make_result):
    text = make_result().model_dump_json()
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=fork) as pool:
        outcomes = [pool.submit(_add_some, store.directory, [text]) for _ in range(2)]
        errors = [outcome.exception() for outcome in outcomes]
    assert sorted(error is None for error in errors) == [False, True]
    assert len(ids(store)) == 1


def test_run_ids_sort_by_time_and_do_not_collide():
    early = new_run_id("tf", "cpu", datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc))
    late = new_run_id("tf", "cpu", datetime(2026, 11, 23, 12, 0, 1, tzinfo=timezone.utc))
    assert early.startswith("20261123t120000z-tf-cpu-")
    assert early < late
    assert len({new_run_id("tf", "cpu") for _ in range(1000)}) == 1000
