"""The layers of a network in plain NumPy, forward and backward: short rather than fast."""

from __future__ import annotations

from runner.networks.layers import Conv, Dense, Dropout, Flatten, MaxPool


class Layer:
    """One layer: keeps what backward needs, and its weights with their momentum."""

    def __init__(self, spec, shape, rng):
        import numpy as np

        self.np, self.spec, self.rng = np, spec, rng
        self.weights = []
        if isinstance(spec, Conv):
            (kh, kw), (h, w, c) = spec.kernel, shape
            fan = kh * kw * c, kh * kw * spec.filters
            self.out = (h - kh + 1, w - kw + 1, spec.filters)
        elif isinstance(spec, Dense):
            fan, self.out = (shape[0], spec.units), (spec.units,)
        elif isinstance(spec, MaxPool):
            self.out = (shape[0] // 2, shape[1] // 2, shape[2])
        else:
            self.out = (int(np.prod(shape)),) if isinstance(spec, Flatten) else shape
        if isinstance(spec, (Conv, Dense)):
            limit = (6 / sum(fan)) ** 0.5
            size = (fan[0], self.out[-1])
            self.weights = [rng.uniform(-limit, limit, size), np.zeros(self.out[-1])]
            self.weights = [value.astype("float32") for value in self.weights]
            self.speed = [np.zeros_like(value) for value in self.weights]

    def forward(self, x, training):
        np, spec = self.np, self.spec
        if isinstance(spec, (Conv, Dense)):
            if isinstance(spec, Conv):
                from runner.networks.in_numpy import patches  # imports NumPy

                self.shape, x = x.shape, patches(x, spec.kernel)
                x = x.reshape(*x.shape[:3], -1)
            self.x = x
            z = x @ self.weights[0] + self.weights[1]
            if spec.activation == "softmax":
                z = np.exp(z - z.max(axis=1, keepdims=True))
                return z / z.sum(axis=1, keepdims=True)
            self.mask = z > 0
            return z * self.mask
        if isinstance(spec, MaxPool):
            self.shape, (h, w, c) = x.shape, self.out
            blocks = x[:, : 2 * h, : 2 * w].reshape(len(x), h, 2, w, 2, c)
            best = blocks.max(axis=(2, 4))
            self.mask = blocks == best[:, :, None, :, None]
            return best
        if isinstance(spec, Dropout) and training:
            keep = 1 - spec.rate
            self.mask = (self.rng.uniform(size=x.shape) < keep).astype("float32") / np.float32(keep)
            return x * self.mask
        self.shape = x.shape
        return x.reshape(len(x), -1) if isinstance(spec, Flatten) else x

    def backward(self, d):
        np, spec = self.np, self.spec
        if isinstance(spec, (Conv, Dense)):
            if spec.activation == "relu":
                d = d * self.mask
            flat, ins = d.reshape(-1, d.shape[-1]), self.x.reshape(-1, self.x.shape[-1])
            self.gradients = [ins.T @ flat, flat.sum(axis=0)]
            d = d @ self.weights[0].T
            if isinstance(spec, Conv):
                kh, kw = spec.kernel
                n, oh, ow = d.shape[:3]
                d = d.reshape(n, oh, ow, kh, kw, -1)
                dx = np.zeros(self.shape, d.dtype)
                for i in range(kh):
                    for j in range(kw):
                        dx[:, i : i + oh, j : j + ow] += d[:, :, :, i, j]
                return dx
            return d
        if isinstance(spec, MaxPool):
            h, w, _ = self.out
            dx = np.zeros(self.shape, d.dtype)
            spread = (d[:, :, None, :, None] * self.mask).reshape(len(d), 2 * h, 2 * w, -1)
            dx[:, : 2 * h, : 2 * w] = spread
            return dx
        return d * self.mask if isinstance(spec, Dropout) else d.reshape(self.shape)

    def update(self, rate, momentum):
        for i, gradient in enumerate(self.gradients):
            self.speed[i] = momentum * self.speed[i] - rate * gradient
            self.weights[i] = self.weights[i] + self.speed[i]
