"""Keras 2 and 3, whatever runs below: the layers, the recipe and the training loop of their users.

The backends that share this differ in configuration, in proof and in memory layout.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from runner.backends.base import EpochSeen
from runner.contract.job import Job
from runner.networks.layers import Conv, Dense, Dropout, Flatten, Layer, MaxPool
from runner.workloads.workload import Workload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.datasets import Arrays


class KerasModel:
    """The framework-independent half of a Keras backend.

    Subclasses set ``keras`` in ``start`` and may override ``channels_first``, ``optimizer`` and
    what goes into ``compile`` and ``fit``. This is Keras 2; :mod:`runner.backends.keras.keras3`
    has what differs in Keras 3.
    """

    keras: Any
    channels_first = False

    def optimizer(self, workload: Workload) -> Any:
        """SGD of the recipe. Keras' ``decay`` is per update, as the recipe states it."""
        recipe = workload.recipe
        return self.keras.optimizers.SGD(
            learning_rate=recipe.learning_rate, momentum=recipe.momentum, decay=recipe.decay
        )

    def seed(self, seed: int) -> None:
        """Seed every generator that initialisers, dropout and shuffling draw from."""
        import numpy

        random.seed(seed)
        numpy.random.seed(seed)

    def build(self, job: Job, workload: Workload) -> int:
        """Translate and compile the model; returns its number of trainable parameters."""
        self.seed(job.seed)
        self._workload = workload
        height, width, channels = workload.network.input_shape
        shape = (channels, height, width) if self.channels_first else (height, width, channels)
        layers = self.layers()
        model, first = self.new_model(shape)
        for layer in workload.network.layers:
            model.add(_translate(layers, layer, first))
            first = {}
        model.compile(
            loss="categorical_crossentropy",
            optimizer=self.optimizer(workload),
            metrics=["accuracy"],
            **self.compile_options(),
        )
        self._model = model
        weights = getattr(model, "trainable_weights", [])
        return sum(int(_size(weight)) for weight in weights)

    def new_model(self, shape: Tuple[int, ...]) -> Tuple[Any, Dict[str, Any]]:
        """An empty model, and the arguments that its first layer takes besides."""
        return self.keras.models.Sequential(), {"input_shape": shape}

    def layers(self) -> Any:
        """Where the classes of the layers are, by Keras' names."""
        return self.keras.layers

    def compile_options(self) -> Dict[str, Any]:
        """Arguments of ``model.compile`` that mode ``tuned`` adds; none as written."""
        return {}

    def prepare(self, data: Arrays) -> None:
        """Images to float32 (n, h, w, 1) or (n, 1, h, w), labels to one-hot."""
        self._train_x, self._test_x = (
            self._images(data.train_images),
            self._images(data.test_images),
        )
        one_hot = self.keras.utils.to_categorical
        self._train_y = one_hot(data.train_labels, self._workload.classes)
        self._test_y = one_hot(data.test_labels, self._workload.classes)

    def _images(self, images: Any) -> Any:
        return images[:, None, :, :] if self.channels_first else images[:, :, :, None]

    def weights(self) -> List[Any]:
        """As Keras has them: its Flatten puts channels last whatever the layout."""
        return list(self._model.get_weights())

    def compile(self) -> bool:
        """Nothing: what runs below compiles in the first step, where no subclass says otherwise."""
        return False

    def fit(self, epochs: int, epoch_seen: EpochSeen) -> int:
        """``model.fit`` as a user calls it; Keras reads the loss on the host after each epoch."""

        class Watch(self.keras.callbacks.Callback):  # type: ignore[name-defined,misc]
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                epoch_seen(epoch + 1, float((logs or {})["loss"]))

        self._model.fit(**self.fit_data(), epochs=epochs, verbose=0, callbacks=[Watch()])
        return int(self._iterations())

    def fit_data(self) -> Dict[str, Any]:
        """The training data as ``model.fit`` takes it: as written, NumPy arrays in memory."""
        return {
            "x": self._train_x,
            "y": self._train_y,
            "batch_size": self._workload.recipe.batch_size,
        }

    def _iterations(self) -> int:
        """Updates performed, as the optimiser itself counted them."""
        return int(self.keras.backend.get_value(self._model.optimizer.iterations))

    def evaluate(self) -> Tuple[float, float]:
        """Loss and error rate on the test images."""
        loss, accuracy = self._model.evaluate(
            self._test_x, self._test_y, batch_size=self._workload.recipe.batch_size, verbose=0
        )
        return float(loss), 1.0 - float(accuracy)


def _size(weight: Any) -> int:
    """Number of elements of a Keras weight, read from its value and not from a declaration."""
    value = weight.numpy() if hasattr(weight, "numpy") else weight.get_value(borrow=True)
    return int(value.size)


def _translate(layers: Any, layer: Layer, first: Any) -> Any:
    if isinstance(layer, Conv):
        return layers.Conv2D(layer.filters, layer.kernel, activation=layer.activation, **first)
    if isinstance(layer, MaxPool):
        return layers.MaxPooling2D(pool_size=layer.size, **first)
    if isinstance(layer, Dropout):
        return layers.Dropout(layer.rate, **first)
    if isinstance(layer, Flatten):
        return layers.Flatten(**first)
    if isinstance(layer, Dense):
        return layers.Dense(layer.units, activation=layer.activation, **first)
    raise TypeError(f"Keras has no translation of {type(layer).__name__} yet")
