"""TensorFlow's own: its devices."""
