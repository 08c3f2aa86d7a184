"""What ``torch.compile`` needs, and which products are in the graphs that it compiled.

Shared by ``torch`` and Keras 3 on it.
"""

from __future__ import annotations

import os
import shutil
import traceback
from collections import Counter
from typing import Any, Callable, Dict

from runner.backends.common import compile_cache
from runner.backends.torch import torch_products

_COMPILERS = ("clang", "gcc", "cc")
"""Triton takes one of them, for what starts its kernels; or what ``CC`` names."""
_ASKED_VARIABLE = "BENCHDL_TORCH_COMPILE"
_CACHE_VARIABLES = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR")


def configure() -> None:
    """A folder for what is compiled: each job compiles for itself, and shows how long it takes."""
    made = compile_cache.of_this_job("torch-compile-")
    for name in _CACHE_VARIABLES:
        os.environ.setdefault(name, str(made / name.lower()))


def is_asked() -> bool:
    """Whether the variant is one that compiles."""
    return os.environ.get(_ASKED_VARIABLE) == "1"


def is_there() -> bool:
    """Whether there is a compiler of C, without which no kernel of Triton starts."""
    return bool(os.environ.get("CC") or any(map(shutil.which, _COMPILERS)))


def demand() -> None:
    """See that there is one.

    Raises:
        RuntimeError: there is none.
    """
    if not is_there():
        raise RuntimeError(
            "torch.compile needs a C compiler, and there is none: install gcc, or set CC"
        )


def refusal(error: Exception) -> str:
    """Why PyTorch did not compile: one line of what it raised, of which the log gets all."""
    traceback.print_exception(type(error), error, error.__traceback__)
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


class Compiled:
    """A function of PyTorch's tensors, compiled anew for each size of its first argument.

    With ``whole`` a part that PyTorch would leave out, whose products would not be among
    :meth:`products`, is an error in its own words.
    CUDA graphs are left to the caller. Source: PyTorch documentation, "torch.compile" and "Custom
    Backends".

    Attributes:
        graphs: how many were compiled so far, of all sizes; a function that PyTorch once passed
            over stays as it is, without a word.
    """

    def __init__(self, torch: Any, function: Callable[..., Any], whole: bool = True) -> None:
        self._products: Counter[str] = Counter()
        self.graphs = 0
        self._compiled = torch.compile(
            function, dynamic=False, fullgraph=whole, backend=self._counted
        )

    def __call__(self, *arguments: Any) -> Any:
        """What the function returns."""
        return self._compiled(*arguments)

    def products(self) -> Dict[str, int]:
        """Those of all that was compiled, forward and back, by the type of their factors."""
        return dict(self._products)

    def _counted(self, graph: Any, inputs: Any) -> Any:
        self.graphs += 1
        return self._backend(graph, inputs)

    def _backend(self, graph: Any, inputs: Any) -> Any:
        """PyTorch's own, which is handed the graph of each direction after it was split."""
        from torch._inductor.compile_fx import compile_fx, compile_fx_inner

        def inner(part: Any, part_inputs: Any, **options: Any) -> Any:
            self._products += torch_products.of_graph(part)
            return compile_fx_inner(part, part_inputs, **options)

        return compile_fx(graph, inputs, inner_compile=inner)
