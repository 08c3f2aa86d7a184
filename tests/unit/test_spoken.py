"""Options of the command line are the fields of the question: names, bounds, defaults, help."""

from __future__ import annotations

import click
import pytest
from pydantic import ValidationError

from harness.campaign.plan import Options
from harness.campaign.question import Question
from harness.cli import run, spoken

OPTIONS = {option.name: option for option in run.command.params if isinstance(option, click.Option)}


@pytest.mark.parametrize("name", spoken.names(Question))
def test_every_spoken_field_is_an_option_of_run_with_its_default(name):
    assert OPTIONS[name].default == Question.model_fields[name].default
    assert OPTIONS[name].help


NUMBERS = [name for name in spoken.names(Question) if hasattr(OPTIONS[name].type, "max")]


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_within_the_same_bounds_everywhere(name):
    bounds = OPTIONS[name].type
    for beyond in (bounds.min - 1, bounds.max + 1):
        with pytest.raises(click.BadParameter):
            bounds.convert(str(beyond), None, None)
        with pytest.raises(ValidationError):
            Options(backends=["tf"], **{name: beyond})
    least = bounds.min
    assert getattr(Options(backends=["tf"], **{name: least}), name) == least


def test_numbers_were_found():
    assert {"epochs", "seed", "timeout_s", "cool_down_s", "repeat"} <= set(NUMBERS)


def test_a_field_without_words_is_no_option():
    with pytest.raises(KeyError, match="dataset"):
        spoken.options(Question, "dataset")(lambda: None)
