"""benchdl for programs and notebooks: preview, run, load, compare, report.

    import benchdl

    benchdl.run(["tf", "theano"], epochs=1)

What the command ``benchdl`` tells in one line comes as :class:`Error`; what changes the meaning of
a number is a warning of Python's (:class:`RuntimeWarning`). Nothing is printed.
"""

from benchdl.shown import Comparison, Preview, Runs
from benchdl.verbs import compare, load, preview, report, run
from harness.errors import BenchdlError as Error

__all__ = ["Comparison", "Error", "Preview", "Runs", "compare", "load", "preview", "report", "run"]
