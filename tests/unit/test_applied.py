"""Every field of what was asked for, against what the engine says; and what goes on afterwards."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace

import pytest
from checking import case
from docker.types import Mount

from harness.checks import isolation
from harness.launchers import applied, hardening, podman_words
from harness.launchers.docker import DockerLauncher
from harness.launchers.launcher import Order, Prepared
from runner.contract.job import Pins


@pytest.fixture
def asked(make_result, tmp_path):
    """The whole options of a CPU job's container."""
    client = SimpleNamespace(
        info=lambda: {"MemTotal": 10 * 2**30, "Runtimes": {"runc": {}}},
        version=lambda: {"Version": "20.10.24", "ApiVersion": "1.41"},
    )
    result = make_result()
    prepared = Prepared(result.job.provenance, Pins(), python="python")
    files = {"train": tmp_path / "train"}
    order = Order(result.job, prepared, tmp_path, files, tmp_path, timeout_s=1.0)
    return DockerLauncher(client)._options(order, None)


@pytest.fixture
def said(asked):
    """What an engine says that did all of it."""
    host = json.loads(json.dumps(hardening.as_sent(asked)))
    host |= dict.fromkeys(applied._NEVER)
    host |= {"Privileged": False, "PublishAllPorts": False, "PidMode": "", "OomScoreAdj": 0}
    host |= {"MaskedPaths": sorted(applied._MASKED), "ReadonlyPaths": sorted(applied._READ_ONLY)}
    host["RestartPolicy"]["MaximumRetryCount"] = 0
    host["CapDrop"] = ["ALL"]
    mounts = [
        {"Destination": mount["Target"], "RW": not mount.get("ReadOnly"), "Propagation": "rprivate"}
        for mount in asked["mounts"]
    ]
    variables = [f"{key}={value}" for key, value in asked["environment"].items()]
    return {
        "HostConfig": host,
        "Config": {"User": asked["user"], "Env": ["PATH=/usr/bin", *variables]},
        "Mounts": mounts,
        "NetworkSettings": {"Networks": {"none": {}}, "Ports": {}},
        "AppArmorProfile": "",
    }


def test_the_whole_options_of_a_container(asked, tmp_path):
    variable = {"labels", "name", "environment", "user", "mounts"}
    assert {key: value for key, value in asked.items() if key not in variable} == {
        "image": "sha256:" + 64 * "a",
        "command": ["/job"],
        "network_mode": "none",
        "read_only": True,
        "tmpfs": {"/tmp": "rw,nosuid,nodev,noexec,size=1g,mode=1777"},
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": 4096,
        "mem_limit": 9 * 2**30,
        "memswap_limit": 9 * 2**30,
        "ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "fsize", "Soft": 4 * 2**30, "Hard": 4 * 2**30},
            {"Name": "nofile", "Soft": 16_384, "Hard": 16_384},
        ],
        "cgroupns": "private",
        "ipc_mode": "private",
        "init": True,
        "restart_policy": {"Name": "no"},
        "log_config": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "1"}},
        "use_config_proxy": False,
    }
    assert asked["user"].split(":")[0] not in ("", "0")
    for mount in asked["mounts"]:
        assert mount["Type"] == "bind"
        assert mount["Source"].startswith(str(tmp_path))
        assert bool(mount.get("ReadOnly")) == mount["Target"].startswith("/data")


def test_what_was_done_as_asked_is_no_difference(asked, said):
    assert applied.differences(asked, said) == {}


def test_every_field_that_was_sent_is_compared(asked, said):
    for field, wanted in hardening.as_sent(asked).items():
        for changed in (None, "other", [], {}):
            if not wanted and not changed:
                continue
            meddled = copy.deepcopy(said)
            meddled["HostConfig"][field] = changed
            assert field in applied.differences(asked, meddled), (field, changed)
        meddled = copy.deepcopy(said)
        del meddled["HostConfig"][field]
        assert not wanted or field in applied.differences(asked, meddled), field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Privileged", True), ("PublishAllPorts", True), ("CapAdd", ["SYS_ADMIN"]),
        ("Binds", ["/:/host"]), ("Devices", [{"PathOnHost": "/dev/sda"}]), ("PidMode", "host"),
        ("UTSMode", "host"), ("UsernsMode", "host"), ("IpcMode", "host"), ("CgroupnsMode", "host"),
        ("NetworkMode", "bridge"), ("Links", ["/db"]), ("VolumesFrom", ["other"]),
        ("PortBindings", {"80/tcp": [{}]}), ("ExtraHosts", ["a:1.2.3.4"]), ("GroupAdd", ["docker"]),
        ("DeviceRequests", [{"Count": -1}]), ("DeviceCgroupRules", ["a *:* rwm"]),
        ("Sysctls", {"net.x": "1"}), ("CgroupParent", "/"), ("OomScoreAdj", -500),
        ("OomScoreAdj", None), ("OomKillDisable", True), ("ReadonlyRootfs", False),
        ("CapDrop", ["NET_RAW"]), ("SecurityOpt", ["no-new-privileges:true", "seccomp=unconfined"]),
        ("SecurityOpt", None), ("PidsLimit", 0), ("PidsLimit", -1), ("Memory", 0),
        ("MaskedPaths", []), ("ReadonlyPaths", None), ("Tmpfs", {"/tmp": "rw,exec"}),
        ("Ulimits", []), ("RestartPolicy", {"Name": "always"}), ("AutoRemove", True),
    ],
)  # fmt: skip
def test_whatever_opens_a_door_is_named(asked, said, field, value):
    said["HostConfig"][field] = value
    assert list(applied.differences(asked, said)) == [field]


@pytest.mark.parametrize("field", applied._NEVER)
def test_what_the_engine_does_not_say_is_no_yes(asked, said, field):
    del said["HostConfig"][field]
    assert applied.differences(asked, said) == {field: "the engine does not say"}


def test_what_is_not_in_the_host_configuration(asked, said):
    data = next(mount for mount in said["Mounts"] if mount["Destination"].startswith("/data"))
    data["RW"] = True
    said["Mounts"].append({"Destination": "/extra", "RW": True})
    said["Config"]["User"] = ""
    said["Config"]["Env"].append("NVIDIA_VISIBLE_DEVICES=all")
    said["NetworkSettings"]["Networks"]["bridge"] = {}
    said["AppArmorProfile"] = "unconfined"
    found = applied.differences(asked, said)
    wanted = {f"Mounts {data['Destination']}", "Mounts /extra", "User", "Env", "Networks"}
    assert set(found) == {*wanted, "AppArmorProfile"}


def test_an_engine_that_says_nothing_at_all(asked):
    found = applied.differences(asked, {})
    assert {"NetworkMode", "Privileged", "User", "Mounts /job", "MaskedPaths"} <= set(found)


def test_every_data_file_is_read_only(asked, said):
    asked["mounts"].append(Mount("/data/more", "/tmp/more", type="bind", read_only=True))
    said["HostConfig"]["Mounts"].append(
        {"Target": "/data/more", "Source": "/tmp/more", "Type": "bind", "ReadOnly": True}
    )
    assert list(applied.differences(asked, said)) == ["Mounts /data/more"]
    said["Mounts"].append({"Destination": "/data/more", "RW": False})
    assert applied.differences(asked, said) == {}


def test_differences_are_findings_that_name_the_field(make_result):
    def found(hardening):
        return list(isolation.outside(case(make_result(), hardening=hardening)))

    (finding,) = found({"not_applied": {"Privileged": "the engine says true"}})
    assert (finding.code, finding.severity) == ("not-isolated", "suspect")
    assert "Privileged" in finding.evidence
    (minor,) = found({"not_applied": {"MemorySwap": "asked for 5"}})
    assert minor.severity == "info"
    assert found({"privileged": False}) == []


@pytest.fixture
def by_podman(said, asked):
    """The same container in the words of podman 4.3.1, rootless, control groups v1."""
    host = said["HostConfig"]
    host |= dict.fromkeys(("MaskedPaths", "ReadonlyPaths", "Mounts"))
    host |= {"Runtime": "oci", "Memory": 0, "MemorySwap": 0, "PidsLimit": 0, "Ulimits": []}
    host |= {"IpcMode": "shareable", "CgroupnsMode": "", "SecurityOpt": ["no-new-privileges"]}
    host["CapDrop"] = sorted(podman_words._USUAL | {"MKNOD", "NET_RAW"})
    host["Tmpfs"] = {
        "/run": "rw,rprivate,nosuid,nodev,tmpcopyup",
        "/tmp": f"{asked['tmpfs']['/tmp']},rprivate,tmpcopyup",
    }
    host["LogConfig"] = {"Config": None, "Type": "json-file"}
    for told, mount in zip(said["Mounts"], asked["mounts"], strict=True):
        told |= {"Type": "bind", "Source": mount["Source"]}
    host["Binds"] = [f"{mount['Source']}:{mount['Target']}:rw,rbind" for mount in asked["mounts"]]
    return said


def test_podman_s_words_are_no_differences(asked, by_podman, make_result):
    missing = applied.differences(asked, by_podman)
    assert set(missing) == podman_words.UNSAID | {"LogConfig", "MemorySwap"}
    result = make_result()
    for runtime, severity in (("oci", "info"), ("runc", "suspect")):
        told = {"not_applied": missing, "runtime": runtime}
        (finding,) = isolation.outside(case(result, hardening=told))
        assert finding.severity == severity


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("CapDrop", ["MKNOD"]),
        ("CapAdd", ["NET_ADMIN"]),
        ("SecurityOpt", []),
        ("IpcMode", "host"),
        ("Tmpfs", {"/tmp": "rw,size=1g"}),
        ("Privileged", True),
        ("ReadonlyRootfs", False),
    ],
)
def test_what_podman_did_not_do_is_told(asked, by_podman, field, value):
    by_podman["HostConfig"][field] = value
    assert field in applied.differences(asked, by_podman)


def test_a_mount_that_podman_added_or_took_from_elsewhere_is_told(asked, by_podman):
    meddled = copy.deepcopy(by_podman)
    meddled["Mounts"][0]["Source"] = "/elsewhere"
    assert "Mounts" in applied.differences(asked, meddled)
    by_podman["HostConfig"]["Binds"].append("/etc:/etc:rw")
    assert {"Binds", "Mounts"} <= set(applied.differences(asked, by_podman))
