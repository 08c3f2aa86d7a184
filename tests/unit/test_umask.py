"""Whatever the umask is: private stays private, and nothing is open to all for writing."""

from __future__ import annotations

import os
import stat

import pytest

from harness import uv_command
from harness.cli import command
from harness.launchers.exchange import Exchange


@pytest.fixture
def umask():
    """Sets one for the test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(
    ("given", "kept"),
    [(0o000, 0o002), (0o002, 0o002), (0o077, 0o077), (0o777, 0o077), (0o277, 0o077)],
)
def test_the_command_never_lets_everybody_write(umask, monkeypatch, given, kept):
    seen: list[int] = []

    def look(arguments):
        seen.append(os.umask(0o022))
        return 0

    monkeypatch.setattr(command, "_run", look)
    umask(given)
    command.run([])
    assert seen == [kept]


@pytest.mark.parametrize("given", [0o000, 0o022, 0o077])
def test_the_jobs_user_reads_its_job_and_writes_beside_it(umask, make_result, tmp_path, given):
    umask(given)
    made = Exchange(tmp_path / "staging", make_result().job)
    assert stat.S_IMODE(made.job_dir.stat().st_mode) == 0o777
    assert stat.S_IMODE((made.job_dir / "job.json").stat().st_mode) == 0o644
    assert stat.S_IMODE(made.job_dir.parent.stat().st_mode) == 0o700  # nobody else comes so far


def test_an_environment_can_be_used_by_others(umask, tmp_path):
    umask(0o077)
    done = uv_command.uv(["venv", "--quiet", "--no-project", str(tmp_path / "environment")])
    assert done.returncode == 0, done.stderr
    for path in (tmp_path / "environment", tmp_path / "environment" / "bin" / "activate"):
        assert path.stat().st_mode & 0o044 == 0o044
