"""Whole blocks of a campaign, spread over hosts."""

from __future__ import annotations

import pytest

from harness.campaign.plan import Options
from harness.fleet import sharding
from harness.fleet.fleet_file import Hosts


def parts(repeat, **hosts):
    types = {label: Hosts(**words) for label, words in hosts.items()}
    return sharding.parts(Options(backends=["torch"], repeat=repeat, seed=100), types, 7)


@pytest.mark.parametrize(
    ("repeat", "words", "spread"),
    [
        (9, {"count": 3}, [3, 3, 3]),
        (5, {"count": 3}, [2, 2, 1]),
        (2, {"count": 3}, [1, 1]),
        (6, {"count": 1}, [6]),
        (5, {"count": 1, "blocks": 2}, [2, 2, 1]),
        (3, {"count": 8, "blocks": 10}, [3]),
    ],
)
def test_every_block_is_on_one_host(repeat, words, spread):
    found = parts(repeat, lab=words)
    assert [part.options.repeat for part in found] == spread
    seeds = [part.options.seed + n for part in found for n in range(part.options.repeat)]
    assert seeds == list(range(100, 100 + repeat))


def test_each_type_has_all_blocks_and_its_label_is_its_machine():
    found = parts(4, **{"p3.2xlarge": {"count": 2}, "my lab": {}})
    assert [part.name for part in found] == ["1-p3.2xlarge", "2-p3.2xlarge", "3-my-lab"]
    assert [part.options.machine for part in found] == ["p3.2xlarge", "p3.2xlarge", "my lab"]
    orders = {part.options.order_seed for part in found}
    assert len(orders) == 3
    assert parts(4, **{"p3.2xlarge": {"count": 2}, "my lab": {}}) == found
