"""No option is silently ignored because it was given again."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["show", "latest", "--results", "a", "--results", "b"], "--results"),
        (["import", "x", "--results=a", "--results", "b"], "--results"),
        (["run", "tf", "--seed", "1", "--repeat", "2", "--seed", "2"], "--seed"),
        (["bundle", "create", "latest", "--results", "a", "--results", "b"], "--results"),
        (["bundle", "verify", "f.tar", "--sha256", "ab", "--sha256", "cd"], "--sha256"),
    ],
)
def test_an_option_with_one_value_given_twice_is_refused(benchdl, words, option):
    done = benchdl(*words)
    assert done.returncode == 2
    assert f"{option} is given" in done.stderr
    assert "times; give it once" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "tf", "theano", "--fail-on", "regression", "--fail-on", "ambiguous"],
        ["compare", "tf", "theano", "--force", "--force"],
        ["table", "--results", "a", "--results", "b"],
    ],
)
def test_what_may_be_repeated_still_may(benchdl, words):
    assert "is given" not in benchdl(*words).stderr
