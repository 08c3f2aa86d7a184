"""Least squares at a rate at which every step makes the error larger, until it is no number."""

from __future__ import annotations

from dataclasses import replace

from runner.workloads import least_squares

WORKLOAD = replace(
    least_squares.WORKLOAD, name="runaway", title="a run that diverges (test workload)", rate=1e6
)
