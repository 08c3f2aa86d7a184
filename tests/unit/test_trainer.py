"""The trainer's order and clock, on a backend and a judge of ours."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest

from runner import trainer

ERRORS = [
    (ImportError("no module"), "import-error", "ImportError: no module"),
    (MemoryError(), "out-of-memory", "MemoryError:"),
    (trainer.DivergenceError("nan"), "diverged", "DivergenceError: nan"),
    (trainer.UnsupportedError("no"), "unsupported", "UnsupportedError: no"),
    (type("DatasetError", (Exception,), {})("half\n a file"), "dataset-error", "half a file"),
    (ValueError("x" * 600), "runner-error", "ValueError: xxx"),
]


class Stand:
    """Backend, training, workload and teller in one, which notes what is asked of it, and when."""

    told = ("test_loss", "error_rate")

    def __init__(self):
        self.order, self.now, self.losses = [], 0.0, [0.5, 0.25]
        self.compiles, self.problem, self.wrong, self.claimed = True, None, {}, (0.4, 0.125)
        self.data = SimpleNamespace(images=np.zeros(3), name="digits")

    def does(self, what, seconds=0.0):
        self.order.append(what)
        self.now += seconds
        if what in self.wrong:
            raise self.wrong[what]

    # the teller
    def tell(self, kind, **facts):
        self.order.append((kind, facts))
        self.now += 0.001

    def wait(self):
        self.does("wait")

    # the backend and its training
    def supports(self, workload):
        return self.problem

    def configure(self, job):
        self.does("configure")

    def start(self):
        self.does("start", 3)

    def trainer(self, workload, seed):
        self.does(("trainer", seed), 0.5)
        return self

    def prepare(self, data):
        self.does(("prepare", data.images.flags.writeable), 0.25)

    def compile(self):
        self.does("compile", 7)
        return self.compiles

    def fit(self, laps, seen):
        for number in range(1, laps + 1):
            self.now += 10 * number
            seen(number, self.losses[number - 1])
        self.does("fit", 5)
        return 94

    def evaluate(self):
        self.does("evaluate", 1.5)
        return self.claimed

    def attest(self):
        return self.order.append("attest") or self.attested.pop(0)

    # the workload
    def load(self, job):
        self.does("load", 2)
        return Data(self.data)

    # the trainer
    def handover(self):
        return "values"

    # the teller
    def hand_over(self, kind, values):
        self.order.append(("handover", kind, values))


class Data:
    def __init__(self, parts):
        vars(self).update(vars(parts))

    def __len__(self):
        return 6000


@pytest.fixture
def stand(monkeypatch):
    made = Stand()
    made.attested = [("cpu", {"layout": "last"}), ({"numpy": "1.23.5"}, {"threads": 4})]
    monkeypatch.setattr(trainer.loading, "load", lambda name: made)
    monkeypatch.setattr(trainer, "time", SimpleNamespace(monotonic=lambda: made.now))
    monkeypatch.setattr(trainer.libraries, "mapped", lambda: {"libblas": "/lib/libblas.so.3"})
    monkeypatch.setattr(trainer.libraries, "versions", lambda mapped: dict.fromkeys(mapped, "3"))
    monkeypatch.setattr(trainer.attest, "versions", lambda wanted, live: live)
    return made


@pytest.fixture
def job(make_result):
    return make_result(job={"budget": {"unit": "epochs", "count": 2}, "seed": 77}).job


def taken(stand):
    return {
        facts["phase"]: round(facts["seconds"], 3)
        for kind, facts in (call for call in stand.order if len(call) == 2)
        if kind == "took"
    }


def test_everything_in_its_order(stand, job):
    assert trainer.run(job, stand, stand) == 0
    words = [
        what[1].get("phase", what[0]) if isinstance(what, tuple) and what[0] == "phase" else
        what[0] if isinstance(what, tuple) else what
        for what in stand.order
    ]  # fmt: skip
    assert words == [
        "wait", "configure",
        "import", "start", "took", "load", "load", "took",
        "build", "trainer", "prepare", "took", "compile", "compile", "took", "handover", "wait",
        "fit", "lap", "lap", "fit", "took", "evaluate", "evaluate", "took",
        "proof", "handover", "attest", "attest", "done", "wait",
    ]  # fmt: skip
    assert ("trainer", 77) in stand.order
    assert ("prepare", False) in stand.order  # the arrays are read-only by then
    assert [call[1:] for call in stand.order if call[0] == "handover"] == [
        ("untrained", "values"), ("trained", "values"),
    ]  # fmt: skip


def test_what_is_judged_is_handed_over_before_ranks_attest_by_a_step(stand, job):
    values = ["as evaluated"]
    stand.handover = lambda: values[0]
    stand.ranks = lambda: values.insert(0, "moved by a step") or [{"number": 0}]
    assert trainer.run(job, stand, stand) == 0
    assert ("handover", "trained", "as evaluated") in stand.order
    (done,) = [call[1] for call in stand.order if call[0] == "done"]
    assert done["ranks"] == [{"number": 0}]


def test_a_further_job_begins_when_the_one_before_is_done_and_nothing_starts_twice(stand, job):
    other = job.model_copy(update={"seed": 78})
    stand.attested *= 2
    assert trainer.run(job, stand, stand, [trainer.Task(other, stand)]) == 0
    first = stand.order[: stand.order.index(("trainer", 78))]
    assert [what for what in stand.order if what in ("configure", "start")] == [
        "configure",
        "start",
    ]
    assert [call[0] for call in first if is_pair(call)].count("done") == 1
    after = first[[call[0] for call in first].index("done") + 1 :]
    assert after[0] == "wait"  # the judge says when
    assert [call[0] for call in stand.order].count("done") == 2


def test_a_further_workload_without_words_ends_it_where_it_is(stand, job):
    def supports(workload):
        return None if workload is stand else "no words"

    stand.supports = supports
    assert trainer.run(job, stand, stand, [trainer.Task(job, object())]) == 1
    assert [call[0] for call in stand.order].count("done") == 1
    assert stand.order[-1] == (
        "failed", {"reason": "unsupported", "message": "UnsupportedError: no words"},
    )  # fmt: skip


def test_times_are_of_the_work_and_not_of_the_telling(stand, job):
    trainer.run(job, stand, stand)
    # Two laps of 10 and 20 s, 5 s after the last, and what telling two laps takes.
    assert taken(stand) == {
        "import": 3.0, "load": 2.0, "build": 0.75, "compile": 7.001, "fit": 35.002,
        "evaluate": 1.5,
    }  # fmt: skip
    first, second = (facts for kind, facts in filter(is_pair, stand.order) if kind == "lap")
    assert first == {"number": 1, "loss": 0.5, "duration_s": 10.0, "elapsed_s": 10.0}
    assert (second["number"], second["loss"]) == (2, 0.25)
    assert second["duration_s"] == pytest.approx(20.001)
    assert second["elapsed_s"] == pytest.approx(30.001)
    (fit,) = (f for kind, f in filter(is_pair, stand.order) if kind == "took" and "start_s" in f)
    begun = 3 + 2 + 0.75 + 7 + 0.009  # nine tells before: four phases, three ends, compile's two
    assert fit["start_s"] == pytest.approx(begun, abs=0.0015)


def is_pair(what):
    return isinstance(what, tuple) and len(what) == 2


def test_what_was_done_is_told_at_the_end(stand, job):
    trainer.run(job, stand, stand)
    (done,) = (facts for kind, facts in filter(is_pair, stand.order) if kind == "done")
    attestation = done.pop("attestation")
    assert done == {
        "count": 94,
        "claims": {"test_loss": 0.4, "error_rate": 0.125},
        "train_samples": 6000,
    }
    assert attestation["device"] == "cpu"
    assert attestation["packages"] == {"numpy": "1.23.5"}
    assert attestation["libraries"] == {"libblas": "/lib/libblas.so.3"}
    assert attestation["library_versions"] == {"libblas": "3"}
    assert attestation["framework"] == {"layout": "last", "threads": 4}
    assert attestation["python"].count(".") == 2


def test_what_compiles_lazily_took_nothing_ahead(stand, job):
    stand.compiles = False
    trainer.run(job, stand, stand)
    assert "compile" not in taken(stand)
    assert ("phase", {"phase": "compile"}) in stand.order


@pytest.mark.parametrize(("error", "reason", "words"), ERRORS)
def test_a_failure_is_one_line_with_its_reason(stand, job, error, reason, words):
    stand.wrong["fit"] = error
    assert trainer.run(job, stand, stand) == 1
    kind, facts = stand.order[-1]
    assert (kind, facts["reason"]) == ("failed", reason)
    assert words in facts["message"]
    assert len(facts["message"]) <= 500
    assert "\n" not in facts["message"]
    assert "evaluate" not in stand.order


def test_a_failure_is_told_in_500_characters_and_whole_in_the_log(stand, job, capsys):
    stand.wrong["start"] = ValueError("x" * 600)
    assert trainer.run(job, stand, stand) == 1
    assert len(stand.order[-1][1]["message"]) == 500
    assert "x" * 600 in capsys.readouterr().err


def test_what_was_printed_is_out_before_the_process_ends(stand, job, monkeypatch):
    flushed = []

    class Out(io.StringIO):
        def flush(self):
            flushed.append(self)

    out, err = Out(), Out()
    monkeypatch.setattr(trainer.sys, "stdout", out)
    monkeypatch.setattr(trainer.sys, "stderr", err)
    trainer.run(job, stand, stand)
    assert flushed == [out, err]


def test_a_variable_that_is_not_in_force_ends_it(stand, make_result, monkeypatch):
    monkeypatch.delenv("SOME_THREADS", raising=False)
    job = make_result(job={"overrides": {"environment.SOME_THREADS": "4"}}).job
    assert trainer.run(job, stand, stand) == 1
    assert "SOME_THREADS is overruled" in stand.order[-1][1]["message"]
    assert "start" not in stand.order


def test_each_lap_begins_where_the_last_one_ended(stand, make_result):
    stand.losses = [0.5] * 3
    job = make_result(job={"budget": {"unit": "epochs", "count": 3}}).job
    trainer.run(job, stand, stand)
    laps = [facts for kind, facts in filter(is_pair, stand.order) if kind == "lap"]
    assert [lap["duration_s"] for lap in laps] == pytest.approx([10.0, 20.001, 30.001])


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_it(stand, job, loss):
    stand.losses = [loss]
    assert trainer.run(job, stand, stand) == 1
    assert stand.order[-1][1]["reason"] == "diverged"
    assert f"the loss of lap 1 is {loss}" in stand.order[-1][1]["message"]


@pytest.mark.parametrize("claimed", [(float("nan"), 0.1), (0.4, float("inf"))])
def test_a_model_that_gives_no_number_ends_it(stand, job, claimed):
    """Its laps were sound: the last update broke it."""
    stand.claimed = claimed
    assert trainer.run(job, stand, stand) == 1
    kind, facts = stand.order[-1]
    assert (kind, facts["reason"]) == ("failed", "diverged")
    assert "of the trained model is" in facts["message"]


def test_a_workload_without_words_is_refused_before_anything_starts(stand, job):
    stand.problem = "no words"
    assert trainer.run(job, stand, stand) == 1
    assert stand.order == [
        "wait", ("failed", {"reason": "unsupported", "message": "UnsupportedError: no words"}),
    ]  # fmt: skip


def test_a_judge_that_is_gone_at_the_end_is_no_failure(stand, job):
    waits = []

    def wait():
        waits.append(1)
        if len(waits) == 3:
            raise EOFError

    stand.wait = wait
    assert trainer.run(job, stand, stand) == 0
    assert len(waits) == 3


@pytest.mark.parametrize(
    ("here", "asked", "fine"),
    [("4", "4", True), ("4,more", "4", True), ("41", "4", False), (None, "4", False),
     ("anything", "", True), (None, "", True)],
)  # fmt: skip
def test_a_variable_of_the_user_is_in_force_or_appended_to(
    make_result, monkeypatch, here, asked, fine
):
    monkeypatch.delenv("SOME_THREADS", raising=False)
    if here is not None:
        monkeypatch.setenv("SOME_THREADS", here)
    job = make_result(job={"overrides": {"environment.SOME_THREADS": asked, "lib.cnmem": "9"}}).job
    if fine:
        trainer._in_force(job)
    else:
        with pytest.raises(RuntimeError, match=r"environment\.SOME_THREADS is overruled"):
            trainer._in_force(job)
