"""Keras 3 by hand; KERAS_BACKEND chooses what runs below."""

import os
import time

from by_hand import BATCH, DECAY, MOMENTUM, RATE, mnist, options, report

args = options()
if args.device == "cpu":
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["JAX_PLATFORMS"] = "cpu"
if os.environ["KERAS_BACKEND"] == "jax":
    import jax

    jax.config.update("jax_default_matmul_precision", "float32")
import keras
from keras import layers

keras.utils.set_random_seed(args.seed)
(x, y), (test_x, test_y) = mnist(args)
y, test_y = keras.utils.to_categorical(y, 10), keras.utils.to_categorical(test_y, 10)
x, test_x = x[..., None], test_x[..., None]
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 4, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
rate = keras.optimizers.schedules.InverseTimeDecay(RATE, decay_steps=1, decay_rate=DECAY)
sgd = keras.optimizers.SGD(learning_rate=rate, momentum=MOMENTUM)
model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])
start = time.monotonic()
model.fit(x, y, batch_size=BATCH, epochs=args.epochs, verbose=0)
fit_s = time.monotonic() - start
accuracy = model.evaluate(test_x, test_y, batch_size=BATCH, verbose=0)[1]
report(fit_s, keras.ops.convert_to_numpy(sgd.iterations), 1 - accuracy)
