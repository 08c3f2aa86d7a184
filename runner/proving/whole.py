"""The whole proof: which trials a workload is proven by, and what is asked of each."""

from __future__ import annotations

import functools
from typing import Mapping, Optional, Tuple

from runner.proving import dropout_plans, game_plans, plans
from runner.proving.questions import Plan, Question
from runner.workloads.game_workload import GameWorkload
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Workload

_OF_GAMES: Tuple[Plan, ...] = (
    game_plans.whole_batches, game_plans.small_batches, game_plans.greedy,
)  # fmt: skip


def plans_of(workload: Workload, shares: int = 1) -> Tuple[Plan, ...]:
    """The trials, three at least: the beginnings of the first three are compared.

    ``shares``: among how many ranks a batch is shared out; it divides by them then.
    """
    if isinstance(workload, GameWorkload):
        return _OF_GAMES
    return (*_of_networks(shares), *_dropping(workload).values())


def small_beginning(workload: Workload) -> Optional[Plan]:
    """A trial by the network of the third, where it is another than that of the first two."""
    of_small = isinstance(workload, NetworkWorkload) and workload.small is not None
    return plans.small_batch if of_small else None


def questions_of(workload: Workload, shares: int = 1) -> Tuple[Question, ...]:
    """One for each plan, in their order; imports NumPy."""
    if isinstance(workload, GameWorkload):
        return _of_a_game()
    return _of_a_network(_of_networks(shares), _dropping(workload))


def _of_networks(shares: int) -> Tuple[Plan, ...]:
    of_batches = (plans.alike, plans.one_batch)
    return (*(functools.partial(plan, shares=shares) for plan in of_batches), plans.in_turn)


def _dropping(workload: Workload) -> Mapping[Tuple[str, ...], Plan]:
    """The trials of what is dropped, by the names of their checks; none where nothing is."""
    if not isinstance(workload, NetworkWorkload):
        return {}
    return dropout_plans.by_names(workload.network)


def _of_a_network(
    planned: Tuple[Plan, ...], dropping: Mapping[Tuple[str, ...], Plan]
) -> Tuple[Question, ...]:
    from runner.proving import dropout, order, updates  # noqa: PLC0415 - NumPy

    # One order in 36 has three epochs alike: four in a row have them once in 1.7 million.
    ordered = ("every-picture-once", "shuffle", "reshuffle")
    alike, one_batch, in_turn = planned
    return (
        Question(("updates",), alike, updates.of_alike, tries=2),
        Question(("update",), one_batch, updates.of_one_batch, tries=2),
        Question(ordered, in_turn, order.checks, tries=4),
        *(
            Question(names, plan, functools.partial(dropout.named, names=names), tries=3)
            for names, plan in dropping.items()
        ),
    )


def _of_a_game() -> Tuple[Question, ...]:
    from runner.proving import game_updates  # noqa: PLC0415 - NumPy

    return (
        Question(("update",), game_plans.whole_batches, game_updates.whole_batches, tries=2),
        Question(("updates",), game_plans.small_batches, game_updates.small_batches, tries=2),
        # Now and then two actions are so nearly worth the same that rounding decides.
        Question(("act",), game_plans.greedy, game_updates.greedy, tries=4),
    )
