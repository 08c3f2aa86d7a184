"""A stop that reaches the job's processes as well as ours: it is interrupted, and run again."""

from __future__ import annotations

import signal

import pytest
from test_campaign import Launcher, Watcher, ended, resume, run
from test_campaign import store as campaign_store  # noqa: F401

from harness.launchers.launcher import Exit
from runner.contract.job import load_job
from runner.contract.result import Failure


@pytest.fixture
def launcher(make_result):
    return Launcher(make_result)


def signalled(launcher, at, left):
    """At the start ``at`` a signal comes to us while ``left`` comes of the job."""
    begin = launcher.start

    def start(order, on_event):
        exit_ = begin(order, on_event)
        if len(launcher.started) != at:
            return exit_
        signal.raise_signal(signal.SIGTERM)
        return left(order, exit_)

    launcher.start = start


def trainer_gone(launcher):
    """The trainer went first, so that the judge had time to write why."""

    def left(order, exit_):
        job = load_job((order.job_dir / "job.json").read_text())
        words = "the training process ended by signal 15"
        failure = Failure(reason="crashed", message=words, exit_code=-15)
        told = {"status": "failed", "run_id": job.run_id, "job": job.model_dump()}
        result = launcher.make_result(**told, measurement=None, failure=failure)
        (order.job_dir / "result.json").write_text(result.model_dump_json())
        return Exit("exited", 1)

    return left


def all_gone(launcher):
    def left(order, exit_):
        (order.job_dir / "result.json").unlink()
        return Exit("exited", -15)

    return left


@pytest.mark.parametrize("how", [trainer_gone, all_gone])
def test_a_job_that_was_told_to_end_with_us_is_run_again(launcher, campaign_store, how):  # noqa: F811
    signalled(launcher, 2, how(launcher))
    watcher = Watcher()
    with pytest.raises(KeyboardInterrupt):
        run(launcher, campaign_store, watcher)
    last = watcher.ended[-1]
    assert [result.status for result in watcher.ended] == ["ok", "interrupted"]
    assert last.failure.reason == "interrupted"
    assert "signal 15" in last.failure.message
    results = resume(launcher, campaign_store)
    assert ended(results) == dict.fromkeys(range(1, 7), 1)
    assert [result.status for result in results].count("ok") == 6


def test_a_measurement_that_is_finished_is_kept(launcher, campaign_store):  # noqa: F811
    signalled(launcher, 2, lambda order, exit_: exit_)
    watcher = Watcher()
    with pytest.raises(KeyboardInterrupt):
        run(launcher, campaign_store, watcher)
    assert [result.status for result in watcher.ended] == ["ok", "ok"]
