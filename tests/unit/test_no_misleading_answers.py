"""Answers that could be taken for something else: what was trained on, kept, left or refused."""

from __future__ import annotations

import os
import re
import signal
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
from pretending import Launcher, campaign

from harness import catalog, engine
from harness.campaign import checked, conduct, records, resolved
from harness.campaign.display import picture, quiet
from harness.campaign.outlook import Outlook, Standing
from harness.campaign.plan import Configuration, Options, PlannedJob
from harness.cli import images as images_cli
from harness.doctor import engine_lines
from harness.doctor.line import State
from harness.errors import BenchdlError, UsageError
from harness.hosts import idle
from harness.images import baseimage
from harness.launchers.docker import DockerLauncher
from harness.launchers.local import LocalLauncher
from harness.nvidia import host_driver
from harness.provision import discovery, obtain, workload_data
from harness.provision.download import DownloadError
from harness.provision.verified import Dataset
from harness.store import Store
from runner.contract.result import Idle

REPO = Path(__file__).parents[2]
TF = Configuration(backend="tf", device="cpu")
SUSPECT = [{"code": "foreign-load", "severity": "suspect", "evidence": "3 cores", "advice": "-"}]
INVALID = [{"code": "pin-mismatch", "severity": "invalid", "evidence": "numpy", "advice": "-"}]


@pytest.fixture
def order():
    """What was asked for or begun, one word each."""
    return []


@pytest.fixture
def surroundings(tmp_path, monkeypatch, order):
    """No download, no cache but an empty one, no waiting."""
    data = Dataset(discovery.load("synthetic-mnist"), tmp_path)

    def resolve(*asked):
        order.append("data")
        return data

    monkeypatch.setattr(obtain, "resolve", resolve)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(idle, "wait", lambda **asked: Idle(reached=True, waited_s=0.5))


class Watcher:
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def download(self, name, size_bytes): ...

    def standing(self, standing): ...

    def job_started(self, job, number, total): ...

    def event(self, job, event): ...

    def job_ended(self, result): ...


# A notebook


def test_a_notebook_hears_that_the_stand_in_is_trained(monkeypatch, tmp_path):
    def only_the_stand_in(spec, say, bar):
        if spec.generate is None:
            raise DownloadError("no mirror answers")
        return Dataset(spec, tmp_path)

    monkeypatch.setattr(obtain, "_cached", only_the_stand_in)
    monkeypatch.delenv("BENCHDL_DATA", raising=False)
    with pytest.warns(RuntimeWarning, match="Using synthetic-mnist instead") as caught:
        found = obtain.resolve("auto", "cnn-mnist", None, quiet().say)
    assert found.name == "synthetic-mnist"
    assert len(caught) == 1


def test_a_notebook_hears_nothing_of_how_it_goes_on(make_result, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quiet().say("building the image")
        quiet().job_ended(make_result())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"findings": SUSPECT}, "tf suspect: foreign-load: 3 cores"),
        ({"findings": INVALID}, "tf invalid: pin-mismatch: numpy"),
        (
            {"status": "failed", "measurement": None,
             "failure": {"reason": "crashed", "message": "it did", "advice": "look"}},
            "tf failed: crashed: it did: look",
        ),
    ],
)  # fmt: skip
def test_a_notebook_hears_of_a_result_that_is_no_good(make_result, changes, words):
    result = make_result(**changes)
    with pytest.warns(RuntimeWarning, match=re.escape(words)):
        quiet().job_ended(result)


def test_the_warning_names_the_line_that_called_benchdl(make_result, surroundings, tmp_path, order):
    options = Options(backends=["tf"], train_samples=1000)  # not what the results say
    store = Store(tmp_path / "results")
    plan = resolved.asked(checked.combined(options), Launcher(make_result, order), store)
    with pytest.warns(RuntimeWarning, match="tf invalid") as caught:
        conduct.run(plan, store, quiet())
    assert {warning.filename for warning in caught} == {__file__}


# What a campaign says of itself


def one_of_each(make_result):
    ends = [{}, {"findings": SUSPECT}, {"findings": INVALID},
            {"status": "failed", "measurement": None,
             "failure": {"reason": "crashed", "message": "it did"}}]  # fmt: skip
    jobs = [PlannedJob(position=n, repeat=n, seed=1, configuration=TF) for n in range(1, 7)]
    results = [make_result(job={"campaign_position": n}, **end) for n, end in enumerate(ends, 1)]
    outlook = Outlook(jobs, results)
    outlook.started(5)
    return outlook.standing()


def test_each_kind_of_end_has_a_mark_and_a_count_of_its_own(make_result):
    standing = one_of_each(make_result)
    assert standing.states[TF] == ["done", "suspect", "invalid", "failed", "running", "left"]
    shown = picture(Standing(standing.states, None))
    assert str(shown).splitlines() == [
        "4 of 6 done (1 failed, 1 invalid, 1 suspect), 1 running, 1 left",
        "  tf cpu  ●▲!×▶·",
    ]
    styles = {str(shown)[span.start]: str(span.style) for span in shown.spans}
    assert styles["●"] == "green"
    assert "green" not in {styles[mark] for mark in "▲!×"}


def test_resume_of_what_is_finished_says_that_nothing_is_left(
    make_result, surroundings, tmp_path, order
):
    store, launcher = Store(tmp_path / "results"), Launcher(make_result, order)
    first = campaign(Options(backends=["tf"], repeat=2), launcher, store, Watcher())
    watcher = Watcher()
    done = conduct.resume(records.find(store, "latest"), launcher, store, watcher)
    assert [result.run_id for result in done] == [result.run_id for result in first]
    assert watcher.lines[-1].startswith("nothing is left to run: 2 of 2 done")


@pytest.mark.skipif(sys.platform != "linux", reason="signals of its own process")
def test_an_interrupted_selftest_claims_no_results(monkeypatch, capsys):
    from harness.cli import command
    from harness.selftest import timekeeping

    monkeypatch.setattr(timekeeping, "resolution", lambda: os.kill(os.getpid(), signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert command.run(["selftest", "--no-training", "--quick"]) == 130
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, before)
    said = capsys.readouterr().err
    assert "benchdl: interrupted" in said
    assert "kept" not in said


# What is refused, and when


def test_without_a_gpu_nothing_is_downloaded_or_built(make_result, surroundings, tmp_path, order):
    options = Options(backends=["tf"], devices=["gpu"])
    with pytest.raises(BenchdlError, match="no GPU here"):
        campaign(options, Launcher(make_result, order), Store(tmp_path / "results"), Watcher())
    assert order == ["gpu"]


def test_the_local_launcher_knows_without_building(monkeypatch):
    monkeypatch.setattr(host_driver, "gpus", lambda: (0, "no driver"))
    with pytest.raises(BenchdlError, match="no GPU here: no driver"):
        LocalLauncher().check_gpu(catalog.load("tf"), print)
    monkeypatch.setattr(host_driver, "gpus", lambda: (1, ""))
    LocalLauncher().check_gpu(catalog.load("tf"), print)


@pytest.mark.parametrize(
    ("here", "asked_with"),
    [
        ({}, ["debian:bullseye-slim", "sha256:b", "debian:bullseye-slim"]),
        ({"benchdl/tf:gpu": SimpleNamespace(id="sha256:moved")}, ["sha256:moved"]),
    ],
)
def test_the_docker_launcher_asks_the_engine_once_and_builds_nothing(monkeypatch, here, asked_with):
    asked = []
    monkeypatch.setattr(engine, "find_image", lambda client, name: here.get(name))
    monkeypatch.setattr(engine, "info", lambda client: {})
    monkeypatch.setattr(engine, "version", lambda client: "stand-in")
    monkeypatch.setattr(
        baseimage, "ensure", lambda client, name, make, say: asked.append(name) or "sha256:b"
    )
    monkeypatch.setattr("harness.launchers.docker.containers.see_our_files", lambda *of: None)
    monkeypatch.setattr(
        "harness.launchers.docker.gpu_options.probe", lambda client, image, way: asked.append(image)
    )
    launcher = DockerLauncher(None)
    for _ in range(2):
        launcher.check_gpu(catalog.load("tf"), lambda line: None)
    assert asked == asked_with


@pytest.mark.parametrize("dataset", workload_data.choices("cnn-mnist"))
def test_more_images_than_there_are_is_refused_before_anything(
    make_result, surroundings, tmp_path, order, dataset
):
    options = Options(backends=["tf"], train_samples=60_001, dataset=dataset)
    with pytest.raises(UsageError, match=r"60,001 training samples asked for, .* has 60,000"):
        campaign(options, Launcher(make_result, order), Store(tmp_path / "results"), Watcher())
    assert order == []


@pytest.mark.parametrize(("size", "samples", "refused"), [
    (60_001, None, True), (60_000, None, False), (512, 256, True), (256, 256, False),
])  # fmt: skip
def test_a_batch_that_there_cannot_be_is_refused(size, samples, refused):
    options = Options(backends=["tf"], batch_sizes=[None, size], train_samples=samples)
    if refused:
        with pytest.raises(UsageError, match=f"a batch size of {size:,} with "):
            checked.combined(options)
    else:
        assert len(checked.combined(options).configurations) == 2


@pytest.mark.parametrize("verb", ["run", "selftest"])
def test_more_images_than_there_are_is_one_line(benchdl, verb, tmp_path):
    words = ["--train-samples", "60001"] + (["--results", tmp_path] if verb == "run" else [])
    done = benchdl(verb, "tf", "--launcher", "local", *words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("benchdl: 60,001 training samples asked for")


@pytest.mark.parametrize("verb", ["run", "resume", "table", "report"])
def test_two_folders_of_results_are_refused(benchdl, verb, tmp_path):
    done = benchdl(verb, *(["tf"] if verb == "run" else []),
                   "--results", tmp_path / "a", "--results", tmp_path / "b")  # fmt: skip
    assert done.returncode == 2
    assert "--results" in done.stderr


# The base image


def test_the_base_alone_can_be_had(monkeypatch, capsys):
    from click.testing import CliRunner

    asked = []
    monkeypatch.setattr(engine, "connect", lambda: "engine")
    monkeypatch.setattr(
        baseimage, "ensure", lambda client, name, make, say: asked.append((client, name, make))
    )
    done = CliRunner().invoke(images_cli.command, ["base", "tf", "theano", "--make-base"])
    assert done.exit_code == 0, done.output
    assert asked == [("engine", "debian:bullseye-slim", True)]


def test_doctor_leaves_a_missing_base_to_the_first_build(monkeypatch):
    monkeypatch.setattr(engine, "find_image", lambda client, reference: None)
    line = engine_lines._base(None, "debian:bullseye-slim")
    assert line.state is State.FIRST_USE
    assert (line.found, line.fix) == ("not here yet; the first build pulls it, or makes it", "")
