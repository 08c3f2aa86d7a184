"""Where compiled code goes: one folder an image, and none that outlives a stranger's jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from harness import cache, scratch
from harness.hosts import compiled


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))


def job(make_result, **changes):
    return make_result(job=changes).job


def test_a_folder_belongs_to_one_image_and_one_launcher(make_result):
    first = job(make_result)
    folder = compiled.folder(first)
    assert folder == compiled.folder(job(make_result, seed=7, budget={"count": 1}))
    assert folder.stat().st_mode & 0o777 == 0o777
    others = [
        job(make_result, provenance={"image_id": "sha256:" + 64 * "c"}),
        job(make_result, launcher="local"),
        job(make_result, backend="theano"),
        job(make_result, provenance={"locks_sha256": {"requirements.lock": 64 * "d"}}),
    ]
    found = [compiled.folder(own_job) for own_job in others]
    assert len({folder, *found}) == 5


def test_what_a_stranger_s_jobs_compiled_is_thrown_away(make_result):
    with compiled.thrown_away() as apart:
        folder = compiled.folder(job(make_result), apart)
        assert folder.is_relative_to(apart)
        assert folder == compiled.folder(job(make_result), apart)
        (folder / "evil.so").write_text("code")
        assert not list(compiled.folder(job(make_result)).iterdir())
    assert not apart.exists()
    assert not list((cache.cache_dir() / "compiled").glob("bundle-*"))


def test_what_is_not_used_for_a_month_goes(make_result):
    folder = compiled.folder(job(make_result))
    unused = compiled.folder(job(make_result, provenance={"image_id": "sha256:" + 64 * "c"}))
    another = compiled.folder(job(make_result, backend="theano"))
    long_ago = time.time() - 31 * 86_400
    for kept in (folder, unused, another):
        (kept / "code.so").write_text("code")
        os.utime(kept, (long_ago, long_ago))
    assert compiled.folder(job(make_result)) == folder
    assert (folder / "code.so").exists()
    assert not unused.exists()
    assert another.exists()  # not of this kind: its own jobs look after it


def test_a_folder_of_a_process_that_was_killed_goes_at_the_next_start(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from harness import scratch\n"
        "with scratch.folder(Path(sys.argv[1]), 'x-') as f:\n"
        "    (f / 'left').write_text('x'); print(f, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    left = type(tmp_path)(process.stdout.readline().strip())
    scratch.clear(tmp_path, "x-")
    assert (left / "left").exists()  # it lives
    process.kill()
    process.wait()
    (tmp_path / "x-not-ours").symlink_to("/")
    (tmp_path / "y-other").mkdir()
    with scratch.folder(tmp_path, "x-") as folder:
        assert not left.exists()
        assert folder.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x-not-ours", "y-other"]
