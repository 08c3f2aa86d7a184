"""Hostile results through every verb: they damage themselves, and neither the harness nor others.

A short run of it is in every test run; ``BENCHDL_HOSTILE_RESULTS=5000`` makes it a long one.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import signal
import tempfile
from pathlib import Path

import click
import hostile
import pytest
import small_data
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pretending import campaign

from harness import trees
from harness.campaign import conduct, records
from harness.campaign.display import quiet
from harness.campaign.plan import Options
from harness.cli.command import benchdl
from harness.errors import BenchdlError
from harness.hosts import idle
from harness.launchers.launcher import Exit, Prepared
from harness.store import Store
from runner.contract import strict_json
from runner.contract.job import Pins, Provenance
from runner.contract.result import Idle, load_result

COUNT = int(os.environ.get("BENCHDL_HOSTILE_RESULTS", "500"))
A_STORE = 50
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
BASES = [json.loads(file.read_text()) for file in sorted((GOLDEN / "schema-1").glob("*.json"))]
LIMIT_S = 120

stores = st.lists(hostile.recipes(), min_size=A_STORE, max_size=A_STORE)


def fuzz(share):
    """``share`` of :data:`COUNT` results, the same ones each time."""
    return settings(
        max_examples=max(1, math.ceil(COUNT * share / A_STORE)),
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@contextlib.contextmanager
def limited():
    """Fail rather than wait for ever: a pipe or a device that is opened would be."""

    def late(*_):
        raise AssertionError(f"it takes over {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def folder():
    """Not tmp_path: hypothesis calls a test many times within one."""
    made = Path(tempfile.mkdtemp(prefix="hostile-"))
    try:
        yield made
    finally:
        trees.remove(made)


def verb(*words, codes=(0,)):
    """What a verb prints; any exception but a line for the user fails the test."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with limited(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        try:
            code = benchdl.main(list(map(str, words)), standalone_mode=False) or 0
        except (BenchdlError, click.ClickException) as error:
            code = error.exit_code
            assert "\n" not in str(error)
            assert code in codes, f"{words}: {error}"
    printed.flush()
    assert code in codes, words
    return printed.buffer.getvalue().decode("utf-8")


def identity(number, record=None):
    job = {"run_id": f"20261123t1200{number:02d}z-tf-cpu-{number:08x}", "campaign_position": 2}
    return {**job, "campaign_id": record} if record else job


def filled(top, recipes, make_result, record=None):
    """A store with one sound result and many hostile ones."""
    store = Store(top / "results")
    good = make_result(job={"campaign_id": record} if record else {})
    store.add(good)
    for number, recipe in enumerate(recipes):
        told = identity(number, record if recipe.seed % 2 else None)
        place = store.directory / told["run_id"]
        place.mkdir()
        hostile.plant(recipe, place, hostile.bent(recipe, BASES, told))
    (store.directory / os.fsdecode(b"2026\xff\xfe-not-utf-8")).mkdir()
    (store.directory / "loop").symlink_to("loop")
    return store, good


@pytest.mark.slow
@fuzz(0.5)
@given(recipes=stores)
def test_verbs_that_read_a_store(make_result, recipes):
    with folder() as top:
        store, good = filled(top, recipes, make_result)
        found, damaged = store.load()
        assert good in found
        assert len(found) + len(damaged) == A_STORE + 3
        where = ("--results", store.directory)
        for form in ("md", "csv", "json"):
            table = verb("table", "--format", form, *where)
            assert (good.run_id in table) or form == "md"
        strict_json.parse(table)  # which has no Infinity either
        verb("table", "--by", "device", *where)
        for form in ("html", "md", "csv"):
            file = top / f"report.{form}"
            verb("report", "--format", form, "-o", file, *where)
            assert file.stat().st_size > 100
        second = Store(top / "other")
        second.add(good)
        for words in (("tf", "theano"), (store.directory, second.directory)):
            for form in ("text", "json"):
                verb("compare", *words, "--format", form, "--force", *where, codes=(0, 2))
        names = [result.run_id for result in found]
        for run_id in names + [place.directory.name for place in damaged]:
            verb("show", run_id, "-v", *where, codes=(0, 1, 2))
        assert good.run_id in verb("show", good.run_id, *where)


class Launcher:
    """Its jobs leave what the recipes say."""

    name = "local"

    def __init__(self, recipes):
        self.recipes = list(recipes)

    def refuse(self, backend): ...

    def prepare(self, backend, flavour, say):
        provenance = Provenance(kind="environment", reference=backend.name, flavour=flavour)
        return Prepared(provenance, Pins(python="3.11"), "python")

    def inside(self, host_dir, role):
        return str(host_dir)

    def check_gpu(self, backend, say): ...

    def check_data(self, files, prepared): ...

    def settle(self, say, stop): ...

    def clear(self, campaign_id, say): ...

    def start(self, order, on_event):
        recipe = self.recipes.pop()
        told = order.job.model_dump(mode="json")
        hostile.plant(recipe, order.job_dir, hostile.bent(recipe, BASES, told))
        for value in hostile.VALUES:
            on_event({"event": "lap", "lap": value, "loss": value, "elapsed_s": value})
            on_event({"event": "phase", "phase": value})
        return Exit("exited", recipe.seed % 2, tail="last words \x1b[31m")


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    small_data.provided(monkeypatch, "mnist", tmp_path)
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(idle, "wait", lambda **asked: Idle(reached=True, waited_s=0.5))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:tf :RuntimeWarning")
@fuzz(0.4)
@given(recipes=stores)
def test_a_run_ends_with_one_readable_result_a_job(surroundings, recipes):
    with folder() as top, limited():
        store = Store(top / "results")
        options = Options(backends=["tf"], repeat=A_STORE, order_seed=1)
        done = campaign(options, Launcher(recipes), store, quiet())
        found, damaged = store.load()
        assert damaged == []
        assert [result.run_id for result in found] == sorted(result.run_id for result in done)
        assert len(found) == A_STORE
        assert list(store.staging().iterdir()) == []
        for result in found:
            assert load_result(result.model_dump_json()) == result


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:tf :RuntimeWarning")
@fuzz(0.1)
@given(recipes=stores)
def test_resume_and_bundles_of_a_spoiled_campaign(surroundings, make_result, recipes):
    with folder() as top:
        store = Store(top / "results")
        options = Options(backends=["tf"], repeat=5, order_seed=1)
        with limited():
            first = campaign(options, Launcher(recipes[:5]), store, quiet())
        record = records.find(store, "latest")
        trees.remove(store.directory / first[3].run_id)
        for number, recipe in enumerate(recipes[5:]):
            told = identity(number, record.campaign_id)
            place = store.directory / told["run_id"]
            place.mkdir()
            hostile.plant(recipe, place, hostile.bent(recipe, BASES, told))
        with limited():
            conduct.resume(record, Launcher(recipes[:5]), store, quiet(), accept_changes=True)
        assert record.left(records.results_of(store, record.campaign_id, print)) == []
        for word in ("create", "again"):
            file = top / f"{word}.tar"
            verb("bundle", "create", "-o", file, "--accept-changes", "--unfinished",
                 "--results", store.directory, codes=(0, 1))  # fmt: skip
            if file.exists():
                verb("bundle", "verify", file)
                verb("bundle", "replay", file, "-o", top / f"{word}-replayed")
                return
            # One of its results has a file that is none: it is in nobody's bundle.
            for place in list(store.directory.iterdir()):
                if place.name.startswith("20261123t"):
                    trees.remove(place)
        raise AssertionError("no bundle without the hostile results either")
