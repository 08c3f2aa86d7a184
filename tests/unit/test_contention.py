"""Load of others and quotas: told where they are, suspect where the job may have waited."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from checking import case

from harness.campaign.beside import Beside
from harness.checks import contention, machine, recomputed
from harness.checks.seen import Seen
from harness.checks.witness import Witness
from runner.contract.samples import PROOF_FILE, SAMPLES_FILE, Samples, core_column
from runner.meters import cgroups
from runner.meters.cpu_figures import cpu_use

FIT_S = 20.0


def samples(cores, job, foreign, since=0.0, until=FIT_S, **more):
    """Of a machine on which the job and others use so many cores each; others within a span."""
    times = [number / 10 for number in range(int(FIT_S * 10) + 1)]

    def others(moment):
        return foreign * max(0.0, min(moment, until) - since)

    columns = {"t_s": times, "job_cpu_s": [job * moment for moment in times]}
    for core in range(cores):
        columns[core_column(core)] = [(job * t + others(t)) / cores for t in times]
    for name, rate in more.items():
        columns[name] = [rate * moment for moment in times]
    return Samples(columns, times, 0.1, list(range(cores)))


def found(make_result, seen_samples, beside=None):
    use = cpu_use(seen_samples, 0, FIT_S)
    changes = {"phases": {"fit_s": FIT_S}, "cpu": use, "marks": {"fit": 0.0, "fit_end": FIT_S}}
    known = case(make_result(measurement=changes), Seen(Witness(), seen_samples, beside or {}))
    findings = [*contention.others(known), *machine.quota(known)]
    return [(finding.code, finding.severity, finding) for finding in findings]


@pytest.mark.parametrize(
    ("cores", "job", "foreign", "expected"),
    [
        (64, 30, 6, [("foreign-load", "info")]),  # 28 are free
        (64, 57, 6, [("foreign-load", "suspect")]),  # and here one is
        (64, 60.5, 3, []),  # under a tenth of the job's
        (64, 1, 0.05, []),
        (64, 1, 6, [("foreign-load", "info")]),
        (2, 1.7, 0.3, [("foreign-load", "suspect")]),
        (2, 1.9, 0.1, []),
        (1, 0.5, 0.2, [("foreign-load", "suspect")]),
        (8, 1, 2, [("foreign-load", "info")]),
        (8, 1, 6.5, [("foreign-load", "suspect")]),
    ],
)
def test_foreign_load_is_of_the_job_and_its_cores(make_result, cores, job, foreign, expected):
    assert [told[:2] for told in found(make_result, samples(cores, job, foreign))] == expected


def test_a_burst_counts_where_it_fell(make_result):
    """Six seconds of a full machine are diluted by the mean, and not by intervals."""
    burst = samples(8, 4, 4, since=5, until=11)
    ((code, severity, finding),) = found(make_result, burst)
    assert (code, severity) == ("foreign-load", "suspect")
    assert "24.0 s of CPU time" in finding.evidence
    assert "24.0 s of it while hardly a core was idle" in finding.evidence


def test_a_neighbour_of_the_same_campaign_is_subtracted_and_named(make_result):
    near = Samples({"t_s": [0.0, FIT_S], "job_cpu_s": [0.0, 4 * FIT_S]}, [0.0, FIT_S], FIT_S)
    ((code, severity, finding),) = found(make_result, samples(32, 4, 4.2), {"other-run": near})
    assert (code, severity) == ("own-neighbour", "info")
    assert "beside it ran other-run of the same campaign and used 80.0 s" in finding.evidence
    full = found(make_result, samples(8, 4, 4), {"other-run": near})
    assert [told[:2] for told in full] == [("own-neighbour", "suspect")]
    both = found(make_result, samples(8, 3, 5), {"other-run": near})
    assert [told[:2] for told in both] == [
        ("foreign-load", "suspect"),
        ("own-neighbour", "suspect"),
    ]
    half = Samples({"t_s": [0.0, 10.0], "job_cpu_s": [0.0, 40.0]}, [0.0, 10.0], 10.0)
    ((code, severity, finding),) = found(make_result, samples(32, 4, 4, until=10), {"x": half})
    assert (code, severity) == ("own-neighbour", "info")
    assert found(make_result, samples(2, 1.95, 0.05), {"gone": Samples()}) == []


def test_who_ran_beside_whom():
    files = {Path(name, SAMPLES_FILE): samples(1, 1, 0) for name in "abcd"}
    jobs = Beside(lambda file: files.get(file, Samples()))
    jobs.begin("a", Path("a"), 0.0)
    jobs.begin("b", Path("b"), 1.0)
    assert set(jobs.others("a")) == {"b"}
    jobs.end("b", 2.0)
    jobs.begin("c", Path("c"), 3.0)
    assert set(jobs.others("a")) == {"b", "c"}  # b has ended, and ran beside a
    assert set(jobs.others("c")) == {"a"}  # b had ended before c began
    jobs.end("a", 4.0)
    assert set(jobs.others("c")) == {"a"}
    files[Path("c", SAMPLES_FILE)] = Samples()
    jobs.end("c", 5.0)
    jobs.begin("d", Path("d"), 6.0)
    assert jobs.others("d") == {}


def test_who_has_other_cores_is_not_beside():
    jobs = Beside(lambda file: samples(1, 1, 0))
    for name, cores in {"a": [0, 1], "b": [2, 3], "c": [1, 2], "d": None}.items():
        jobs.begin(name, Path(name), 0.0, cores)
    beside = {name: {near[:1] for near in jobs.others(name)} for name in "abcd"}
    assert beside == {"a": set("cd"), "b": set("cd"), "c": set("abd"), "d": set("abc")}


def test_what_the_judge_of_a_neighbour_uses_is_its_own():
    files = {Path("b", SAMPLES_FILE): samples(1, 1, 0), Path("b", PROOF_FILE): samples(1, 8, 0)}
    jobs = Beside(lambda file: files.get(file, Samples()))
    jobs.begin("a", Path("a"), 0.0)
    jobs.begin("b", Path("b"), 1.0)
    assert set(jobs.others("a")) == {"b", "b (its proof)"}
    jobs.end("b", 2.0)
    files.clear()
    assert set(jobs.others("a")) == {"b", "b (its proof)"}


def test_a_job_that_ends_while_its_samples_are_read_is_not_forgotten():
    ended = []

    def read(file):
        if not ended:
            ended.append(file)
            jobs.end("b", 2.0)  # and its folder is gone
            return Samples()
        return samples(1, 1, 0) if file == Path("b", SAMPLES_FILE) else Samples()

    jobs = Beside(read)
    jobs.begin("a", Path("a"), 0.0)
    jobs.begin("b", Path("b"), 1.0)
    assert set(jobs.others("a")) == {"b"}


def test_a_quota_is_told(make_result):
    counted = {"periods": 10, "throttled_periods": 6, "throttled_s": 0.4}
    ((code, severity, finding),) = found(make_result, samples(2, 0.4, 0, **counted))
    assert (code, severity) == ("cpu-throttled", "suspect")
    assert "in 120 of 200 periods of the fit window (60%), for 8.0 s" in finding.evidence
    rare = {"periods": 10, "throttled_periods": 0.4, "throttled_s": 0.4}
    assert found(make_result, samples(2, 0.4, 0, **rare)) == []
    assert found(make_result, samples(2, 0.4, 0)) == []


def test_counters_of_both_versions(tmp_path):
    proc = tmp_path / "proc"
    proc.mkdir()
    for group in ("v1/job", "v2/job"):
        (tmp_path / group).mkdir(parents=True)
    (proc / "cgroup").write_text("3:cpu,cpuacct:/job\n0::/job\n")
    mounts = f"32 31 0:29 / {tmp_path}/v1 rw - cgroup cgroup rw,cpu,cpuacct\n"
    (proc / "mountinfo").write_text(mounts)
    stat = "nr_periods 10\nnr_throttled 4\nthrottled_time 2500000000\n"
    (tmp_path / "v1/job/cpu.stat").write_text(stat)
    assert cgroups.ThrottleReader(proc).read() == (10, 4, 2.5)
    (proc / "cgroup").write_text("0::/job\n")
    (proc / "mountinfo").write_text(f"32 31 0:29 / {tmp_path}/v2 rw - cgroup2 cgroup2 rw\n")
    for group, count in (("v2/job", 4), ("v2", 1)):
        (tmp_path / group / "cpu.stat").write_text(
            f"usage_usec 99\nnr_periods 10\nnr_throttled {count}\nthrottled_usec 250000\n"
        )
    assert cgroups.ThrottleReader(proc).read() == (20, 5, 0.5)  # the group above stops it as well
    (proc / "mountinfo").write_text("")
    assert cgroups.ThrottleReader(proc).read() == (None, None, None)


@pytest.mark.alone
def test_a_real_quota_is_seen_by_the_sampler(tmp_path):
    """A process in a group with 0.4 of a core spins; the sampler beside it is in the same group."""
    old = Path("/sys/fs/cgroup/cpu").is_dir()
    group = Path("/sys/fs/cgroup/cpu" if old else "/sys/fs/cgroup") / (
        f"benchdl-test-{secrets.token_hex(4)}"
    )
    try:
        group.mkdir()
        (group / ("cpu.cfs_quota_us" if old else "cpu.max")).write_text("40000")
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"no control group can be made here: {error}")
    # Its clock is the kernel's: on a busy machine it takes longer to be stopped five times.
    code = (
        "import re, sys, time; from pathlib import Path; from runner.sampler import Sampler\n"
        "stat = Path(sys.argv[2])\n"
        "def stopped(): return int(re.search(r'nr_throttled (\\d+)', stat.read_text())[1])\n"
        "with Sampler(Path(sys.argv[1]), gpu=False):\n"
        "    before, late = stopped(), time.monotonic() + 120\n"
        "    while stopped() < before + 5 and time.monotonic() < late: pass\n"
        "    time.sleep(0.3)\n"
    )
    try:
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / "samples.csv", group / "cpu.stat"],
            check=True,
            preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())),
        )
    finally:
        group.rmdir()
    read = recomputed.read(tmp_path / "samples.csv")
    use = cpu_use(read, read.times[0], read.times[-1])
    assert use.quota_cores == 0.4
    assert use.throttled_s > 0
    assert 5 <= use.throttled_periods <= use.quota_periods
