"""What an error rate of so many test images may be off by, and where it is told."""

from __future__ import annotations

import csv
import io
import json
import random
from statistics import pstdev

import pytest

from harness.report import parts
from harness.tables.data_formats import to_csv, to_json
from harness.tables.markdown import to_markdown
from harness.tables.rows import row
from harness.tables.views import TOOL
from runner.contract.work_and_score import share_error


@pytest.mark.parametrize(("rate", "images"), [(0.0083, 10_000), (0.3, 500)])
def test_it_is_the_scatter_of_rates_on_other_images(rate, images):
    draw = random.Random(3)
    rates = [sum(draw.random() < rate for _ in range(images)) / images for _ in range(300)]
    assert share_error(rate, images) == pytest.approx(pstdev(rates), rel=0.15)


def test_it_is_the_binomial_one_and_never_none():
    assert share_error(0.0083, 10_000) == pytest.approx(0.000907, rel=5e-3)
    assert share_error(0.5, 10_000) == pytest.approx(0.005, rel=1e-3)
    assert share_error(0.0, 10_000) == share_error(1.0, 10_000) > 4e-5


def test_every_form_of_a_table_has_it(make_result):
    few = {"score": {"value": 0.02, "samples": 400}}
    table = [row(make_result(measurement=few))]
    assert "2.00 ±0.71 %" in to_markdown(table)
    (told,) = json.loads(to_json(table))
    assert told["error_rate_se_points"] == pytest.approx(0.71, abs=0.01)
    (line,) = csv.DictReader(io.StringIO(to_csv(table)))
    assert float(line["error_rate_se_points"]) == pytest.approx(0.71, abs=0.01)
    (section,) = parts.of_side(table, TOOL, {table[0].run_id: 0})
    assert section["lines"][0]["values"]["error_rate_se_points"] == pytest.approx(0.71, abs=0.01)


def test_repeats_on_the_same_images_do_not_lower_it(make_result):
    table = [row(make_result()) for _ in range(9)]
    assert "0.83 ±0.09 %" in to_markdown(table)
