"""All sides from which runs are looked at, by name."""

from __future__ import annotations

from harness.tables.scaling import GPUS
from harness.tables.views import DATASET, DEVICE, INSTANCE, TOOL, VARIANT

SIDES = {side.name: side for side in (TOOL, INSTANCE, DEVICE, GPUS, VARIANT, DATASET)}
