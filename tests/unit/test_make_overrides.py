"""No variable replaces what the Makefile is made of, and what is unknown is never passed over."""

from __future__ import annotations

import make_checkout
import pytest


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    root = make_checkout.make(tmp_path_factory.mktemp("make") / "check out")
    make_checkout.give_environment(root)
    return root


@pytest.mark.parametrize(
    "word",
    [
        "SHELL=/bin/true", ".SHELLFLAGS=-n", "run=true", "run=@touch hurt", "given=", "each=5",
        "GOALS=bench-tf", "BENCHDL_MAKE_GIVEN=", "BENCHDL_MAKE_GOAL=clean", "MAKECMDGOALS=clean",
        "BENCHDL_MAKE_EPOCHS=7", "BENCHDL_MAKE_PYTHON=/bin/true",
    ],
)  # fmt: skip
def test_a_variable_of_the_makefiles_own_is_as_unknown_as_any_other(checkout, word):
    done = make_checkout.run(checkout, "bench-tf", "EPOCHS=2", word)
    assert done.returncode == 2
    assert done.stdout == ""
    name = word.partition("=")[0]
    assert f"knows no variable {name}: " in done.stderr.splitlines()[0]
    assert (checkout / ".venv").exists()
    assert not (checkout / "hurt").exists()


def test_two_that_hide_each_other_are_seen_both(checkout):
    words = ("BENCHDL_MAKE_GIVEN=", "BENCHDL_MAKE_GOAL=clean", "given=", "SHELL=/bin/true")
    done = make_checkout.run(checkout, "bench-tf", *words)
    assert done.returncode == 2
    assert "knows no variable" in done.stderr
    assert (checkout / ".venv").exists()


def test_an_environment_that_goes_first_replaces_nothing(checkout):
    surroundings = {"run": "@touch hurt", "given": "EPOCHS", "GOALS": "x", "SHELL": "/bin/false"}
    done = make_checkout.run(checkout, "-e", "bench-tf", **surroundings)
    assert done.returncode == 0, done.stderr
    assert '"--", "tf"]' in done.stdout
    assert not (checkout / "hurt").exists()


@pytest.mark.parametrize("word", ["-w", "-d", "-p", "--trace", "--debug=b", "--print-directory"])
def test_a_make_that_prints_is_refused_where_json_is_wanted(checkout, word):
    done = make_checkout.run(checkout, word, "bench-tf", "JSON=1")
    assert done.returncode == 2
    assert "make itself prints what it does, which is no JSON" in done.stderr
    assert make_checkout.run(checkout, "-s", "bench-tf", "JSON=1", "DATA_DIR=-w").returncode == 0


def test_goals_never_run_at_once(checkout, tmp_path):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nmkdir "$ALONE" || exit 1\nsleep 0.2\nrmdir "$ALONE"\n')
    python.chmod(0o755)
    words = ("bench-tf", "bench-theano", "doctor", f"PYTHON={python}")
    done = make_checkout.run(checkout, *words, MAKEFLAGS="-j4", ALONE=str(tmp_path / "alone"))
    assert done.returncode == 0, done.stderr


def test_makes_own_rules_have_no_part_in_it(checkout):
    (checkout / "doctored.c").write_text("int main(void) { return 0; }\n")
    done = make_checkout.run(checkout, "doctored")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "make knows no goal 'doctored': did you mean doctor?" in done.stderr
    assert not (checkout / "doctored").exists()
