"""Which models of tables a tool has words for, known before anything of it is imported."""

from __future__ import annotations

from typing import Optional, Tuple

from runner.workloads.tabular_workload import TabularWorkload
from runner.workloads.workload import Workload


def unsupported(tool: str, workload: Workload, kinds: Tuple[type, ...]) -> Optional[str]:
    """``None``, or a line that says what of ``workload`` the tool has no words for.

    Args:
        tool: what users call it.
        workload: what is to be trained.
        kinds: the statements of :mod:`runner.tabular` that it translates.
    """
    if not isinstance(workload, TabularWorkload):
        return f"{tool} trains models of tables: that of {workload.name} is none"
    if not isinstance(workload.model, kinds):
        return f"{tool} has no translation of the model {type(workload.model).__name__}"
    return None


def of_table(workload: Workload) -> TabularWorkload:
    """The workload, whose model is one of a table.

    Raises:
        TypeError: it is not; ``supports`` would have said so.
    """
    if not isinstance(workload, TabularWorkload):
        raise TypeError(f"the model of {workload.name} is none of a table")
    return workload
