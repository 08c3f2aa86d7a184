"""``run --tag`` and ``--note``: kept with a campaign and its runs, and told to no job."""

from __future__ import annotations

import json

import pytest
from test_campaign import Launcher, Watcher, options, resume, run, store, watcher  # noqa: F401

from harness.campaign import records
from harness.errors import UsageError
from harness.tables.rows import row
from runner.contract.job import job_text
from runner.contract.result import load_result

TAGS = ["nightly", "h100:8/9"]
NOTE = "after the update | of the BIOS"


@pytest.fixture
def launcher(make_result):
    return Launcher(make_result)


def test_a_campaign_and_its_runs_keep_them_also_where_it_is_resumed(launcher, store):  # noqa: F811
    launcher.script = {2: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        run(launcher, store, repeat=1, tags=TAGS, note=NOTE)
    record = records.find(store, "latest")
    assert (record.options.tags, record.options.note) == (TAGS, NOTE)
    resume(launcher, store)
    kept, _ = store.load()
    assert len(kept) == 3
    assert [(result.job.tags, result.job.note) for result in kept] == [(TAGS, NOTE)] * 3
    assert [(row(result).tags, row(result).remark) for result in kept] == [(TAGS, NOTE)] * 3


def test_no_job_is_told_of_them(make_result):
    job = make_result(job={"tags": TAGS, "note": NOTE}).job
    assert job_text(job) == job_text(make_result(run_id=job.run_id).job)


def test_results_without_them_are_read_as_before(make_result):
    stored = json.loads(make_result().model_dump_json())
    del stored["job"]["tags"], stored["job"]["note"]
    assert load_result(json.dumps(stored)).job.tags == []


@pytest.mark.parametrize("tag", ["", "two words", "a,b", "-q", "x" * 65, "\x1b[31m"])
def test_a_tag_is_a_plain_word(benchdl, tag):
    done = benchdl("run", "tf", "--dry-run", f"--tag={tag}")
    assert done.returncode == 2
    *_, line = done.stderr.splitlines()
    assert line.startswith("benchdl: --tag: expected a word of at most 64 letters")
    assert "expected a word of at most 64 letters" in line


def test_tags_of_a_program_are_checked_as_well(launcher, store):  # noqa: F811
    import benchdl

    with pytest.raises(UsageError, match="expected a word of at most 64 letters"):
        benchdl.preview(["tf"], tags=["two words"], results=store.directory)
