"""A campaign's record that was changed on the disk is noticed; what is swept is our own."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import bundled
import pytest

from harness.campaign import leftovers, records
from harness.errors import BenchdlError
from harness.launchers.exchange import OURS, Exchange
from harness.store import Store


@pytest.fixture
def record(tmp_path, monkeypatch):
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)
    return bundled.campaign(30)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


@pytest.mark.slow
def test_every_bit_of_a_record_is_noticed(store, record):
    file = records.save(store, record)
    for place in (file, file.with_suffix(".sha256")):
        content = place.read_bytes()
        for bit in random.Random(1).sample(range(8 * len(content)), 200):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            place.write_bytes(changed)
            assert records.load(store)[0] == []
            with pytest.raises(BenchdlError):
                records.find(store, "latest")
        place.write_bytes(content)
    assert records.load(store) == ([record], [])


def test_a_checksum_is_that_of_sha256sum_and_may_be_missing(store, record):
    file = records.save(store, record)
    sums = file.with_suffix(".sha256")
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "-c", "--quiet", sums.name], cwd=sums.parent, check=True)
    sums.unlink()  # as before there were any
    assert records.load(store) == ([record], [])
    os.mkfifo(sums)
    assert "it is a pipe" in records.load(store)[1][0].reason


def test_a_link_in_the_place_of_staging_is_not_swept(store, tmp_path):
    """A stranger's folder of results: what is behind its link is the reader's."""
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("poetry.lock", "film.partial"):
        (mine / name).write_text("mine")
        os.utime(mine / name, (0, 0))
    store.directory.mkdir()
    (store.directory / ".staging").symlink_to(mine)
    with pytest.raises(BenchdlError, match="is a link"):
        store.staging()
    assert sorted(entry.name for entry in mine.iterdir()) == ["film.partial", "poetry.lock"]


@pytest.mark.parametrize("moment", [-1e12, -1.0, 1e11, 9e11])
def test_the_time_of_a_file_may_be_any(store, make_result, moment):
    job = make_result(job={"launcher": "local"}).job
    exchange = Exchange(store.staging(), job)
    ours = Path(exchange.job_dir.parent) / OURS
    try:
        os.utime(ours, (moment, moment))
    except OSError:
        pytest.skip("this file system has no such time")

    class Nothing:
        def clear(self, campaign_id, say): ...

    (cleared,) = leftovers.clear(job.campaign_id, "m", Nothing(), store, lambda _: None)
    assert cleared.status == "interrupted"
    assert store.load()[0] == [cleared]
