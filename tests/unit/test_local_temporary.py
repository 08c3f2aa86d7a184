"""What a local job leaves in its temporary folder goes with the job's own folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness import paths
from harness.errors import BenchdlError
from harness.launchers.launcher import Order, Prepared
from harness.launchers.local import LocalLauncher

LITTERS = """
import json, os, tempfile
kept = tempfile.mkdtemp(prefix="keras-")
handle, file = tempfile.mkstemp()
print(json.dumps({"event": "made", "folder": kept, "file": file}), flush=True)
"""


def order(make_result, job_dir: Path, data_dir: Path) -> Order:
    """To run a local job with this Python."""
    result = make_result(job={"launcher": "local", "data_dir": str(data_dir)})
    prepared = Prepared(result.job.provenance, result.job.pins, sys.executable)
    return Order(result.job, prepared, job_dir, {}, job_dir.parent, timeout_s=60)


def test_a_job_has_a_temporary_folder_of_its_own(make_result, tmp_path, monkeypatch):
    root, job_dir, theirs = tmp_path / "root", tmp_path / "job", tmp_path / "theirs"
    for folder in (root / "docker", root / "runner", job_dir, theirs):
        folder.mkdir(parents=True)
    (root / "runner" / "__main__.py").write_text(LITTERS)
    monkeypatch.setenv("TMPDIR", str(theirs))
    events = []
    with paths.rooted(root):
        ended = LocalLauncher().start(order(make_result, job_dir, tmp_path / "data"), events.append)
    assert (ended.ended, ended.code) == ("exited", 0), ended.tail
    (made,) = events
    assert Path(made["folder"]).is_relative_to(job_dir)
    assert Path(made["file"]).is_relative_to(job_dir)
    assert list(theirs.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(make_result, tmp_path):
    gone = tmp_path / "gone"
    with pytest.raises(BenchdlError, match=str(gone)):
        LocalLauncher().start(order(make_result, gone, tmp_path / "data"), lambda _: None)
