"""What a judge tells of its work, and uses for it: for the jobs that train beside it."""

from __future__ import annotations

DEVICES_FREE = "devices-free"
"""The progress event that nothing of this job computes on its devices any more."""

THREADS = 8
"""The most that its products take: more win nothing with matrices as small as these."""
