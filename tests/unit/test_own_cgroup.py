"""Limits of control groups: version 2 and 1, nested, in a container, and of a real group."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from harness.allotment import own_cgroup


@pytest.fixture
def proc(tmp_path):
    """/proc/self of a process in such hierarchies, and their files."""

    def make(mountinfo, cgroup, **files):
        folder = tmp_path / "proc"
        folder.mkdir()
        root = f"{tmp_path}/cg".replace(" ", r"\040")
        (folder / "mountinfo").write_text(mountinfo.replace("CG", root))
        (folder / "cgroup").write_text(cgroup)
        for name, text in files.items():
            file = tmp_path / "cg" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return folder

    return make


V2 = "25 20 0:22 / CG rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "32 31 0:29 / CG/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / CG/memory rw,relatime - cgroup cgroup rw,memory\n"
    "41 31 0:38 / CG/unified rw,relatime - cgroup2 cgroup2 rw\n"
)


def test_version_2_takes_the_lowest_of_all_groups_above(proc):
    here = proc(
        V2,
        "0::/job.slice/step 0/task\n",
        **{
            "job.slice/cpu.max": "150000 100000\n",
            "job.slice/memory.max": "2147483648\n",
            "job.slice/step 0/cpu.max": "max 100000\n",
            "job.slice/step 0/memory.max": "max\n",
            "job.slice/step 0/task/cpu.max": "400000 100000\n",
            "job.slice/step 0/task/memory.max": "4294967296\n",
        },
    )
    assert own_cgroup.quota_cores(here) == 1.5
    assert own_cgroup.memory_bytes(here) == 2 * 2**30


def test_version_1_beside_an_empty_version_2(proc):
    here = proc(
        V1,
        "4:memory:/a\n1:cpu,cpuacct:/a/b\n0::/\n",
        **{
            "cpu,cpuacct/a/b/cpu.cfs_quota_us": "-1\n",
            "cpu,cpuacct/a/b/cpu.cfs_period_us": "100000\n",
            "cpu,cpuacct/a/cpu.cfs_quota_us": "50000\n",
            "cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
            "memory/a/memory.limit_in_bytes": "1073741824\n",
            "memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )
    assert own_cgroup.quota_cores(here) == 0.5
    assert own_cgroup.memory_bytes(here) == 2**30


def test_in_a_container_the_mount_is_its_own_group(proc):
    """Docker mounts the group itself, and /proc names it from the host's root."""
    here = proc(
        "35 31 0:32 /docker/abc CG/memory ro - cgroup cgroup rw,memory\n"
        "32 31 0:29 /docker/abc CG/cpu ro - cgroup cgroup rw,cpu\n",
        "4:memory:/docker/abc\n1:cpu:/../../elsewhere\n",
        **{
            "memory/memory.limit_in_bytes": "1073741824\n",
            "cpu/cpu.cfs_quota_us": "200000\n",
            "cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert own_cgroup.memory_bytes(here) == 2**30
    assert own_cgroup.quota_cores(here) == 2.0


@pytest.mark.parametrize("text", ["max 100000\n", "", "nonsense\n", "0 0\n", "9" * 400 + " 1\n"])
def test_no_limit_and_rubbish_are_none(proc, text):
    here = proc(V2, "0::/a\n", **{"a/cpu.max": text, "a/memory.max": text})
    assert own_cgroup.quota_cores(here) is None
    assert own_cgroup.memory_bytes(here) is None


def test_a_system_without_groups(tmp_path):
    assert own_cgroup.quota_cores(tmp_path) is None
    assert own_cgroup.memory_bytes(tmp_path) is None


def places():
    """Where a group for the CPU and one for memory can be made here, by version."""
    v1 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup/memory")
    if all(place.is_dir() for place in v1):
        return v1, ("cpu.cfs_quota_us", "150000"), ("memory.limit_in_bytes", str(2**30))
    return (
        (Path("/sys/fs/cgroup"),) * 2, ("cpu.max", "150000 100000"), ("memory.max", str(2**30)),
    )  # fmt: skip


def test_a_real_group():
    (cpu, memory), (quota, quota_text), (limit, limit_text) = places()
    name = f"benchdl-test-{secrets.token_hex(4)}"
    made = list(dict.fromkeys((cpu / name, memory / name)))
    try:
        try:
            for folder in made:
                folder.mkdir()
            (cpu / name / quota).write_text(quota_text)
            (memory / name / limit).write_text(limit_text)
        except OSError as error:
            pytest.skip(f"no control group can be made here: {error}")

        def join():
            for folder in made:
                (folder / "cgroup.procs").write_text(str(os.getpid()))

        code = (
            "from harness.allotment import own_cgroup as own\n"
            "print(own.quota_cores(), own.memory_bytes())"
        )
        said = subprocess.check_output([sys.executable, "-c", code], text=True, preexec_fn=join)
        assert said.split() == ["1.5", str(2**30)]
    finally:
        for folder in made:
            if folder.is_dir():
                folder.rmdir()
