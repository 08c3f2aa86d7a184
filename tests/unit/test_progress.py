"""Progress: JSON lines out of the job, plain lines in a pipe, a bar on a terminal."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
import tracemalloc

import pytest
from rich.console import Console

from harness.campaign.display import Display, picture
from harness.campaign.outlook import Standing
from harness.campaign.plan import Configuration
from harness.launchers.stream import Follower

EPOCH = {"event": "lap", "lap": 3, "laps": 10, "loss": 0.0654, "elapsed_s": 60.0}


@pytest.fixture
def screen():
    return io.StringIO()


def shows(screen, words):
    """Wait until the screen shows these words: it is drawn again a few times a second."""
    deadline = time.monotonic() + 60
    while words not in screen.getvalue():
        assert time.monotonic() < deadline, screen.getvalue()
        time.sleep(0.02)


@pytest.fixture
def display(screen):
    return Display(Console(file=screen, width=80, force_terminal=False))


@pytest.fixture
def terminal(screen):
    display = Display(Console(file=screen, width=200, force_terminal=True))
    yield display
    display.close()


def test_plain_lines_in_a_pipe(display, screen, make_result):
    result = make_result()
    display.job_started(result.job, 1, 4)
    display.event(result.job, {"event": "phase", "phase": "fit"})
    display.event(result.job, EPOCH)
    display.job_ended(result)
    assert screen.getvalue().splitlines() == [
        "[1/4] tf, cpu, docker: started, 10 epochs on mnist",
        "    epoch 3/10  loss 0.0654  about 140 s left",
        f"tf ok: 176.4 s, error rate 0.83%  ({result.run_id})",
    ]


def test_the_epochs_of_older_images_are_shown(display, screen, make_result):
    said = {"event": "epoch", "epoch": 3, "epochs": 10, "loss": 0.0654, "elapsed_s": 60.0}
    display.event(make_result().job, said)
    assert screen.getvalue().splitlines() == ["    epoch 3/10  loss 0.0654  about 140 s left"]


def test_variant_is_named(display, screen, make_result):
    display.job_started(make_result(job={"variant": "pool"}).job, 2, 2)
    assert screen.getvalue().startswith("[2/2] tf pool, cpu, docker")


def test_what_tells_a_job_from_others_is_named(display, screen, make_result):
    job = {"threads": 1, "batch_size": 64, "attempt": 2}
    display.job_started(make_result(job=job).job, 3, 9)
    assert screen.getvalue().startswith("[3/9] tf, cpu, 1 thread, batch 64, docker, attempt 2: st")


TF, THEANO = (Configuration(backend=name, device="cpu") for name in ("tf", "theano"))
HALFWAY = Standing({TF: ["done", "running", "left"], THEANO: ["failed", "done", "left"]}, 4000.0)


def test_the_campaign_is_told_once_after_each_job(display, screen):
    display.standing(Standing({TF: ["running", "left"]}, None))
    assert screen.getvalue() == ""
    one_done = Standing({TF: ["done", "left"]}, 12.0)
    display.standing(one_done)
    display.standing(Standing({TF: ["done", "running"]}, 12.0))
    display.standing(Standing({TF: ["done", "done"]}, 0.0))  # the table follows
    assert screen.getvalue().splitlines() == ["    1 of 2 done, 1 left, about 12 s to go"]


def test_the_campaign_as_a_picture():
    assert str(picture(HALFWAY, passed_s=400)).splitlines() == [
        "3 of 6 done (1 failed), 1 running, 2 left, about 60 min to go",
        "  tf cpu      ●▶·",
        "  theano cpu  ×●·",
    ]


def test_a_large_campaign_does_not_fill_the_screen():
    many = {Configuration(backend=f"b{n}", device="cpu"): ["left"] * 500 for n in range(100)}
    lines = str(picture(Standing(many, None))).splitlines()
    assert len(lines) == 14
    assert lines[-1] == "  ... and 88 more"
    assert max(map(len, lines)) < 80


def test_the_picture_stands_above_the_bar_on_a_terminal(terminal, screen, make_result):
    job = make_result().job
    terminal.standing(HALFWAY)
    terminal.job_started(job, 2, 6)
    terminal.event(job, EPOCH)
    shows(screen, "epoch 3/10")
    terminal.close()
    shown = screen.getvalue()
    for words in ("theano cpu", "1 running", "2 left", "min to go", "epoch 3/10"):
        assert words in shown


def test_failure_and_findings_are_told(display, screen, make_result):
    failure = {"reason": "crashed", "message": "by signal 9", "advice": "read [log.txt]"}
    display.job_ended(make_result(status="failed", measurement=None, failure=failure))
    assert "tf failed: crashed: by signal 9: read [log.txt]" in screen.getvalue()
    finding = {"code": "not-learned", "severity": "invalid", "evidence": "90 %", "advice": "again"}
    display.job_ended(make_result(findings=[finding]))
    assert "tf invalid: 176.4 s" in screen.getvalue()
    assert "    invalid not-learned: 90 %. again" in screen.getvalue()


def test_long_lines_are_not_wrapped_in_a_pipe(display, screen):
    display.say("word " * 100)
    assert len(screen.getvalue().splitlines()) == 1


def test_a_bar_on_a_terminal(terminal, screen, make_result):
    result = make_result()
    terminal.job_started(result.job, 1, 1)
    terminal.event(result.job, EPOCH)
    shows(screen, "epoch 3/10  loss 0.0654  about 140 s left")
    terminal.job_ended(result)
    assert "tf ok: 176.4 s" in screen.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        {"lap": 0},
        {"lap": 11},
        {"lap": "3"},
        {"lap": None},
        {"loss": None},
        {"loss": "low"},
        {"loss": []},
        {"elapsed_s": None},
        {"elapsed_s": float("nan")},
        {"elapsed_s": float("inf")},
        {"elapsed_s": 10**400},
        {"loss": 10**400},
    ],
    ids=lambda change: str(change)[:30],
)
def test_events_that_make_no_sense_are_passed_over(display, screen, make_result, change):
    display.event(make_result().job, {**EPOCH, **change})
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    "event", [{"event": "phase"}, {"event": "phase", "phase": ["x"]}, {"event": "?"}, {"event": ""}]
)
def test_other_events_do_no_harm(display, make_result, event):
    display.event(make_result().job, event)


def followed(chunks):
    events = []
    follower = Follower(iter(chunks), events.append)
    assert follower.until(time.monotonic() + 20)
    return events, follower.tail


def test_lines_are_put_together_from_chunks():
    events, tail = followed([b'{"event": "a"}\n{"eve', b'nt": "b"}\nplain', b" words\n"])
    assert events == [{"event": "a"}, {"event": "b"}]
    assert tail == "plain words"


@pytest.mark.parametrize(
    "line",
    [b"\xff\xfe", b'{"no": "event"}', b'{"event": 1}', b"[1]", b"null", b"[" * 60_000, b"9" * 9000],
    ids=lambda line: str(line[:12]),
)
def test_lines_that_are_no_events_are_kept_as_words(line):
    events, tail = followed([line + b"\n"])
    assert events == []
    assert 0 < len(tail) <= 500


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_long_lines_do_not_fill_the_memory(end):
    chunk = b"x" * 2**20 + end
    tracemalloc.start()
    try:
        _, tail = followed([chunk] * 40)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(tail.splitlines()[0]) == 500
    assert peak < 12 * 2**20


def test_only_the_last_lines_are_kept():
    _, tail = followed([b"".join(b"line %d\n" % n for n in range(50_000))])
    assert tail.splitlines()[-1] == "line 49999"
    assert len(tail.splitlines()) == 20


def test_a_silent_job_meets_its_deadline():
    def silence():
        over.wait(300)
        yield b""

    over = threading.Event()
    begin = time.monotonic()
    assert Follower(silence(), lambda _: None).until(begin + 0.3) is False
    assert time.monotonic() - begin < 60  # however busy the machine is
    over.set()


JOB = """
import os, sys
from pathlib import Path
from runner.events import Progress
progress = Progress(Path(sys.argv[1]))
print("a framework talks")
os.write(1, b"its C++ part talks\\n")
os.write(2, b"and complains\\n")
sys.stdout.flush()
progress.event("epoch", epoch=1, loss=0.5)
"""


def test_only_progress_reaches_the_output_of_a_job(repo, tmp_path):
    log = tmp_path / "log.txt"
    done = subprocess.run(
        [sys.executable, "-c", JOB, log], cwd=repo, capture_output=True, text=True, check=True
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"event": "epoch", "epoch": 1, "loss": 0.5}
    ]
    assert done.stderr == ""
    words = log.read_text()
    assert all(part in words for part in ("a framework talks", "its C++ part talks", "complains"))


def test_a_reader_that_went_away_does_not_end_the_job(repo, tmp_path):
    script = JOB + "\nPath(sys.argv[1]).with_name('done').touch()"
    process = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path / "log.txt"], cwd=repo, stdout=subprocess.PIPE
    )
    process.stdout.close()
    assert process.wait(120) == 0
    assert (tmp_path / "done").exists()
