"""``python3 -I harness/make/__main__.py [GOAL]``: one goal of the Makefile.

Starts with whatever Python there is: what is read before the version is looked at is plain.
"""

import importlib.util
import sys
from pathlib import Path

if sys.version_info < (3, 10):  # noqa: UP036 - this is where users with another one end
    sys.stderr.write(
        f"benchdl: needs Python 3.10 or newer, and {sys.executable} is {sys.version.split()[0]}: "
        "choose one with make PYTHON=python3.11\n"
    )
    sys.exit(1)

sys.dont_write_bytecode = True  # of the harness, by a Python that is not its own

# The checkout's own package and nothing else of its folder: a json.py there is none of ours.
folder = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location(
    "harness", str(folder / "__init__.py"), submodule_search_locations=[str(folder)]
)
assert spec is not None and spec.loader is not None  # noqa: S101 - it is a file
sys.modules["harness"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["harness"])

from harness.make import goals  # noqa: E402

sys.exit(goals.main(sys.argv[1:]))
