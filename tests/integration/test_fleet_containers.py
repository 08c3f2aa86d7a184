"""Fleets whose jobs run in containers: one image for all hosts, and what a killed host leaves."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import psutil
import pytest

# The time is for builds of images, where these are not here.
pytestmark = [pytest.mark.docker, pytest.mark.beside, pytest.mark.timeout(1900)]

ON_FL1 = """
[hosts.lab]
options = ["--nodelist=fl1"]
benchdl = "{benchdl}"
setup = {setup}
"""
CLEAR = "from harness import engine; from harness.launchers import containers; " \
    "containers.clear(engine.connect(), None, print)"  # fmt: skip


@pytest.fixture
def ours(engine, fleet_bench):
    """Containers of this fleet's jobs, by name: their folders are in this test's.

    The engine of this machine sees no host's own disk: scratch is a folder that it sees.
    """
    fleet_bench.scratch = fleet_bench.folder / "scratch"

    def found():
        listed = engine.containers.list(
            all=True, filters={"label": "benchdl.run_id"}, ignore_removed=True
        )
        place = f"{fleet_bench.folder}/"
        return {
            container.name
            for container in listed
            if any(mount["Source"].startswith(place) for mount in container.attrs["Mounts"])
        }

    yield found
    for name in found():
        engine.api.remove_container(name, force=True)


@pytest.mark.parametrize("backend", ["dummy", "mxnet"])
def test_three_hosts_run_the_one_image_that_was_saved(fleet_bench, ours, backend):
    fleet_bench.write(trains=True, backend=backend)
    _, err = fleet_bench.run("--launcher", "docker", "--make-base")
    assert err.count(f"saving the image of {backend} for the fleet: about") == 1
    results = fleet_bench.results()
    assert [result["status"] for result in results] == ["ok"] * 3, results
    (image_id,) = {result["job"]["provenance"]["image_id"] for result in results}
    (file,) = (fleet_bench.shared / "images").iterdir()
    assert file.name == f"{image_id.removeprefix('sha256:')}.tar"
    for result in results:
        shut_in = result["launch"]["hardening"]
        assert "not_applied" not in shut_in
        assert shut_in["network_mode"] == "none"
        assert "loading the image" not in fleet_bench.logs()  # they share the driver's engine
    assert ours() == set()
    file.unlink()  # hundreds of MB


def test_a_killed_shard_s_container_is_swept_on_its_host_alone(fleet_bench, ours):
    fleet_bench.write(ON_FL1, repeat=1, sleep=15, trains=True)
    process = fleet_bench.start("--launcher", "docker", "--make-base", run=True)
    (left,) = fleet_bench.until(ours, process, s=800)
    cluster = fleet_bench.cluster
    cluster.command("scontrol", "update", "nodename=fl1", "state=drain", "reason=test")
    for each in cluster.processes("fl1"):
        with contextlib.suppress(psutil.NoSuchProcess):  # it was of a moment
            if "shard" in each.cmdline():
                each.kill()
    done = cluster.on("fl2", sys.executable, "-c", CLEAR)
    assert (done.returncode, left in ours()) == (0, True), done.stderr
    cluster.command("scontrol", "update", "nodename=fl1", "state=resume")
    _, err = fleet_bench.finish(process)
    assert "submitted again" in err
    assert f"removed container {left}: its harness had died" in fleet_bench.logs()
    ends = sorted((r["job"]["attempt"], r["status"]) for r in fleet_bench.results())
    assert ends == [(1, "interrupted"), (2, "ok")]
    assert ours() == set()
    for file in Path(fleet_bench.shared / "images").iterdir():
        file.unlink()
