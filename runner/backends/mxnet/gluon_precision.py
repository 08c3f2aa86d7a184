"""Mixed precision as MXNet documents it: ``contrib.amp``, of bfloat16 on a CPU.

It casts what goes into a list of operations, convolutions and layers of products among them, and
keeps parameters in float32. Recurrent layers are not on the list for bfloat16.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Dict

from runner.contract.precision import MIXED, Precision

_PRODUCTS = ("Convolution", "FullyConnected", "RNN", "dot", "batch_dot")


def choose(precision: Precision) -> None:
    """Patch MXNet's operations, before any network is made."""
    if precision in MIXED:
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
