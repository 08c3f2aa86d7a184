"""Run with JAX: copies of an array that differ by device, made equal as after an uneven batch."""

from __future__ import annotations

import json
import os
import sys

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import jax
import numpy

from runner.backends.jax.jax_mesh import Mesh, copy_on

mesh = Mesh(jax)


def unlike(values):
    """An array that JAX takes for the same on each device; each has its own."""
    parts = [
        jax.device_put(numpy.asarray(value), device)
        for value, device in zip(values, mesh.devices, strict=True)
    ]
    return jax.make_array_from_single_device_arrays(parts[0].shape, mesh.copied, parts)


def update(samples):
    """What is on each device after an update of so many samples, compiled."""
    weights = unlike([[1.5, float("inf")], [2.5, 0.0]])
    count = unlike([3, 4])
    found = jax.jit(lambda tree: mesh.agreed(tree, samples), out_shardings=mesh.copied)(
        {"weights": weights, "count": count}
    )
    return [
        [copy_on(device, found["weights"]).tolist(), copy_on(device, found["count"]).tolist()]
        for device in mesh.devices
    ]


sys.stdout.write(json.dumps({"even": update(64), "uneven": update(51)}) + "\n")
