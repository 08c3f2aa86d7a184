"""Keras 2 on TensorFlow, by hand."""

import time

from by_hand import BATCH, DECAY, MOMENTUM, RATE, mnist, options, report

args = options()
import tensorflow as tf

tf.keras.utils.set_random_seed(args.seed)
tf.config.experimental.enable_tensor_float_32_execution(False)
(x, y), (test_x, test_y) = mnist(args)
y, test_y = tf.keras.utils.to_categorical(y, 10), tf.keras.utils.to_categorical(test_y, 10)
x, test_x = x[..., None], test_x[..., None]
layers = tf.keras.layers
model = tf.keras.Sequential(
    [
        layers.Conv2D(32, 4, activation="relu", input_shape=(28, 28, 1)),
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
sgd = tf.keras.optimizers.legacy.SGD(learning_rate=RATE, momentum=MOMENTUM, decay=DECAY)
model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])
start = time.monotonic()
model.fit(x, y, batch_size=BATCH, epochs=args.epochs, verbose=0)
fit_s = time.monotonic() - start
accuracy = model.evaluate(test_x, test_y, batch_size=BATCH, verbose=0)[1]
report(fit_s, sgd.iterations.numpy(), 1 - accuracy)
