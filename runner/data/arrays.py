"""What a trainer trains and tests with, whatever the data is of: inputs and labels in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable


@dataclass(frozen=True)
class Arrays:
    """Samples as a network takes them: (n, *input shape), pictures with their channels last.

    Attributes:
        train_inputs: of shape (n, *input_shape), in the type that the workload's data has.
        train_labels: int64 of shape (n,), from 0.
        test_inputs: of shape (m, *input_shape).
        test_labels: int64 of shape (m,), from 0.
    """

    train_inputs: Any
    train_labels: Any
    test_inputs: Any
    test_labels: Any

    def __len__(self) -> int:
        """How many training samples there are."""
        return len(self.train_labels)

    def mapped(self, inputs_of: Callable[[Any], Any]) -> Arrays:
        """The same samples with other inputs, made of these; every set by itself."""
        return replace(
            self,
            train_inputs=inputs_of(self.train_inputs),
            test_inputs=inputs_of(self.test_inputs),
        )

    def with_tests(self, chosen: Any) -> Arrays:
        """The same training samples, and those of the test that the index ``chosen`` picks."""
        return replace(
            self, test_inputs=self.test_inputs[chosen], test_labels=self.test_labels[chosen]
        )
