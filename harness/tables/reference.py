"""The seed's own figures, shown only as reference rows: other hardware, read by eye, once.

Source: "Ceci n'est pas un benchmark" (benchm-dl), README, 2016 to 2017; 10 epochs on MNIST.
"""

from __future__ import annotations

from harness.tables import HEADER, markdown

TITLE = (
    "Reference: the seed's figures of 2016, on other hardware. Do not compare with the rows above."
)

BY_TOOL = (
    ("Keras (tensorflow), Tesla K80", "as-written", "37", "1.00", "66", "-", "4", "18", "0.8 %"),
    ("Keras (theano), Tesla K80", "as-written", "146", "3.95", "86", "-", "1", "100", "0.9 %"),
)

INSTANCE_HEADER = ("Instance, Keras (tensorflow)", "Time (s)", "GPU (%)", "GPUs")

BY_INSTANCE = (
    ("p2.xlarge (K80)", "37", "66", "1/1"),
    ("p2.8xlarge (8 K80)", "36", "67", "1/8"),
    ("g2.2xlarge (GRID K520)", "56", "70", "1/1"),
)


def to_markdown() -> str:
    """Both of the seed's tables, under a title that says what they are."""
    return "\n\n".join(
        [
            f"**{TITLE}**",
            markdown(HEADER, list(BY_TOOL)),
            markdown(INSTANCE_HEADER, list(BY_INSTANCE)),
        ]
    )
