"""What a job says of itself is no word of the harness's own, and is stored whatever it holds."""

from __future__ import annotations

import json
import sys

import pytest
import small_data
from pretending import campaign

from harness.campaign.display import quiet
from harness.campaign.plan import Options
from harness.hosts import idle
from harness.launchers.launcher import Exit, Prepared
from harness.store import Store
from runner import __main__ as judge
from runner.contract.job import Pins, Provenance
from runner.contract.result import Failure, Idle, Result, load_result
from runner.training import TrainingError


class Launcher:
    """Its jobs come to their end, and claim what only the harness can know."""

    name = "local"
    started = 0

    def __init__(self, reason):
        self.reason = reason

    def refuse(self, backend): ...

    def prepare(self, backend, flavour, say):
        provenance = Provenance(kind="environment", reference=backend.name, flavour=flavour)
        return Prepared(provenance, Pins(python="3.11"), "python")

    def inside(self, host_dir, role):
        return str(host_dir)

    def check_data(self, files, prepared): ...

    def settle(self, say, stop): ...

    def clear(self, campaign_id, say): ...

    def start(self, order, on_event):
        self.started += 1
        told = Result(
            run_id=order.job.run_id,
            status="failed",
            started_at="2026-11-23T12:00:00+00:00",
            finished_at="2026-11-23T12:00:01+00:00",
            job=order.job,
            failure=Failure(reason=self.reason, message="believe me"),
        )
        (order.job_dir / "result.json").write_text(told.model_dump_json())
        return Exit("exited", 1)


@pytest.mark.filterwarnings("ignore:tf :RuntimeWarning")
@pytest.mark.parametrize("reason", ["engine-lost", "interrupted", "harness-died"])
def test_a_job_cannot_say_that_the_engine_was_lost(tmp_path, monkeypatch, reason):
    """Else it would be begun again and again, and end the campaign."""
    small_data.provided(monkeypatch, "mnist", tmp_path)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(idle, "wait", lambda **asked: Idle(reached=True, waited_s=0.5))
    launcher = Launcher(reason)
    options = Options(backends=["tf"], repeat=2, order_seed=1)
    done = campaign(options, launcher, Store(tmp_path / "results"), quiet())
    assert launcher.started == 2
    assert [(result.status, result.job.attempt) for result in done] == [("failed", 1)] * 2


@pytest.mark.parametrize(
    "error",
    [
        TrainingError("\ud800" * 50, "its last words: \udcff\ud800"),
        OSError("no such file: /data/\udcff"),
    ],
)
def test_halves_of_characters_leave_a_result(make_result, tmp_path, monkeypatch, error):
    job = make_result().job

    def measure(*_):
        raise error

    module = type(sys)("runner.judge")
    module.measure = measure
    monkeypatch.setitem(sys.modules, "runner.judge", module)

    class Silent:
        def __init__(self, log): ...

        def event(self, event, **facts):
            json.dumps(facts)

    monkeypatch.setattr(judge, "Progress", Silent)
    assert judge._run(job, tmp_path) == 1
    result = load_result((tmp_path / "result.json").read_bytes())
    assert result.status == "failed"
    assert "\\ud" in result.failure.message
