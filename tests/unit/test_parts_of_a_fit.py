"""The parts of a game's training call, against the whole of it."""

from __future__ import annotations

import pytest
from checking import case

from harness.checks import effort


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({}, []),
        ({"env_s": 1.0, "act_s": 2.0, "learn_s": 7.0}, []),
        ({"env_s": 1.0, "act_s": 2.0, "learn_s": 7.01}, ["clock"]),
        ({"learn_s": 10.5}, ["clock"]),
    ],
)
def test_parts_take_no_longer_than_the_whole(make_result, parts, found):
    result = make_result(measurement={"phases": {"fit_s": 10.0, **parts}})
    assert [finding.code for finding in effort.parts(case(result))] == found
