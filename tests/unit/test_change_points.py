"""Changes of a level: found where they are, and as seldom where there are none as is said."""

from __future__ import annotations

import importlib.util
import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from harness.stats import change_points
from harness.stats.change_points import FALSE_ALARM, FEWEST, LEAST, changes

RECORDED = json.loads(
    (Path(__file__).parents[1] / "recorded" / "tf_on_a_busy_machine.json").read_text()
)
MARGIN = 0.03
DRAW = np.random.default_rng(5)


def recorded(figure):
    column = RECORDED["columns"].index(figure)
    return [run[column] for run in RECORDED["runs"]]


def levels(*parts, scatter=0.005):
    """A series of levels, each given with the number of its figures."""
    logs = np.concatenate([np.full(many, math.log(level)) for level, many in parts])
    return np.exp(logs + DRAW.normal(0, scatter, len(logs))).tolist()


def test_one_change_is_found_where_it_is():
    assert changes(levels((10, 12), (11, 9)), MARGIN) == [12]
    assert changes(levels((10, 9), (9, 12)), MARGIN) == [9]


def test_what_comes_and_goes_is_two_changes():
    assert changes(levels((10, 12), (12, 6), (10, 12)), MARGIN) == [12, 18]


def test_steps_one_after_another_are_all_found():
    assert changes(levels((10, 12), (11, 12), (12.5, 12)), MARGIN) == [12, 24]


def test_a_change_within_the_margin_is_none():
    series = levels((10, 20), (10.2, 20), scatter=0.001)
    assert changes(series, MARGIN) == []
    assert changes(series, 0.01) == [20]


def test_a_stray_figure_and_two_of_them_are_none():
    series = levels((10, 20))
    series[7] = series[15] = 14.0
    assert changes(series, MARGIN) == []


def test_too_few_figures_tell_nothing_however_far_apart():
    assert changes([10.0] * 4 + [20.0] * 5, MARGIN) == []
    assert changes(levels((10, 5), (20, 5)), MARGIN) == [5]
    assert changes(levels((10, 7), (20, LEAST - 1)), MARGIN) == []
    assert changes([], MARGIN) == []


def test_equal_figures_are_one_level():
    assert changes([5.0] * 30, MARGIN) == []


def test_of_nine_in_random_order_too_many_break_perfectly():
    """Of 9 the best are 4 and 5, or 5 and 4: 4 of 126 orders; of 10 it is 2 of 252."""
    assert 4 / math.comb(9, 4) > FALSE_ALARM
    assert 2 / math.comb(10, 5) <= FALSE_ALARM
    gains = [
        change_points.gain(change_points.scores([number in low for number in range(10)]), [5])
        for low in combinations(range(10), 5)
    ]
    assert len(gains) == 252


@pytest.mark.parametrize("kind", ["recorded times", "recorded CPU seconds", "heavy tails"])
def test_false_alarms_are_as_rare_as_is_said(kind):
    draw = np.random.default_rng(2)
    many = 300
    if kind == "heavy tails":
        series = np.exp(0.05 * draw.standard_t(2, (many, 40)))
    else:
        values = recorded("fit_s" if kind == "recorded times" else "job_cpu_s")
        series = draw.permuted(np.tile(values, (many, 1)), axis=1)
    alarms = sum(bool(changes(row.tolist(), 0.0001)) for row in series)
    allowed = 2 * FALSE_ALARM
    assert alarms <= many * allowed + 3 * math.sqrt(many * allowed)


def test_recorded_runs_of_one_build_have_no_change_but_that_of_their_machine():
    """Others used its cores more in the first half: times have two levels, CPU seconds one."""
    assert changes(recorded("job_cpu_s"), MARGIN) == []
    assert len(changes(recorded("fit_s"), MARGIN)) == 1


def test_the_least_gains_grow_with_the_number_and_hold_beyond_the_table():
    told = [change_points.least_gain(n)[0] for n in (12, 20, 40, 100, 200)]
    assert told == sorted(told)
    assert change_points.least_gain(5000) == change_points.least_gain(200)
    low, middle, high = (change_points.least_gain(n)[1] for n in (40, 45, 50))
    assert low < middle < high
    assert change_points.least_gain(FEWEST)[1] == math.inf, "two breaks make three levels"


@pytest.fixture(scope="module")
def rates():
    """benchmarks/history_rates.py."""
    file = Path(__file__).parents[2] / "benchmarks" / "history_rates.py"
    spec = importlib.util.spec_from_file_location("history_rates", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_the_benchmark_makes(rates):
    for n in (10, 16, 24):
        made = rates.gains(n, 20_000, seed=9)
        for a, b in zip(made, change_points.least_gain(n), strict=True):
            assert a == pytest.approx(b, rel=0.04), n


def test_every_size_of_the_table_lies_on_one_curve(rates):
    """Over the logarithm of the number; the smallest have few orders, and so a little scatter."""
    table = change_points._LEAST_GAIN
    assert tuple(table) == rates.SIZES
    for many in (0, 1):
        known = {n: gains[many] for n, gains in table.items() if math.isfinite(gains[many])}
        assert len(known) == len(table) - 2 * many
        logs, values = np.log([*known]), np.array([*known.values()])
        off = values - np.polyval(np.polyfit(logs, values, 2), logs)
        assert np.abs(off).max() < 0.6
