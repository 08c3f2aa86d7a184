"""The figures of the 2016 repository, shown as reference rows: other hardware, read by eye, once.

Beside them stand the scores that others published of the other workloads.

Source: "Ceci n'est pas un benchmark" (benchm-dl), README, 2016 to 2017; 10 epochs on MNIST.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from harness.tables import published_scores
from harness.tables.columns import BY_KEY
from harness.tables.markdown import table
from harness.tables.views import TOOL

TITLE = (
    "Reference: figures of the 2016 repository, on other hardware. "
    "Do not compare with the rows above."
)

TOOL_HEADER = (
    "Tool",
    "Mode",
    BY_KEY["time_s"].head,
    TOOL.ratio.head,
    *(BY_KEY[key].head for key in ("gpu_percent", "gpus_used", "cpus", "cpu1_percent")),
    BY_KEY["error_rate_percent"].head,
)
"""The columns of 2016: further ones of today say nothing of these rows."""

BY_TOOL = (
    ("Keras (tensorflow), Tesla K80", "as-written", "37", "1.00", "66", "-", "4", "18", "0.8 %"),
    ("Keras (theano), Tesla K80", "as-written", "146", "3.95", "86", "-", "1", "100", "0.9 %"),
)

INSTANCE_HEADER = (
    "Instance, Keras (tensorflow)",
    *(BY_KEY[key].head for key in ("time_s", "gpu_percent", "gpus_used")),
)

BY_INSTANCE = (
    ("p2.xlarge (K80)", "37", "66", "1/1"),
    ("p2.8xlarge (8 K80)", "36", "67", "1/8"),
    ("g2.2xlarge (GRID K520)", "56", "70", "1/1"),
)

DEVICE_HEADER = ("Device, Keras (tensorflow)", BY_KEY["time_s"].head, "vs GPU")

BY_DEVICE = (
    ("GPU (p2.xlarge, K80)", "37", "1x"),
    ("CPU, 4 cores", "326", "9x"),
    ("CPU, 32 cores", "130", "3.5x"),
)

SOURCE = "Ceci n'est pas un benchmark (benchm-dl), README, 2016 to 2017: read by eye, once."


@dataclass(frozen=True)
class Ghost:
    """A published time that a chart shows beside measured ones, marked as other hardware."""

    tool: str
    hardware: str
    device: str
    time_s: float
    year: int = 2016


GHOSTS = (
    Ghost("Keras (tensorflow)", "Tesla K80", "gpu", 37.0),
    Ghost("Keras (theano)", "Tesla K80", "gpu", 146.0),
    Ghost("Keras (tensorflow)", "CPU, 4 cores", "cpu", 326.0),
    Ghost("Keras (tensorflow)", "CPU, 32 cores", "cpu", 130.0),
)

WORK = {"workload": "cnn-mnist", "dataset": "mnist", "train_samples": 60_000, "epochs": 10}
"""What the times of 2016 are of; ghosts stand only beside the same."""


def document() -> dict[str, Any]:
    """Everything of this module as plain data, for the report."""
    named = (
        ("By tool, p2.xlarge", TOOL_HEADER, BY_TOOL),
        ("By instance", INSTANCE_HEADER, BY_INSTANCE),
        ("GPU and CPU", DEVICE_HEADER, BY_DEVICE),
    )
    tables: list[dict[str, Any]] = [
        {"title": t, "header": head, "lines": lines, "numeric": list(range(1, len(head)))}
        for t, head, lines in named
    ]
    scores = {"title": published_scores.TITLE, "header": published_scores.HEADER,
              "lines": published_scores.ROWS, "numeric": []}  # fmt: skip
    return {
        "title": TITLE,
        "source": SOURCE,
        "tables": [*tables, scores],
        "ghosts": [asdict(ghost) for ghost in GHOSTS],
        "work": WORK,
    }


def to_markdown() -> str:
    """All of these tables, under titles that say what they are."""
    return "\n\n".join(
        [
            f"**{TITLE}**",
            table(TOOL_HEADER, list(BY_TOOL)),
            table(INSTANCE_HEADER, list(BY_INSTANCE)),
            table(DEVICE_HEADER, list(BY_DEVICE)),
            f"**{published_scores.TITLE}**",
            table(published_scores.HEADER, list(published_scores.ROWS)),
        ]
    )
