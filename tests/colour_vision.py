"""How different colours look, with three kinds of cones and with two, and how far they stand out.

- What dichromats see: Machado, Oliveira and Fernandes, "A Physiologically-based Model for
  Simulation of Color Vision Deficiency", IEEE TVCG 15 (2009), table of severity 1.0, in linear RGB.
- Difference: CIEDE2000, Sharma, Wu and Dalal, Color Research and Application 30 (2005), of CIELAB
  under D65. Below about 1 nobody sees it side by side.
- Contrast: WCAG 2.2, relative luminance; success criterion 1.4.11 asks 3:1 of graphics.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

SEEN_BY: dict[str, Array] = {
    "all cones": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
}  # fmt: skip
_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                    [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip  # sRGB, IEC 61966-2-1
_D65 = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> Array:
    """``#rrggbb`` as linear RGB, 0 to 1."""
    parts = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(rgb: Array) -> Array:
    """Relative luminance of linear RGB in the last axis."""
    return np.asarray(rgb @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(first: str, second: str) -> float:
    """1 to 21."""
    low, high = sorted(float(luminance(linear(colour))) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: Array, sees: str) -> Array:
    """CIELAB of linear RGB as somebody sees it; the last axis holds the three."""
    seen = np.clip(rgb @ SEEN_BY[sees].T, 0, 1)
    scaled = seen @ _TO_XYZ.T / _D65
    f = np.where(scaled > (6 / 29) ** 3, np.cbrt(scaled), scaled / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def difference(first: Array, second: Array) -> Array:
    """CIEDE2000 of colours in CIELAB, by the steps and names of Sharma's paper."""
    (l1, a1, b1), (l2, a2, b2) = (np.moveaxis(colour, -1, 0) for colour in (first, second))
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    turn = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    d_l, d_c = l2 - l1, c2 - c1
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    l, c = (l1 + l2) / 2, (c1 + c2) / 2  # noqa: E741 - as in the paper
    h = np.where(grey, h1 + h2, (h1 + turn / 2) % 360)
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    t = 1 + sum(size * np.cos(np.radians(times * h + turned)) for size, times, turned in waves)
    s_l = 1 + 0.015 * (l - 50) ** 2 / np.sqrt(20 + (l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    r_t = (-np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
           * 2 * np.sqrt(c**7 / (c**7 + 25.0**7)))  # fmt: skip
    parts = (d_l / s_l, d_c / s_c, d_h / s_h)
    return np.asarray(np.sqrt(sum(part**2 for part in parts) + r_t * parts[1] * parts[2]))


def nearest(colours: list[str], sees: str) -> tuple[float, str, str]:
    """The two colours that look most alike to somebody, and how different they still are."""
    seen = [lab(linear(colour), sees) for colour in colours]
    pairs = [(n, m) for n in range(len(seen)) for m in range(n)]
    found = difference(np.array([seen[n] for n, _ in pairs]), np.array([seen[m] for _, m in pairs]))
    least = int(np.argmin(found))
    return float(found[least]), *(colours[n] for n in pairs[least])
