"""Fleets from their files to their table, on a real Slurm of three hosts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise

import pytest

THREE_TYPES = """
[hosts.one]
options = ["--nodelist=fl1"]
benchdl = "{benchdl}"
setup = {setup}
[hosts.two]
options = ["--nodelist=fl2"]
benchdl = "{benchdl}"
setup = {setup}
[hosts.big]
constraint = "large"
benchdl = "{benchdl}"
setup = {setup}
"""


def test_three_types_of_host_make_one_table(fleet_bench):
    fleet_bench.write(THREE_TYPES, repeat=1, trains=True)
    fleet_bench.run()
    results = fleet_bench.results()
    labels = Counter(result["launch"]["host_type"]["name"] for result in results)
    assert labels == {"one": 1, "two": 1, "big": 1}
    assert {result["status"] for result in results} == {"ok"}
    shards = {result["launch"]["shard"] for result in results}
    (fleet_id,) = {shard.partition("/")[0] for shard in shards}
    assert {shard.partition("/")[2] for shard in shards} == {"1-one", "2-two", "3-big"}
    table, _ = fleet_bench.call("table", "--by", "instance", "--format", "md")
    times = table.partition("Where the time goes")[0]
    for label in labels:
        assert times.count(f"| {label}, ") == 1, table
    prices = [word for label in labels for word in ("--price", f"{label}=3USD")]
    table, _ = fleet_bench.call("table", "--by", "instance", "--format", "md", *prices)
    assert table.count(" USD |") == 3, table
    fleet_bench.call("report", "--output", "report.html", *prices)
    page = (fleet_bench.folder / "report.html").read_text()
    for label in labels:
        assert f"{label}, " in page
    status, _ = fleet_bench.call("fleet", "status")
    assert f"fleet {fleet_id}: 3 shards: 3 done" in status
    assert "2-two" in status
    # Nothing is left.
    before = {result["run_id"] for result in results}
    fleet_bench.call("fleet", "resume", fleet_id[-6:])
    assert {result["run_id"] for result in fleet_bench.results()} == before


def test_blocks_are_spread_over_hosts_of_one_type(fleet_bench):
    fleet_bench.write(repeat=5)
    fleet_bench.run(expect=1)
    results = fleet_bench.results()
    assert sorted(Counter(r["launch"]["shard"] for r in results).values()) == [1, 2, 2]
    assert sorted(r["job"]["seed"] for r in results) == [123, 124, 125, 126, 127]
    hosts = [json.loads(f.read_text())["host"] for f in fleet_bench.shared.glob("*/*/begin-*.json")]
    assert sorted(hosts) == ["fl1", "fl2", "fl3"]


@pytest.mark.alone
def test_three_hosts_take_less_than_half_the_time_of_one(fleet_bench):
    """Nine jobs that sleep, since the hosts share this machine's cores.

    One host would take the sum of them at least: it runs them one after another, as each of these
    runs its own. What commands and Slurm take to begin is not compared: it grows with the load of
    this machine, of which three hosts make more than one.
    """
    fleet_bench.write(repeat=9, sleep=8)
    fleet_bench.run(expect=1)
    results = fleet_bench.results()
    of_host = defaultdict(list)
    for result in results:
        times = [datetime.fromisoformat(result[key]) for key in ("started_at", "finished_at")]
        of_host[result["launch"]["shard"]].append(times)
    assert [len(jobs) for jobs in of_host.values()] == [3, 3, 3]
    for jobs in of_host.values():
        assert all(first[1] <= second[0] for first, second in pairwise(sorted(jobs)))
    every = [times for jobs in of_host.values() for times in jobs]
    took = max(end for _, end in every) - min(begin for begin, _ in every)
    one_would = sum(result["launch"]["wall_s"] for result in results)
    assert one_would >= 9 * 8
    assert took.total_seconds() < one_would / 2


def test_ctrl_c_detaches_and_another_driver_takes_over(fleet_bench):
    fleet_bench.write(repeat=3, hold=1)
    process = fleet_bench.start(run=True)
    fleet_bench.until(lambda: len(fleet_bench.started()) == 3, process)
    second = fleet_bench.start("fleet", "resume")
    _, err = fleet_bench.finish(second, expect=1)
    assert "is being run by another benchdl" in err
    process.send_signal(2)
    _, err = fleet_bench.finish(process, expect=130)
    for verb in ("status", "resume", "cancel"):
        assert f"benchdl fleet {verb} " in err
    out, _ = fleet_bench.call("fleet", "status", expect=1)
    assert " running on fl" in out
    fleet_bench.let_go()
    fleet_bench.call("fleet", "resume", expect=1)
    results = fleet_bench.results()
    assert [(r["status"], r["job"]["attempt"]) for r in results] == [("failed", 1)] * 3
    assert len(fleet_bench.started()) == 3


def test_cancel_in_the_middle_of_a_training_then_resume(fleet_bench):
    fleet_bench.write(hold=1, trains=True)
    process = fleet_bench.start(run=True)
    fleet_bench.until(lambda: len(fleet_bench.started()) == 3, process)
    fleet_bench.call("fleet", "cancel")
    _, err = fleet_bench.finish(process, expect=1)
    assert "stopped" in err
    assert len(fleet_bench.ends()) == 3
    assert [r["status"] for r in fleet_bench.results()] == ["interrupted"] * 3
    fleet_bench.let_go()
    table, _ = fleet_bench.call("fleet", "resume")
    assert "speaks of these hosts, not of all of their type" in " ".join(table.split())
    results = fleet_bench.results()
    ok = [r for r in results if r["status"] == "ok"]
    assert sorted(r["job"]["seed"] for r in ok) == [123, 124, 125]
    assert [r["job"]["attempt"] for r in ok] == [2, 2, 2]
    assert len(results) == 6
