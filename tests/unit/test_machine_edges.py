"""What the machine and the engine did to a job, at the very figure from which on it is found."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.checks import isolation, machine
from runner.contract.result import Allotment, Idle


def told(check, case):
    return [(finding.code, finding.severity) for finding in check(case)]


def use(fit_s=10.0, visible=4, allotment=None, **figures):
    unknown = dict.fromkeys(
        ("quota_periods", "throttled_periods", "throttled_s", "quota_cores", "steal_s")
    )
    cpu = SimpleNamespace(visible_cores=visible, **{**unknown, **figures})
    return SimpleNamespace(
        measured=SimpleNamespace(cpu=cpu, phases=SimpleNamespace(fit_s=fit_s)),
        launch=SimpleNamespace(allotment=allotment),
    )


@pytest.mark.parametrize(
    ("periods", "throttled", "throttled_s", "found"),
    [
        (100, 5, 0.2, True),  # a twentieth of the periods, and a fifth of a second
        (1000, 49, 0.2, False),
        (100, 5, 0.19, False),
        (0, 0, 9.0, False),
        (None, 5, 9.0, False),
        (100, None, 9.0, False),
        (100, 5, None, False),
    ],
)
def test_a_quota_counts_from_a_twentieth_and_a_fifth_of_a_second_on(
    periods, throttled, throttled_s, found
):
    case = use(quota_periods=periods, throttled_periods=throttled, throttled_s=throttled_s)
    assert told(machine.quota, case) == ([("cpu-throttled", "suspect")] if found else [])


@pytest.mark.parametrize(("cores", "words"), [(0.5, "a quota of 0.5 cores "), (None, "a quota ")])
def test_the_quota_is_named_where_it_is_known(cores, words):
    case = use(quota_periods=10, throttled_periods=6, throttled_s=1.5, quota_cores=cores)
    (finding,) = machine.quota(case)
    assert finding.evidence == (
        f"{words}stopped the job in 6 of 10 periods of the fit window (60%), for 1.5 s summed "
        "over cores"
    )


@pytest.mark.parametrize(
    ("fit_s", "steal_s", "found"),
    [
        (10.0, 2.0, False),  # a twentieth of 4 cores x 10 s
        (10.0, 2.01, True),
        (2.0, 0.5, False),
        (2.0, 0.51, True),
        (10.0, None, False),
    ],
)
def test_cores_are_stolen_from_a_twentieth_and_half_a_second_on(fit_s, steal_s, found):
    case = use(fit_s, steal_s=steal_s)
    assert told(machine.steal, case) == ([("cpu-steal", "suspect")] if found else [])


def test_stolen_time_is_told_of_all_that_the_cores_had():
    (finding,) = machine.steal(use(10.0, steal_s=4.0))
    assert finding.evidence.startswith("the hypervisor gave 4.0 s of this machine's CPU time")
    assert finding.evidence.endswith("in the fit window, 10% of it")


@pytest.mark.parametrize(("visible", "found"), [(1, False), (2, False), (3, True)])
def test_more_cores_than_allotted_are_beyond(visible, found):
    kept = Allotment(cores=[4, 7], sources={"cores": "the affinity"})
    case = use(visible=visible, allotment=kept)
    assert told(machine.allotted_cores, case) == (
        [("beyond-allotment", "suspect")] if found else []
    )
    if found:
        (finding,) = machine.allotted_cores(case)
        assert finding.evidence == "2 cores were allotted (the affinity), the job saw 3"


@pytest.mark.parametrize("allotment", [None, Allotment(memory_bytes=2**30)])
def test_where_cores_have_no_limit_none_is_passed(allotment):
    assert told(machine.allotted_cores, use(allotment=allotment)) == []


def test_a_machine_that_stayed_busy_is_told_with_its_load():
    def found(idle):
        return list(machine.not_idle(SimpleNamespace(launch=SimpleNamespace(idle=idle))))

    assert found(None) == []
    assert found(Idle(reached=True, waited_s=60.0, cpu_percent=5.0)) == []
    (finding,) = found(Idle(reached=False, waited_s=60.0, cpu_percent=90.0))
    assert (finding.code, finding.severity) == ("not-idle", "info")
    assert finding.evidence == "the machine was still busy (CPUs 90 % busy) after 60 s"


SHUT = {
    "uid": 1000,
    "capabilities_effective": "0000000000000000",
    "no_new_privileges": True,
    "seccomp": True,
    "root_read_only": True,
    "network_interfaces": ["lo"],
}


def contained(launcher="docker", **changes):
    return SimpleNamespace(
        job=SimpleNamespace(launcher=launcher),
        measured=SimpleNamespace(isolation=SimpleNamespace(**{**SHUT, **changes})),
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"uid": 1}, None),
        ({"uid": 0}, "it ran as root"),
        ({"capabilities_effective": "1"}, "it had capabilities"),
        ({"capabilities_effective": "000001ffffffffff"}, "it had capabilities"),
        ({"capabilities_effective": None}, "not known: its capabilities"),
        ({"no_new_privileges": False}, "it could gain privileges"),
        ({"no_new_privileges": None}, "not known: whether it could gain privileges"),
        ({"seccomp": False}, "no filter of system calls was on"),
        ({"seccomp": None}, "not known: whether system calls were filtered"),
        ({"root_read_only": False}, "its root was writable"),
        ({"root_read_only": None}, "not known: whether its root was writable"),
        ({"network_interfaces": ["lo", "wlan7", "eth0"]}, "it had a network (wlan7, eth0)"),
        ({"network_interfaces": ["loX1"]}, "it had a network (loX1)"),
        ({"uid": 0, "seccomp": None},
         "it ran as root, not known: whether system calls were filtered"),
    ],
)  # fmt: skip
def test_every_door_has_its_words(changes, words):
    found = list(isolation.inside(contained(**changes)))
    assert [finding.evidence for finding in found] == ([words] if words else [])
    assert told(isolation.inside, contained(**changes)) == (
        [("not-isolated", "suspect")] if words else []
    )
    assert told(isolation.inside, contained("local", **changes)) == []


def test_interfaces_that_every_namespace_has_lead_nowhere():
    """As `ip link` shows them in an empty network namespace with all tunnels' modules loaded."""
    own = [
        "lo", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0",
        "ip6gre0", "teql0",
    ]  # fmt: skip
    assert told(isolation.inside, contained(network_interfaces=own)) == []


COMFORT = ["Init", "LogConfig", "MemorySwap", "OomScoreAdj", "RestartPolicy"]


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        *(([field], "info") for field in COMFORT),
        (COMFORT, "info"),
        (["Init", "Privileged"], "suspect"),
        (["CapDrop"], "suspect"),
        ([], None),
    ],
)
def test_what_an_engine_left_out_is_minor_where_it_guards_nobody(fields, severity):
    said = {"not_applied": dict.fromkeys(fields, "no")}
    case = SimpleNamespace(launch=SimpleNamespace(hardening=said))
    found = told(isolation.outside, case)
    assert found == ([("not-isolated", severity)] if severity else [])


@pytest.mark.parametrize("hardening", [{}, {"not_applied": None}, {"not_applied": "all"}])
def test_an_engine_that_was_not_asked_left_nothing_out(hardening):
    case = SimpleNamespace(launch=SimpleNamespace(hardening=hardening))
    assert told(isolation.outside, case) == []


def test_fields_are_told_in_order_and_cut_off():
    def words(fields):
        case = SimpleNamespace(launch=SimpleNamespace(hardening={"not_applied": fields}))
        (finding,) = isolation.outside(case)
        return finding.evidence

    assert words({"B": "two", "A": "one"}) == "not as asked for: A: one; B: two"
    assert len(words({"A": "x" * 2000})) == 1000
