"""What a job left behind: believed only if everything fits, never followed out of its folder."""

from __future__ import annotations

import json
import os
import threading

import pytest

from harness.errors import BenchdlError
from harness.launchers import exchange as exchange_module
from harness.launchers.exchange import Exchange
from harness.launchers.launcher import Exit
from runner.contract.job import load_job
from runner.contract.result import Failure

WELL = Exit("exited", 0)


@pytest.fixture
def result(make_result):
    return make_result(launch=None)


@pytest.fixture
def exchange(tmp_path, result):
    return Exchange(tmp_path / "staging", result.job)


def leave(exchange, text):
    (exchange.job_dir / "result.json").write_text(text)


def failure_of(exchange, exit_=WELL):
    said = within(exchange.result, exit_)
    assert isinstance(said, Failure), said
    assert "\n" not in said.message
    assert len(said.message) < 1000
    return said


def within(call, *args, seconds=60.0):
    """Call, and fail instead of waiting for ever: what is tested might block."""
    answer = []
    thread = threading.Thread(target=lambda: answer.append(call(*args)), daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it blocks"
    assert answer, "it raised"
    return answer[0]


def test_the_job_finds_its_job(exchange, result):
    assert load_job((exchange.job_dir / "job.json").read_text()) == result.job


def test_only_the_inner_folder_is_open_to_others(exchange):
    assert exchange.job_dir.stat().st_mode & 0o777 == 0o777
    assert exchange.job_dir.parent.stat().st_mode & 0o777 == 0o700


def test_a_good_result_is_believed(exchange, result):
    leave(exchange, result.model_dump_json())
    assert exchange.result(WELL) == result


def test_a_failure_that_the_runner_tells_is_passed_on(exchange, make_result, result):
    told = Failure(reason="dataset-error", message="t10k-labels is not a digit", advice="see log")
    failed = make_result(
        run_id=result.run_id,
        status="failed",
        measurement=None,
        launch=None,
        failure=told.model_dump(),
    )
    leave(exchange, failed.model_dump_json())
    said = exchange.result(Exit("exited", 1))
    assert said.status == "failed"
    assert said.failure == told


@pytest.mark.parametrize(
    ("exit_", "reason", "words", "advice"),
    [
        (Exit("timeout"), "timeout", "time limit", "--timeout"),
        (Exit("timeout", detail="it did not end"), "timeout", "it did not end", "--timeout"),
        (Exit("interrupted"), "interrupted", "stopped by the user", ""),
        (Exit("out-of-memory", 137), "out-of-memory", "memory", "--train-samples"),
        (
            Exit("not-started", detail="no such image", advice="build it"),
            "not-started",
            "no such image",
            "build it",
        ),
    ],
)
@pytest.mark.parametrize("left", [True, False], ids=["with result", "without"])
def test_how_it_ended_goes_before_what_it_wrote(
    exchange, result, exit_, reason, words, advice, left
):
    if left:
        leave(exchange, result.model_dump_json())
    said = failure_of(exchange, exit_)
    assert said.reason == reason
    assert words in said.message
    assert advice in said.advice


def test_a_warning_of_pythons_is_not_the_last_word(exchange):
    tail = "ImportError: no libcudnn\n/x.py:3: FutureWarning: soon gone\n  warnings.warn('soon')\n"
    said = failure_of(exchange, Exit("exited", 1, tail=tail))
    assert "; last log line: ImportError: no libcudnn" in said.message
    only = failure_of(exchange, Exit("exited", 1, tail="/x.py:3: FutureWarning: soon gone\n"))
    assert "FutureWarning: soon gone" in only.message


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (0, "no-result", "ended without a result"),
        (3, "crashed", "with exit code 3"),
        (137, "crashed", "by signal 9 (SIGKILL: perhaps the machine ran out of memory)"),
        (-9, "crashed", "by signal 9 (SIGKILL: perhaps the machine ran out of memory)"),
        (139, "crashed", "by signal 11"),
        (-11, "crashed", "by signal 11"),
    ],
)
def test_no_result_says_how_it_ended(exchange, code, reason, words):
    said = failure_of(exchange, Exit("exited", code, tail="Fatal Python error\n"))
    assert said.reason == reason
    assert words in said.message
    assert "last log line: Fatal Python error" in said.message
    assert said.exit_code == code
    assert "log.txt" in said.advice


def test_last_words_are_taken_from_the_log_where_the_stream_has_none(exchange):
    (exchange.job_dir / "log.txt").write_text("first\nImportError: no libcudnn\n\n")
    said = failure_of(exchange, Exit("exited", 3))
    assert "last log line: ImportError: no libcudnn" in said.message


def test_nothing_said_at_all(exchange):
    assert failure_of(exchange, WELL).message == "the runner ended without a result"


@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_last_words_come_only_from_a_plain_file(exchange, tmp_path, kind):
    (tmp_path / "secret").write_text("root:x:0:0")
    plant(exchange.job_dir / "log.txt", kind, tmp_path / "secret")
    assert failure_of(exchange, WELL).message == "the runner ended without a result"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("", "not valid JSON"),
        ("[" * 1_000_000, "not valid JSON"),
        ("[1]", "not a JSON object"),
        (json.dumps({"schema_version": 99}), "schema version 99"),
        (json.dumps({"schema_version": 1}), "does not fit the schema"),
    ],
    ids=["cut off", "empty", "too deep", "list", "newer", "nothing in it"],
)
def test_nonsense_is_an_invalid_result(exchange, text, words):
    leave(exchange, text)
    said = failure_of(exchange)
    assert said.reason == "invalid-result"
    assert words in said.message


def test_bytes_that_are_no_text(exchange):
    (exchange.job_dir / "result.json").write_bytes(b"\xff\xfe{}")
    assert failure_of(exchange).reason == "invalid-result"


def test_the_result_of_another_run(exchange, make_result):
    foreign = make_result()
    leave(exchange, foreign.model_dump_json())
    said = failure_of(exchange)
    assert said.reason == "invalid-result"
    assert foreign.run_id in said.message


def test_ok_without_a_measurement(exchange, make_result, result):
    leave(exchange, make_result(run_id=result.run_id, measurement=None).model_dump_json())
    assert "says ok and holds no measurement" in failure_of(exchange).message


def test_failed_without_a_reason(exchange, make_result, result):
    bare = make_result(run_id=result.run_id, status="failed", measurement=None)
    leave(exchange, bare.model_dump_json())
    said = failure_of(exchange)
    assert said.reason == "invalid-result"
    assert "does not say why" in said.message


def test_a_huge_result_is_not_even_read(exchange, monkeypatch):
    with (exchange.job_dir / "result.json").open("wb") as file:
        file.truncate(100 * 2**20)
    monkeypatch.setattr(exchange_module, "load_result", lambda _: pytest.fail("it was read"))
    said = failure_of(exchange)
    assert said.reason == "invalid-result"
    assert "100 MiB, the limit is 4 MiB" in said.message


def plant(path, kind, target):
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(target)
    else:
        path.mkdir()


@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_a_result_that_is_no_plain_file(exchange, result, tmp_path, kind):
    (tmp_path / "elsewhere").write_text(result.model_dump_json())
    plant(exchange.job_dir / "result.json", kind, tmp_path / "elsewhere")
    said = failure_of(exchange)
    assert said.reason == "invalid-result"
    assert "not a plain file" in said.message


def test_samples_and_log_are_delivered(exchange, tmp_path):
    (exchange.job_dir / "samples.csv").write_text("t_s\n0.1\n")
    (exchange.job_dir / "log.txt").write_text("hello")
    (exchange.job_dir / "other.bin").write_text("not asked for")
    exchange.deliver(tmp_path)
    assert (tmp_path / "samples.csv").read_text() == "t_s\n0.1\n"
    assert (tmp_path / "log.txt").read_text() == "hello"
    assert not (tmp_path / "other.bin").exists()


def test_only_the_end_of_a_giant_log_is_delivered(exchange, tmp_path):
    with (exchange.job_dir / "log.txt").open("wb") as file:
        file.write(b"the beginning")
        file.truncate(300 * 2**20)
        file.seek(0, os.SEEK_END)
        file.write(b"the end")
    exchange.deliver(tmp_path)
    copy = tmp_path / "log.txt"
    assert copy.stat().st_size == 16 * 2**20
    assert copy.read_bytes().endswith(b"the end")


@pytest.mark.parametrize("name", ["samples.csv", "log.txt"])
@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_nothing_but_plain_files_is_delivered(exchange, tmp_path, name, kind):
    (tmp_path / "secret").write_text("root:x:0:0")
    plant(exchange.job_dir / name, kind, tmp_path / "secret")
    target = tmp_path / "target"
    target.mkdir()
    within(lambda: exchange.deliver(target) or True)
    assert not (target / name).exists()


def test_a_folder_that_cannot_be_written_says_so(tmp_path, result):
    (tmp_path / "staging").write_text("a file is in the way")
    with pytest.raises(BenchdlError, match=r"cannot write to .*staging.*--results"):
        Exchange(tmp_path / "staging", result.job)


def test_remove_leaves_nothing(exchange, tmp_path):
    leave(exchange, "{}")
    exchange.remove()
    assert list((tmp_path / "staging").iterdir()) == []


def test_known_words_of_a_gpu_job_that_died_become_the_advice(tmp_path, make_result):
    job = make_result(job={"device": "gpu"}).job
    exchange = Exchange(tmp_path / "gpu", job)
    log = "CUDA driver version is insufficient for CUDA runtime version\nAborted\n"
    (exchange.job_dir / "log.txt").write_text(log)
    failure = failure_of(exchange, Exit("exited", 134))
    assert failure.reason == "crashed"
    assert failure.message.endswith("Aborted")
    assert "update the NVIDIA driver" in failure.advice
    (exchange.job_dir / "log.txt").write_text("Aborted\n")
    assert "log.txt" in failure_of(exchange, Exit("exited", 134)).advice
