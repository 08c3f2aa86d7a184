"""How GPUs get into containers, and stay out: the choice, the options, and what the engine made."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from harness import marks
from harness.errors import UsageError
from harness.launchers import gpu_options
from harness.nvidia import cdi

STOCK = {"Runtimes": {"runc": {}, "io.containerd.runc.v2": {}}, "DefaultRuntime": "runc"}
WITH_RUNTIME = {"Runtimes": {"runc": {}, "nvidia": {}}, "DefaultRuntime": "runc"}
BY_DEFAULT = {**WITH_RUNTIME, "DefaultRuntime": "nvidia"}
ENGINE_28 = {
    **WITH_RUNTIME,
    "DiscoveredDevices": [
        {"Source": "cdi", "ID": "nvidia.com/gpu=0"},
        {"Source": "cdi", "ID": "nvidia.com/gpu=all"},
        {"Source": "cdi", "ID": "vendor.com/nic=0"},
    ],
}
# nvidia-ctk cdi generate, shortened: hooks and nodes have names and paths of their own.
YAML = """---
cdiVersion: 0.5.0
containerEdits:
  env:
  - NVIDIA_VISIBLE_DEVICES=void
devices:
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
  name: "0"
- containerEdits:
    hooks:
    - hookName: createContainer
      args:
      - name: not-a-device
  name: GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c
- name: all
kind: nvidia.com/gpu
"""


def test_the_container_of_a_probe_bears_our_mark():
    """What a killed benchdl leaves is removed by its mark, and by nothing else."""
    asked = {}
    started = SimpleNamespace(
        start=lambda: None, reload=lambda: None, remove=lambda force: None,
        attrs={"HostConfig": {"Runtime": "nvidia"}},
    )  # fmt: skip

    def create(*words, **options):
        asked.update(options)
        return started

    client = SimpleNamespace(containers=SimpleNamespace(create=create))
    gpu_options.probe(client, "sha256:b", "runtime")
    assert asked["labels"] == {marks.HARNESS_LABEL: marks.own()}


@pytest.mark.parametrize(
    ("info", "word", "gpus", "way"),
    [
        (ENGINE_28, "auto", None, "cdi"),
        (ENGINE_28, "auto", ["0"], "cdi"),
        (ENGINE_28, "auto", ["GPU-unnamed"], "runtime"),  # CDI has no such name
        (ENGINE_28, "request", None, "request"),
        (WITH_RUNTIME, "auto", None, "runtime"),
        (WITH_RUNTIME, "cdi", None, "cdi"),
        (STOCK, "auto", None, "request"),
        (STOCK, "runtime", ["1"], "runtime"),
    ],
)
def test_the_way_that_is_chosen(info, word, gpus, way):
    chosen, reason = gpu_options.choose(info, word, gpus)
    assert chosen == way
    assert reason


def test_cdi_alone_and_a_gpu_it_does_not_name():
    with pytest.raises(UsageError) as caught:
        gpu_options.choose(
            {**STOCK, "DiscoveredDevices": ENGINE_28["DiscoveredDevices"]}, "auto", ["7"]
        )
    assert "nvidia.com/gpu=7" in caught.value.message
    assert "nvidia.com/gpu=0" in caught.value.advice


def test_older_engines_tell_only_the_folders_of_specifications(tmp_path):
    (tmp_path / "nvidia.yaml").write_text(YAML)
    foreign = {"kind": "vendor.com/nic", "devices": [{"name": "0"}]}
    (tmp_path / "nic.json").write_text(json.dumps(foreign))
    (tmp_path / "broken.json").write_text("{")
    assert cdi.devices({**STOCK, "CDISpecDirs": [str(tmp_path)]}) == {
        "nvidia.com/gpu=0",
        "nvidia.com/gpu=GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c",
        "nvidia.com/gpu=all",
    }
    assert cdi.devices(STOCK) == set()
    (tmp_path / "nvidia.yaml").write_text(YAML.replace("nvidia.com/gpu", "vendor.com/gpu"))
    assert cdi.devices({**STOCK, "CDISpecDirs": [str(tmp_path)]}) == set()


def test_a_json_specification(tmp_path):
    file = tmp_path / "gpu.json"
    file.write_text(json.dumps({"kind": "nvidia.com/gpu", "devices": [{"name": "1"}]}))
    assert cdi.named(file) == {"nvidia.com/gpu=1"}


def test_options_of_cdi():
    options = gpu_options.request("cdi", ["0", "2"])
    (request,) = options["device_requests"]
    assert request["Driver"] == "cdi"
    assert request["DeviceIDs"] == ["nvidia.com/gpu=0", "nvidia.com/gpu=2"]
    assert not request["Count"]
    assert not request["Options"]
    # Where NVIDIA's runtime is the default it must not add GPUs of its own.
    assert options["environment"]["NVIDIA_VISIBLE_DEVICES"] == "void"


@pytest.mark.parametrize(
    ("gpus", "count", "ids"), [(None, -1, []), (["1", "GPU-a"], 0, ["1", "GPU-a"])]
)
def test_options_of_a_device_request_have_a_count_or_ids(gpus, count, ids):
    (request,) = gpu_options.request("request", gpus)["device_requests"]
    assert (request["Count"] or 0) == count
    assert (request["DeviceIDs"] or []) == ids
    assert request["Capabilities"] == [["gpu", "compute", "utility"]]


def test_options_of_the_runtime():
    options = gpu_options.request("runtime", ["0", "2"])
    assert options["runtime"] == "nvidia"
    assert options["environment"] == {
        "NVIDIA_VISIBLE_DEVICES": "0,2",
        "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
    }


def test_a_cpu_job_names_the_stock_runtime_only_where_another_is_the_default_and_it_is_there():
    void = {"NVIDIA_VISIBLE_DEVICES": "void"}
    assert gpu_options.none(STOCK) == {"environment": void}
    assert gpu_options.none(BY_DEFAULT) == {"environment": void, "runtime": "runc"}
    podman = {"Runtimes": {"crun": {}}, "DefaultRuntime": "crun"}
    assert gpu_options.none(podman) == {"environment": void}
    assert gpu_options.none({}) == {"environment": void}


def made(**changes):
    request = {
        "Driver": "",
        "Count": 0,
        "DeviceIDs": ["0"],
        "Capabilities": [["gpu", "compute", "utility"]],
        "Options": {},
    }
    return {"Runtime": "runc", "DeviceRequests": [{**request, **changes}]}


def test_what_the_engine_made_of_it_is_compared():
    assert gpu_options.ignored(made(), "request", ["0"]) is None
    everything = made(Count=-1, DeviceIDs=None)
    assert gpu_options.ignored(everything, "request", None) is None
    assert gpu_options.ignored(everything, "request", ["0"])
    assert gpu_options.ignored({"Runtime": "nvidia"}, "runtime", ["0"]) is None
    assert "runc is used" in gpu_options.ignored({"Runtime": "runc"}, "runtime", None)
    cdi_made = made(Driver="cdi", DeviceIDs=["nvidia.com/gpu=0"], Capabilities=None)
    assert gpu_options.ignored(cdi_made, "cdi", ["0"]) is None
    assert gpu_options.ignored(cdi_made, "cdi", ["1"])


@pytest.mark.parametrize("host", [{"Runtime": "oci"}, {"Runtime": "oci", "DeviceRequests": []}])
@pytest.mark.parametrize("way", ["cdi", "request"])
def test_podmans_socket_drops_device_requests_silently(host, way):
    assert "not in the container's configuration" in gpu_options.ignored(host, way, None)
