"""Loads of a known size for a GPU: a duty cycle of matrix products, and a small training loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

PERIOD_S = 0.05
"""Of the duty cycle: far below NVML's sample period (1/6 to 1 s), far above a kernel."""


class DutyLoad:
    """Matrix products for a share of each period; the GPU's own events say what it really was."""

    def __init__(self, gpu: int) -> None:
        torch.cuda.set_device(gpu)
        self.a = torch.randn(4096, 4096, device="cuda", dtype=torch.float16)
        self.b = torch.randn(4096, 4096, device="cuda", dtype=torch.float16)
        self.out = torch.empty_like(self.a)
        for _ in range(200):
            torch.mm(self.a, self.b, out=self.out)
        torch.cuda.synchronize()
        self.product_s = self._burst(500) / 500

    def _launch(self, products: int) -> tuple[Any, Any]:
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for _ in range(products):
            torch.mm(self.a, self.b, out=self.out)
        end.record()
        return begin, end

    def _burst(self, products: int) -> float:
        """Seconds that the GPU worked on so many products."""
        begin, end = self._launch(products)
        end.synchronize()
        return begin.elapsed_time(end) / 1000

    def run(self, duty: int, seconds: float) -> float:
        """Keep the duty for so long; returns the seconds in which the GPU worked."""
        until = time.monotonic() + seconds
        if duty == 0:
            time.sleep(seconds)
            return 0.0
        products = max(1, round(duty / 100 * PERIOD_S / self.product_s))
        if duty == 100:
            return self._without_gaps(products, until)
        busy, due = 0.0, time.monotonic()
        while time.monotonic() < until:
            busy += self._burst(products)
            due += PERIOD_S
            pause = due - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            else:
                due -= pause  # the clock fell: keep going, the events tell the true duty
        return busy

    def _without_gaps(self, products: int, until: float) -> float:
        """One burst always waits behind the one that runs."""
        running, busy = self._launch(products), 0.0
        while time.monotonic() < until:
            waiting = self._launch(products)
            running[1].synchronize()
            busy += running[0].elapsed_time(running[1]) / 1000
            running = waiting
        running[1].synchronize()
        return busy + running[0].elapsed_time(running[1]) / 1000


def training_loop(gpu: int) -> Callable[[float], float]:
    """A small CNN trained with SGD, the loss read every 100 steps; returns seconds -> steps/s."""
    torch.cuda.set_device(gpu)
    torch.manual_seed(1)
    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 16, 3), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 128), nn.ReLU(), nn.Linear(128, 10)),
    ).cuda()
    images = torch.rand(128, 1, 28, 28, device="cuda")
    labels = torch.randint(0, 10, (128,), device="cuda")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    loss_of = nn.CrossEntropyLoss()

    def run(seconds: float) -> float:
        steps, start = 0, time.monotonic()
        while time.monotonic() - start < seconds:
            for _ in range(100):
                optimizer.zero_grad()
                loss = loss_of(model(images), labels)
                loss.backward()
                optimizer.step()
            loss.item()
            steps += 100
        return steps / (time.monotonic() - start)

    return run
