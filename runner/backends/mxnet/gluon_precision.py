"""Mixed precision as MXNet documents it: ``contrib.amp``, of bfloat16 on a CPU.

It casts what goes into a list of operations, convolutions and layers of products among them, and
keeps parameters in float32. Recurrent layers are not on the list for bfloat16.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Dict

from runner.contract.precision import MIXED, Precision

_PRODUCTS = ("Convolution", "FullyConnected", "RNN", "dot", "batch_dot")


def choose(precision: Precision) -> None:
    """Patch MXNet's operations, before any network is made.

    Raises:
        RuntimeError: this CPU has no AVX-512. MXNet's oneDNN has kernels of bfloat16 for it alone
            (oneDNN's manual, "Data Types"), and says "could not create a primitive descriptor".
    """
    if precision in MIXED:
        if "avx512bw" not in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace"):
            raise RuntimeError(
                f"MXNet has no kernels of {precision} for this CPU, which lacks AVX-512: "
                "take float32, or another machine"
            )
        from mxnet.contrib import amp

        amp.init(target_dtype=precision)


def formats(mx: Any, net: Any) -> Dict[str, int]:
    """Products of a way forward, by the type to which their kernels are cast."""
    traced = net(mx.sym.var("data"))
    nodes = json.loads(traced.tojson(remove_amp_cast=False))["nodes"]
    return dict(
        Counter(_type(nodes[node["inputs"][1][0]]) for node in nodes if node["op"] in _PRODUCTS)
    )


def _type(kernel: Any) -> str:
    """Of a parameter, which is float32, or what it was cast to."""
    return str(kernel.get("attrs", {}).get("dtype", "float32"))
