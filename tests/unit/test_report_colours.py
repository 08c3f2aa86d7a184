"""Colours of the report: told apart by everybody, and seen against what is behind them."""

from __future__ import annotations

import re
from itertools import combinations

import colour_vision
import numpy as np
import pytest

from harness import catalog
from harness.report import colours
from harness.report.page import _static

LEAST_DIFFERENCE = 10.0
"""CIEDE2000 between any two tools, whichever cones somebody has."""

LEAST_OF_PHASES = 18.0
LEAST_CONTRAST = 3.0  # WCAG 2.2, 1.4.11

LOOKS = [*colours.TOOLS.values(), *colours.OTHERS]


def behind(dark):
    """The colours that marks stand on in a theme: the style's own."""
    blocks = re.findall(r"\{([^{}]*--page:[^{}]*)\}", _static("report.css"))
    (block, *_) = [block for block in blocks if ("color-scheme: dark" in block) == dark]
    return [re.search(rf"--{name}: (#\w+)", block)[1] for name in ("page", "card", "fill")]


def full(colour):
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])


@pytest.mark.parametrize("sees", colour_vision.SEEN_BY)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_any_two_tools_differ_for_everybody(theme, sees):
    found = colour_vision.nearest([getattr(look, theme) for look in LOOKS], sees)
    assert found[0] >= LEAST_DIFFERENCE, found


@pytest.mark.parametrize("sees", colour_vision.SEEN_BY)
@pytest.mark.parametrize("theme", [0, 1])
def test_any_two_phases_differ_for_everybody(theme, sees):
    found = colour_vision.nearest([pair[theme] for pair in colours.PHASES.values()], sees)
    assert found[0] >= LEAST_OF_PHASES, found


@pytest.mark.parametrize("dark", [False, True])
def test_each_stands_out_against_what_is_behind_it(dark):
    drawn = [look.dark if dark else look.light for look in LOOKS]
    drawn += [pair[dark] for pair in colours.PHASES.values()]
    for colour in drawn:
        for ground in behind(dark):
            assert colour_vision.contrast(colour, full(ground)) >= LEAST_CONTRAST, (colour, ground)


def test_markers_differ_and_every_backend_has_its_own():
    assert len({look.marker for look in LOOKS}) == len(LOOKS)
    assert set(colours.TOOLS) == set(catalog.names())


def test_a_tool_that_is_not_known_looks_the_same_in_every_report():
    looks = {colours.look(f"tool-{n}") for n in range(50)}
    assert looks == set(colours.OTHERS)
    assert colours.look("somebodys-tool") == colours.look("somebodys-tool")
    assert colours.look("torch") == colours.TOOLS["torch"]


@pytest.mark.parametrize(
    ("first", "second", "want"),
    [  # of the data that Sharma, Wu and Dalal publish with their paper
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_is_that_of_the_paper(first, second, want):
    found = colour_vision.difference(np.array([first]), np.array([second]))
    assert found[0] == pytest.approx(want, abs=5e-5)


def test_who_lacks_a_cone_sees_red_and_green_alike_and_greys_as_they_are():
    red, green = "#c83c3c", "#6f7a1e"
    apart = {sees: colour_vision.nearest([red, green], sees)[0] for sees in colour_vision.SEEN_BY}
    assert apart["deuteranopia"] < apart["all cones"] / 2
    for sees, (first, second) in zip(
        colour_vision.SEEN_BY, combinations(["#444444", "#888888", "#cccccc"], 2), strict=True
    ):
        as_is = colour_vision.nearest([first, second], "all cones")[0]
        assert colour_vision.nearest([first, second], sees)[0] == pytest.approx(as_is, abs=0.1)
    assert colour_vision.contrast("#000000", "#ffffff") == pytest.approx(21)
