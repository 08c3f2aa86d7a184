"""Times of two kinds, and comparisons too many: more repeats are advised only where they help."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from harness.stats import advice, modes, simulation, verdicts
from harness.stats.describe import Sample


def blocks(values):
    return [Sample(value, ("c", number)) for number, value in enumerate(values)]


def two_kinds(n, share, seed):
    draw = np.random.default_rng(seed)
    slow = draw.permutation(np.arange(n) < round(share * n))
    return (np.where(slow, 5.0, 3.1) * np.exp(draw.normal(0, 0.01, n))).tolist()


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("n", [10, 14, 30])
def test_two_kinds_of_times_are_named_instead_of_more_repeats(n, share):
    """A against B of one kind between A's two; where shares decide, the median alone may not."""
    two, one_kind = two_kinds(n, share, 1), [4.0 + 0.01 * (i % 5) for i in range(n)]
    for sides in (
        (blocks(two), blocks(one_kind)),
        ([Sample(value) for value in two], [Sample(value) for value in one_kind]),
    ):
        found = verdicts.compare(*sides)
        if share != 0.5 and found.verdict != "ambiguous":
            continue
        assert (found.verdict, found.more) == ("ambiguous", None)
        assert re.search(r"the times of A are of two kinds, about 3\.\d+ s in", found.hint)
        assert "find out what decides" in found.hint


def test_two_kinds_on_both_sides_do_not_ask_for_more_repeats_either():
    found = verdicts.compare(blocks(two_kinds(10, 0.5, 1)), blocks(two_kinds(10, 0.5, 2)))
    assert (found.verdict, found.more) == ("ambiguous", None)
    assert "more repeats will hardly settle it" in found.hint


@pytest.mark.parametrize("shape", ["normal", "skewed", "long tail"])
@pytest.mark.parametrize("n", [5, 6, 10, 20, 40])
def test_times_of_one_kind_are_rarely_taken_for_two(shape, n):
    drawn, _ = simulation.shaped(shape, 300, n, seed=n)
    assert sum(modes.kinds(row) is not None for row in drawn.tolist()) <= 0.03 * 300


def test_two_kinds_are_found_and_counted():
    found = modes.kinds([3.0, 5.0, 3.1, 5.1, 3.05, 4.9, 3.02, 3.08])
    assert found.counts == (5, 3)
    assert found.middles == pytest.approx((3.05, 5.0))
    assert modes.kinds([3.0, 3.1, 3.05, 3.02, 3.08, 3.01, 5.0]) is None  # one is a tail
    assert modes.kinds([3.0] * 10) is None


@pytest.mark.parametrize(
    ("comparisons", "repeats", "enough"),
    [(1, 5, None), (6, 5, None), (7, 5, 9), (2, 6, 7), (2, 5, None), (1, 2, 5), (20, 9, 10)],
)
def test_how_many_repeats_holms_method_takes(comparisons, repeats, enough):
    found = advice.least_repeats(comparisons, repeats)
    assert (found and found[2]) == enough
    if found:
        lowest, needed, _ = found
        assert needed == pytest.approx(0.05 / comparisons)
        assert lowest > needed or repeats < 5
    if enough:
        assert advice.least_repeats(comparisons, enough) is None


def test_what_holm_takes_back_says_how_many_repeats_could_give_it():
    comparison = verdicts.compare(
        blocks([10.0, 10.1, 9.9, 10.05, 9.95]), blocks([15, 15.1, 14.9, 15.2, 16])
    )
    assert comparison.p == pytest.approx(2 / math.comb(10, 5))
    held = verdicts.corrected([comparison] * 7)
    assert {corrected.verdict for corrected in held} == {"ambiguous"}
    assert {corrected.more for corrected in held} == {4}  # 9 pairs: 2 / 2^9 = 0.004
