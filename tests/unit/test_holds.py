"""Names that keep an image: whose they are, and which of them are left of dead processes."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from harness.images import holds


def tag():
    return holds.own_name("tf", "cpu").rpartition(":")[2]


def changed(part, value):
    """The own tag with one of its parts (host, boot, pid, begin) as in another process's."""
    parts = tag().rsplit("-", 4)
    parts[1 + ("host", "boot", "pid", "begin").index(part)] = value
    return "-".join(parts)


def test_a_name_is_a_valid_tag_of_the_backends_repository():
    name = holds.own_name("keras3-jax", "gpu")
    assert name.startswith("benchdl/keras3-jax:gpu-held-")
    assert re.fullmatch(r"[\w][\w.-]{0,127}", name.rpartition(":")[2], re.ASCII)


@pytest.mark.parametrize("more", ["", "-was"])
def test_the_own_process_is_alive(more):
    assert holds._state(tag() + more) == "alive"


def test_a_process_that_has_ended_is_dead():
    done = subprocess.run(
        [sys.executable, "-c", "from harness.images import holds; "
         "print(holds.own_name('tf', 'cpu'))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert holds._state(done.stdout.strip().rpartition(":")[2]) == "dead"


def test_a_process_of_an_earlier_start_of_the_machine_is_dead():
    assert holds._state(changed("boot", "0" * 8)) == "dead"


def test_a_number_that_another_process_has_now_is_dead():
    assert holds._state(changed("begin", "1")) == "dead"


def test_a_process_of_another_machine_is_not_judged():
    assert holds._state(changed("host", "0" * 8)) == "elsewhere"


@pytest.mark.parametrize("foreign", ["cpu", "gpu", "latest", "cpu-held-", "cpu-held-x-y-1-2"])
def test_other_tags_are_nobodys(foreign):
    assert holds._state(foreign) == "none"
