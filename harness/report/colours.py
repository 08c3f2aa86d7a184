"""One colour and one marker for each tool, the same in every report; colours of phases and series.

Colours are pairs: on the light theme, on the dark one. tests/unit/test_report_colours.py holds what
they promise: of any two tools the difference that people see who lack one kind of cone, and of each
the contrast with what is behind it. tests/colour_vision.py names the formulas; the colours were
found by annealing over them, which keeps the hue of a pair within 25 degrees (OKLCH).
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Look(NamedTuple):
    """Colours as ``#rrggbb``; ``marker`` is an SVG path within -1 and 1, as Vega takes it."""

    light: str
    dark: str
    marker: str


_CIRCLE = "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z"
_SQUARE = "M-.85,-.85H.85V.85H-.85Z"
_DIAMOND = "M0,-1.1L1,0L0,1.1L-1,0Z"
_UP = "M0,-1L1.05,.85H-1.05Z"
_DOWN = "M0,1L1.05,-.85H-1.05Z"
_LEFT = "M-1,0L.85,-1.05V1.05Z"
_RIGHT = "M1,0L-.85,-1.05V1.05Z"
_PLUS = "M-.35,-1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z"
_SALTIRE = "M-.6,-1.05L0,-.45L.6,-1.05L1.05,-.6L.45,0L1.05,.6L.6,1.05L0,.45L-.6,1.05L-1.05,.6L-.45,0L-1.05,-.6Z"  # fmt: skip  # noqa: E501
_STAR = "M0,-1.15L.3,-.41L1.09,-.36L.48,.16L.68,.93L0,.5L-.68,.93L-.48,.16L-1.09,-.36L-.3,-.41Z"
_HOURGLASS = "M-.9,-1H.9L.2,0L.9,1H-.9L-.2,0Z"
_BOW = "M-1,-.9L0,-.2L1,-.9V.9L0,.2L-1,.9Z"
_HALF = "M-.55,-1A1,1,0,0,1,-.55,1Z"
_BAR = "M-.45,-1.1H.45V1.1H-.45Z"

TOOLS: dict[str, Look] = {
    "jax": Look("#3606c3", "#788bb5", _CIRCLE),
    "keras3-jax": Look("#7c4dbe", "#7961d7", _SQUARE),
    "keras3-tf": Look("#647003", "#5c7d52", _DIAMOND),
    "keras3-torch": Look("#ac505c", "#d07782", _UP),
    "lightgbm": Look("#48242a", "#fd886b", _DOWN),
    "mxnet": Look("#3f2f01", "#fddbab", _PLUS),
    "sklearn": Look("#c158f7", "#edd9fe", _LEFT),
    "tf": Look("#b87c57", "#c94d07", _RIGHT),
    "theano": Look("#416d84", "#209aff", _SALTIRE),
    "torch": Look("#be0772", "#c9a1b9", _STAR),
    "xgboost": Look("#4b5937", "#8af617", _HOURGLASS),
}
"""By the names of backends in docker/."""

OTHERS = (
    Look("#aa7e87", "#ffcdcf", _BOW),
    Look("#371e64", "#a4b9fc", _HALF),
    Look("#b573b0", "#8b6a84", _BAR),
)
"""For any other tool, by its name: two of them may look alike, and their names tell them apart."""

PHASES = {
    "import": ("#6f4853", "#ffcfd8"),
    "build": ("#ad7e7e", "#d2470f"),
    "compile": ("#a17e02", "#fde75d"),
    "first epoch": ("#3993b7", "#46bffe"),
    "steady": ("#1f12fe", "#096fef"),
    "evaluate": ("#163b01", "#8ba07d"),
    "other": ("#4e045b", "#9b6783"),
}
"""Parts of a job's total."""


def look(backend: str) -> Look:
    """How a tool looks, in every report: those that are known as above, others by their name."""
    if backend in TOOLS:
        return TOOLS[backend]
    return OTHERS[int(hashlib.sha256(backend.encode()).hexdigest(), 16) % len(OTHERS)]
