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


def test_the_smallest_step_goes_first():
    """Of three levels the last two are one; the first two differ by more than the margin."""
    assert changes(levels((10, 12), (12, 12), (12.1, 12), scatter=0.0001), MARGIN) == [12]


def test_levels_that_differ_by_the_margin_are_one():
    series = [10.0] * 10 + [20.0] * 10
    assert changes(series, 1.0) == []
    assert changes(series, 0.99) == [10]


# Drawn at random, and chosen because a small change of the method finds something else in them.
@pytest.mark.parametrize(
    ("series", "found"),
    [
        ([9.11, 8.84, 9.22, 8.98, 9.14, 9.46, 9.33, 9.29, 9.35, 9.64, 9.28, 9.65], []),
        ([9.69, 9.74, 10.03, 9.96, 9.04, 8.62, 8.87, 8.6, 8.6, 8.36], [4]),
        ([9.43, 9.67, 9.33, 9.59, 9.6, 9.8, 9.81, 9.39, 8.75, 8.92, 8.89, 9.09], [8]),
        ([11.24, 10.9, 11.03, 11.11, 8.75, 8.9, 8.89, 8.63, 9.22, 9.0, 8.82, 8.7, 9.0, 9.05], []),
        ([9.36, 9.01, 9.63, 8.92, 9.57, 9.87, 9.95, 9.78, 10.03, 9.7], [5]),
        ([8.56, 8.67, 8.53, 8.88, 8.41, 8.66, 8.53, 8.45, 8.65, 10.08, 9.85, 9.74, 9.86, 10.75,
          10.22, 10.68, 10.38, 10.34, 10.19, 10.31, 10.23, 10.42], [9]),
    ],
)  # fmt: skip
def test_series_on_the_edge(series, found):
    assert changes(series, MARGIN) == found


def test_no_level_is_shorter_than_the_least():
    ends = [10.0] * 10 + [20.0] * 2
    assert change_points.best(change_points.scores(ends), 1) == [12 - LEAST]
    assert change_points._place([20.0] * 2 + [10.0] * 10) == LEAST


def test_scores_and_gain_by_hand():
    # Ranks 4, 1, 2.5 and 2.5 of mean 2.5; four ranks have a variance of 20 / 12.
    assert change_points.scores([7, 1, 3, 3]).tolist() == pytest.approx(
        [1.5 * math.sqrt(0.6), -1.5 * math.sqrt(0.6), 0, 0]
    )
    # Levels 1 and 3, 3: 1 + 18, less 49 / 3 of one level.
    assert change_points.gain(np.array([1.0, 2.0, 4.0]), [1]) == pytest.approx(19 - 49 / 3)


def test_between_two_sizes_the_gain_lies_on_a_line_over_the_logarithm():
    low, high = change_points.least_gain(40), change_points.least_gain(50)
    share = math.log(45 / 40) / math.log(50 / 40)
    wanted = [a + share * (b - a) for a, b in zip(low, high, strict=True)]
    assert change_points.least_gain(45) == pytest.approx(wanted)
    assert change_points.least_gain(3) == change_points.least_gain(FEWEST)


def test_what_finds_changes_is_installed():
    assert change_points.known()


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
