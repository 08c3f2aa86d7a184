"""A foreign load: products of matrices on one GPU, until its end is told or is due.

    PYTHONPATH=. PATH benchmarks/many_gpus/stranger.py UUID

In the Python whose cuBLAS it takes. Says ``working`` once it does.
"""

from __future__ import annotations

import sys
import time

from runner.cublas import Product

_LONGEST_S = 300.0
_AT_ONCE = 20


def main() -> None:
    """Multiply."""
    product = Product(sys.argv[1], "float32")
    product.multiply()
    product.wait()
    sys.stdout.write("working\n")
    sys.stdout.flush()
    until = time.monotonic() + _LONGEST_S
    while time.monotonic() < until:
        for _ in range(_AT_ONCE):
            product.multiply()
        product.wait()


if __name__ == "__main__":
    main()
