"""benchdl for programs and notebooks: preview, run, load, compare, history, report.

    import benchdl

    benchdl.run(["tf", "theano"], epochs=1)

What the command ``benchdl`` tells in one line comes as :class:`Error`; what changes the meaning of
a number is a warning of Python's (:class:`RuntimeWarning`). Nothing is printed.
"""

from benchdl.looking_back import compare, history, load, report
from benchdl.shown import Comparison, History, Preview, Runs
from benchdl.verbs import preview, run
from harness.errors import BenchdlError as Error

__all__ = [
    "Comparison", "Error", "History", "Preview", "Runs", "compare", "history", "load", "preview",
    "report", "run",
]  # fmt: skip
