"""What goes wrong in the folder of a fleet: damaged, full, of another host; nothing runs twice."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from own_engine import until

ON_FL1 = """
[hosts.lab]
options = ["--nodelist=fl1"]
benchdl = "{benchdl}"
setup = {setup}
"""
ONE_AFTER_ANOTHER = '[hosts.lab]\ncount = 1\nblocks = 1\nbenchdl = "{benchdl}"\nsetup = {setup}\n'


def detached(bench):
    """A fleet whose driver went away while its hosts worked, and whose hosts are done."""
    process = bench.start(run=True)
    bench.until(lambda: len(bench.started()) == 3, process)
    process.send_signal(signal.SIGINT)
    bench.finish(process, expect=130)
    bench.call("fleet", "status", expect=1)
    bench.let_go()
    until(lambda: len(bench.ends()) == 3, 300, bench.logs)


def test_what_is_damaged_is_refused_line_by_line_and_the_rest_is_collected(fleet_bench):
    fleet_bench.write(hold=1, trains=True)
    detached(fleet_bench)
    assert fleet_bench.results() == []
    first, *others = fleet_bench.shards()
    # Of those that are collected, the one whose campaign's record is damaged comes first.
    second, third = sorted(
        others, key=lambda shard: next(shard.glob("store/*/result.json")).parent.name
    )
    (result,) = first.glob("store/*/result.json")
    result.write_bytes(result.read_bytes()[:500])
    (record,) = second.glob("store/campaigns/*.json")
    record.write_text(record.read_text().replace('"epochs": 1', '"epochs": 2'))
    for garbage in ("begin", "beat"):
        for file in third.glob(f"{garbage}-*.json"):
            file.write_bytes(b"\x00{")
    (second / "shard.json").write_bytes((second / "shard.json").read_bytes()[:40])
    _, err = fleet_bench.call("fleet", "resume", expect=1)
    assert f"shard {first.name}: refused: " in err
    assert result.parent.name in err
    assert f"shard {second.name}: refused: " in err
    # It is not lost: its host has it whole, so nothing is stored in its place.
    collected = {r["launch"]["shard"].partition("/")[2] for r in fleet_bench.results()}
    assert collected == {second.name, third.name}
    assert len(fleet_bench.started()) == 3
    # What a shard holds is known, whoever brings it once more.
    before = {result["run_id"] for result in fleet_bench.results()}
    fleet_bench.call("import", str(third / "store"))
    assert {result["run_id"] for result in fleet_bench.results()} == before


def test_a_host_that_is_none_of_its_type(fleet_bench):
    """The facts of the type's first host are changed while it works: the next one is unlike."""
    fleet_bench.write(ONE_AFTER_ANOTHER, repeat=2, hold=1, trains=True)
    process = fleet_bench.start(run=True)
    fleet_bench.until(fleet_bench.started, process)
    (file,) = fleet_bench.shared.glob("*/types/lab.json")
    facts = json.loads(file.read_text())
    facts["machine"], facts["driver"] = "lab, another processor, 64 cores, 24 GiB", "580.65"
    file.write_text(json.dumps(facts))
    fleet_bench.let_go()
    _, err = fleet_bench.finish(process, expect=1)
    assert "refused: this host is not what the fleet asks for: the machine is lab, " in err
    assert "that of its type lab, another processor, 64 cores" in err
    assert "its NVIDIA driver is None, that of its type 580.65" in err
    assert len(fleet_bench.results()) == 1
    fleet_bench.call("fleet", "resume", "--accept-changes")
    found = {
        (result["job"]["repeat"], result["job"]["attempt"], finding["severity"])
        for result in fleet_bench.results()
        for finding in result["findings"]
        if finding["code"] == "host-differs"
    }
    assert len(fleet_bench.results()) == 2
    assert [severity for _, _, severity in found] == ["suspect"]


@pytest.fixture
def small_disk(fleet_bench, tmp_path):
    """A shared folder of 100 MB, of which the data takes 55: here and on fl1 one file system."""
    fleet_bench.shared.mkdir()
    file, place = str(tmp_path / "disk"), str(fleet_bench.shared)
    with Path(file).open("wb") as stream:
        stream.truncate(100 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", file], check=True)
    loop = ["losetup", "--find", "--show", file]
    device = subprocess.run(loop, capture_output=True, text=True, check=True).stdout.strip()
    try:
        subprocess.run(["mount", device, place], check=True)
        done = fleet_bench.cluster.on("fl1", "mount", device, place)
        assert done.returncode == 0, done.stderr
        yield fleet_bench.shared
    finally:
        fleet_bench.cluster.on("fl1", "umount", "--lazy", place)
        subprocess.run(["umount", "--lazy", place], check=False)
        subprocess.run(["losetup", "--detach", device], check=False)


def _fill(file):
    with contextlib.suppress(OSError), file.open("ab", buffering=0) as stream:
        for size in (2**20, 4096, 1):
            with contextlib.suppress(OSError):
                while stream.write(bytes(size)) == size:
                    pass


# So small a file system has blocks of 1 KiB: a result takes 14 of them.
@pytest.mark.parametrize("left", [0, 8 * 1024], ids=["no-byte", "small-files-only"])
def test_a_full_folder_keeps_results_on_their_host_until_there_is_room(
    fleet_bench, small_disk, left
):
    """With a little room the host can say how it ended, and cannot deliver what it measured."""
    fleet_bench.write(ON_FL1, repeat=1, hold=1, patience_s=5, trains=True)
    process = fleet_bench.start(run=True)
    fleet_bench.until(fleet_bench.started, process)
    filler = small_disk / "filler"
    while shutil.disk_usage(small_disk).free:  # a sign of life that was replaced frees a block
        _fill(filler)
    os.truncate(filler, filler.stat().st_size - left)
    fleet_bench.let_go()
    _, err = fleet_bench.finish(process, expect=1)
    assert "No space left on device" in err
    assert "this host delivers them" in fleet_bench.logs()
    assert fleet_bench.results() == []
    filler.unlink()
    fleet_bench.call("fleet", "resume")
    assert [(r["status"], r["job"]["attempt"]) for r in fleet_bench.results()] == [("ok", 1)]
    assert len(fleet_bench.started()) == 1
