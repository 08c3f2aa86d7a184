"""Notices that change what the numbers mean, told apart from those that only say how it goes on."""

from __future__ import annotations

WARNING = "WARNING: "
"""Begins a notice that everybody gets, also who wants to hear of nothing else."""
