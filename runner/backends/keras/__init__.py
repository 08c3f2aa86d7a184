"""Keras 2 on TensorFlow and Theano, Keras 3 on TensorFlow, JAX and PyTorch."""
