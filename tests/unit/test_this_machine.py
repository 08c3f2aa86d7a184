"""What a machine is called, and what of it keeps two stores apart."""

from __future__ import annotations

import signal
import socket

import pytest

from harness.cli import command
from harness.errors import UsageError
from harness.hosts import clouds, this_machine
from harness.tables import rows
from harness.tables.markdown import to_markdown
from runner.contract.host_type import HostType

CLOUD = "Intel(R) Xeon(R) Processor"


def host(**facts):
    known = {"cpu_model": CLOUD, "cores": 2, "memory_gib": 8, "kernel": "6.1.0"}
    return HostType(**{**known, **facts})


def firmware(tmp_path, vendor, product):
    (tmp_path / "sys_vendor").write_text(vendor)
    (tmp_path / "product_name").write_text(product)
    for secret in ("product_serial", "product_uuid", "board_serial", "chassis_asset_tag"):
        (tmp_path / secret).write_text("SECRET-1234\n")
    return this_machine.read(dmi=tmp_path)


@pytest.mark.parametrize(
    ("vendor", "product", "name"),
    [
        ("Amazon EC2\n", "m5.large\n", "Amazon EC2 m5.large"),
        ("Google\n", "Google Compute Engine\n", "Google Compute Engine"),
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", "QEMU Standard PC (Q35 + ICH9, 2009)"),
        ("To Be Filled By O.E.M.", "System Product Name", None),
        ("Default string", "X11DPi", "X11DPi"),
        ("a|b\n**c**", "\x1b[31m", "a b c"),
        ("v" * 500, "", "v" * 64),
    ],
)
def test_what_the_firmware_says(tmp_path, monkeypatch, vendor, product, name):
    monkeypatch.delenv(this_machine.VARIABLE, raising=False)
    found = firmware(tmp_path, vendor, product)
    if name == "a b c":
        assert found.name.split() == ["a", "b", "c", "31m"]
        assert not set("|*\x1b[\n") & set(found.name)
    else:
        assert found.name == name
    assert found.named == ("firmware" if found.name else None)


@pytest.mark.parametrize(
    ("vendor", "product", "type_told"),
    [
        ("Amazon EC2", "p3.2xlarge", True),
        ("Dell Inc.", "PowerEdge R740", True),
        ("Google", "Google Compute Engine", False),
        ("Microsoft Corporation", "Virtual Machine", False),
        ("Alibaba Cloud", "Alibaba Cloud ECS", False),
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", False),
        ("Default string", "None", False),
    ],
)
def test_a_name_that_is_no_type_is_told(tmp_path, monkeypatch, vendor, product, type_told):
    monkeypatch.delenv(this_machine.VARIABLE, raising=False)
    found = firmware(tmp_path, vendor, product)
    assert clouds.names_a_type(found) is type_told
    assert ("--machine NAME" in clouds.told(found)) is not type_told
    assert clouds.names_a_type(this_machine.read("n1-standard-8", dmi=tmp_path))


def test_the_users_name_comes_first_and_no_secret_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: pytest.fail("the hostname was asked for"))
    monkeypatch.setenv(this_machine.VARIABLE, "lab 3")
    found = firmware(tmp_path, "Dell Inc.", "R740")
    assert (found.name, found.named) == ("lab 3", "user")
    assert this_machine.read("rack-1", dmi=tmp_path).name == "rack-1"
    assert "SECRET" not in found.model_dump_json()
    assert this_machine.words(found).startswith("lab 3, ")
    monkeypatch.delenv(this_machine.VARIABLE)
    assert "SECRET" not in this_machine.words(this_machine.read(dmi=tmp_path))
    nothing = this_machine.read(dmi=tmp_path / "none")
    assert (nothing.name, nothing.named) == (None, None)
    assert nothing.memory_gib >= 1


@pytest.mark.parametrize("bad", ["", " x", "a|b", "a\nb", "x" * 65, "\x1b[31m", "../up", "=1+1"])
def test_a_name_that_could_not_stand_in_a_table(bad):
    with pytest.raises(UsageError, match="is no name for a machine"):
        this_machine.name(bad)


@pytest.fixture
def main():
    """The command line, without the effect on signals that it leaves."""
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    yield command.run
    for sign, handler in before.items():
        signal.signal(sign, handler)


def test_the_command_line_refuses_it_in_one_line(main, tmp_path, monkeypatch, capfd):
    asked = ["run", "tf", "--device", "cpu", "--launcher", "local", "--results", str(tmp_path)]
    assert main([*asked, "--machine", "a|b"]) == 2
    assert "--machine 'a|b' is no name for a machine" in capfd.readouterr().err
    monkeypatch.setenv(this_machine.VARIABLE, "c|d")
    assert main(asked) == 2
    assert "$BENCHDL_MACHINE 'c|d' is no name for a machine" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"cores": 1}, f"{CLOUD}, 1 core, 8 GiB"),
        ({"quota_cores": 0.4, "cores": 1}, f"{CLOUD}, 1 core (quota 0.4), 8 GiB"),
        ({"name": "m5.large", "named": "firmware"}, f"m5.large, {CLOUD}, 2 cores, 8 GiB"),
    ],
)
def test_words(facts, words):
    assert this_machine.words(host(**facts)) == words


def launched(machine):
    return {"machine": this_machine.words(machine), "host_type": machine.model_dump()}


@pytest.mark.parametrize(
    "changes",
    [{"memory_gib": 32}, {"quota_cores": 0.4}, {"name": "m5.large", "named": "firmware"}],
    ids=["memory", "quota", "name"],
)
def test_stores_of_like_processors_are_not_pooled(make_result, changes):
    found = [
        rows.row(make_result(launch=launched(machine), job={"repeat": repeat}))
        for machine in (host(), host(**changes))
        for repeat in range(1, 6)
    ]
    assert len({row.kind for row in found}) == 2
    shown = to_markdown(found)
    assert shown.count("| Keras (tensorflow) |") == 2
    assert this_machine.words(host(**changes)) in shown


def test_another_kernel_is_noted(make_result):
    found = [
        rows.row(make_result(launch=launched(host(kernel=kernel)), job={"repeat": repeat}))
        for repeat, kernel in enumerate(["6.1.0", "6.8.0"], 1)
    ]
    assert [row.kernel for row in found] == ["6.1.0", "6.8.0"]
    assert "its 2 runs were on 2 kernels (6.1.0, 6.8.0)" in to_markdown(found)


def test_old_results_group_as_before(make_result):
    old = [rows.row(make_result(job={"repeat": repeat})) for repeat in (1, 2)]
    assert old[0].kind == old[1].kind
    assert old[0].machine == "Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz, 2 cores"
