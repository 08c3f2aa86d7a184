"""Cores shared out: threads of one physical core together, by processor, nothing twice."""

from __future__ import annotations

import pytest

from harness.allotment import core_lots
from harness.errors import UsageError


@pytest.fixture
def topology(tmp_path):
    """Two processors of four cores, two threads each: 0 to 3 and 8 to 11 are of the first."""
    for core in range(16):
        folder = tmp_path / f"cpu{core}" / "topology"
        folder.mkdir(parents=True)
        (folder / "physical_package_id").write_text(f"{core % 8 // 4}\n")
        (folder / "thread_siblings_list").write_text(f"{core % 8},{core % 8 + 8}\n")
    return tmp_path


def test_threads_of_a_physical_core_are_in_one_lot(topology):
    lots = core_lots.share_out(range(16), 3, 1, None, topology)
    assert lots == [[0, 1, 8, 9], [2, 3, 10, 11], [4, 5, 12, 13], [6, 7, 14, 15]]


def test_a_lot_of_an_equal_share_splits_no_physical_core(topology):
    lots = core_lots.share_out(range(16), 3, 0, None, topology)
    assert lots[:3] == [[0, 1, 8, 9], [2, 3, 10, 11], [4, 5, 12, 13]], "not five each"


def test_what_the_user_says_is_taken(topology):
    assert core_lots.share_out(range(16), 2, 0, 3, topology)[:2] == [[0, 1, 8], [2, 9, 10]]
    assert core_lots.share_out(range(16), 2, 4, 0, topology) == []
    with pytest.raises(UsageError, match="9 is 18 cores for 2 GPUs, there are 16"):
        core_lots.share_out(range(16), 2, 4, 9, topology)


def test_judges_get_a_lot_for_two_gpus_and_none_where_shares_would_be_too_small(topology):
    assert len(core_lots.share_out(range(16), 1, 3, None, topology)) == 2
    assert len(core_lots.share_out(range(16), 4, 1, None, topology)) == 4
    lots = core_lots.share_out(range(64), 4, 4, None, topology)
    assert [len(lot) for lot in lots] == [10] * 6


def test_a_kernel_that_says_nothing_of_its_cores(tmp_path):
    assert core_lots.share_out([3, 5, 7, 9], 1, 0, None, tmp_path) == [[3, 5, 7, 9]]
    assert core_lots.share_out([3, 5, 7], 1, 0, None, tmp_path) == []


def test_ranges_of_the_kernel(topology):
    for core in range(16):
        file = topology / f"cpu{core}" / "topology" / "thread_siblings_list"
        file.write_text(f"{core // 4 * 4}-{core // 4 * 4 + 3}\n")
    assert core_lots.share_out(range(16), 3, 1, None, topology)[1] == [8, 9, 10, 11]
