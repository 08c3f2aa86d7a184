"""Records of campaigns: whole or not at all, found by their names, one process at a time."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.campaign import records
from harness.campaign.records import Campaign
from harness.errors import BenchdlError, UsageError
from harness.store import Store

GOLDEN = Path(__file__).parent.parent / "golden" / "campaign-1"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


@pytest.fixture
def campaign():
    """One campaign as it was stored by the first version that had them; changed by keywords."""
    text = (GOLDEN / "two-backends.json").read_text(encoding="utf-8")
    loaded = Campaign.model_validate_json(text)

    def changed(**changes):
        return loaded.model_copy(update=changes)

    return changed


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.json")), ids=lambda file: file.stem)
def test_stored_campaigns_stay_readable(store, file):
    loaded = Campaign.model_validate_json(file.read_text(encoding="utf-8"))
    assert len(loaded.jobs) == 4
    assert {job.configuration.backend for job in loaded.jobs} == {"tf", "theano"}
    records.save(store, loaded)
    assert records.find(store, "latest") == loaded


def test_results_and_campaigns_in_one_folder_do_not_disturb_each_other(
    store, campaign, make_result
):
    records.save(store, campaign())
    result = make_result(job={"campaign_id": campaign().campaign_id, "campaign_position": 1})
    store.add(result)
    assert store.load() == ([result], [])
    assert records.load(store) == ([campaign()], [])
    assert store.find("latest")[0] == result
    assert list(store.staging().iterdir()) == []


def test_they_are_found_by_a_part_of_their_name(store, campaign):
    for name in (
        "20260101t000000z-campaign-cpu-aaaaaaaa",
        "20260102t000000z-campaign-cpu-bbbbbbbb",
    ):
        records.save(store, campaign(campaign_id=name))
    assert records.find(store, "aaaa").campaign_id.endswith("aaaaaaaa")
    assert records.find(store, "latest").campaign_id.endswith("bbbbbbbb")
    with pytest.raises(UsageError, match="fits 2 campaigns"):
        records.find(store, "campaign")
    with pytest.raises(UsageError, match=r"no campaign 'cccc'.*the newest: 20260102t"):
        records.find(store, "cccc")


def test_a_store_without_campaigns(store, benchdl, tmp_path):
    assert records.load(store) == ([], [])
    done = benchdl("resume")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "no campaign 'latest' in" in line
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.update(schema_version=99), "upgrade benchdl"),
        (lambda data: data.update(launcher="podman"), "launcher"),
        (lambda data: data.update(more=1), "more"),
        (lambda data: data["jobs"].pop(0), "not numbered from 1"),
        (lambda data: data.update(campaign_id="20200101t000000z-other"), "another campaign"),
        (lambda data: data.pop("jobs"), "jobs"),
    ],
)
def test_a_damaged_record_is_named_and_passed_over(store, campaign, change, words):
    file = records.save(store, campaign())
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))
    with pytest.raises(BenchdlError, match=words):
        records.find(store, "latest")
    campaigns, (damaged,) = records.load(store)
    assert campaigns == []
    assert damaged.directory == file
    assert "\n" not in damaged.reason


def test_half_a_record_is_damaged(store, campaign):
    file = records.save(store, campaign())
    file.write_text(file.read_text()[:300])
    with pytest.raises(BenchdlError, match="not valid JSON"):
        records.find(store, "latest")


def test_a_full_disk_leaves_no_record(store, campaign, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BenchdlError, match="No space left on device"):
        records.save(store, campaign())
    assert records.load(store) == ([], [])
    assert list(store.staging().iterdir()) == []


def test_what_is_left_follows_from_the_results(campaign, make_result):
    record = campaign()

    def result(position, status="ok"):
        job = {"campaign_id": record.campaign_id, "campaign_position": position}
        return make_result(job=job, status=status)

    def left(*results):
        return [job.position for job in record.left(results)]

    assert left() == [1, 2, 3, 4]
    assert left(result(2), result(1)) == [3, 4]
    assert left(result(1, "failed"), result(2, "interrupted")) == [2, 3, 4]
    assert left(result(2, "interrupted"), result(2), result(1), result(3), result(4)) == []
    assert left(make_result()) == [1, 2, 3, 4]  # of a version that had no positions


HOLD = """
import sys
from pathlib import Path
from harness.campaign import records
from harness.store import Store
with records.held(Store(Path(sys.argv[1])), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(store, name):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, store.directory, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_another_process_is_refused_until_the_first_has_ended_however(store):
    for end in (lambda process: process.stdin.close(), lambda process: process.kill()):
        process = hold(store, "a-campaign")
        try:
            with (
                pytest.raises(BenchdlError, match="is being run by another benchdl"),
                records.held(store, "a-campaign"),
            ):
                pass
            with records.held(store, "another-campaign"):
                pass
        finally:
            end(process)
            process.wait(20)
        with records.held(store, "a-campaign"):
            pass
    assert list(store.staging().iterdir()) == []
