"""The layers of a network in plain NumPy, forward and backward: short rather than fast."""

from __future__ import annotations

from runner.networks.layers import Conv, Dense, Dropout, Flatten, MaxPool


def stack(network, rng):
    """All layers of ``network``, with first values drawn from ``rng``."""
    layers, shape = [], network.input_shape
    for spec in network.layers:
        layers.append(KINDS[type(spec)](spec, shape, rng))
        shape = layers[-1].out
    return layers


class Layer:
    """One layer: keeps what backward needs, and its weights with their momentum."""

    def __init__(self, spec, shape, rng):
        import numpy as np

        self.np, self.spec, self.rng, self.product = np, spec, rng, np.matmul
        self.out = spec.after(shape)
        self.start_from([self._first(weight) for weight in spec.weights(shape)])

    def start_from(self, arrays):
        """Take these weights, in the reference's order of axes; nothing has moved yet."""
        self.weights = list(arrays)
        self.speed = [self.np.zeros_like(value) for value in self.weights]

    def _first(self, weight):
        if weight.initialiser == "zeros":
            return self.np.zeros(weight.shape, "float32")
        *before, inputs, outputs = weight.shape
        limit = (6 / (int(self.np.prod(before)) * (inputs + outputs))) ** 0.5
        return self.rng.uniform(-limit, limit, weight.shape).astype("float32")

    def update(self, rate, momentum):
        for i, gradient in enumerate(self.gradients):
            self.speed[i] = momentum * self.speed[i] - rate * gradient
            self.weights[i] = self.weights[i] + self.speed[i]


class Product(Layer):
    """Rows of inputs times a kernel, plus a bias."""

    def rows(self, x):
        return x

    def forward(self, x, training):
        np = self.np
        self.shape, self.x = x.shape, self.rows(x)
        kernel, bias = self.weights
        # Two axes, that is one product: of more NumPy makes many small ones.
        matrix = kernel.reshape(-1, kernel.shape[-1])
        z = self.product(self.x.reshape(-1, len(matrix)), matrix)
        z = z.reshape(*self.x.shape[:-1], -1) + bias
        if self.spec.activation == "softmax":
            z = np.exp(z - z.max(axis=1, keepdims=True))
            return z / z.sum(axis=1, keepdims=True)
        self.mask = z > 0
        return z * self.mask

    def backward(self, d):
        if self.spec.activation == "relu":
            d = d * self.mask
        kernel, _ = self.weights
        flat, ins = d.reshape(-1, d.shape[-1]), self.x.reshape(-1, self.x.shape[-1])
        self.gradients = [self.product(ins.T, flat).reshape(kernel.shape), flat.sum(axis=0)]
        return self.inputs_of(self.product(d, kernel.reshape(-1, kernel.shape[-1]).T))

    def inputs_of(self, d):
        return d


class Convolution(Product):
    def rows(self, x):
        from runner.networks.layers.pictures import patches

        windows = patches(x, self.spec.kernel)
        return windows.reshape(*windows.shape[:3], -1)

    def inputs_of(self, d):
        (kh, kw), (n, oh, ow) = self.spec.kernel, d.shape[:3]
        d = d.reshape(n, oh, ow, kh, kw, -1)
        dx = self.np.zeros(self.shape, d.dtype)
        for i in range(kh):
            for j in range(kw):
                dx[:, i : i + oh, j : j + ow] += d[:, :, :, i, j]
        return dx


class Pool(Layer):
    """Of 2 × 2."""

    def forward(self, x, training):
        self.shape, (h, w, c) = x.shape, self.out
        blocks = x[:, : 2 * h, : 2 * w].reshape(len(x), h, 2, w, 2, c)
        rows = self.np.maximum(blocks[:, :, 0], blocks[:, :, 1])
        best = self.np.maximum(rows[:, :, :, 0], rows[:, :, :, 1])
        if training:
            self.mask = blocks == best[:, :, None, :, None]
        return best

    def backward(self, d):
        h, w, _ = self.out
        dx = self.np.zeros(self.shape, d.dtype)
        spread = (d[:, :, None, :, None] * self.mask).reshape(len(d), 2 * h, 2 * w, -1)
        dx[:, : 2 * h, : 2 * w] = spread
        return dx


class Drop(Layer):
    def forward(self, x, training):
        if not training:
            return x
        np, keep = self.np, 1 - self.spec.rate
        self.mask = (self.rng.uniform(size=x.shape) < keep).astype("float32") / np.float32(keep)
        return x * self.mask

    def backward(self, d):
        return d * self.mask


class Flat(Layer):
    def forward(self, x, training):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, d):
        return d.reshape(self.shape)


KINDS = {Conv: Convolution, Dense: Product, MaxPool: Pool, Dropout: Drop, Flatten: Flat}
