"""Which products PyTorch really runs, as its dispatcher hands them to kernels or a graph has them.

Shared by ``torch`` and Keras 3 on it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Dict

_PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "addbmm", "matmul", "linear")
_PARTS = ("convolution", "scaled_dot_product", "rnn")
"""Of the names of other operations that are products: cuDNN's, oneDNN's and PyTorch's own."""


def formats(run: Callable[[], Any]) -> Dict[str, int]:
    """Products that ``run`` goes through, forward and back, by the type of their factors."""
    from torch.utils._python_dispatch import TorchDispatchMode

    counted: Counter[str] = Counter()

    class Watch(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(
            self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            del types
            if _is_product(operation.overloadpacket.__name__):
                counted[_factors(args)] += 1
            return operation(*args, **(kwargs or {}))

    with Watch():
        run()
    return dict(counted)


def of_graph(graph: Any) -> Counter[str]:
    """Products in a ``torch.fx.GraphModule`` that was traced, by the type of their factors."""
    counted: Counter[str] = Counter()
    for node in graph.graph.nodes:
        operation = getattr(node.target, "overloadpacket", None)
        if operation is not None and _is_product(operation.__name__):
            counted[_factors(of.meta.get("val") for of in node.all_input_nodes)] += 1
    return counted


def _is_product(name: str) -> bool:
    return name in _PRODUCTS or any(part in name for part in _PARTS)


def _factors(arguments: Any) -> str:
    """The type of the first two arguments that have several axes; of a bias it may be another."""
    factors = [
        str(value.dtype).rpartition(".")[2]
        for value in arguments
        if hasattr(value, "dtype") and value.ndim > 1
    ]
    return " by ".join(sorted(set(factors[:2])))
