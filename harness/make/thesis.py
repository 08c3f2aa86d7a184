"""``make bench-thesis``: are networks less accurate than trees on the data of a business?

All models of one table of data, on rows held out at random and on whole days held out, and one
table of them ("Ceci n'est pas un benchmark", 2016, held that they are).
"""

from __future__ import annotations

from harness.make.tools import can_train

_WORKLOADS = ("mlp-flights", "boosting-flights", "forest-flights", "logistic-flights")
_NETWORK = _WORKLOADS[0]
_DATASETS = ("flights", "flights-days")
_BACKENDS = ("torch", "xgboost", "lightgbm", "sklearn")

SETTLED = ("WORKLOAD", "DATASET", "EPOCHS", "BUDGET", "BATCH_SIZE", "AGAINST", "JSON")
"""Variables of other goals that this one has no use for, or that only its network has."""


def programs(
    benchdl: list[str],
    asked: list[str],
    epochs: list[str],
    shown: list[str],
    backends: list[str],
) -> list[list[str]]:
    """A campaign for each dataset and workload, and the table of all.

    Args:
        benchdl: the words that start it.
        asked: options of ``benchdl run``.
        epochs: the option for those of the network, or nothing.
        shown: the option for the folder of results, or nothing.
        backends: the tools; nothing is one network's and those of trees.
    """
    tools = backends or list(_BACKENDS)
    runs = []
    for dataset in _DATASETS:
        for workload in _WORKLOADS:
            having = [tool for tool in tools if can_train(tool, workload)]
            where = [f"--workload={workload}", f"--dataset={dataset}"]
            own = epochs if workload == _NETWORK else []
            if having:
                runs.append([*benchdl, "run", "--make-base", *asked, *own, *where, "--", *having])
    return [*runs, [*benchdl, "table", "--by=dataset", *shown]]
