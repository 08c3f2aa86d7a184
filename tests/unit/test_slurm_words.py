"""Slurm's words in plain English. The texts were recorded from Slurm 22.05 of Debian 12."""

from __future__ import annotations

import pytest

from harness.fleet import slurm_words


@pytest.mark.parametrize(
    ("reason", "words", "hopeless"),
    [
        ("None", "Slurm has not looked at it yet", False),
        ("Resources", "others have its hosts", False),
        ("Priority", "others are before it in the queue", False),
        ("ReqNodeNotAvail, UnavailableNodes:fl1", "no host that it could run on is up (fl1)", True),
        (
            "ReqNodeNotAvail,_UnavailableNodes:fl[1-2]",
            "no host that it could run on is up (fl[1-2])",
            True,
        ),
        ("ReqNodeNotAvail, UnavailableNodes:", "no host that it could run on is up", True),
        (
            "ReqNodeNotAvail, Reserved for maintenance",
            "its hosts are reserved for maintenance",
            False,
        ),
        (
            "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority "
            "partitions",
            "no host that it could run on is up",
            True,
        ),
        ("PartitionTimeLimit", "its time is longer than its partition allows", True),
        ("JobHeldUser", "it is held: scontrol release", True),
        ("launch failed requeued held", "it could not be launched, and is held", True),
        ("DependencyNeverSatisfied", "what it depends on will not happen", True),
        ("QOSMaxJobsPerUserLimit", "QOSMaxJobsPerUserLimit", False),
    ],
)
def test_why_a_job_waits(reason, words, hopeless):
    assert slurm_words.waiting("PENDING", reason) == (words, hopeless)


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("COMPLETED", "None", ""),
        ("FAILED", "NonZeroExitCode", "its command failed"),
        ("FAILED", "JobLaunchFailure", "its command failed (JobLaunchFailure)"),
        ("CANCELLED", "None", "it was cancelled"),
        ("CANCELLED", "Resources", "it was cancelled"),
        ("TIMEOUT", "TimeLimit", "its time limit was reached"),
        ("OUT_OF_MEMORY", "OutOfMemory", "it ran out of memory (OutOfMemory)"),
    ],
)
def test_how_a_job_ended(state, reason, words):
    assert slurm_words.ended(state, reason) == words


def test_each_state_is_of_one_kind():
    kinds = [slurm_words.WAITING, slurm_words.RUNNING, frozenset(slurm_words.ENDED)]
    assert len(frozenset.union(*kinds)) == sum(map(len, kinds))
    assert "NODE_FAIL" not in frozenset.union(*kinds)


FAILED = "sbatch: error: Batch job submission failed: "


@pytest.mark.parametrize(
    ("errors", "message", "asked"),
    [
        (
            "sbatch: error: invalid partition specified: nope\n"
            f"{FAILED}Invalid partition name specified",
            "Slurm has no such partition",
            True,
        ),
        (f"{FAILED}Invalid feature specification", "no host has these features", True),
        (
            f"{FAILED}Invalid node name specified",
            "Slurm has no host of that name",
            True,
        ),
        (
            "sbatch: error: Memory specification can not be satisfied\n"
            f"{FAILED}Requested node configuration is not available",
            "no host has so much memory",
            True,
        ),
        (
            f"{FAILED}Requested node configuration is not available",
            "no host of the partition has all that is asked for",
            True,
        ),
        (
            "sbatch: unrecognized option '--acount=lab'\nTry \"sbatch --help\" for more",
            "sbatch has no such option",
            True,
        ),
        (
            "sbatch: error: resolve_ctls_from_dns_srv: res_nsearch error: Unknown host\n"
            "sbatch: error: fetch_config: DNS SRV lookup failed\n"
            "sbatch: error: _establish_config_source: failed to fetch config\n"
            "sbatch: fatal: Could not establish a configuration source",
            "this machine has no Slurm configuration",
            False,
        ),
        (
            f"{FAILED}Invalid authentication credential",
            "Slurm does not accept this machine's credential",
            False,
        ),
        (f"{FAILED}The moon is full\n", "Slurm refuses: The moon is full", False),
        ("", "Slurm refuses: it gives no reason", False),
    ],
)
def test_why_a_command_was_refused(errors, message, asked):
    found = slurm_words.refusal(errors)
    assert (found.message, found.asked, found.answered) == (message, asked, True)


@pytest.mark.parametrize(
    "errors",
    [
        f"{FAILED}Unable to contact slurm controller (connect failure)",
        f"{FAILED}Socket timed out on send/recv operation",
        "slurm_load_jobs error: Zero Bytes were transmitted or received",
    ],
)
def test_a_controller_that_says_nothing_has_refused_nothing(errors):
    found = slurm_words.refusal(errors)
    assert not found.answered
    assert not found.asked
    assert found.message.startswith("Slurm's controller does not answer (")
