"""What a campaign asks, stated once: keys of its file, options of the command line, Python's words.

A field's bounds hold everywhere; what the command line calls it stands beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from harness.campaign.limits import LEAST_TIMEOUT_S, LONGEST_TIMEOUT_S
from harness.provision import discovery
from runner.contract.schema import Model
from runner.contract.work_and_score import MOST_EPOCHS, MOST_UNITS

DEFAULT_WORKLOAD = "cnn-mnist"
DEFAULT_TIMEOUT_S = 7200.0
DEFAULT_IDLE_WAIT_S = 10.0
LONGEST_PAUSE_S = 86_400.0
MOST = 1_000_000
"""Of threads, of images in a batch, and of training images."""
MOST_REPEATS = 1000


@dataclass(frozen=True)
class Spoken:
    """How the command line asks for a field."""

    option: str
    help: str
    metavar: str | None = None


Seed = Annotated[int, Field(ge=0, lt=2**31)]
Pause = Annotated[float, Field(ge=0, le=LONGEST_PAUSE_S)]


class Question(Model):
    """All that is no axis and does not belong to the machine.

    ``order_seed`` and ``cool_down_s``: ``None`` is drawn, or chosen by the device. ``budget`` is in
    the workload's unit, and ``epochs`` another name for it where that is epochs.
    """

    workload: Annotated[str, Spoken("--workload", "What to train.")] = DEFAULT_WORKLOAD
    unsupported: Annotated[
        Literal["refuse", "skip"],
        Spoken("--unsupported", "What becomes of combinations that a backend does not have."),
    ] = "refuse"
    epochs: Annotated[
        Annotated[int, Field(ge=1, le=MOST_EPOCHS)] | None,
        Spoken("--epochs", "Times over the data (default: the workload's; of cnn-mnist 10)."),
    ] = None
    budget: Annotated[
        Annotated[int, Field(ge=1, le=MOST_UNITS)] | None,
        Spoken(
            "--budget",
            "How long to train, in the workload's unit: epochs, updates, rounds, trees or steps.",
        ),
    ] = None
    train_samples: Annotated[
        Annotated[int, Field(ge=1, le=MOST)] | None,
        Spoken("--train-samples", "Only the first N training samples."),
    ] = None
    repeat: Annotated[
        Annotated[int, Field(ge=1, le=MOST_REPEATS)],
        Spoken("--repeat", "Starts of each configuration, in shuffled blocks of all."),
    ] = 1
    order_seed: Annotated[
        Seed | None,
        Spoken(
            "--order-seed",
            "Seed of the order of jobs (default: drawn; stored with the campaign).",
        ),
    ] = None
    cool_down_s: Annotated[
        Pause | None,
        Spoken(
            "--cool-down",
            "Pause between jobs (default: 0 before a CPU job, 5 before a GPU job).",
            "SECONDS",
        ),
    ] = None
    idle_wait_s: Annotated[
        Pause,
        Spoken("--idle-wait", "How long a busy machine is waited for before each job.", "SECONDS"),
    ] = DEFAULT_IDLE_WAIT_S
    seed: Annotated[
        Seed, Spoken("--seed", "Seed of the first repeat; each further one adds 1.")
    ] = 123
    timeout_s: Annotated[
        Annotated[float, Field(ge=LEAST_TIMEOUT_S, le=LONGEST_TIMEOUT_S)],
        Spoken("--timeout", "Seconds after which a job is ended."),
    ] = DEFAULT_TIMEOUT_S
    dataset: str = discovery.AUTO
