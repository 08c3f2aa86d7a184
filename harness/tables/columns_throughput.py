"""Columns of throughput: how much was trained a second, and how much of the device that is."""

from __future__ import annotations

from harness.tables import throughput
from harness.tables.column import Column, measured

COLUMNS = (
    Column(
        "images_per_s",
        "Samples per second",
        "training samples, each as often as it was seen, divided by Time (s).",
        read=measured(throughput.samples_per_s),
        digits=0,
        grouped=True,
        better="higher",
        shown={"chart": 6, "detail": 1},
    ),
    Column(
        "model_tflop_per_s",
        "Model arithmetic",
        "operations that the model states for a training step, a second of Time (s).",
        "A multiplication and an addition are two; training takes three forward passes. A tool may "
        "do more or fewer: docs/method.md says which.",
        read=throughput.tflop_per_s,
        unit="TFLOP/s",
        digits=3,
        better="higher",
        shown={"detail": 1},
    ),
    Column(
        "peak_tflop_per_s",
        "Peak of the device",
        "what a product of matrices reached there after training, in the same precision.",
        "Measured by benchdl in every job, never a data sheet's; of all devices used together. "
        "`null`: it could not be measured, or the result is of a version without.",
        read=measured(throughput.peak_tflop_per_s),
        unit="TFLOP/s",
        digits=2,
        shown={"detail": 1},
    ),
    Column(
        "peak_percent",
        "Share of the peak",
        "model arithmetic over the peak of the device.",
        read=throughput.peak_percent,
        unit="%",
        digits=2,
        better="higher",
        shown={"chart": 7, "detail": 1},
    ),
)
