"""A plan is made once: before the first job each image.toml is read once, and no other."""

from __future__ import annotations

import builtins
import hashlib
import io
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
import small_data
from pretending import Launcher

from harness.campaign import records
from harness.cli import command
from harness.hosts import idle
from harness.launchers import choice
from harness.store import Store
from runner.contract.result import Idle

RUN = ["run", "tf", "theano", "--device", "cpu", "--mode", "as-written", "--mode", "tuned"]
RUN += ["--repeat", "2", "--no-conform"]
ONCE_EACH = {"tf": 1, "theano": 1}


@pytest.fixture
def reads(monkeypatch):
    """How often each image.toml was opened, whoever did it."""
    seen = Counter()
    real = io.open
    real_os = os.open

    def note(path):
        if isinstance(path, (str, Path)) and Path(path).name == "image.toml":
            seen[Path(path).parent.name] += 1

    def opened(file, *more, **words):
        note(file)
        return real(file, *more, **words)

    def opened_by_number(path, *more, **words):
        note(path)
        return real_os(path, *more, **words)

    monkeypatch.setattr(io, "open", opened)  # what pathlib calls
    monkeypatch.setattr(builtins, "open", opened)
    monkeypatch.setattr(os, "open", opened_by_number)
    return seen


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    small_data.provided(monkeypatch, "synthetic-mnist", tmp_path)
    monkeypatch.setattr(idle, "wait", lambda **asked: Idle(reached=True, waited_s=0.0))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path / "results"))


@pytest.fixture
def pretended(monkeypatch):
    """Lets the command have another launcher."""
    return lambda make: monkeypatch.setattr(choice, "launcher", lambda *asked, **words: make())


@pytest.fixture
def before_the_first_job(pretended, make_result, reads):
    """The counts when a job started; the first job of ``run`` is interrupted."""
    counts = []

    class Counting(Launcher):
        def start(self, order, on_event):
            counts.append(dict(reads))
            if len(counts) == 1:
                raise KeyboardInterrupt
            return super().start(order, on_event)

    pretended(lambda: Counting(make_result, []))
    return counts


@pytest.mark.usefixtures("surroundings")
def test_run_and_resume_read_each_image_toml_once(reads, before_the_first_job, tmp_path):
    # A variable that is not known to be plain: resume asks whether image.toml sets it as well.
    assert command.run([*RUN, "--set", "environment.MY_OWN=1"]) == 130
    assert before_the_first_job == [ONCE_EACH]
    (record,), _ = records.load(Store(tmp_path / "results"))
    reads.clear()
    command.run(["resume", record.campaign_id, "--own-settings"])
    assert before_the_first_job[1] == ONCE_EACH
    assert len(before_the_first_job) == 1 + len(record.jobs)


@pytest.mark.usefixtures("surroundings")
def test_what_is_recorded_is_what_was_parsed(
    dummy_root, make_result, monkeypatch, tmp_path, pretended
):
    """Not what lies there a moment later."""
    root = tmp_path / "root"
    shutil.copytree(dummy_root, root)
    monkeypatch.setenv("BENCHDL_ROOT", str(root))
    file = root / "docker" / "dummy" / "image.toml"
    parsed = file.read_bytes()

    class Changing(Launcher):
        def prepare(self, backend, flavour, say):
            file.write_bytes(parsed + b"# changed\n")
            return super().prepare(backend, flavour, say)

    pretended(lambda: Changing(make_result, []))
    command.run(["run", "dummy", "--device", "cpu", "--no-conform"])
    (record,), _ = records.load(Store(tmp_path / "results"))
    (ran,) = record.environments
    assert file.read_bytes() != parsed
    assert ran.image_toml_sha256 == hashlib.sha256(parsed).hexdigest()
