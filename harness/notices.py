"""Notices to the user: how they are told, and which of them everybody gets."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]
"""Tells the user one line."""

WARNING = "WARNING: "
"""Begins a notice that changes what the numbers mean: who wants to hear of nothing else gets it."""
