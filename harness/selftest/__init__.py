"""The instrument's own tests on this machine: ``benchdl selftest``.

timekeeping.py and meters.py need no backend; pairs.py trains, in shuffled blocks of three jobs.
"""
