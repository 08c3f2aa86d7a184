"""The campaign files of examples/: each is read and planned, so that none of them rots."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.campaign import checked, matrix

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.toml"))


@pytest.mark.parametrize("auto", ["cpu", "gpu"])
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_can_be_planned_on_a_machine_with_and_without_a_gpu(file, auto):
    options = matrix.read(file, lambda word: auto if word == "auto" else word)
    question = checked.combined(options)
    assert question.configurations
    skips = options.unsupported == "skip"
    assert bool(question.skipped) == skips, "skip is for what does not exist"
    seen = {wanted.variant for wanted in question.configurations}
    assert seen == set(options.variants), "a variant that nothing has"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_says_what_it_asks_and_how_it_is_run(file):
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert f"#   benchdl run --campaign examples/{file.name}\n" in text
    assert "?" in text.partition("\n\n")[0]


def test_the_examples_show_every_axis_and_every_way_to_leave_out():
    """Whoever looks for a key finds it in use."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in EXAMPLES)
    keys = set(re.findall(r"^(\w+) =", text, flags=re.MULTILINE))
    assert set(matrix.Matrix.model_fields) <= keys
    assert {"repeat", "epochs", "dataset", "unsupported", "order_seed"} <= keys
