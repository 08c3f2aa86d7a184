"""What tells kinds of runs apart: all that captions and names of lines are made of.

Ten thousand runs are of a few hundred kinds, and what is made of a kind is made once.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """Fields of a row; runs alike in all of them stand under one caption, in one line."""

    tool: str
    mode: str
    convolutions: str | None
    variant: str
    overrides: str
    workload: str
    dataset: str
    train_samples: int | None
    budget: int
    budget_unit: str
    batch_size: int | None
    threads: int | None
    ranks: int | None
    batch_per_gpu: int | None
    precision: str
    launcher: str
    device: str
    machine: str | None
    gpu_name: str | None
    gpus_visible: int | None


class Configuration(NamedTuple):
    """What one line of a table is about: its first two cells."""

    label: str
    mode: str

    def __str__(self) -> str:
        return f"{self.label}, {self.mode}"

    def built(self, words: str) -> Configuration:
        """The same line of one build among several."""
        return self._replace(label=f"{self.label} [{words}]") if words else self

    @property
    def plain(self) -> str:
        """Its label without the build."""
        return self.label.rpartition(" [")[0] if self.label.endswith("]") else self.label

    @property
    def build(self) -> str:
        """What its label says behind that; empty where there is one build."""
        return self.label.removeprefix(self.plain)
