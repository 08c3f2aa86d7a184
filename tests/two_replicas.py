"""A runner whose TensorFlow takes two halves of the CPU for GPUs: ``two_replicas.py JOB_DIR``."""

from __future__ import annotations

import sys

from runner.__main__ import main
from runner.backends.keras import tf


def start(backend):
    """Start the backend, and make the strategy that takes all GPUs take two logical CPUs."""
    real_start(backend)
    config, strategies = backend._tf.config, backend._tf.distribute
    (cpu,) = config.list_physical_devices("CPU")
    config.set_logical_device_configuration(cpu, [config.LogicalDeviceConfiguration()] * 2)
    mirrored = strategies.MirroredStrategy

    def on_both():
        strategy = mirrored(["CPU:0", "CPU:1"])
        sys.stderr.write(f"replicas: {strategy.num_replicas_in_sync}\n")
        return strategy

    strategies.MirroredStrategy = on_both


if __name__ == "__main__":
    real_start, tf.TensorFlow.start = tf.TensorFlow.start, start
    sys.exit(main())
