"""The instrument's own tests on this machine: ``benchdl selftest``.

clocks.py and meters.py need no backend; pairs.py trains, in shuffled blocks of three jobs.
"""
