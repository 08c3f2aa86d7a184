"""The GitHub Action's mode ``backends``: two checkouts, their real images, in the same blocks."""

from __future__ import annotations

import sys
from pathlib import Path

import composite
import make_checkout
import pytest

# The time is for the environment of the action, and two builds of the image.
pytestmark = [pytest.mark.docker, pytest.mark.timeout(1900)]
MODULE = Path("runner") / "backends" / "tabular" / "lightgbm.py"
SMALL = (
    "--workload boosting-flights --dataset synthetic-flights --train-samples 2000 --budget 5 "
    "--device cpu --no-conform --make-base --idle-wait 0"
)


@pytest.fixture
def checkouts(tmp_path):
    """``base`` and ``head``, each with an image of lightgbm that nobody else has."""
    for name in ("base", "head"):
        module = make_checkout.clone(tmp_path / name) / MODULE
        module.write_text(f"{module.read_text()}\n# {name} of {tmp_path}\n")
    return tmp_path


def test_the_builds_of_two_checkouts_are_compared(engine, checkouts):
    action = checkouts / "head" / ".github" / "actions" / "benchdl-compare"
    asked = {"backends": "lightgbm", "base": "base", "head": "head", "repeat": "5"}
    path = {"PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"}
    images = {image.id for image in engine.images.list("benchdl/lightgbm")}
    try:
        ran = composite.run(
            action, checkouts, {**asked, "run-arguments": SMALL, "fail-on": ""}, path
        )
    finally:
        made = [image for image in engine.images.list("benchdl/lightgbm") if image.id not in images]
        kept = [tag for image in made for tag in image.tags if ":earlier-" in tag]
        for tag in kept:
            engine.images.remove(tag)
    assert ran.status == 0, ran.steps
    assert "### lightgbm" in ran.summary
    assert "5 pairs" in ran.summary
    assert "question: image" in ran.summary
    assert len(kept) == 1
