"""What is asked of a trial, and what is answered where it came to nothing."""

from __future__ import annotations

import traceback
from typing import Any, Callable, List, NamedTuple, Tuple, Union

from runner.contract.conformance import Check
from runner.proving.trials import AnyTrial, Told

Plan = Callable[[Any, int], AnyTrial]
"""From a workload of its kind and a seed."""
Attempt = Union[Told, Exception]
"""What a trainer handed over, or what it failed of."""


class Question(NamedTuple):
    """What is asked of one trial; asked again with other data where it is not answered well.

    A sound backend is off by chance now and then: ``tries`` in a row it is not.
    """

    names: Tuple[str, ...]
    plan: Plan
    answer: Callable[[Told], List[Check]]
    tries: int


def settled(
    question: Question, first: Attempt, again: Callable[[Plan, int], Attempt]
) -> List[Check]:
    """The answers, after as many tries as it takes; ``again`` makes one from its number."""
    found = _asked(question, first)
    for number in range(1, question.tries):
        if all(check.ok for check in found):
            break
        found = _asked(question, again(question.plan, number))
    return found


def there(attempt: Attempt) -> Told:
    """What was handed over.

    Raises:
        Exception: what it failed of.
    """
    if isinstance(attempt, Exception):
        raise attempt
    return attempt


def answers(names: Tuple[str, ...], work: Callable[[], List[Check]]) -> List[Check]:
    """What ``work`` finds, or these checks without an answer; log.txt has the reason."""
    try:
        return work()
    except Exception as error:
        traceback.print_exc()
        line = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        line = line.encode("utf-8", "backslashreplace").decode("utf-8")  # JSON holds no halves
        return [Check(name=name, expected=0.0, detail=line) for name in names]


def _asked(question: Question, attempt: Attempt) -> List[Check]:
    return answers(question.names, lambda: question.answer(there(attempt)))
