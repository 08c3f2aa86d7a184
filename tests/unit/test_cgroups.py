"""Control groups of both versions, in folders of ours: which there are, and their limits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.meters import cgroups


@pytest.fixture
def made(tmp_path):
    """Write /proc's two files and the groups' own; ``{0}`` in mounts is the folder of all."""
    proc = tmp_path / "proc"
    proc.mkdir()

    def make(cgroup, *mounts, **files):
        (proc / "cgroup").write_text(cgroup)
        (proc / "mountinfo").write_text("".join(line.format(tmp_path) + "\n" for line in mounts))
        for name, text in files.items():
            file = tmp_path / name.replace("__", "/").replace("_dot_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return proc

    return make


V1 = "32 31 0:29 / {0}/v1 rw - cgroup cgroup rw,cpu,cpuacct"
V2 = "32 31 0:29 / {0}/v2 rw - cgroup2 cgroup2 rw"


def test_the_lowest_quota_of_all_groups_above_counts(made):
    proc = made(
        "0::/a/b\n", V2,
        v2__a__b__cpu_dot_max="max 100000\n", v2__a__cpu_dot_max="150000 100000\n",
        v2__cpu_dot_max="300000 100000\n",
    )  # fmt: skip
    assert cgroups.quota_cores(proc) == 1.5


@pytest.mark.parametrize(
    ("quota", "period", "cores"),
    [("50000", "100000", 0.5), ("1", "4", 0.25), ("-1", "100000", None), ("0", "100000", None),
     ("5", "0", None), ("five", "100000", None)],
)  # fmt: skip
def test_a_quota_of_version_1(made, quota, period, cores):
    files = {"v1__a__cpu_dot_cfs_quota_us": quota, "v1__a__cpu_dot_cfs_period_us": period}
    assert cgroups.quota_cores(made("4:cpu,cpuacct:/a\n0::/\n", V1, **files)) == cores


def test_groups_are_the_own_and_those_above_up_to_the_mount(made, tmp_path):
    proc = made("4:cpu,cpuacct:/a/b\n0::/c\n", V1, V2)
    v1, v2 = tmp_path / "v1", tmp_path / "v2"
    assert list(cgroups.groups("cpu", proc)) == [v1 / "a" / "b", v1 / "a", v1, v2 / "c", v2]
    assert list(cgroups.groups("memory", proc)) == [v2 / "c", v2]


def test_lines_that_are_no_groups_are_passed_over(made, tmp_path):
    proc = made(
        "nonsense\n5:memory:/m\n4:cpu:\n3:cpu:/a\n",
        "",
        "1 2 3 - cgroup2",
        "22 1 0:3 / - cgroup cgroup rw,cpu",
        "22 1 0:3 / /proc rw - proc cgroup2 rw,cpu",
        "22 1 0:3 / {0}/memory rw - cgroup cgroup rw,memory",
        "22 1 0:3 / {0}/v2 rw - cgroup2 x rw",
        "22 1 0:3 / {0}/v1 rw - cgroup x",
        "22 1 0:3 / {0}/v1 - cgroup x rw,cpu",
    )
    # The process has no group of version 2; that is no reason to leave out version 1.
    assert list(cgroups.groups("cpu", proc)) == [tmp_path / "v1" / "a", tmp_path / "v1"]


def test_a_group_outside_of_the_mount_is_the_mount(made, tmp_path):
    mount = "32 31 0:29 /docker/x {0}/v2 rw - cgroup2 cgroup2 rw"
    inside = made("0::/docker/x/a\n", mount)
    assert list(cgroups.groups("cpu", inside)) == [tmp_path / "v2" / "a", tmp_path / "v2"]
    for outside in ("0::/elsewhere\n", "0::/docker/x/../y\n"):
        assert list(cgroups.groups("cpu", made(outside, mount))) == [tmp_path / "v2"]


def test_a_mount_is_known_by_its_kind_and_not_by_its_name(made, tmp_path):
    proc = made("0::/\n", "32 31 0:29 / {0}/v2 rw - cgroup2 systemd rw")
    assert list(cgroups.groups("cpu", proc)) == [tmp_path / "v2"]


def test_unless_told_otherwise_it_is_this_process():
    ours = list(cgroups.groups("cpu", Path("/proc") / str(os.getpid())))
    if not ours:
        pytest.skip("no control groups here")
    assert list(cgroups.groups("cpu")) == ours


def test_a_blank_in_a_mount_is_written_in_octal(made, tmp_path):
    proc = made("0::/\n", "32 31 0:29 / {0}/v\\0402 rw - cgroup2 cgroup2 rw")
    assert list(cgroups.groups("cpu", proc)) == [tmp_path / "v 2"]


def test_counters_that_are_missing_are_none_of_it(made):
    stat = "nr_throttled 4\nnr_periods\nusage_usec 7 8\nother x\n"
    proc = made("0::/\n", V2, v2__cpu_dot_stat=stat)
    assert cgroups.ThrottleReader(proc).read() == (0, 4, 0)
    proc = made("0::/\n", V2, v2__cpu_dot_stat="nr_throttled 4\n")
    reader = cgroups.ThrottleReader(proc)
    made("0::/\n", V2, v2__cpu_dot_stat="nr_periods 6\n")
    assert reader.read() == (6, 0, 0)


def test_a_file_that_is_no_text_is_read_all_the_same(made, tmp_path):
    proc = made("0::/\n", V2, v2__cpu_dot_max="50000 100000\n")
    with (proc / "cgroup").open("ab") as file:
        file.write(b"1:name=\xff:/\n")
    assert cgroups.quota_cores(proc) == 0.5
