"""Keras 2 on Theano, by hand; THEANO_FLAGS choose the device."""

import os
import time

from by_hand import BATCH, DECAY, MOMENTUM, RATE, mnist, options, report

args = options()
os.environ["KERAS_BACKEND"] = "theano"
import keras
import numpy as np
from keras import layers

np.random.seed(args.seed)
keras.backend.set_image_data_format("channels_first")
(x, y), (test_x, test_y) = mnist(args)
y, test_y = keras.utils.to_categorical(y, 10), keras.utils.to_categorical(test_y, 10)
x, test_x = x[:, None], test_x[:, None]
model = keras.models.Sequential(
    [
        layers.Conv2D(32, 4, activation="relu", input_shape=(1, 28, 28)),
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
sgd = keras.optimizers.SGD(learning_rate=RATE, momentum=MOMENTUM, decay=DECAY)
model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])
# Generating and compiling C++ is no part of the time, as in benchdl; no update is made by it.
model._make_train_function()
model._make_test_function()
start = time.monotonic()
model.fit(x, y, batch_size=BATCH, epochs=args.epochs, verbose=0)
fit_s = time.monotonic() - start
accuracy = model.evaluate(test_x, test_y, batch_size=BATCH, verbose=0)[1]
report(fit_s, keras.backend.get_value(sgd.iterations), 1 - accuracy)
